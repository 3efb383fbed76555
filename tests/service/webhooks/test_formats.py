"""The requests that tell of a change."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from functools import partial

import pytest

from modemd.rules.changes.kinds import EventKind
from modemd.rules.twilio.twiml import TwimlRedirect
from modemd.rules.webhooks.signature import HEADER, sign
from modemd.service.webhooks.formats import EVENT_ID, TwilioFormat
from modemd.store.changes.feed import Change
from modemd.store.events import add_event
from modemd.store.inbound import inbox
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.webhooks import callbacks
from tests.service.webhooks.bench import CRM, WebhookBench, run_bench
from tests.store.bench import BOB, WEST

KEY = 7


def test_a_request_is_signed_and_names_its_event() -> None:
    """With the document of the change as its body."""

    async def scenario(bench: WebhookBench) -> None:
        new = await bench.webhooks.add(CRM, ["message.*"], "modemd", None)
        message = await bench.submit("grüß dich")
        sent_at = bench.clock.now()
        await asyncio.sleep(1)
        (request,) = bench.receivers.requests
        headers, told = dict(request.headers), json.loads(request.body)
        assert (request.method, request.url, headers["Content-Type"]) == ("POST", CRM, "application/json")
        assert headers[EVENT_ID] == told["id"]
        assert list(told) == ["id", "kind", "at", "detail", "data"]
        assert (told["data"]["id"], told["data"]["text"]) == (message, "grüß dich")
        assert headers[HEADER] == sign(request.body, [str(new.secret)], sent_at)

    run_bench(scenario)


def test_two_secrets_sign_after_a_rotation() -> None:
    """The receiver takes over the new one when it likes."""

    async def scenario(bench: WebhookBench) -> None:
        old = await bench.webhooks.add(CRM, ["message.*"], "modemd", None)
        new = await bench.webhooks.rotate(old.webhook.id)
        await bench.submit()
        sent_at = bench.clock.now()
        await asyncio.sleep(1)
        (request,) = bench.receivers.requests
        assert dict(request.headers)[HEADER] == sign(request.body, [str(new.secret), str(old.secret)], sent_at)

    run_bench(scenario)


class Twilio:
    """The format of Twilio as a part of the service would have it."""

    def __init__(self) -> None:
        self.replies: list[tuple[EventKind, bytes, str]] = []
        self.hops: list[int] = []
        self.redirects: list[TwimlRedirect] = []

    def make_form(self, change: Change, key_id: int, is_pooled: bool) -> Mapping[str, str] | None:
        assert (key_id, is_pooled) == (KEY, change.message_id is not None)
        if change.kind is EventKind.MESSAGE_ACCEPTED:
            return None
        return {"MessageSid": "SM1", "Kind": change.kind}

    def sign(self, url: str, form: Mapping[str, str], key_id: int) -> str:
        return f"signed {url} {len(form)} {key_id}"

    async def on_reply(
        self, change: Change, body: bytes, content_type: str, key_id: int | None, hop: int
    ) -> TwimlRedirect | None:
        self.replies.append((change.kind, body, content_type))
        self.hops.append(hop)
        if body == b"mistake":
            raise KeyError(hop)
        return self.redirects.pop(0) if self.redirects else None

    @property
    def format(self) -> TwilioFormat:
        return TwilioFormat(self.make_form, self.sign, self.on_reply)


def test_a_callback_gets_forms_of_its_message_only() -> None:
    """By POST, or by GET with the form in the address; what Twilio does not tell of is not sent."""
    twilio = Twilio()

    async def scenario(bench: WebhookBench) -> None:
        await bench.submit()
        posted, got = await bench.submit(), await bench.submit()
        url = "https://crm.example.com/status?a=b"
        await bench.bench.store.write(lambda db: callbacks.add_callback(db, posted, url, "POST", KEY))
        await bench.bench.store.write(lambda db: callbacks.add_callback(db, got, url, "GET", KEY))
        bench.webhooks.wake()
        await bench.bench.stop_word("+33612345678")
        for id in (posted, got):
            await bench.bench.store.write(partial(add_event, message_id=id, now=bench.clock.now(), what="message sent"))
        await asyncio.sleep(1)
        form = "MessageSid=SM1&Kind=message.sent"
        first, second = bench.receivers.requests
        assert (first.method, first.url, first.body) == ("POST", url, form.encode())
        assert dict(first.headers)["X-Twilio-Signature"] == f"signed {url} 2 {KEY}"
        assert (second.method, second.url, second.body) == ("GET", f"{url}&{form}", b"")
        assert dict(second.headers)["X-Twilio-Signature"] == f"signed {url}&{form} 0 {KEY}"
        assert await bench.states() == ["delivered"] * 4

    run_bench(scenario, twilio.format)


def test_the_answer_to_an_inbound_message_is_handed_on() -> None:
    """For it may be TwiML; the answer to anything else is not."""
    twilio = Twilio()

    async def scenario(bench: WebhookBench) -> None:
        bench.receivers.body = b"<Response/>"
        await bench.add(CRM, "message.*", "inbox.*", format="twilio", key_id=KEY)
        now = bench.clock.now()
        arrival = Arrival(WEST, b"1", BOB, "text", "hello", now)
        await bench.bench.store.write(lambda db: inbox.store_arrival(db, arrival, lambda tpdus: ("text", ""), now))
        await bench.submit()
        await asyncio.sleep(1)
        assert twilio.replies == [(EventKind.INBOX_RECEIVED, b"<Response/>", "text/xml")]

    run_bench(scenario, twilio.format)


@pytest.mark.parametrize(
    ("redirects", "urls", "said"),
    [
        pytest.param([("/more?a=b", "POST")], ["https://crm.example.com/more?a=b"], None, id="under the same name"),
        pytest.param([("https://b.example/x", "GET"), ("y", "POST")],
                     ["https://b.example/x?MessageSid=SM1&Kind=inbox.received", "https://b.example/y"], None, id="further"),
        pytest.param([("", "POST")] * 9, [CRM] * 3, "further than 3 times", id="round and round"),
        pytest.param([("http://b.example/", "POST")], [], "from https", id="not encrypted"),
        pytest.param([("javascript:alert(1)", "POST")], [], "from https", id="no address"),
        pytest.param([("https://[::1", "POST")], [], "cannot be called", id="nonsense"),
        pytest.param([("/dead", "POST")], ["https://crm.example.com/dead"], "cannot be reached", id="dead"),
        pytest.param([("/fails", "POST")], ["https://crm.example.com/fails"], "answered with 500", id="fails"),
    ],
)  # fmt: skip
def test_an_answer_goes_on_elsewhere(
    caplog: pytest.LogCaptureFixture, redirects: list[tuple[str, str]], urls: list[str], said: str | None
) -> None:
    """So often as is bounded, signed for each place. What cannot be had there is logged; the message itself was told, once."""
    twilio = Twilio()
    twilio.redirects = [TwimlRedirect(url, "GET" if method == "GET" else "POST") for url, method in redirects]

    async def scenario(bench: WebhookBench) -> None:
        bench.receivers.status |= {"https://crm.example.com/dead": None, "https://crm.example.com/fails": 500}
        await bench.add(CRM, "inbox.*", format="twilio", key_id=KEY)
        now = bench.clock.now()
        arrival = Arrival(WEST, b"1", BOB, "text", "hello", now)
        await bench.bench.store.write(lambda db: inbox.store_arrival(db, arrival, lambda tpdus: ("text", ""), now))
        await asyncio.sleep(1)
        assert [each.url for each in bench.receivers.requests] == [CRM, *urls]
        for each in bench.receivers.requests:
            signed = f"signed {each.url} {0 if each.method == 'GET' else 2} {KEY}"
            assert dict(each.headers)["X-Twilio-Signature"] == signed
        assert twilio.hops == list(range(len(twilio.hops)))
        assert await bench.states() == ["delivered"]

    run_bench(scenario, twilio.format)
    found = [record.getMessage() for record in caplog.records if "was not taken" in record.getMessage()]
    assert (found == []) if said is None else (said in found[0])


def test_a_mistake_with_an_answer_holds_nobody_up() -> None:
    """The change was told: it is not told again, and the next one is."""
    twilio = Twilio()

    async def scenario(bench: WebhookBench) -> None:
        await bench.add(CRM, "inbox.*", format="twilio", key_id=KEY)
        now = bench.clock.now()
        for body in (b"mistake", b"<Response/>"):
            bench.receivers.body = body
            arrival = Arrival(WEST, body, BOB, "text", "hello", now)
            store = partial(inbox.store_arrival, arrival=arrival, join=lambda tpdus: ("text", ""), now=now)
            await bench.bench.store.write(store)
            await asyncio.sleep(300)
        assert [body for _, body, _ in twilio.replies] == [b"mistake", b"<Response/>"]
        assert await bench.states() == ["delivered"] * 2

    run_bench(scenario, twilio.format)
