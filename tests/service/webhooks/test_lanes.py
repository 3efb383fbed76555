"""Deliveries: at least once, in order, whatever a receiver does, and without a cost for the others. In simulated time."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta

import pytest

from modemd.rules.webhooks.backoff import GIVE_UP_AFTER
from modemd.service.webhooks import lanes
from modemd.service.webhooks.exchange import WebhookAnswer, WebhookRequest
from modemd.store.changes.feed import Cursor, read_changes
from tests.service.bench import ALICE
from tests.service.webhooks.bench import CRM, SHOP, WebhookBench, run_bench

HOUR_S = 3600.0


def told_ids(bench: WebhookBench) -> list[str]:
    """The ids of everything that the feed tells of messages, in order."""
    changes = read_changes(bench.bench.db, Cursor(), 10_000).changes
    return [change.id for change in changes if change.kind.startswith("message.")]


def by_message(bench: WebhookBench, ids: list[str]) -> dict[int, list[str]]:
    """The ids of events by the message that they are of, in their order, each once."""
    owner = {change.id: change.message_id for change in read_changes(bench.bench.db, Cursor(), 10_000).changes}
    found: dict[int, list[str]] = {}
    for id in dict.fromkeys(ids):
        message = owner[id]
        assert message is not None
        found.setdefault(message, []).append(id)
    return found


def test_every_event_is_told_once_and_in_order() -> None:
    """To each webhook that wants it, and to no other."""

    async def scenario(bench: WebhookBench) -> None:
        await bench.add(CRM, "message.*")
        await bench.add(SHOP, "alarm.*", "message.cancelled")
        for _ in range(3):
            await bench.submit()
        await bench.bench.stop_word(ALICE)
        await asyncio.sleep(10)
        assert bench.receivers.ids(CRM) == told_ids(bench)
        assert bench.receivers.ids(SHOP) == []
        assert await bench.states() == ["delivered"] * 3

    run_bench(scenario)


def test_a_receiver_dead_for_an_hour_gets_everything() -> None:
    """Every event at least once, under the id of its first try, in order for each message, soon after it is back."""

    async def scenario(bench: WebhookBench) -> None:
        await bench.add()
        await bench.submit("before")
        await asyncio.sleep(10)
        bench.receivers.status[CRM] = None
        for number in range(60):
            id = await bench.submit(f"{number}")
            if number % 3 == 0:
                await cancel(bench, id)
            await asyncio.sleep(60)
        tries = len(bench.receivers.tries[CRM])
        assert tries < 25  # it is not flooded
        first_ids = {
            id for request in bench.receivers.requests for name, id in request.headers if name == "Modemd-Event-Id"
        }
        bench.receivers.status[CRM] = 200
        await asyncio.sleep(330)
        heard = bench.receivers.ids()
        assert set(heard) == set(told_ids(bench))
        assert first_ids <= set(heard)
        assert by_message(bench, heard) == by_message(bench, told_ids(bench))
        assert set(await bench.states()) == {"delivered"}

    run_bench(scenario)


async def cancel(bench: WebhookBench, id: int) -> None:
    """A person cancels a message."""
    from modemd.store.events import Authorship
    from modemd.store.outbox import decisions

    now = bench.clock.now()
    await bench.bench.store.write(lambda db: decisions.cancel(db, id, Authorship("alice", "a test"), now))


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_lost_when_the_process_ends_anywhere(seed: int) -> None:
    """Nor is the order of a message's events changed; back-off and dead receivers included."""

    async def scenario(bench: WebhookBench) -> None:
        chance = random.Random(seed)
        await bench.add()
        for number in range(25):
            bench.receivers.status[CRM] = chance.choice([200, 200, None, 500])
            id = await bench.submit(f"{number}")
            if chance.random() < 0.5:
                await cancel(bench, id)
            await asyncio.sleep(chance.choice([0.0, 0.02, 0.2, 20.0, 200.0]))
            if chance.random() < 0.5:
                await bench.end()
                bench.begin()
        bench.receivers.status[CRM] = 200
        await asyncio.sleep(2 * HOUR_S)
        assert set(bench.receivers.ids()) == set(told_ids(bench))
        assert by_message(bench, bench.receivers.ids()) == by_message(bench, told_ids(bench))

    run_bench(scenario)


def test_a_dead_receiver_costs_the_others_nothing() -> None:
    """Nor does one that takes ten seconds for each answer."""

    async def scenario(bench: WebhookBench) -> None:
        slow = [f"https://slow{number}.example.com/" for number in range(12)]
        for url in slow:
            await bench.add(url)
            bench.receivers.took_s[url] = 10.0
            bench.receivers.status[url] = None
        await bench.add()
        await bench.submit("the first meets receivers that nobody knows yet")
        await asyncio.sleep(60)
        for _ in range(50):
            began = asyncio.get_running_loop().time()
            heard = len(bench.receivers.ids())
            await bench.submit()
            while len(bench.receivers.ids()) == heard:  # noqa: ASYNC110 - in simulated time
                await asyncio.sleep(0.05)
            assert asyncio.get_running_loop().time() - began < 1
            await asyncio.sleep(7)

    run_bench(scenario)


