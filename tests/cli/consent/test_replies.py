"""`modemd consent replies`, without a daemon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modemd.store.connection import connect
from modemd.store.schema import migrate
from tests.cli.shell import Modemd

REPLIES = ("consent", "replies")
WITH = ("--config", "FILE")


@pytest.fixture(autouse=True)
def database(tmp_path: Path) -> None:
    connection = connect(tmp_path / "modemd.db")
    migrate(connection)
    connection.close()


def test_texts_are_listed(modemd: Modemd) -> None:
    """Each with its language, its segments, and whether somebody has read it."""
    shown = modemd(*REPLIES, *WITH, "--language", "fr-CA", "--kind", "notice")
    assert shown.status == 0
    assert "Répondez STOP pour ne plus recevoir nos offres" in shown.out
    rows = json.loads(modemd(*REPLIES, *WITH, "--json").out)
    assert len(rows) > 350
    assert {row["proofread"] for row in rows} == {False}


def test_a_text_is_changed_and_reset(modemd: Modemd) -> None:
    """The change holds for the next command, with its author."""
    changed = modemd(
        *REPLIES, "set", *WITH, "fr", "notice", "Pour finir : STOP", "--why", "short", "--by", "ann", "--proofread"
    )
    assert (changed.status, changed.out) == (0, "fr notice is now: Pour finir : STOP\n")
    (row,) = json.loads(modemd(*REPLIES, *WITH, "--language", "fr", "--kind", "notice", "--json").out)
    assert (row["text"], row["by"], row["why"], row["proofread"]) == ("Pour finir : STOP", "ann", "short", True)
    assert "ann" in modemd(*REPLIES, *WITH, "--language", "fr").out
    reset = modemd(*REPLIES, "reset", *WITH, "fr", "notice", "--why", "no", "--json")
    assert json.loads(reset.out)["by"] is None


def test_a_text_that_would_cost_more_is_refused(modemd: Modemd) -> None:
    """Unless the second segment is allowed."""
    long = "STOP " + "x" * 160
    refused = modemd(*REPLIES, "set", *WITH, "fr", "notice", long, "--why", "long")
    assert (refused.status, refused.out) == (1, "")
    assert "makes 2 segments" in refused.err
    assert modemd(*REPLIES, "set", *WITH, "fr", "notice", long, "--why", "long", "--segments", "2").status == 0
