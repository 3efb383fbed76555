"""Mistakes that the plans of the simulation must catch.

A mutant replaces one piece of the daemon by one that a tired person could have written. If the simulation finds nothing wrong
with it, the simulation is not worth much.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from modemd.connector import AttemptEnding, AttemptReport, ClaimedPart, Draft, Sender
from modemd.modem.messages.slots import Slots
from modemd.rules import phone_numbers, retry
from modemd.rules.classes import MessageClass
from modemd.rules.sending_rules import SendingRules
from modemd.service.dispatch import outcomes as dispatch_outcomes
from modemd.service.dispatch.dispatcher import Dispatcher
from modemd.service.dispatch.outcomes import Outcomes
from modemd.service.inbox import status_reports as inbox_reports
from modemd.service.messages.submission import Submission
from modemd.store import Store
from modemd.store.inbound import inbox
from modemd.store.outbox import accept
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.queue import candidates, outcomes
from modemd.store.queue.outcomes import AttemptResult
from tests.sim.ends import points
from tests.sim.mutants.inbound import INBOUND
from tests.sim.plans.attempt import SIMULATION_FAILED, attempt
from tests.sim.plans.plan import Plan, seeded

Patch = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake: what it is, and what puts it in place (a context manager)."""

    name: str
    what: str
    patch: Patch


def _at_once(store: Store, change: Callable[[sqlite3.Connection], Any]) -> asyncio.Future[Any]:
    """Answer as if `change` were committed already; it is handed to the writer a moment later."""
    loop = asyncio.get_running_loop()
    connection: sqlite3.Connection = store._writer._connection  # type: ignore[attr-defined]
    answer = loop.create_future()
    connection.execute("BEGIN")
    try:
        answer.set_result(change(connection))
    except Exception as error:
        answer.set_exception(error)
    finally:
        connection.execute("ROLLBACK")
    loop.call_later(0.5, store.write, change)
    return answer


