"""`modemd sims`, without a daemon."""

from __future__ import annotations

import json
from pathlib import Path

from modemd.store import sims
from modemd.store.connection import connect
from modemd.store.schema import migrate
from tests.cli.shell import Modemd
from tests.service.assembled import NOON

WEST = "8933010000000000010"


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
