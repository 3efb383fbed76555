"""The ledger as the service has it: its anchor of the night, and its verification."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from modemd.service.consent.ledger import ConsentLedger
from modemd.store.consent.verification import Fault
from modemd.store.files.anchors import anchor_file, read_anchors
from tests.service.assembled import AssembledService

ALICE = "+33612345678"


def make(assembled: AssembledService, anchors: Path | None = None) -> ConsentLedger:
    return ConsentLedger(assembled.store, assembled.clock, anchors or anchor_file(assembled.settings.database))


async def test_a_night_writes_the_head_of_the_ledger(assembled: AssembledService) -> None:
    """Each anchor has the last row, and the verification compares them all."""
    found = make(assembled)
    await found.write_anchor()
    await assembled.stop_word(ALICE)
    assembled.clock.passes(days=1)
    await found.write_anchor()
    verified = await found.verify()
    assert (verified.rows, verified.anchors, verified.problems) == (1, 2, ())
    assert verified.anchored_at == assembled.clock.now()
    assert [anchor.rows for anchor in read_anchors(anchor_file(assembled.settings.database)).anchors] == [0, 1]


async def test_the_absence_of_anchors_is_told_after_two_days(assembled: AssembledService) -> None:
    """A new ledger has had no night yet."""
    await assembled.stop_word(ALICE)
    assert (await make(assembled).verify()).problems == ()
    assembled.clock.passes(days=2, seconds=1)
    (problem,) = (await make(assembled).verify()).problems
    assert problem.fault is Fault.ANCHOR_ABSENT


async def test_a_disk_that_takes_no_anchor_is_logged(
    assembled: AssembledService, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The nightly job goes on."""
    await make(assembled, tmp_path / "away" / "anchors").write_anchor()
    (record,) = [each for each in caplog.records if each.levelno >= logging.ERROR]
    assert "anchor" in record.getMessage()


async def test_a_long_ledger_is_read_in_pages(assembled: AssembledService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that come between two pages are checked, too."""
    monkeypatch.setattr("modemd.store.consent.verification.ROWS_PER_PAGE", 2)
    for _ in range(5):
        await assembled.stop_word(ALICE)
    assert (await make(assembled).verify()).rows == 5
