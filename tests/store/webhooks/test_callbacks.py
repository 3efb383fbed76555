"""Callbacks of single messages."""

from __future__ import annotations

from datetime import timedelta

from modemd.rules.changes.kinds import EventKind
from modemd.store import retention
from modemd.store.changes import feed
from modemd.store.webhooks import callbacks, mark
from tests.store.bench import Bench


def test_a_callback_is_told_of_its_message_from_the_beginning(bench: Bench) -> None:
    """The mark comes before the acceptance, which is in the same transaction."""
    bench.submit()
    message = bench.submit()
    callbacks.add_callback(bench.db, message, "https://crm.example.com/s", "POST", 7)
    cursor = mark.read(bench.db)
    assert cursor is not None
    page = feed.read_heads(bench.db, cursor, 10, frozenset(EventKind))
    assert [(head.kind.value, head.message_id) for head in page.heads] == [("message.accepted", message)]
    assert callbacks.find_callback(bench.db, message) == callbacks.CallbackTarget(
        message, "https://crm.example.com/s", "POST", 7, is_pooled=True
    )
    assert callbacks.find_callback(bench.db, message - 1) is None


def test_a_callback_goes_with_its_message(bench: Bench) -> None:
    """When retention deletes that."""
    message = bench.submit(valid=timedelta(hours=1))
    callbacks.add_callback(bench.db, message, "https://crm.example.com/s", "POST", 7)
    bench.passes(hours=2)
    bench.expire()
    bench.passes(days=10)
    day = timedelta(days=1)
    for _ in range(2):
        while retention.run_step(bench.db, retention.RetentionAges(day, day, day, day, day), bench.now):
            pass
    assert callbacks.find_callback(bench.db, message) is None