class _HastyStore:
    """Store that answers changes before they are committed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write(self, change: Callable[[sqlite3.Connection], Any]) -> asyncio.Future[Any]:
        return _at_once(self._store, change)


def _intent_after_the_write() -> Any:
    claim = Dispatcher.claim

    def hasty(
        self: Dispatcher, sender: Sender, draft: Draft, *, choose_next: bool
    ) -> asyncio.Future[ClaimedPart | None]:
        store = self._store
        self._store = _HastyStore(store)  # type: ignore[assignment]
        try:
            return claim(self, sender, draft, choose_next=choose_next)
        finally:
            self._store = store

    return mock.patch.object(Dispatcher, "claim", hasty)


def _answered_before_the_commit() -> Any:
    make = Submission.__init__

    def hasty(self: Submission, store: Store, *others: Any) -> None:
        make(self, _HastyStore(store), *others)  # type: ignore[arg-type]

    return mock.patch.object(Submission, "__init__", hasty)


def _outcome_forgotten() -> Any:
    return mock.patch.object(dispatch_outcomes, "_close_attempt", return_value=None)


def _epoch_ignored() -> Any:
    return mock.patch.object(Store, "write_consent", Store.write)


def _deleted_before_the_commit() -> Any:
    store_and_delete = Slots.store_and_delete

    async def delete_and_store(self: Slots, stored: Any, memory: str, read_at: float) -> bool:
        await self._dialogue.run_command(f"+CMGD={stored.index}")
        return await store_and_delete(self, stored, memory, read_at)

    return mock.patch.object(Slots, "store_and_delete", delete_and_store)


def _report_by_reference_alone() -> Any:
    def make_owner_finder(send_timeout: timedelta) -> Any:
        return lambda report, attempts: next(
            (each.attempt_id for each in attempts if each.reference == report.reference), None
        )

    return _both(
        mock.patch.object(dispatch_outcomes, "make_owner_finder", make_owner_finder),
        mock.patch.object(inbox_reports, "make_owner_finder", make_owner_finder),
        mock.patch.object(phone_numbers, "tail", return_value=None),
    )


def _unknown_is_sent_again() -> Any:
    return mock.patch.object(retry, "REPEAT_DELAYS", dict.fromkeys(MessageClass, timedelta(seconds=30)))


def _silence_is_a_refusal() -> Any:
    return mock.patch.dict(dispatch_outcomes._RESULT_OF_ENDING, {AttemptEnding.NO_ANSWER: AttemptResult.WITHDRAWN})


def _refusal_is_acceptance() -> Any:
    return mock.patch.object(Outcomes, "_judge", _all_is_well(Outcomes._judge))


def _all_is_well(real: Callable[..., outcomes.AttemptOutcome]) -> Callable[..., outcomes.AttemptOutcome]:
    def outcome(self: Outcomes, sender: Sender, attempted: AttemptReport) -> outcomes.AttemptOutcome:
        found = real(self, sender, attempted)
        return (
            replace(found, result=AttemptResult.SENT, find_retry_time=None)
            if found.result is AttemptResult.REFUSED
            else found
        )

    return outcome


def _newest_first() -> Any:
    find = candidates.find

    def find_newest(*given: Any, most: int = candidates.MAX_CANDIDATES, **named: Any) -> Any:
        found = find(*given, **named)
        return replace(found, candidates=found.candidates[::-1][:most])

    unordered = candidates._OPEN_CLASSES.replace("e.message_id < q.message_id", "e.message_id < 0")
    assert unordered != candidates._OPEN_CLASSES, "the query has changed: nothing is mutated"
    return _both(
        mock.patch.object(candidates, "find", find_newest), mock.patch.object(candidates, "_OPEN_CLASSES", unordered)
    )


def _repetitions_are_new() -> Any:
    return mock.patch.object(inbox, "REPETITION_WINDOW", timedelta(seconds=-1))


def _key_ignored() -> Any:
    submit = accept.submit

    def accepted_anew(db: sqlite3.Connection, new: OutboundMessage, rules: SendingRules, now: datetime) -> Submitted:
        is_known = new.key is not None and accept.has_key(db, new.key)
        return submit(db, replace(new, key=None) if is_known else new, rules, now)

    return mock.patch.object(accept, "submit", accepted_anew)


def _recovery_forgotten() -> Any:
    return mock.patch.object(outcomes, "close_interrupted_attempts", return_value=0)


def _both(*patches: Any) -> Any:
    """Several patches as one."""
    stack = ExitStack()
    for patch in patches:
        stack.enter_context(patch)
    return stack


MUTANTS = (
    Mutant("intent_after_the_write", "the claim is committed after the PDU was written", _intent_after_the_write),
    Mutant("outcome_forgotten", "what became of an attempt is not journaled", _outcome_forgotten),
    Mutant("epoch_ignored", "an opt-out between claim and first octet is not looked at", _epoch_ignored),
    Mutant(
        "deleted_before_the_commit", "an arrival is deleted on the modem before it is kept", _deleted_before_the_commit
    ),
    Mutant(
        "report_by_reference_alone",
        "a report is matched by its reference, whoever it names",
        _report_by_reference_alone,
    ),
    Mutant("unknown_is_sent_again", "every class is repeated, not alarm and otp alone", _unknown_is_sent_again),
    Mutant("silence_is_a_refusal", "a PDU that was never answered counts as not sent", _silence_is_a_refusal),
    Mutant("refusal_is_acceptance", "a refusal counts as sent", _refusal_is_acceptance),
    Mutant("newest_first", "the newest message goes first, and nothing waits for an earlier one", _newest_first),
    Mutant("repetitions_are_new", "an arrival that was kept and not yet deleted is kept again", _repetitions_are_new),
    Mutant(
        "answered_before_the_commit", "a client is answered before its message is kept", _answered_before_the_commit
    ),
    Mutant("key_ignored", "a request that is repeated with its key is a new message", _key_ignored),
    Mutant("recovery_forgotten", "what was on the air at an end is left as it was", _recovery_forgotten),
    *(Mutant(*each) for each in INBOUND),
)


# Seeds whose plans have caught a mistake that few plans catch. They are tried before the others, which takes minutes less.
TRIED_FIRST = {
    "damage_is_believed": 295,
    "deleted_before_the_commit": 20,
    "slot_not_looked_at": 53,
}


def plans(most: int, first: int | None = None) -> Iterator[tuple[str, Plan]]:
    """What is tried on a mutant, in turn: the seed `first`, plans from seeds, and ends in the small scenario, spread over all of
    its points."""
    if first is not None:
        yield f"seed {first}", seeded(first)
    every = points()
    step = max(1, len(every) // most)
    spread = every[::step]
    for index in range(most):
        yield f"seed {index + 1}", seeded(index + 1)
        if index < len(spread):
            yield f"end at {spread[index]}", spread[index].plan()


def caught(mutant: Mutant, most: int) -> tuple[int, str, str] | None:
    """Returns after how many tries a mutant was caught, in which, and what was violated. None if it was not.

    A simulation that fails does not count: the mutant may only be broken itself, as by an attribute that was renamed.
    """
    tries = list(plans(most, TRIED_FIRST.get(mutant.name)))  # drawn before the mistake is in place
    with mutant.patch():
        for count, (name, plan) in enumerate(tries, 1):
            verdict = attempt(plan)
            violated = [violation for violation in verdict.violations if not violation.startswith(SIMULATION_FAILED)]
            if violated:
                return count, name, violated[0]
    return None
