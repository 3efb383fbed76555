"""Deliveries in the database: their order, their back-off, their end."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modemd.errors import Refused
from modemd.rules.webhooks.backoff import GIVE_UP_AFTER
from modemd.store import retention
from modemd.store.changes.feed import Cursor
from modemd.store.webhooks import deliveries, subscriptions
from modemd.store.webhooks.deliveries import DeliveryFilter, DeliveryRow, Failure, NewDelivery
from modemd.store.webhooks.subscriptions import NewWebhook
from tests.store.bench import START, Bench

LANE = "webhook:1"


@pytest.fixture(autouse=True)
def webhook(bench: Bench) -> None:
    subscriptions.add(bench.db, NewWebhook("https://crm.example.com/", ("*",), "modemd", "secret", None), bench.now)


def add(bench: Bench, *subjects: str, lane: str = LANE) -> None:
    new = [
        NewDelivery(lane, subject, f"e{number}-1", "message.sent", webhook=1) for number, subject in enumerate(subjects)
    ]
    deliveries.add(bench.db, new, Cursor(), bench.now)


def due(bench: Bench) -> list[int]:
    return [each.id for each in deliveries.list_due(bench.db, LANE, bench.now, 10)]


def fail(bench: Bench, id: int, minutes: float = 1) -> int:
    failure = Failure(500, "the receiver answered 500", bench.now + timedelta(minutes=minutes), is_strike=True)
    return deliveries.mark_failed(bench.db, id, failure, bench.now)


def listed(bench: Bench, *, dead: bool = False) -> list[DeliveryRow]:
    return deliveries.list_deliveries(bench.db, DeliveryFilter(is_dead=dead), 0)


def test_of_one_subject_the_oldest_goes_first(bench: Bench) -> None:
    """The others of it wait until that is taken; other subjects do not."""
    add(bench, "message:1", "message:1", "message:2", "message:1")
    assert due(bench) == [1, 3]
    deliveries.mark_delivered(bench.db, [(1, 200), (3, 204)], bench.now)
    assert due(bench) == [2]
    assert [(row.id, row.state, row.status) for row in listed(bench)][-1] == (1, "delivered", 200)


def test_a_delivery_that_fails_waits_and_holds_up_its_own_subject_only(bench: Bench) -> None:
    """When it is due again, it goes behind what was never tried."""
    add(bench, "message:1", "message:1", "message:2")
    fail(bench, 1)
    assert due(bench) == [3]
    assert deliveries.find_next_due(bench.db, LANE) == START
    deliveries.mark_delivered(bench.db, [(3, 200)], bench.now)
    assert deliveries.find_next_due(bench.db, LANE) == START + timedelta(minutes=1)
    bench.passes(minutes=1)
    add(bench, "message:3")
    assert due(bench) == [4, 1]
    (first,) = [each for each in deliveries.list_due(bench.db, LANE, bench.now, 10) if each.id == 1]
    assert (first.attempts, first.strikes) == (1, 1)


def test_what_is_not_taken_for_three_days_is_a_dead_letter(bench: Bench) -> None:
    """With all of its lane that are as old; what is younger still waits."""
    add(bench, "message:1", "message:2")
    add(bench, "message:1", lane="webhook:2")
    bench.passes(days=2)
    add(bench, "message:3")
    assert fail(bench, 1) == 0
    bench.now = START + GIVE_UP_AFTER
    assert fail(bench, 1) == 2
    assert [row.id for row in listed(bench, dead=True)] == [2, 1]
    assert {row.error for row in listed(bench, dead=True)} == {"the receiver answered 500"}
    assert deliveries.list_lanes(bench.db) == [LANE, "webhook:2"]
    assert due(bench) == [4]


def test_dead_letters_can_be_sent_again(bench: Bench) -> None:
    """For another three days; one by its id, or all of a webhook."""
    add(bench, "message:1", "message:2")
    bench.passes(days=3)
    fail(bench, 1)
    assert deliveries.replay(bench.db, id=None, webhook=2, now=bench.now) == []
    assert deliveries.replay(bench.db, id=2, webhook=None, now=bench.now) == [LANE]
    assert due(bench) == [2]
    assert deliveries.replay(bench.db, id=None, webhook=1, now=bench.now) == [LANE]
    assert due(bench) == [1, 2]
    with pytest.raises(Refused) as refused:
        deliveries.replay(bench.db, id=1, webhook=None, now=bench.now)
    assert refused.value.code == "not_found"
    assert fail(bench, 1) == 0


def test_retention_deletes_what_has_ended(bench: Bench) -> None:
    """What was taken after a day, dead letters after thirty; what waits stays."""
    add(bench, "message:1", "message:2", "message:3")
    deliveries.mark_delivered(bench.db, [(1, 200)], bench.now)
    deliveries.bury(bench.db, 2, "gone", bench.now)
    ages = retention.RetentionAges(*[timedelta.max] * 5)
    states = []
    for days in (1, 29, 300):
        bench.passes(days=days)
        while retention.run_step(bench.db, ages, bench.now):
            pass
        states.append([row.state for row in listed(bench)])
    assert states == [["waiting", "dead"], ["waiting"], ["waiting"]]
