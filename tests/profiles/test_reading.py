"""Driver files: how they are read, how they inherit, and how every mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from modemd.errors import ProfileError
from modemd.profiles import Profile, Profiles, Quirk
from tests.profiles.driver_folders import ACME, GENERIC, folder


@pytest.fixture
def acme(tmp_path: Path) -> Profile:
    return Profiles.load([folder(tmp_path / "drivers", generic=GENERIC, acme=ACME)]).find_by_name("acme")


def test_a_family_says_only_what_differs(acme: Profile) -> None:
    """What a file does not say is as in generic.toml, and where that is silent as in the code."""
    assert acme.init == ("E0", "Z")
    assert (acme.iccid, acme.send_timeout_s) == (("+CCID",), 90.0)
    assert acme.command_timeout_s == Profile("x").command_timeout_s


def test_values_have_their_types(acme: Profile) -> None:
    """Whole seconds are seconds, quirks are members, error numbers are numbers."""
    assert (acme.guard_s, type(acme.guard_s)) == (1.0, float)
    assert acme.quirks == {Quirk.CNMA_AFTER_REPORT}
    assert acme.errors == {512: "soon"}


def test_who_a_family_is_and_where_it_is_from_is_not_inherited(tmp_path: Path) -> None:
    """A file without [match] fits no modem by words; one without [source] is an error."""
    drivers = folder(tmp_path / "drivers", generic=GENERIC, plain="[source]\nunverified = true\n")
    plain = Profiles.load([drivers]).find_by_name("plain")
    assert (plain.manufacturer, plain.source) == ("", "")
    assert not plain.is_match_for("nobody", "anything")


def test_a_users_file_replaces_the_shipped_one_whole(tmp_path: Path) -> None:
    """A file of the same name in a later folder is taken alone: nothing of the shipped one shines through."""
    shipped = folder(tmp_path / "shipped", generic=GENERIC, acme=ACME)
    own = folder(tmp_path / "own", acme='[match]\nmodel = "X"\n[source]\nunverified = true\n', mine=ACME)
    found = Profiles.load([shipped, own, tmp_path / "missing"])
    assert sorted(profile.name for profile in found) == ["acme", "generic", "mine"]
    assert found.find_by_name("acme").init == ("E0",)
    assert found.find_by_name("acme").errors == {}


@pytest.mark.parametrize(
    ("manufacturer", "model", "name"),
    [
        pytest.param("Acme Inc.", "AC-7", "acme", id="both fit"),
        pytest.param("ACME", "ac-7", "acme", id="case does not matter"),
        pytest.param("Acme Inc.", "XY-7", "generic", id="another model"),
        pytest.param("Other", "AC-7", "generic", id="another maker"),
        pytest.param("Acme Inc.", "AC-700 Pro", "acme_pro", id="the narrower of two"),
        pytest.param("", "", "generic", id="says nothing"),
    ],
)
def test_a_modem_is_matched_by_its_own_words(tmp_path: Path, manufacturer: str, model: str, name: str) -> None:
    """The family whose patterns fit is taken, of two the one that says more, and generic where none does."""
    wide = ACME.replace("^AC-[0-9]+$", "^AC-[0-9]+")
    pro = ACME.replace("^AC-[0-9]+$", "^AC-[0-9]+ Pro$")
    drivers = folder(tmp_path / "drivers", generic=GENERIC, acme=wide, acme_pro=pro)
    assert Profiles.load([drivers]).match(manufacturer, model).name == name


def test_an_unknown_name_lists_what_there_is(tmp_path: Path) -> None:
    """A driver that is asked for by a wrong name is an error with the right ones."""
    found = Profiles.load([folder(tmp_path / "drivers", generic=GENERIC, acme=ACME)])
    with pytest.raises(ProfileError, match="no driver 'acne'; there are acme, generic"):
        found.find_by_name("acne")


def test_generic_must_be_there(tmp_path: Path) -> None:
    """Without the file that all others build on nothing is guessed."""
    with pytest.raises(ProfileError, match=r"no generic\.toml among the drivers"):
        Profiles.load([folder(tmp_path / "drivers", acme=ACME)])
    with pytest.raises(ProfileError, match=r"no generic\.toml among the drivers"):
        Profiles({"acme": Profile("acme")})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(
            "[at]\ninnit = []", r"\[at\] innit: unknown key; known here: first, init, optional", id="unknown key"
        ),
        pytest.param("[add]\ninit = []", r"\[add\]: unknown section; there are match, at, .*, errors", id="section"),
        pytest.param("[add]", r"\[add\]: unknown section", id="empty section"),
        pytest.param("colour = 1", "colour: unknown key; known here: title, and the sections match", id="top key"),
        pytest.param(
            "[time]\ninit = []", r"\[time\] init: unknown key; known here: command_timeout_s", id="wrong place"
        ),
        pytest.param('[at]\ninit = "E0"', r"\[at\] init: needs a list of strings, not 'E0'", id="not a list"),
        pytest.param("[at]\ninit = [0]", r"\[at\] init: needs a list of strings, not \[0\]", id="not strings"),
        pytest.param('[at]\nquirks = ["odd"]', r"\[at\] quirks: unknown quirk \['odd'\]; known: cnma-", id="quirk"),
        pytest.param('[time]\nguard_s = "1"', r"\[time\] guard_s: needs float, not '1'", id="seconds as text"),
        pytest.param("[time]\nguard_s = true", r"\[time\] guard_s: needs float, not True", id="seconds as truth"),
        pytest.param("[time]\nguard_s = -1", r"\[time\] guard_s: needs seconds from 0 to 3600, not -1", id="negative"),
        pytest.param("[time]\nguard_s = nan", r"\[time\] guard_s: needs seconds from 0 to 3600, not nan", id="nan"),
        pytest.param("[send]\nlink_hold = 1", r"\[send\] link_hold: needs str, not 1", id="not a string"),
        pytest.param('[match]\nmodel = "("', r"\[match\] model: '\(' is not a regular expression", id="pattern"),
        pytest.param('[match]\nusb = ["12D1:1506"]', r"\[match\] usb: needs lower-case hex digits", id="usb id"),
        pytest.param(
            "[pin]\npin_tries_field = true", r"\[pin\] pin_tries_field: needs int, not True", id="number as truth"
        ),
        pytest.param(
            '[pin]\npin_tries_field = "1"', r"\[pin\] pin_tries_field: needs int, not '1'", id="number as text"
        ),
        pytest.param(
            '[ussd]\nussd = "hex"', r"\[ussd\] ussd: needs one of plain, packed_hex, charset, not 'hex'", id="ussd"
        ),
        pytest.param('[at]\nignore = [""]', r"\[at\] ignore: has an empty entry: \[''\]", id="empty entry"),
        pytest.param('[match]\nat_interface = ["2"]', r"\[match\] at_interface: needs lower-case hex", id="interface"),
        pytest.param('[match]\nat_protocol = ["2"]', r"\[match\] at_protocol: needs lower-case hex", id="protocol"),
        pytest.param(
            '[errors]\n512 = "later on"', r"\[errors\] 512 = 'later on': needs a number and one of", id="class"
        ),
        pytest.param('[errors]\nsim = "later"', r"\[errors\] sim = 'later': needs a number", id="not a number"),
        pytest.param("errors = 5", r"\[errors\] needs lines as", id="errors is no table"),
        pytest.param('title = "x"', r"\[source\] needs `source`, or `unverified = true`", id="no source"),
        pytest.param("title =", r"Invalid value \(at end of document\)", id="not TOML"),
    ],
)
def test_every_mistake_names_file_and_key(tmp_path: Path, text: str, complaint: str) -> None:
    """A typing error never becomes a silent default: the message says in which file, where, and what is allowed."""
    source = "" if "source" in complaint or "Invalid" in complaint else "\n[source]\nunverified = true\n"
    with pytest.raises(ProfileError, match=rf"odd\.toml: .*{complaint}"):
        Profiles.load([folder(tmp_path / "drivers", generic=GENERIC, odd=text + source)])


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    """Octets that are not UTF-8 are a mistake like any."""
    drivers = folder(tmp_path / "drivers", generic=GENERIC)
    (drivers / "odd.toml").write_bytes(b"title = '\xff'")
    with pytest.raises(ProfileError, match=r"odd\.toml: .*utf-8"):
        Profiles.load([drivers])


def test_every_file_with_a_mistake_is_reported(tmp_path: Path) -> None:
    """A check goes on after the first mistake, and what can be read is there; loading stops at the first."""
    files = {"generic": GENERIC, "acme": ACME, "bad": "colour = 1", "worse": "title =", "usb": '"12d1" = {}'}
    drivers = folder(tmp_path / "drivers", **files)
    profiles, problems = Profiles.load_with_errors([drivers])
    assert [str(problem).partition(": ")[0].rpartition("/")[2] for problem in problems] == [
        "bad.toml", "worse.toml", "usb.toml",
    ]  # fmt: skip
    assert profiles is not None
    assert [profile.name for profile in profiles] == ["generic", "acme"]
    with pytest.raises(ProfileError, match=r"bad\.toml: colour"):
        Profiles.load([drivers])


def test_without_generic_nothing_can_be_checked(tmp_path: Path) -> None:
    """A mistake in the file that all others build on is the only one told."""
    drivers = folder(tmp_path / "drivers", generic="title =", acme=ACME)
    profiles, problems = Profiles.load_with_errors([drivers])
    assert profiles is None
    assert len(problems) == 1
