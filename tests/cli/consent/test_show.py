"""`modemd consent show`, without a daemon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modemd.store.connection import connect
from modemd.store.consent import statements
from modemd.store.consent.statements import ConsentStatement
from modemd.store.schema import migrate
from tests.cli.shell import Modemd
from tests.service.assembled import NOON

ALICE = "+33612345678"


def test_a_number_stands_where_its_word_put_it(modemd: Modemd, tmp_path: Path) -> None:
    """The state, since when, and the words that led to it."""
    connection = connect(tmp_path / "modemd.db")
    migrate(connection)
    statements.apply_statement(connection, ConsentStatement(ALICE, False, "arret", "fr", "sms"), NOON)
    connection.close()
    shown = modemd("consent", "show", "--config", "FILE", ALICE)
    assert shown.status == 0
    assert shown.out.startswith(f"{ALICE} has opted out, since 2026-")
    assert "arret" in shown.out
    found = json.loads(modemd("consent", "show", "--config", "FILE", ALICE, "--json").out)
    assert (found["marketing"], found["language"]) == ("opted_out", "fr")
    assert [(event["action"], event["channel"], event["word"]) for event in found["events"]] == [
        ("opt_out", "sms", "arret")
    ]


def test_a_number_that_said_nothing(modemd: Modemd, tmp_path: Path) -> None:
    """Nothing is stored about it, and nothing is made."""
    connection = connect(tmp_path / "modemd.db")
    migrate(connection)
    connection.close()
    shown = modemd("consent", "show", "--config", "FILE", ALICE)
    assert (shown.status, shown.out.splitlines()[0]) == (0, f"{ALICE} has said nothing about marketing")


@pytest.mark.parametrize("what", ["show", "history", "verify"])
def test_a_ledger_that_was_changed_is_told_in_one_line(modemd: Modemd, tmp_path: Path, what: str) -> None:
    """A text that is not UTF-8 is no mistake of modemd's: the line names the row, or the command that does."""
    connection = connect(tmp_path / "modemd.db")
    migrate(connection)
    statements.apply_statement(connection, ConsentStatement(ALICE, False, "arret", "fr", "sms"), NOON)
    connection.execute("UPDATE consent_event SET word = cast(x'ff00' AS text)")
    connection.close()
    ended = modemd("consent", what, "--config", "FILE", *(() if what == "verify" else (ALICE,)))
    assert ended.status == 1
    if what == "verify":
        assert "\nrow 1 was changed: it has a text that is not UTF-8\n" in ended.out
    else:
        assert (ended.out, ended.err.count("\n")) == ("", 1)
        assert ended.err.endswith("is not UTF-8, so it was changed; modemd consent verify names the row\n")
