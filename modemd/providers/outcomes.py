"""Outcomes of a send through a provider, and what evidence says about one whose answer is lost."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from modemd.light_dataclass import dataclass


class RefusalClass(StrEnum):
    """Class of a refusal: says what it is about, and so what may follow."""

    NUMBER = "number"  # this number never
    OPTOUT = "optout"  # the person has opted out at the provider's side
    MESSAGE = "message"  # this message, on any route
    SENDER = "sender"  # this sender on this route, or for this country
    THROTTLE = "throttle"  # too many requests; safe to repeat, more slowly
    ACCOUNT = "account"  # the credentials or the account: the route is down
    MONEY = "money"  # no credit: the route is down until somebody pays
    ROUTE = "route"  # the route cannot do this country or recipient
    AGAIN = "again"  # may be tried again, on this route

    @property
    def may_fail_over(self) -> bool:
        """True if another route may send the message: it was surely not taken, and neither number nor text is at fault."""
        return self in _FAILING_OVER


_FAILING_OVER = frozenset(
    {RefusalClass.SENDER, RefusalClass.THROTTLE, RefusalClass.ACCOUNT, RefusalClass.MONEY, RefusalClass.ROUTE}
)


@dataclass(frozen=True, slots=True)
class Price:
    """Price. `amount`: what is paid, not negative; `currency`: ISO 4217."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Taken:
    """Message that the provider has taken. `segments`: parts that it counts, None if it does not say; `sender_used`: the sender
    if the provider names it, which can be another than was asked for; `refused_parts`: parts that it refused while it took
    others. Such a message counts as sent, and its other parts never leave alone. `more_ids`: of the other parts, if each has
    its own."""

    provider_id: str
    segments: int | None = None
    price: Price | None = None
    sender_used: str | None = None
    refused_parts: int = 0
    more_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Message that the provider has surely not taken. `code`: the provider's, or the HTTP status; `text`: one line for a person;
    `is_listed`: False if the table has neither the code nor the status, so `refusal` is the careful guess."""

    refusal: RefusalClass
    code: str
    text: str = ""
    is_listed: bool = True


@dataclass(frozen=True, slots=True)
class Unknown:
    """Message that the provider may have taken. `why`: one line for a person."""

    why: str


SendOutcome: TypeAlias = Taken | NotTaken | Unknown


class SettledAs(StrEnum):
    """Answer to the question whether a message was sent."""

    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Settled:
    """Evidence of what became of an attempt. `code`: the provider's code of the failure, None if there is none."""

    ending: SettledAs
    provider_id: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class NoCandidate:
    """Absence of the message in what was searched. `is_whole`: the search saw all that could be it; if False, it must go on. Even
    then it is evidence only where the route's rules say so: no provider promises that a list has all that was taken before."""

    is_whole: bool


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several messages of which each could be the attempt's: they settle nothing. `provider_ids`: theirs, sorted."""

    provider_ids: tuple[str, ...]


SearchResult: TypeAlias = Settled | NoCandidate | Ambiguous
