"""Double opt-in: the states of a contact on a list, as a table, and what counts as a confirmation. Pure.

A transition that is not in the table is an error. A request that nobody answers expires: the contact is then as if it had never
been asked. Of a contact that has opted out, only its own word (START, or a join word) or a proof of later consent makes a
subscriber; no request is sent to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from modemd.errors import ModemdError
from modemd.light_dataclass import dataclass
from modemd.rules.consent.policy import Marketing


class OptInEvent(StrEnum):
    """Event that moves a contact on a list to another state."""

    REQUESTED = "requested"  # it was asked to confirm
    CONFIRMED = "confirmed"  # it said yes
    EXPIRED = "expired"  # it did not answer in time
    JOINED = "joined"  # it wrote a join word of a list without double opt-in, or came back by one
    RECORDED = "recorded"  # a person or an import recorded a proof of consent
    OPTED_OUT = "opted out"
    RETURNED = "returned"  # it wrote START after an opt-out


TRANSITIONS: dict[tuple[Marketing, OptInEvent], Marketing] = {
    (Marketing.UNKNOWN, OptInEvent.REQUESTED): Marketing.PENDING,
    (Marketing.UNKNOWN, OptInEvent.JOINED): Marketing.OPTED_IN,
    (Marketing.UNKNOWN, OptInEvent.RECORDED): Marketing.OPTED_IN,
    (Marketing.UNKNOWN, OptInEvent.OPTED_OUT): Marketing.OPTED_OUT,
    (Marketing.PENDING, OptInEvent.CONFIRMED): Marketing.OPTED_IN,
    (Marketing.PENDING, OptInEvent.RECORDED): Marketing.OPTED_IN,
    (Marketing.PENDING, OptInEvent.JOINED): Marketing.OPTED_IN,  # the list needs no confirmation any more
    (Marketing.PENDING, OptInEvent.OPTED_OUT): Marketing.OPTED_OUT,
    (Marketing.PENDING, OptInEvent.EXPIRED): Marketing.UNKNOWN,
    (Marketing.OPTED_IN, OptInEvent.RECORDED): Marketing.OPTED_IN,  # a further proof
    (Marketing.OPTED_IN, OptInEvent.OPTED_OUT): Marketing.OPTED_OUT,
    (Marketing.OPTED_OUT, OptInEvent.OPTED_OUT): Marketing.OPTED_OUT,  # said again
    (Marketing.OPTED_OUT, OptInEvent.JOINED): Marketing.OPTED_IN,
    (Marketing.OPTED_OUT, OptInEvent.RETURNED): Marketing.OPTED_IN,
    (Marketing.OPTED_OUT, OptInEvent.RECORDED): Marketing.OPTED_IN,  # with a proof that is later than the opt-out
}


class OptInError(ModemdError):
    """Transition that the table does not have: a mistake of ours, named by state and event."""


def find_next_state(state: Marketing, event: OptInEvent) -> Marketing:
    """Returns the state that `event` leads to from `state`. Raises OptInError."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise OptInError(f"a contact that is {state} on a list cannot be {event}") from None


@dataclass(frozen=True, slots=True)
class SentRequest:
    """Request, or its reminder, that has left: the SIM that sent it, and when its first octet did."""

    sim: str
    at: datetime


def is_confirmation(sent: Iterable[SentRequest], sim: str, said_at: datetime) -> bool:
    """Returns True if a confirm word that came in on `sim`, stamped `said_at` by the network, answers one of the requests: that
    SIM sent it, and not later than the word was said. Stamps of the network have whole seconds."""
    return any(each.sim == sim and each.at.replace(microsecond=0) <= said_at for each in sent)
