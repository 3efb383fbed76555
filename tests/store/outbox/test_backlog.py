"""The parts that wait, as an estimate needs them."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from modemd.rules.classes import MessageClass
from modemd.rules.lanes import ANY, Lane
from modemd.rules.windows import Window
from modemd.store.outbox import accept, backlog
from modemd.store.outbox.backlog import WaitingParts
from modemd.store.outbox.outbound_message import OutboundMessage
from tests.store.bench import ALICE, BOB, WEST, Bench
from tests.store.outbox.test_batches import accepted, row, staged

UTC_ZONE, KIND = ZoneInfo("UTC"), MessageClass.TRANSACTIONAL


def submit(bench: Bench, **more: object) -> None:
    given: dict[str, object] = {"number": ALICE, "text": "x", "message_class": KIND, "parts": 2}
    given |= {"expires_at": bench.now + timedelta(days=1)} | more
    accept.submit(bench.db, OutboundMessage(**given), bench.rules, bench.now)  # type: ignore[arg-type]


def test_what_waits_is_counted_by_lane_and_class(bench: Bench) -> None:
    """Queued parts, those that wait for a window, and rows of accepted batches; not what is planned for later, or only staged."""
    submit(bench)
    submit(bench, pinned=WEST, message_class=MessageClass.OTP)
    submit(bench, at=bench.now + timedelta(hours=3))
    opens = bench.now + timedelta(hours=2)
    submit(bench, window=str(Window(opens.time(), (opens + timedelta(hours=1)).time(), UTC_ZONE)), parts=3)
    accepted(bench, row(bench, BOB), row(bench, BOB, at=bench.now + timedelta(days=2)))
    staged(bench, row(bench, BOB))
    found = backlog.count_waiting_parts(bench.db)
    assert sorted(found, key=lambda each: each.parts) == [
        WaitingParts(None, KIND, 1),
        WaitingParts(ANY, KIND, 2),
        WaitingParts(Lane.of_sender(WEST), MessageClass.OTP, 2),
        WaitingParts(ANY, KIND, 3),
    ]


def test_nothing_waits_in_an_empty_queue(bench: Bench) -> None:
    """What was sent, or is paused by a person, is not ahead of anything."""
    submit(bench, parts=1)
    bench.send()
    assert backlog.count_waiting_parts(bench.db) == []
