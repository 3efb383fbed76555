"""The official SDK of Twilio for Python, unmodified but for its base URL, with a real daemon on an emulated network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.twiml.messaging_response import MessagingResponse

from tests.api.twilio.receiver import Receiver
from tests.system.http.twilio_server import ALICE, NUMBERS, TwilioServer, twilio_server
from tests.system.processes import off_loop, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
BOB = "+33612345679"
LONG = "x" * 160 + "✋" + "y" * 160


@contextmanager
def sdk(server: TwilioServer, user: str = "", password: str = "", account: str | None = None) -> Iterator[Client]:
    """A client of the account, or with other credentials."""
    client = Client(user or server.account, password or server.token, account)
    client.api.base_url = server.base
    try:
        yield client
    finally:
        client.http_client.session.close()


@contextmanager
def application(server: TwilioServer) -> Iterator[Receiver]:
    """An application that answers questions in TwiML."""
    receiver = Receiver(server.token)
    receiver.answer = answer
    try:
        yield receiver
    finally:
        receiver.close()


def answer(form: dict[str, str]) -> bytes:
    response = MessagingResponse()
    if form.get("Body") == "where is it?":
        response.message("It is at the door ✋")
        response.message("Ring twice")
    return str(response).encode()


def fails(work: Callable[[], Any]) -> tuple[int, int]:
    """HTTP status and code of the error that the SDK raises."""
    with pytest.raises(TwilioRestException) as error:
        work()
    assert error.value.msg
    return error.value.status, error.value.code


async def test_messages_go_out_and_are_told_of(tmp_path: Path) -> None:
    """Short, long, by a number and by the pool, scheduled, cancelled; each status with a signature that the SDK takes."""
    async with twilio_server(tmp_path) as server:
        phone, service = server.built.network.phone(ALICE), f"MG{server.account[2:]}"
        with sdk(server) as client, application(server) as receiver:
            create = client.messages.create
            listed = await off_loop(client.incoming_phone_numbers.list)
            assert [each.phone_number for each in listed] == NUMBERS
            short = await off_loop(
                create, ALICE, from_=NUMBERS[1], body="hello", status_callback=f"{receiver.url}/one?a=b%20c#rc=2"
            )
            assert (short.status, short.from_, short.num_segments) == ("queued", NUMBERS[1], "1")
            long = await off_loop(
                create, ALICE, messaging_service_sid=service, body=LONG, status_callback=f"{receiver.url}/pool"
            )
            assert (long.status, long.from_, long.num_segments) == ("accepted", None, "5")
            for sid in (short.sid, long.sid):
                wanted = {"MessageSid": sid, "MessageStatus": "delivered"}
                await until(lambda wanted=wanted: receiver.find(**wanted) is not None, f"{sid} is told of")  # type: ignore[misc]
                told = [each["MessageStatus"] for each in receiver.calls if each["MessageSid"] == sid]
                assert list(dict.fromkeys(told)) == ["sent", "delivered"]
                fetched = await off_loop(client.messages(sid).fetch)
                assert fetched.status == "delivered"
                assert abs(fetched.date_sent - datetime.now(UTC)) < timedelta(minutes=5)
            assert [(each.text, each.sender) for each in phone.inbox if each.text == "hello"] == [("hello", NUMBERS[1])]
            assert [each.parts for each in phone.inbox if each.text == LONG] == [5]
            by_path = dict(zip(receiver.paths, receiver.calls, strict=True))
            assert by_path["/one?a=b%20c"].get("MessagingServiceSid") is None
            assert by_path["/pool"]["MessagingServiceSid"] == service
            assert by_path["/pool"]["From"] in NUMBERS
            assert len(by_path["/pool"]["RawDlrDoneDate"]) == 10

            at = datetime.now(UTC) + timedelta(hours=2)
            callback = f"{receiver.url}/later"
            later = await off_loop(
                create, ALICE, messaging_service_sid=service, body="later", schedule_type="fixed", send_at=at,
                status_callback=callback,
            )  # fmt: skip
            assert later.status == "scheduled"
            assert (await off_loop(client.messages(later.sid).update, status="canceled")).status == "canceled"
            await until(lambda: receiver.find(MessageSid=later.sid, MessageStatus="canceled") is not None, "it is told")
            assert await off_loop(fails, lambda: client.messages(later.sid).update(status="canceled")) == (409, 30409)

            smart = await off_loop(
                create, BOB, from_=NUMBERS[0], body="“smart” – it’s", smart_encoded=True, validity_period=600,
                max_price=0.5, attempt=3, provide_feedback=True, message_intent="otp", shorten_urls=False,
            )  # fmt: skip
            assert (smart.body, smart.num_segments) == ('"smart" - it\'s', "1")
            await until(lambda: bool(server.built.network.phone(BOB).inbox), "it arrives")
            (row,) = server.daemon.rows("SELECT class, expires_at, created_at FROM message WHERE number = ?", BOB)
            lasts = datetime.fromisoformat(row["expires_at"]) - datetime.fromisoformat(row["created_at"])
            assert (row["class"], round(lasts.total_seconds())) == ("otp", 600)


async def test_messages_are_listed_and_removed(tmp_path: Path) -> None:
    """Over pages in both directions, narrowed; redacted, deleted; and what is refused, as the SDK reads it."""
    async with twilio_server(tmp_path) as server:
        with sdk(server) as client:
            for number in range(5):
                to = ALICE if number % 2 else BOB
                await off_loop(client.messages.create, to, from_=NUMBERS[number % 2], body=f"text {number}")
            await until(
                lambda: len(server.daemon.rows("SELECT 1 FROM message WHERE sent_at IS NOT NULL")) == 5, "all are sent"
            )
            server.built.network.phone(ALICE).send(NUMBERS[0], "an answer")
            await until(lambda: bool(server.daemon.rows("SELECT 1 FROM inbox")), "it comes in")
            wanted = ["an answer", *(f"text {number}" for number in range(4, -1, -1))]
            for size in (1, 2, 50):
                assert [each.body for each in await off_loop(client.messages.list, page_size=size)] == wanted
            page = await off_loop(client.messages.page, page_size=4)
            second = await off_loop(page.next_page)
            assert [each.body for each in second] == wanted[4:]
            assert [each.body for each in await off_loop(second.previous_page)] == wanted[:4]
            for chosen, bodies in (
                ({"to": ALICE}, ["text 3", "text 1"]),
                ({"from_": NUMBERS[0], "to": BOB}, ["text 4", "text 2", "text 0"]),
                ({"from_": ALICE}, ["an answer"]),
                ({"date_sent_after": datetime.now(UTC) + timedelta(days=1)}, []),
                ({"date_sent_before": datetime.now(UTC) + timedelta(days=1)}, wanted),
            ):
                assert [each.body for each in await off_loop(client.messages.list, page_size=1, **chosen)] == bodies

            (first, *_) = await off_loop(client.messages.list, to=BOB)
            assert (await off_loop(client.messages(first.sid).update, body="")).body == ""
            assert await off_loop(client.messages(first.sid).media.list) == []
            assert (
                await off_loop(client.messages(first.sid).feedback.create, outcome="confirmed")
            ).outcome == "confirmed"
            assert await off_loop(client.messages(first.sid).delete) is True
            assert await off_loop(fails, client.messages(first.sid).fetch) == (404, 20404)

            def create(**more: Any) -> Callable[[], Any]:
                return lambda: client.messages.create(**{"to": ALICE, "from_": NUMBERS[0], "body": "x"} | more)

            for wrong, status, code in (
                ({"to": "nobody"}, 400, 21211),
                ({"from_": "+33799999999"}, 400, 21606),
                ({"body": "x" * 1601}, 400, 21617),
                ({"body": ""}, 400, 21619),
                ({"media_url": ["https://crm.example/a.png"]}, 400, 21623),
                ({"validity_period": 0}, 422, 20422),
                ({"status_callback": "javascript:alert(1)"}, 400, 21609),
            ):
                assert await off_loop(fails, create(**wrong)) == (status, code)
            assert await off_loop(fails, lambda: client.calls.create(to=ALICE, from_=NUMBERS[0], url=server.base)) == (
                404, 20404,
            )  # fmt: skip
        with sdk(server, "SK" + "0" * 32, server.key, server.account) as client:  # an API key, as an application has it
            assert len(await off_loop(client.messages.list)) == 5
        for user, password, account in (
            (server.account, "0" * 32, None),
            ("AC" + "0" * 32, server.token, None),
            (server.account, server.token, "AC" + "0" * 32),
            ("SK" + "0" * 32, server.token, server.account),
        ):
            with sdk(server, user, password, account) as client:
                assert await off_loop(fails, client.messages("SM" + "0" * 31 + "1").fetch) == (401, 20003)


async def test_a_person_writes_and_is_answered(tmp_path: Path) -> None:
    """By what the application says in TwiML; after STOP marketing is 21610."""
    async with twilio_server(tmp_path) as server:
        phone = server.built.network.phone(ALICE)
        with sdk(server) as client, application(server) as receiver:
            added = ("webhooks", "add", f"{receiver.url}/sms", "--events", "inbox.received", "--format", "twilio")
            await off_loop(server.cli, *added, "--key", "1")
            phone.send(NUMBERS[1], "where is it?")
            await until(lambda: len(phone.inbox) == 2, "both answers arrive")
            assert [(each.sender, each.text) for each in phone.inbox] == [
                (NUMBERS[1], "It is at the door ✋"),
                (NUMBERS[1], "Ring twice"),
            ]
            told = receiver.find(Body="where is it?")
            assert told is not None
            assert (told["From"], told["To"], told["SmsStatus"]) == (ALICE, NUMBERS[1], "received")
            assert "OptOutType" not in told
            replies = await off_loop(client.messages.list, to=ALICE)
            assert {each.direction for each in replies} == {"outbound-reply"}
            phone.send(NUMBERS[1], "STOP")
            await until(lambda: receiver.find(OptOutType="STOP") is not None, "the STOP is told of")
            create = client.messages.create
            for sender in ({"from_": NUMBERS[0]}, {"messaging_service_sid": f"MG{server.account[2:]}"}):
                more = {"to": ALICE, "body": "buy", "message_intent": "marketing", **sender}
                assert await off_loop(fails, lambda more=more: create(**more)) == (400, 21610)
            phone.send(NUMBERS[1], "START")
            await until(lambda: receiver.find(OptOutType="START") is not None, "the START is told of")
