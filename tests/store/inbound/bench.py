"""Arrivals of made-up parts, and what is stored of them."""

from __future__ import annotations

from collections.abc import Sequence

from modemd.rules.classes import Kind
from modemd.store import listings
from modemd.store.inbound import inbox
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.inbound.inbox import CompleteMessage
from tests.store.bench import ALICE, START, WEST, Bench

SINGLE = Arrival(WEST, b"hello", ALICE, "text", "hello", START)


def part(seq: int, text: str, *, key: str = "alice/8/1/3", sim: str = WEST) -> Arrival:
    return Arrival(sim, f"{key}{seq}{text}".encode(), ALICE, "text", text, START, key, seq, int(key[-1]))


def join(tpdus: Sequence[bytes]) -> tuple[Kind, str]:
    """Kind and text of a set: what follows the key and the number in each of these made-up TPDUs."""
    return "text", "".join(tpdu.decode()[len("alice/8/1/3") + 1 :] for tpdu in tpdus)


def keep(bench: Bench, arrival: Arrival) -> CompleteMessage | None:
    return inbox.store_arrival(bench.db, arrival, join, bench.now)


def shown(bench: Bench) -> list[tuple[str, bool]]:
    return [(row.text, row.complete) for row in listings.list_inbox(bench.db)]
