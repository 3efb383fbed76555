"""Reservations, and what of them reaches the writer's thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from types import MappingProxyType
from typing import Any

from modemd.config import CurrentSettings, Settings
from modemd.connector import AttemptEnding, AttemptReport, Sender
from modemd.rules.classes import MessageClass
from modemd.rules.lanes import Lane
from modemd.rules.queue_place import QueuePlace
from modemd.rules.sim_breaker import SimBreakers
from modemd.service.dispatch.dispatcher import Dispatcher
from modemd.service.dispatch.policy import SendingPolicy
from modemd.service.dispatch.reservations import ClaimTicket, Offers, Reservations, ReservedParts
from modemd.service.rules_in_force import RulesInForce
from modemd.store import Store
from modemd.store.outbox import accept
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.queue.candidates import Candidate
from tests.service.assembled import NOON
from tests.service.bench import sim

MESSAGES, SIMS = 60, 6


class LoopOnly(dict[Any, Any]):
    """A dict that refuses every other thread than the one that made it."""

    def __init__(self, *given: Any) -> None:
        self.owner = threading.get_ident()
        super().__init__(*given)

    def _check(self) -> None:
        assert threading.get_ident() == self.owner, "a dict of the loop was touched on another thread"

    def __getitem__(self, key: Any) -> Any:
        self._check()
        return super().__getitem__(key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._check()
        super().__setitem__(key, value)

    def __iter__(self) -> Iterator[Any]:
        self._check()
        return super().__iter__()

    def __contains__(self, key: Any) -> bool:
        self._check()
        return super().__contains__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        self._check()
        return super().get(key, default)

    def keys(self) -> Any:
        self._check()
        return super().keys()

    def items(self) -> Any:
        self._check()
        return super().items()

    def pop(self, key: Any, *default: Any) -> Any:
        self._check()
        return super().pop(key, *default)


class LoopClock:
    """A clock that only the loop may ask."""

    def __init__(self) -> None:
        self._owner = threading.get_ident()

    def now(self) -> datetime:
        assert threading.get_ident() == self._owner, "the clock was asked on another thread"
        return NOON


async def dispatch(dispatcher: Dispatcher, sender: Sender, taken: list[int]) -> None:
    """Send what a SIM finds, each claim looking ahead, until nothing is left."""
    draft = await dispatcher.next_draft(sender)
    while draft is not None:
        claimed = await dispatcher.claim(sender, draft, choose_next=True)
        dispatcher.end_reservation(draft)
        if claimed is None:
            draft = await dispatcher.next_draft(sender)
            continue
        taken.append(claimed.part_id)
        report = AttemptReport(claimed.attempt_id, AttemptEnding.ACCEPTED, NOON, 1)
        dispatcher.close_attempt_lazily(sender, report)
        draft = claimed.next_draft or await dispatcher.next_draft(sender)


async def test_claims_on_the_writers_thread_touch_nothing_that_the_loop_changes(tmp_path: Path) -> None:
    """Six SIMs claim on the real writer's thread while the loop reserves: each part once, and no shared state."""
    settings = Settings.model_validate({"database": str(tmp_path / "modemd.db")})
    store, clock, breakers = await Store.open(settings.database), LoopClock(), SimBreakers()
    rules = RulesInForce(CurrentSettings(settings))
    dispatcher = Dispatcher(
        store, rules, clock, SendingPolicy(settings, breakers, clock.now), breakers,
        random=Random(1), on_settled=lambda: None, on_ready=lambda: None, is_clock_trusted=lambda: True,
    )  # fmt: skip
    reservations = dispatcher._reservations
    reservations._candidates, reservations._holders = LoopOnly(), LoopOnly()
    breakers._requested_at, breakers._avoided_until, breakers._runs = LoopOnly(), LoopOnly(), LoopOnly()
    try:
        for index in range(MESSAGES):
            new = OutboundMessage(
                f"+3361234{index:04d}", "hello", MessageClass.TRANSACTIONAL, 1, NOON + timedelta(hours=24), report=False
            )
            await store.write(lambda db, new=new: accept.submit(db, new, rules.current(), NOON))  # type: ignore[misc]
        taken: list[int] = []
        await asyncio.gather(*(dispatch(dispatcher, sim(f"893301000000000{n:04d}"), taken) for n in range(SIMS)))
        await dispatcher.stop(within_s=5)
    finally:
        await store.close()
    assert len(taken) == len(set(taken)) == MESSAGES
    crossing = vars(dispatcher._sending_policy.routes).values()
    assert all(isinstance(value, MappingProxyType) for value in crossing)


def candidate(part_id: int) -> Candidate:
    """The only part of a transactional message."""
    return Candidate(
        part_id, part_id, 1, 1, "+33612340000", "hello", MessageClass.TRANSACTIONAL, report=False, repeats=0, reference=0,
        expires_at=NOON, place=QueuePlace(MessageClass.TRANSACTIONAL), lane=Lane.of_sender("8933010000000000000"),
    )  # fmt: skip


def test_a_part_that_one_claim_offers_is_left_alone_by_the_claims_after_it() -> None:
    """Until the loop has taken up or declined the offer: then it is among the reserved parts, or free."""
    offers = Offers()
    first, second, third = (ClaimTicket(number, None) for number in (1, 2, 3))
    before = ReservedParts(frozenset({7}), frozenset({1, 2}))
    assert set(offers.reserved_parts(first, before)) == {7}
    offers.add(first, 8)
    assert set(offers.reserved_parts(second, before)) == {7, 8}
    declined = ReservedParts(frozenset({7}), frozenset({2, 3}))
    assert set(offers.reserved_parts(third, declined)) == {7}


def test_a_claim_sees_the_reservations_of_the_moment_at_which_it_runs() -> None:
    """Also those made after the claim was submitted; its own draft's part is not left to others."""
    reservations = Reservations(lambda candidate: b"", Offers())
    own = reservations.reserve(candidate(7))
    ticket = reservations.begin_claim(own)
    reservations.reserve(candidate(8))
    assert set(Offers().reserved_parts(ticket, reservations.latest)) == {8}


def test_a_search_leaves_an_offered_part_alone_before_the_claim_has_returned() -> None:
    """Else two modems would prepare the same part, and one of them in vain."""
    offers = Offers()
    reservations = Reservations(lambda candidate: b"", offers)
    ticket = reservations.begin_claim(reservations.reserve(candidate(7)))
    offers.add(ticket, 8)
    assert reservations.reserved_parts() == {7, 8}
    reservations.end_claim(ticket)
    assert reservations.reserved_parts() == {7}
