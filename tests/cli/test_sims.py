"""`modemd sims`, `pause`, `resume`, `pauses` and `policies`, if no daemon runs, and the warnings of `modemd config check`."""

from __future__ import annotations

import contextlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path

from modemd.rules.country_policies.policies import NO_ADVICE
from modemd.rules.pauses import Pause
from modemd.store import sims
from modemd.store.connection import connect
from modemd.store.events import Authorship
from modemd.store.queue import pauses
from modemd.store.schema import migrate
from tests.cli.shell import Ended, Modemd
from tests.service.assembled import NOON

WEST = "8933010000000000010"


def ask(modemd: Modemd, command: str, *arguments: str) -> Ended:
    return modemd(command, "--config", "FILE", *arguments)


def listed(modemd: Modemd, *arguments: str) -> str:
    return modemd("sims", "list", "--config", "FILE", *arguments).out


def test_a_pause_is_kept_and_ended_by_its_name(modemd: Modemd) -> None:
    """It says what is paused; another pause is not ended by it; all of it also as JSON."""
    wrong = ask(modemd, "pause", "--class", "marketing", "--sim", WEST, "--why", "wrong price", "--by", "alice")
    assert (wrong.status, wrong.out) == (0, f"paused; class marketing on SIM {WEST} is paused\n")
    both = json.loads(ask(modemd, "pause", "--why", "moving house", "--by", "bob", "--json").out)
    assert [(each["class"], each["sim"], each["by"], each["why"]) for each in both] == [
        ("marketing", WEST, "alice", "wrong price"),
        (None, None, "bob", "moving house"),
    ]
    other = ask(modemd, "resume", "--class", "marketing", "--why", "right price")
    assert other == Ended(1, "", "modemd: class marketing is not paused; modemd pauses shows what is\n")
    right = ask(modemd, "resume", "--class", "marketing", "--sim", WEST, "--why", "right price")
    assert right.out == "resumed; the queue is paused\n"
    assert ask(modemd, "resume", "--why", "moved").out == "resumed; nothing is paused\n"


def test_pauses_are_listed_with_who_and_why(modemd: Modemd) -> None:
    """`modemd pauses` and the first line of `modemd status` name each pause; the API has the same rows."""
    assert ask(modemd, "pauses").out == "nothing is paused\n"
    ask(modemd, "pause", "--class", "marketing", "--why", "wrong price", "--by", "alice")
    (line,) = ask(modemd, "pauses").out.splitlines()
    assert re.fullmatch(r"class marketing is paused since [0-9 :-]{19} by alice: wrong price", line)
    (row,) = json.loads(ask(modemd, "pauses", "--json").out)
    assert (row["class"], row["sim"], row["by"], row["why"]) == ("marketing", None, "alice", "wrong price")
    status = json.loads(ask(modemd, "status", "--json").out)
    assert [each | {"warnings": []} for each in status["pauses"]] == [row]
    assert ask(modemd, "status").out.splitlines()[0] == (
        "no message can pass: no daemon runs; class marketing is paused by alice: wrong price"
    )


def test_status_can_be_the_check_of_a_script(modemd: Modemd) -> None:
    """With --check the status of the command says whether a message can pass; without it, that it was answered."""
    assert ask(modemd, "status").status == 0
    assert ask(modemd, "status", "--check").status == 1
    checked = ask(modemd, "status", "--check", "--json")
    assert (checked.status, json.loads(checked.out)["code"]) == (1, "no_daemon")


def test_who_pauses_says_why(modemd: Modemd) -> None:
    """Without a reason nothing is paused, and a SIM is named by its ICCID."""
    assert ask(modemd, "pause").status == 2
    named = ask(modemd, "pause", "--sim", "west", "--why", "x")
    assert named == Ended(1, "", "modemd: 'west' is no ICCID of 18 to 22 digits; modemd sims list shows the SIMs\n")
    assert ask(modemd, "pause", "--sim", "12345", "--why", "x").status == 1
    assert ask(modemd, "pauses").out == "nothing is paused\n"


def test_a_pause_of_a_sim_that_was_never_met_is_warned_of(modemd: Modemd, config: Path) -> None:
    """It is stored, as a message for such a SIM is; another pause and its end say nothing of it, nor does anything once the SIM
    was met."""
    never = f"SIM {WEST} was never met: the pause binds it as soon as it is in a modem; modemd sims list shows the SIMs"
    paused = ask(modemd, "pause", "--sim", WEST, "--why", "x")
    assert paused == Ended(0, f"paused; SIM {WEST} is paused\n", f"warning: {never}\n")
    assert ask(modemd, "pause", "--class", "otp", "--why", "x").err == ""
    assert [row["warnings"] for row in json.loads(ask(modemd, "pauses", "--json").out)] == [[never], []]
    assert ask(modemd, "resume", "--sim", WEST, "--why", "x").err == ""
    met(config)
    assert ask(modemd, "pause", "--sim", WEST, "--why", "x").err == ""


def test_a_pause_of_what_is_no_iccid_can_be_ended(modemd: Modemd, config: Path) -> None:
    """An earlier modemd has stored it."""
    with contextlib.closing(connect(config.with_name("modemd.db"))) as db, db:
        pauses.pause(db, Pause(None, "12345"), Authorship("ann", "x"), NOON)
    assert ask(modemd, "resume", "--sim", "12345", "--why", "x").out == "resumed; nothing is paused\n"


