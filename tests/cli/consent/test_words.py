"""`modemd consent words`, without a daemon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modemd.store.connection import connect
from modemd.store.schema import migrate
from tests.cli.shell import Modemd


@pytest.fixture(autouse=True)
def database(tmp_path: Path) -> None:
    connection = connect(tmp_path / "modemd.db")
    migrate(connection)
    connection.close()


def test_words_are_added_reassigned_and_disabled(modemd: Modemd) -> None:
    """Each change says what it does, and the list has it."""
    options = ("--config", "FILE", "--why", "customers write it")
    new = ("Terminé", "--language", "fr", "--country", "fr")
    assert modemd("consent", "words", "add", *options, *new, "--action", "opt_out").out == (
        "Terminé means opt_out for numbers of FR, from now on\n"
    )
    assert "means help" in modemd("consent", "words", "reassign", *options, *new, "--action", "help").out
    assert "Terminé means nothing everywhere" not in modemd("consent", "words", "--config", "FILE").out
    disabled = modemd("consent", "words", "disable", *options, "BAJA", "--json")
    assert json.loads(disabled.out)["state"] == "disable"
    listed = json.loads(modemd("consent", "words", "--config", "FILE", "--json").out)
    assert [(row["word"], row["state"]) for row in listed if row["state"] != "shipped"] == [
        ("BAJA", "disable"),
        ("Terminé", "reassign"),
    ]
    french = modemd("consent", "words", "--config", "FILE", "--language", "fr").out
    assert "DÉSABONNEMENT" in french
    assert "ABMELDEN" not in french


def test_a_fixed_word_is_refused(modemd: Modemd) -> None:
    """STOP stays STOP, in one line."""
    refused = modemd("consent", "words", "disable", "--config", "FILE", "STOP", "--why", "x")
    assert refused.status == 1
    assert "'STOP' is fixed" in refused.err
