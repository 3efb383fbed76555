"""Messages as clients of Twilio's API send them: what belongs to a message is stored with it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from modemd.rules.access.callers import ALL, SOCKET, Caller
from modemd.rules.classes import MessageClass
from modemd.rules.twilio.errors import TwilioError
from modemd.rules.twilio.new_message import NewTwilioMessage, StatusCallback
from modemd.rules.webhooks.targets import AddressPolicy
from modemd.service.twilio.callbacks import StatusCallbacks
from modemd.service.twilio.messages import TwilioMessages
from modemd.store.events import add_event
from tests.service.assembled import AssembledService, assembled_service
from tests.service.twilio.own_sims import ALICE, CONFIGURED, WEST_NUMBER, meet_sims

CALLBACK = StatusCallback("https://crm.example/status", "GET")
NEW = NewTwilioMessage(ALICE, "hello", WEST_NUMBER, MessageClass.TRANSACTIONAL, callback=CALLBACK, key="twilio:1")
CRM = Caller(7, "crm", frozenset({ALL}), account_sid="AC" + "0" * 32)


def make_messages(assembled: AssembledService, woken: list[bool]) -> TwilioMessages:
    """Messages whose callbacks become events."""

    def add(db: sqlite3.Connection, message_id: int, url: str, method: str, key_id: int) -> None:
        add_event(db, message_id, assembled.clock.now(), "callback", url=url, method=method, key=key_id)

    service = assembled.service
    return TwilioMessages(
        assembled.store,
        service.settings,
        assembled.clock,
        service.messages.submission,
        service.messages.decisions,
        service.twilio.numbers,
        StatusCallbacks(add, lambda: woken.append(True), AddressPolicy),
    )


async def test_a_callback_is_stored_with_its_message(tmp_path: Path) -> None:
    """In the same transaction, so that no status is missed; once, however often the client asks."""
    async with assembled_service(tmp_path, **CONFIGURED) as assembled:
        await meet_sims(assembled)
        woken: list[bool] = []
        messages = make_messages(assembled, woken)
        first, again = await messages.send(NEW, CRM), await messages.send(NEW, CRM)
        assert first.message.identity == again.message.identity
        assert (first.is_repeat, again.is_repeat) == (False, True)
        history = await assembled.service.messages.histories.describe(first.message.identity.id)
        assert [event.detail for event in history.events if event.what == "callback"] == [
            {"url": CALLBACK.url, "method": "GET", "key": 7}
        ]
        assert woken
        with pytest.raises(TwilioError) as error:
            await messages.send(NEW, SOCKET)  # by the Unix socket: no token could sign
        assert error.value.code == 21609


async def test_without_callbacks_a_message_that_wants_one_is_refused(tmp_path: Path) -> None:
    """Its sender would wait for it."""
    async with assembled_service(tmp_path, **CONFIGURED) as assembled:
        await meet_sims(assembled)
        service = assembled.service
        messages = TwilioMessages(
            assembled.store, service.settings, assembled.clock, service.messages.submission, service.messages.decisions,
            service.twilio.numbers,
        )  # fmt: skip
        with pytest.raises(TwilioError) as error:
            await messages.send(NEW, CRM)
        assert error.value.code == 21609