def test_an_event_that_a_receiver_never_takes_holds_up_its_message_only() -> None:
    """After three days it is a dead letter, and what is behind it goes out; it can be sent again."""

    async def scenario(bench: WebhookBench) -> None:
        id = await bench.add()
        bench.receivers.refuses.add("poison")
        poisoned = await bench.submit("poison")
        (poison,) = told_ids(bench)
        await cancel(bench, poisoned)
        for _ in range(20):
            await bench.submit()
        await asyncio.sleep(120)
        assert len(bench.receivers.ids()) == 20
        await asyncio.sleep(GIVE_UP_AFTER.total_seconds() + 2 * HOUR_S)
        assert set(bench.receivers.ids()) == set(told_ids(bench)) - {poison}
        assert (await bench.states()).count("dead") == 1
        (dead,) = await bench.deliveries(dead=True)
        assert (dead.event, dead.status, dead.error) == (poison, 500, "the receiver answered 500")
        bench.receivers.refuses.clear()
        assert (await bench.webhooks.replay(delivery=None, webhook=id)).deliveries == 1
        await asyncio.sleep(1)
        assert bench.receivers.ids()[-1] == poison

    run_bench(scenario)


def test_a_working_receiver_is_seldom_asked_again_for_what_it_refuses() -> None:
    """The event waits longer each time, and the others go out as ever."""

    async def scenario(bench: WebhookBench) -> None:
        await bench.add()
        bench.receivers.refuses.add("poison")
        await bench.submit("poison")
        for _ in range(100):
            await bench.submit()
            await asyncio.sleep(7)
        assert len(bench.receivers.ids()) == 100
        refused = len(bench.receivers.requests) - 100
        assert 2 <= refused <= 5

    run_bench(scenario)


def test_what_was_noted_is_not_told_again_after_a_restart() -> None:
    """The mark and the deliveries are one transaction."""

    async def scenario(bench: WebhookBench) -> None:
        await bench.add()
        for _ in range(5):
            await bench.submit()
            await asyncio.sleep(1)
            await bench.end()
            bench.begin()
        await asyncio.sleep(HOUR_S)
        assert bench.receivers.ids() == told_ids(bench)

    run_bench(scenario)


def test_several_events_that_are_never_taken_do_not_stop_the_rest() -> None:
    """Though the receiver seems dead for a while."""

    async def scenario(bench: WebhookBench) -> None:
        await bench.add()
        bench.receivers.refuses.add("poison")
        for _ in range(5):
            await bench.submit("poison")
        await asyncio.sleep(1)
        for _ in range(20):
            await bench.submit()
        await asyncio.sleep(1200)
        assert len(bench.receivers.ids()) == 20

    run_bench(scenario)


def test_what_is_erased_is_not_told() -> None:
    """A delivery whose row is gone is a dead letter that says so."""

    async def scenario(bench: WebhookBench) -> None:
        await bench.add()
        bench.receivers.status[CRM] = None
        message = await bench.submit()
        await asyncio.sleep(1)
        await bench.bench.store.write(lambda db: db.execute("DELETE FROM event WHERE message_id = ?", (message,)))
        bench.receivers.status[CRM] = 200
        await asyncio.sleep(60)
        (dead,) = await bench.deliveries(dead=True)
        assert dead.error == lanes.GONE
        assert bench.receivers.ids() == []

    run_bench(scenario)


def test_a_removed_webhook_is_told_nothing_more() -> None:
    """Nor does what waits for it stay."""

    async def scenario(bench: WebhookBench) -> None:
        id = await bench.add()
        bench.receivers.status[CRM] = None
        await bench.submit()
        await asyncio.sleep(1)
        await bench.webhooks.remove(id)
        bench.receivers.status[CRM] = 200
        await bench.submit()
        await asyncio.sleep(HOUR_S)
        assert bench.receivers.ids() == []
        assert await bench.states() == []

    run_bench(scenario)


def test_a_mistake_in_a_lane_does_not_end_the_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is logged, and the lane goes on later."""

    async def scenario(bench: WebhookBench) -> None:
        await bench.add()
        real, bench.lanes._post = bench.lanes._post, fail
        await bench.submit()
        await asyncio.sleep(10)
        bench.lanes._post = real
        await asyncio.sleep(timedelta(minutes=2).total_seconds())
        assert bench.receivers.ids() == told_ids(bench)

    async def fail(request: WebhookRequest) -> WebhookAnswer:
        raise ZeroDivisionError

    run_bench(scenario)


def test_a_receiver_that_takes_nothing_for_an_hour_needs_a_person() -> None:
    """Not before. It is over as soon as it takes something, or is removed; a start tells which webhooks there are."""

    async def scenario(bench: WebhookBench) -> None:
        first, second = await bench.add(CRM), await bench.add(SHOP)
        bench.receivers.status = {CRM: None, SHOP: 500}
        await bench.submit()
        await asyncio.sleep(HOUR_S - 60)
        assert bench.failing == {}
        await asyncio.sleep(30 * 60)
        assert bench.failing.keys() == {first, second}
        assert bench.failing[second].startswith("webhook 2 has taken nothing since 20")
        assert bench.failing[second].endswith(" UTC: the receiver answered 500")
        bench.receivers.status = {SHOP: 500}
        await asyncio.sleep(HOUR_S)
        assert bench.failing.keys() == {second}
        await bench.webhooks.remove(second)
        assert bench.failing == {}
        await bench.end()
        bench.begin()
        await asyncio.sleep(1)
        assert bench.started[-1] == [first]

    run_bench(scenario)


def test_an_event_that_is_refused_is_no_dead_receiver() -> None:
    """The others are taken."""

    async def scenario(bench: WebhookBench) -> None:
        await bench.add()
        bench.receivers.refuses.add("poison")
        await bench.submit("poison")
        for _ in range(20):
            await asyncio.sleep(600)
            await bench.submit()
            assert bench.failing == {}

    run_bench(scenario)
