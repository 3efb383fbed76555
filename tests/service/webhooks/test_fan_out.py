"""The fan-out: who is told of which change, and that nobody reads the feed if there is nobody to tell."""

from __future__ import annotations

import asyncio

import pytest

from modemd.rules.changes.kinds import EventKind
from modemd.service.webhooks import fan_out
from modemd.service.webhooks.fan_out import make_deliveries
from modemd.store import alarms
from modemd.store.changes.feed import ChangeHead, Cursor
from modemd.store.webhooks import mark
from modemd.store.webhooks.callbacks import CallbackTarget
from modemd.store.webhooks.subscriptions import WebhookTarget
from tests.service.webhooks.bench import CRM, SHOP, WebhookBench, run_bench


def target(*events: str, starts: Cursor | None = None) -> WebhookTarget:
    return WebhookTarget(1, CRM, events, "modemd", None, ("secret",), starts or Cursor())


HEAD = ChangeHead("e7-1", EventKind.MESSAGE_SENT, 5, "message:5", Cursor(7, 3, "1"))
CONSENT = ChangeHead("c3-1", EventKind.CONSENT_OPTED_OUT, None, "consent", Cursor(7, 3, "1"))


@pytest.mark.parametrize(
    ("head", "subscribed", "count"),
    [
        pytest.param(HEAD, target("message.*"), 1, id="its kind"),
        pytest.param(HEAD, target("alarm.*", "message.delivered"), 0, id="other kinds"),
        pytest.param(HEAD, target("*", starts=Cursor(7, 0, "1")), 0, id="it came before the webhook"),
        pytest.param(HEAD, target("*", starts=Cursor(6, 9, "1")), 1, id="behind it in its own source"),
        pytest.param(CONSENT, target("*", starts=Cursor(9, 2, "1")), 1, id="in the ledger, too"),
        pytest.param(CONSENT, target("*", starts=Cursor(0, 3, "1")), 0, id="before it in the ledger"),
    ],
)
def test_a_webhook_gets_what_it_wants(head: ChangeHead, subscribed: WebhookTarget, count: int) -> None:
    """By its patterns, and from its beginning on."""
    assert len(make_deliveries(head, [subscribed], {})) == count


def test_a_callback_gets_its_message() -> None:
    """All callbacks of one receiver share a lane; an address that cannot be called gets nothing."""
    one = CallbackTarget(5, "https://crm.example.com:8443/status?a=b", "POST", 7, is_pooled=True)
    (found,) = make_deliveries(HEAD, [], {5: one})
    assert (found.lane, found.callback, found.webhook) == ("https://crm.example.com:8443", 5, None)
    assert make_deliveries(HEAD, [], {6: one}) == []
    assert make_deliveries(HEAD, [], {5: CallbackTarget(5, "ftp://x", "POST", 7, is_pooled=True)}) == []


def test_without_a_webhook_nobody_reads_the_feed() -> None:
    """Before the first, and after the last was removed."""

    async def scenario(bench: WebhookBench) -> None:
        await bench.submit()
        await asyncio.sleep(1)
        assert bench.bench.store._listeners == set()
        id = await bench.add()
        await asyncio.sleep(1)
        assert len(bench.bench.store._listeners) == 1
        await bench.webhooks.remove(id)
        await asyncio.sleep(1)
        assert bench.bench.store._listeners == set()
        assert await bench.bench.store.read(mark.read) is None
        await bench.add(SHOP)
        await bench.submit()
        await asyncio.sleep(1)
        assert bench.receivers.kinds(SHOP) == ["message.accepted"]
        assert bench.receivers.kinds(CRM) == []

    run_bench(scenario)


def test_a_mistake_in_the_fan_out_does_not_end_the_daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on where it was."""

    async def scenario(bench: WebhookBench) -> None:
        await bench.add()
        with monkeypatch.context() as context:
            context.setattr(fan_out, "make_deliveries", None)
            await bench.submit()
            await asyncio.sleep(1)
        await asyncio.sleep(fan_out.AFTER_MISTAKE_S)
        assert bench.receivers.kinds() == ["message.accepted"]

    run_bench(scenario)


def test_alarms_and_inbound_messages_go_out_too() -> None:
    """With the row that they are about."""

    async def scenario(bench: WebhookBench) -> None:
        await bench.add(CRM, "*")
        now = bench.clock.now()
        await bench.bench.store.write(lambda db: alarms.raise_alarm(db, "none_ready", "", "no modem is ready", now))
        await bench.bench.stop_word("+33612345678")
        await asyncio.sleep(1)
        raised, opted_out = bench.receivers.heard[CRM]
        assert (raised["kind"], raised["data"]["text"]) == ("alarm.raised", "no modem is ready")
        assert (opted_out["kind"], opted_out["data"]["number"]) == ("consent.opted_out", "+33612345678")

    run_bench(scenario)


def test_the_mark_is_not_stored_for_what_nobody_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    """No write for each message; but now and then, so that a start has little to read."""

    async def scenario(bench: WebhookBench) -> None:
        monkeypatch.setattr(fan_out, "EVENTS_PER_MARK", 10)
        await bench.add(CRM, "alarm.*")
        first = await bench.bench.store.read(mark.read)
        await bench.submit()
        await asyncio.sleep(1)
        assert await bench.bench.store.read(mark.read) == first
        for _ in range(10):
            await bench.submit()
        await asyncio.sleep(1)
        assert await bench.bench.store.read(mark.read) != first
        assert await bench.states() == []

    run_bench(scenario)
