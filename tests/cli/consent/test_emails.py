"""`modemd consent email` and `modemd consent emails`, without a daemon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modemd.store.connection import connect
from modemd.store.schema import migrate
from tests.cli.shell import Modemd

ALICE = "+33612345678"


@pytest.fixture
def database(modemd: Modemd, tmp_path: Path) -> None:
    connection = connect(tmp_path / "modemd.db")
    migrate(connection)
    connection.close()


def test_an_address_is_added_listed_and_removed(modemd: Modemd, database: None) -> None:
    """Each command says what is true now."""
    added = modemd("consent", "email", "--config", "FILE", ALICE, "Ana@example.com")
    assert (added.status, added.out) == (0, f"ana@example.com is an address of {ALICE}\n")
    listed = json.loads(modemd("consent", "emails", "--config", "FILE", "--json").out)
    assert [(row["number"], row["address"]) for row in listed] == [(ALICE, "ana@example.com")]
    assert "ana@example.com" in modemd("consent", "emails", "--config", "FILE", "--number", ALICE).out
    removed = modemd("consent", "email", "--config", "FILE", "--remove", ALICE, "ana@example.com", "--json")
    assert json.loads(removed.out)["number"] == ALICE
    assert modemd("consent", "emails", "--config", "FILE").out == "no addresses\n"


def test_what_is_no_address_is_refused(modemd: Modemd, database: None) -> None:
    """In one line that says how it is written."""
    refused = modemd("consent", "email", "--config", "FILE", ALICE, "Ana")
    assert (refused.status, refused.out) == (1, "")
    assert "'Ana' is no e-mail address" in refused.err
