"""Driver files: how they are read, how they inherit, and that each shipped one is what the modem code relies on."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from modemd import data, profiles
from modemd.errors import ProfileError
from modemd.profiles import ERROR_CLASSES, Profile, Profiles, Quirk
from modemd.rules.retry import ErrorClass

FOLDER = data.folder("drivers")
SHIPPED = sorted(FOLDER.glob("*.toml"))
GENERIC = """
title = "any modem"
[at]
init = ["E0"]
iccid = ["+CCID"]
[time]
send_timeout_s = 90
[match]
manufacturer = "nobody"
[source]
source = "the standard"
"""
ACME = """
title = "Acme sticks"
[match]
manufacturer = "acme"
model = "^AC-[0-9]+$"
usb = ["12d1:1506"]
[at]
init = ["E0", "Z"]
quirks = ["cnma-after-report"]
[time]
guard_s = 1
[errors]
512 = "soon"
[source]
unverified = true
"""


def folder(path: Path, **files: str) -> Path:
    path.mkdir(exist_ok=True)
    for name, text in files.items():
        (path / f"{name}.toml").write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def acme(tmp_path: Path) -> Profile:
    return Profiles.load([folder(tmp_path / "drivers", generic=GENERIC, acme=ACME)]).named("acme")


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
    plain = Profiles.load([drivers]).named("plain")
    assert (plain.manufacturer, plain.source) == ("", "")
    assert not plain.fits("nobody", "anything")


def test_a_users_file_replaces_the_shipped_one_whole(tmp_path: Path) -> None:
    """A file of the same name in a later folder is taken alone: nothing of the shipped one shines through."""
    shipped = folder(tmp_path / "shipped", generic=GENERIC, acme=ACME)
    own = folder(tmp_path / "own", acme='[match]\nmodel = "X"\n[source]\nunverified = true\n', mine=ACME)
    found = Profiles.load([shipped, own, tmp_path / "missing"])
    assert sorted(profile.name for profile in found) == ["acme", "generic", "mine"]
    assert found.named("acme").init == ("E0",)
    assert found.named("acme").errors == {}


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
        found.named("acne")


def test_generic_must_be_there(tmp_path: Path) -> None:
    """Without the file that all others build on nothing is guessed."""
    with pytest.raises(ProfileError, match=r"no generic\.toml among the drivers"):
        Profiles.load([folder(tmp_path / "drivers", acme=ACME)])
    with pytest.raises(ProfileError, match=r"no generic\.toml among the drivers"):
        Profiles({"acme": Profile("acme")})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("[at]\ninnit = []", r"\[at\] innit: unknown key; known here: init, optional", id="unknown key"),
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


def test_error_classes_are_those_of_the_rules() -> None:
    """What a driver file may say of an error is what the rules know; `accepted` is the standard's alone."""
    assert set(ERROR_CLASSES) == {kind.value for kind in ErrorClass} - {"accepted"}


@pytest.fixture(params=SHIPPED, ids=lambda path: path.stem)
def shipped(request: pytest.FixtureRequest) -> Profile:
    return Profiles.load([FOLDER]).named(request.param.stem)


def test_a_shipped_driver_is_complete(shipped: Profile) -> None:
    """Every family has a title, init commands that choose PDU mode, notices, storage, and a way to the ICCID."""
    assert shipped.title
    assert {"E0", "+CMGF=0"} <= set(shipped.init)
    assert all(command.startswith("+CNMI=") for command in shipped.notify)
    assert all(command.startswith("+CPMS=") for command in shipped.storage)
    assert shipped.notify
    assert shipped.storage
    assert shipped.iccid


def test_a_shipped_driver_never_takes_messages_directly(shipped: Profile) -> None:
    """Every notice setting keeps mt at 0 or 1: messages are stored by the modem, and announced."""
    assert [command for command in shipped.notify if not re.fullmatch(r"\+CNMI=[0-3],[01],0,[012],[01]", command)] == []


def test_a_shipped_drivers_commands_are_without_at(shipped: Profile) -> None:
    """Commands are written without AT and without blanks around them."""
    commands = (*shipped.init, *shipped.optional, *shipped.notify, *shipped.storage, *shipped.iccid, shipped.link_hold)
    assert [command for command in commands if command != command.strip() or command.upper().startswith("AT")] == []


def test_a_shipped_drivers_notices_end_no_command(shipped: Profile) -> None:
    """No notice that is ignored, or means a restart, could be taken for the end of a command."""
    assert not {"OK", "ERROR", "+CMS ERROR:", "+CME ERROR:", "+CMGS:", "+CMTI:", "+CDS:"} & {
        *shipped.ignore,
        *shipped.restart,
    }


def test_a_shipped_drivers_times_fit_each_other(shipped: Profile) -> None:
    """A refusal is ambiguous before the answer is overdue, and an answer is waited for longer than any other reply."""
    assert 0 < shipped.command_timeout_s <= 60
    assert 0 < shipped.prompt_timeout_s <= 60
    assert shipped.refusal_window_s < shipped.send_timeout_s
    assert shipped.command_timeout_s < shipped.send_timeout_s <= 180


def test_a_shipped_family_fits_somebody(shipped: Profile) -> None:
    """Every family but generic says which modems are its own; generic is for the others."""
    assert bool(shipped.manufacturer and shipped.model) == (shipped.name != profiles.GENERIC)


def test_shipped_files_say_where_their_facts_are_from() -> None:
    """Each file names its source, verified by a capture or not."""
    assert [profile.name for profile in Profiles.load([FOLDER]) if not profile.source] == []


@pytest.mark.parametrize(
    ("manufacturer", "model", "name"),
    [
        ("huawei", "E3372", "huawei_e3372"),
        ("Huawei Technologies Co., Ltd.", "E3531", "huawei_e3372"),
        ("SIMCOM_Ltd", "SIMCOM_SIM800L", "sim800"),
        ("SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "generic"),
        ("Quectel", "EC25", "generic"),
    ],
)
def test_known_modems_find_their_shipped_family(manufacturer: str, model: str, name: str) -> None:
    """What these modems answer to +CGMI and +CGMM leads to their file."""
    assert Profiles.load([FOLDER]).match(manufacturer, model).name == name


def test_the_readme_documents_every_key_once() -> None:
    """drivers/README.md has one line for each key of each section, and no other; so for the quirks and error classes."""
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    documented: dict[str, list[str]] = {}
    section = ""
    for line in text.splitlines():
        if heading := re.fullmatch(r"#+ (?:`\[(\w+)\]`.*|(.*))", line):
            section = heading[1] or heading[2]
        elif row := re.match(r"\| `([^`]+)` \|", line):
            documented.setdefault(section, []).append(row[1])
    sections = {name or "At the top": list(keys) for name, keys in profiles._SECTIONS.items()}
    assert documented == sections | {"Quirks": [*Quirk], "errors": [*ERROR_CLASSES]}
    known = {field.name for field in fields(Profile)} - {"name", "errors"}
    assert known == {key for keys in sections.values() for key in keys}
