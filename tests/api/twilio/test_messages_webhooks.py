"""Webhooks in Twilio's form, end to end: a real receiver, the official SDK, and TwiML replies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from twilio.twiml.messaging_response import MessagingResponse

from modemd.store import listings
from tests.api.twilio.door import Credentials, make_key, twilio_door
from tests.api.twilio.receiver import Receiver
from tests.service.assembled import AssembledService, assembled_service
from tests.service.twilio.own_sims import ALICE, CONFIGURED, WEST_NUMBER, arrive_as_pdu, meet_sims, report, try_next


@pytest.fixture
async def credentials(assembled: AssembledService) -> Credentials:
    return await make_key(assembled, "all")


@pytest.fixture
def receiver(credentials: Credentials) -> Iterator[Receiver]:
    receiver = Receiver(credentials.token)
    yield receiver
    receiver.close()


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path, **CONFIGURED, webhooks={"private_targets": "allow"}) as assembled:
        await meet_sims(assembled)
        await assembled.service.start()
        yield assembled
        await assembled.service.stop(0)


async def test_a_callback_tells_each_status(
    assembled: AssembledService, credentials: Credentials, receiver: Receiver
) -> None:
    """In order, each with a signature that the official validator takes."""
    async with twilio_door(assembled, credentials) as door:
        message = await door.call(
            lambda client: client.messages.create(
                to=ALICE, from_=WEST_NUMBER, body="hello", status_callback=f"{receiver.url}/status?a=b"
            )
        )
    await try_next(assembled)
    await receiver.until(1)
    await report(assembled)
    calls = await receiver.until(2)
    assert [(each["MessageSid"], each["MessageStatus"]) for each in calls] == [
        (message.sid, "sent"),
        (message.sid, "delivered"),
    ]


async def test_an_application_answers_in_twiml(assembled: AssembledService, receiver: Receiver) -> None:
    """A text comes in, the application is told, and what it answers goes out."""
    response = MessagingResponse()
    response.message("It is at the door")
    receiver.answer = str(response).encode()
    await assembled.service.webhooks.add(f"{receiver.url}/sms", ["inbox.received"], "twilio", key_id=1)
    await arrive_as_pdu(assembled, ALICE, "where is it?")
    (call,) = await receiver.until(1)
    assert (call["From"], call["To"], call["Body"]) == (ALICE, WEST_NUMBER, "where is it?")
    async with asyncio.timeout(20):
        while not (found := await assembled.store.read(listings.list_messages)):  # noqa: ASYNC110 - the database changes
            await asyncio.sleep(0.02)
    assert [(each.recipient, each.text, each.message_class) for each in found] == [
        (ALICE, "It is at the door", "conversational")
    ]


async def test_an_application_answers_elsewhere(assembled: AssembledService, receiver: Receiver) -> None:
    """Its first answer leads to the next, which is asked with the same form; the messages of both go out once."""
    first = MessagingResponse()
    first.message("One moment")
    first.redirect("/more?step=2", method="GET")
    second = MessagingResponse()
    second.message("It is at the door")
    receiver.answer = lambda form: str(second if "/more" in receiver.paths[-1] else first).encode()
    await assembled.service.webhooks.add(f"{receiver.url}/sms", ["inbox.received"], "twilio", key_id=1)
    await arrive_as_pdu(assembled, ALICE, "where is it?")
    calls = await receiver.until(2)
    assert receiver.paths[1].startswith("/more?step=2&MessageSid=SM1")
    assert calls[1] == {"step": "2"} | calls[0]
    async with asyncio.timeout(20):
        while len(found := await assembled.store.read(listings.list_messages)) < 2:  # noqa: ASYNC110 - the database changes
            await asyncio.sleep(0.02)
    assert {each.text for each in found} == {"One moment", "It is at the door"}
