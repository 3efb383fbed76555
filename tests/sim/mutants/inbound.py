"""Deliberate mistakes about what comes in: durable before deleted, nothing lost, nothing twice."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any
from unittest import mock

from modemd.at.replies import StoredMessage
from modemd.modem.messages import receiver, slots
from modemd.modem.messages.pdu_lines import parse_octets
from modemd.modem.messages.receiver import Receiver
from modemd.modem.messages.slots import Slots
from modemd.store.inbound import inbox
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.inbound.inbox import CompleteMessage, JoinParts


def _slot_not_looked_at() -> Any:
    return mock.patch.object(Slots, "_may_have_changed", return_value=False)


def _deleted_by_flag() -> Any:
    async def delete_all(self: Slots, stored: StoredMessage, memory: str, octets: bytes | None = None) -> None:
        await self._dialogue.ask(f"+CMGD={stored.index},4")

    return mock.patch.object(Slots, "delete", delete_all)


def _neighbour_deleted() -> Any:
    delete = Slots.delete

    async def delete_next(self: Slots, stored: StoredMessage, memory: str, octets: bytes | None = None) -> None:
        await self._dialogue.ask(f"+CMGD={stored.index + 1}")
        await delete(self, stored, memory, octets)

    return mock.patch.object(Slots, "delete", delete_next)


def _only_announced_is_read() -> Any:
    async def nothing(self: Receiver) -> int:
        return 0

    return mock.patch.object(Receiver, "sweep", nothing)


def _announced_is_not_stored() -> Any:
    fetch = Receiver._fetch

    async def delete_at_once(self: Receiver, slot: Any, *, wants_report: bool = False) -> bool:
        await self._dialogue.ask(f"+CMGD={slot.index}")
        return await fetch(self, slot, wants_report=wants_report)

    return mock.patch.object(Receiver, "_fetch", delete_at_once)


def _text_is_identity() -> Any:
    def find_fingerprint(arrival: Arrival) -> bytes:
        return hashlib.sha256(arrival.text.encode()).digest()

    return mock.patch.object(inbox, "find_fingerprint", find_fingerprint)


def _slot_is_identity() -> Any:
    def find_fingerprint(arrival: Arrival) -> bytes:
        return hashlib.sha256(f"{arrival.sim} {arrival.slot}".encode()).digest()

    return mock.patch.object(inbox, "find_fingerprint", find_fingerprint)


def _damage_is_believed() -> Any:
    def believe(stored: StoredMessage) -> bytes:
        return parse_octets(stored.pdu)

    stack = contextlib.ExitStack()
    for module in (slots, receiver):
        stack.enter_context(mock.patch.object(module, "find_whole", believe))
    stack.enter_context(mock.patch.object(slots, "_is_counted", return_value=True))
    return stack


def _part_is_a_message() -> Any:
    store_arrival = inbox.store_arrival

    def store_alone(db: sqlite3.Connection, arrival: Arrival, join: JoinParts, now: datetime) -> CompleteMessage | None:
        return store_arrival(db, replace(arrival, set_key=None, seq=1, total=1), join, now)

    return mock.patch.object(inbox, "store_arrival", store_alone)


INBOUND: tuple[tuple[str, str, Callable[[], Any]], ...] = (
    ("slot_not_looked_at", "a slot is deleted though another message has come to it", _slot_not_looked_at),
    ("deleted_by_flag", "a deletion takes all messages, not one", _deleted_by_flag),
    ("neighbour_deleted", "a deletion takes the next slot, too", _neighbour_deleted),
    ("only_announced_is_read", "the storage is never swept", _only_announced_is_read),
    ("announced_is_not_stored", "an announced slot is deleted before it is read", _announced_is_not_stored),
    ("text_is_identity", "the same text of two senders is one message", _text_is_identity),
    ("slot_is_identity", "the next message in a slot is taken for the last one", _slot_is_identity),
    ("damage_is_believed", "a message that was damaged on the line is stored as it is", _damage_is_believed),
    ("part_is_a_message", "each part of a long message is a message", _part_is_a_message),
)
"""Name, what it is, and what puts it in place."""