def test_sims_are_listed_with_what_they_have_used(modemd: Modemd, config: Path) -> None:
    """A line a SIM: its quotas, used of most, and the classes that are paused there; below it each pause."""
    assert listed(modemd) == "no SIMs yet\n"
    met(config)
    ask(modemd, "pause", "--class", "otp", "--sim", WEST, "--why", "wrong price", "--by", "alice")
    heading, line, below = listed(modemd).splitlines()
    assert heading.split() == [
        "sim",
        "number",
        "modem",
        "admitted",
        "at",
        "hour",
        "day",
        "month",
        "marketing",
        "warm",
        "up",
        "paused",
    ]
    assert line.split("  ")[0] == WEST
    assert "0 of 200" in line
    assert line.endswith("otp")
    assert below.startswith(f"class otp on SIM {WEST} is paused since ")
    assert below.endswith(" by alice: wrong price")
    (row,) = json.loads(listed(modemd, "--json"))
    assert row["limits"] == {"marketing_brake": {"used": 0, "most": 200, "reserved": 0}}
    assert (row["sim"], row["number"], row["modem"], row["paused"]) == (WEST, "+33612345678", None, ["otp"])


def met(config: Path) -> None:
    """A SIM was met in an earlier life."""
    db = connect(config.with_name("modemd.db"))
    migrate(db)
    sims.record_sim(db, WEST, None, "+33612345678", "351234050000017", datetime.now(UTC))
    db.close()


def test_sims_are_listed_and_admitted(modemd: Modemd, tmp_path: Path) -> None:
    """One that waits has no `admitted_at`; admitted, it has, and is not asked for again."""
    assert modemd("sims", "list", "--config", "FILE").out == "no SIMs yet\n"
    connection = connect(tmp_path / "modemd.db")
    migrate(connection)
    sims.record_sim(connection, WEST, None, "+33700000001", "861234029413211", NOON, admit=False)
    connection.close()
    assert modemd("sims", "list", "--config", "FILE").out.splitlines()[1].split()[:2] == [WEST, "+33700000001"]
    (row,) = json.loads(modemd("sims", "list", "--config", "FILE", "--json").out)
    assert row["admitted_at"] is None
    ended = modemd("sims", "admit", "--config", "FILE", WEST)
    assert (ended.status, ended.out) == (0, f"SIM {WEST} is admitted\n")
    admitted = json.loads(modemd("sims", "admit", "--config", "FILE", WEST, "--json").out)
    assert admitted["admitted_at"] is not None


def test_an_unknown_sim_cannot_be_admitted(modemd: Modemd) -> None:
    """A slip in the number is told."""
    ended = modemd("sims", "admit", "--config", "FILE", "8933010000000000099")
    assert ended.status == 1
    assert "no SIM 8933010000000000099 was met" in ended.err


def test_the_policies_of_a_country_have_their_sources(modemd: Modemd) -> None:
    """As sentences and as JSON, and it is said that they are no advice."""
    shown = modemd("policies", "FR", "--config", "FILE")
    assert shown.status == 0
    assert "FR (warning): numbers that begin with 06 and 07 are reserved" in shown.out
    assert "source: ARCEP decision 2022-1583" in shown.out
    assert shown.out.endswith(f"{NO_ADVICE}\n")
    rows = json.loads(modemd("policies", "FR", "--config", "FILE", "--json").out)
    assert [(row["country"], row["code"]) for row in rows] == [("*", "contract"), ("FR", "personal_numbers")]
    assert rows[1].keys() == {"country", "code", "severity", "least_sims", "text", "source", "checked"}
    assert len(json.loads(modemd("policies", "--config", "FILE", "--json").out)) > 15


def test_a_country_of_which_nothing_is_known_is_told_as_such(modemd: Modemd) -> None:
    """Silence would read like permission; what is no country is refused."""
    assert modemd("policies", "LI", "--config", "FILE").out.startswith("nothing is listed for LI; that does not mean")
    wrong = modemd("policies", "France", "--config", "FILE")
    assert (wrong.status, wrong.out) == (1, "")
    assert wrong.err == "modemd: 'France' is no country; write its two letters, such as FR\n"


def test_the_check_of_a_configuration_warns_and_ends_with_0(modemd: Modemd, config: Path) -> None:
    """Of the country, and of contracts unless each SIM has one."""
    said = config.read_text(encoding="utf-8") + "brand: Chez Paul\n"
    config.write_text(said + "sims: {'8955010000000000014': {name: Rio}}\n", encoding="utf-8")
    checked = modemd("config", "check", "--config", "FILE")
    assert (checked.status, checked.out.count("no mistakes")) == (0, 1)
    first, french, brazilian, last = checked.err.splitlines()
    assert first.startswith("warning: contracts for SIMs of consumers usually forbid")
    assert french.startswith("warning: FR: numbers that begin with 06 and 07"), "the configured country"
    assert brazilian.startswith("warning: BR: ordinary numbers (long codes) are not allowed"), "that of the SIM"
    assert last == f"warning: {NO_ADVICE}; `modemd policies` has the sources"
    config.write_text(said + "sims: {'8955010000000000014': {contract: M2M 4711}}\n", encoding="utf-8")
    assert "contracts for SIMs" not in modemd("config", "check", "--config", "FILE").err
