"""`modemd consent test`: with a database, without one, and without a configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modemd.cli import options
from modemd.store.connection import connect
from modemd.store.consent import statements
from modemd.store.consent.statements import ConsentStatement
from modemd.store.schema import migrate
from tests.cli.shell import Modemd
from tests.service.assembled import NOON

ALICE = "+33612345678"
KEYS = {"action", "tier", "word", "language", "reply", "because"}


def test_without_a_configuration_the_shipped_words_count(
    modemd: Modemd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is needed, and none is made."""
    monkeypatch.setattr(options, "CONFIG_PLACES", (tmp_path / "none.yaml", tmp_path / "neither.yaml"))
    monkeypatch.delenv(options.CONFIG_VARIABLE, raising=False)
    before = sorted(tmp_path.iterdir())
    ended = modemd("consent", "test", "Arrêt !", "--from", ALICE, "--json")
    assert (ended.status, ended.err) == (0, "")
    found = json.loads(ended.out)
    assert found.keys() >= KEYS
    assert (found["action"], found["tier"], found["word"], found["language"]) == ("opt_out", 1, "ARRET", "fr")
    assert modemd("consent", "test", "OUI", "--from", ALICE, "--state", "pending").out.startswith("confirm (tier 1)")
    assert "none: " in modemd("consent", "test", "CANCEL", "--from", ALICE, "--answers", "yes,cancel").out
    assert sorted(tmp_path.iterdir()) == before


def test_without_a_database_the_configuration_counts(modemd: Modemd, tmp_path: Path) -> None:
    """A daemon that has never run is no reason to refuse an answer."""
    (tmp_path / "modemd.db").unlink()
    found = json.loads(modemd("consent", "test", "STOP", "--from", ALICE, "--config", "FILE", "--json").out)
    assert found["action"] == "opt_out"
    assert not (tmp_path / "modemd.db").exists()


def test_with_a_database_the_person_counts(modemd: Modemd, tmp_path: Path) -> None:
    """What the number has said is read; a reply and its reason are shown."""
    connection = connect(tmp_path / "modemd.db")
    migrate(connection)
    statements.apply_statement(connection, ConsentStatement(ALICE, False, "arret", "fr", "sms"), NOON)
    connection.close()
    shown = modemd("consent", "test", "OUI", "--from", ALICE, "--config", "FILE").out
    assert shown.startswith("opt_in (tier 1): ")
    assert "reply (fr): " in shown
    assert "no reply" in modemd("consent", "test", "STOP", "--from", ALICE, "--config", "FILE").out


def test_a_mistake_is_one_line(modemd: Modemd, tmp_path: Path) -> None:
    """No sender, an unknown state, a configuration that is not there."""
    assert "the sender is empty" in modemd("consent", "test", "STOP", "--from", "", "--config", "FILE").err
    assert modemd("consent", "test", "STOP", "--from", ALICE, "--state", "maybe").status == 2
    assert modemd("consent", "test", "STOP", "--from", ALICE, "--config", str(tmp_path / "no")).status == 2
