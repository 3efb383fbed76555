"""Replies by TwiML."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from twilio.twiml.messaging_response import MessagingResponse

from modemd.rules.twilio.reply_loops import MOST_IN_A_WHILE
from modemd.rules.twilio.twiml import TwimlError
from modemd.rules.webhooks.targets import AddressPolicy
from modemd.service.messages.submission import MessageRequest
from modemd.service.rules_in_force import RulesInForce
from modemd.service.twilio.callbacks import StatusCallbacks
from modemd.service.twilio.replies import KEYS, TwimlReplies
from modemd.store import listings
from modemd.store.events import add_event
from modemd.store.rows import MessageRow
from tests.service.assembled import AssembledService, assembled_service
from tests.service.twilio.changes import TestedChange, inbound_change
from tests.service.twilio.own_sims import (
    ALICE,
    BOB,
    CONFIGURED,
    EAST,
    EAST_NUMBER,
    WEST,
    WEST_NUMBER,
    arrive,
    arrive_as_pdu,
    meet_sims,
    try_next,
)

XML = "text/xml"


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path, **CONFIGURED) as assembled:
        await meet_sims(assembled)
        yield assembled


def make_replies(assembled: AssembledService) -> TwimlReplies:
    def add(db: sqlite3.Connection, message_id: int, url: str, method: str, key_id: int) -> None:
        add_event(db, message_id, assembled.clock.now(), "callback", url=url, method=method, key=key_id)

    service = assembled.service
    return TwimlReplies(
        assembled.store,
        service.settings,
        RulesInForce(service.settings),
        assembled.clock,
        service.messages.submission,
        service.twilio.numbers,
        StatusCallbacks(add, lambda: None, AddressPolicy),
    )


async def all_messages(assembled: AssembledService) -> list[MessageRow]:
    """What goes out, oldest first."""
    return (await assembled.store.read(lambda db: listings.list_messages(db, limit=0)))[::-1]


def twiml(*texts: str, **attributes: str) -> bytes:
    """An answer that the official SDK makes."""
    response = MessagingResponse()
    for text in texts:
        response.message(text, **attributes)
    return str(response).encode()


async def test_a_reply_goes_to_the_sender_from_the_sim_that_received(assembled: AssembledService) -> None:
    """As part of a conversation, in order; the same answer once more sends nothing."""
    change = await inbound_change(assembled, await arrive(assembled, text="where is it?", sim=EAST))
    replies = make_replies(assembled)
    for _ in range(2):
        await replies.take(change, twiml("At the door", "& we wait"), XML)
    first, second = await all_messages(assembled)
    assert (first.recipient, first.text, first.message_class, first.state) == (
        ALICE,
        "At the door",
        "conversational",
        "queued",
    )
    assert second.text == "& we wait"
    view = await assembled.service.messages.histories.describe(first.id)
    assert view.message.key == f"{KEYS}1:1"
    pinned = await assembled.store.read(lambda db: [row["pinned"] for row in db.execute("SELECT pinned FROM message")])
    assert pinned == [EAST, EAST]


@pytest.mark.parametrize(
    ("attributes", "sims"),
    [
        pytest.param({"to": "06 12 34 56 78"}, [WEST], id="to the sender, as it is dialled"),
        pytest.param({"to": BOB}, [], id="to somebody else"),
        pytest.param({"to": "nobody at all"}, [], id="to nobody"),
        pytest.param({"from_": WEST_NUMBER}, [WEST], id="from the SIM that received"),
        pytest.param({"from_": EAST_NUMBER}, [EAST], id="from another SIM"),
        pytest.param({"from_": "+33799999999"}, [], id="from a number that is not ours"),
    ],
)
async def test_where_a_reply_may_go(assembled: AssembledService, attributes: dict[str, str], sims: list[str]) -> None:
    """To the person who wrote only: to anybody else, an application writes by the API, with a key."""
    change = await inbound_change(assembled, await arrive(assembled))
    await make_replies(assembled).take(change, twiml("hello", **attributes), XML)
    pinned = await assembled.store.read(lambda db: [row["pinned"] for row in db.execute("SELECT pinned FROM message")])
    assert pinned == sims


@pytest.mark.parametrize("sender", ["36105", "ACME", WEST_NUMBER, "+33899123456", "+881612345678", ""])
async def test_machines_are_not_answered(assembled: AssembledService, sender: str) -> None:
    """Short codes, names, our own SIMs, premium-rate numbers, satellites, and nobody."""
    change = await inbound_change(assembled, await arrive(assembled, sender))
    await make_replies(assembled).take(change, twiml("hello"), XML)
    assert await all_messages(assembled) == []


async def test_two_machines_fall_silent(assembled: AssembledService) -> None:
    """After so many replies in a while."""
    replies = make_replies(assembled)
    for number in range(MOST_IN_A_WHILE + 5):
        change = await inbound_change(assembled, await arrive(assembled, text=f"I am out of office {number}"))
        await replies.take(change, twiml("Thank you"), XML)
    assert len(await all_messages(assembled)) == MOST_IN_A_WHILE


@pytest.mark.parametrize("word", ["STOP", "START", "HELP"])
async def test_a_word_of_consent_is_answered_by_modemd_alone(assembled: AssembledService, word: str) -> None:
    """Whatever the application says."""
    await assembled.service.messages.submission.submit(MessageRequest(ALICE, "10 % off", "marketing"))
    await try_next(assembled)
    id = await arrive_as_pdu(assembled, ALICE, word)
    before = await all_messages(assembled)
    assert [row.message_class for row in before] == ["marketing", "system"]
    await make_replies(assembled).take(await inbound_change(assembled, id), twiml("Are you sure?"), XML)
    assert await all_messages(assembled) == before


async def test_somebody_who_opted_out_where_nothing_may_follow_gets_no_reply(tmp_path: Path) -> None:
    """The policy of consent binds replies as it binds other messages."""
    consent = {"transactional_after_stop": {"+33": "refuse"}}
    async with assembled_service(tmp_path, **CONFIGURED, consent=consent) as assembled:
        await meet_sims(assembled)
        await assembled.stop_word(ALICE)
        change = await inbound_change(assembled, await arrive(assembled, text="where is it?"))
        await make_replies(assembled).take(change, twiml("At the door"), XML)
        assert [row.state for row in await all_messages(assembled)] == []


async def test_a_reply_has_a_callback(assembled: AssembledService) -> None:
    """If the answer names a whole URL, and the webhook is a key's."""
    replies, key = make_replies(assembled), 7
    for address, id in (("https://crm.example/status", key), ("https://crm.example/status", None), ("/status", key)):
        change = await inbound_change(assembled, await arrive(assembled, text=f"{address} {id}"))
        await replies.take(change, twiml("At the door", action=address), XML, id)
    found = []
    for row in await all_messages(assembled):
        events = await assembled.store.read(lambda db, row=row: listings.list_events(db, row.id))  # type: ignore[misc]
        found.append([event.detail["url"] for event in events if event.what == "callback"])
    assert found == [["https://crm.example/status"], [], []]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<Response><Message></Message></Response>", XML),
        (b"<Response><Message><Body>x</Body><Media>https://e.example/a.png</Media></Message></Response>", XML),
        (b"<Response><Message>" + b"x" * 1601 + b"</Message></Response>", XML),
        (b"<Response/>", XML),
        (b"", ""),
    ],
)
async def test_what_cannot_be_sent_is_left_out(assembled: AssembledService, body: bytes, kind: str) -> None:
    """An empty text, media, a text that is too long; an answer without messages."""
    change = await inbound_change(assembled, await arrive(assembled))
    await make_replies(assembled).take(change, body, kind)
    assert await all_messages(assembled) == []


async def test_an_answer_that_is_no_twiml_is_an_error(assembled: AssembledService) -> None:
    """For the log of the webhook."""
    change = await inbound_change(assembled, await arrive(assembled))
    with pytest.raises(TwimlError):
        await make_replies(assembled).take(change, b"{}", "application/json")


async def test_other_changes_have_no_reply(assembled: AssembledService) -> None:
    """An answer to a status callback is nothing."""
    await make_replies(assembled).take(TestedChange("message.sent", None), twiml("hello"), XML)
    assert await all_messages(assembled) == []
