"""Contract of a way out: what a sender of messages gets from the service, and what it reports back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Draft:
    """A part, chosen and encoded ahead of its claim. `tpdu` excludes the SMSC field; `is_urgent`: it is an alarm's or OTP's."""

    part_id: int
    tpdu: bytes
    is_urgent: bool
    is_first_of_several: bool


@dataclass(frozen=True, slots=True)
class ClaimedPart:
    """A journaled attempt, with the part that the claim chose (not always the draft's), encoded. `not_after`: its first octet is
    not written then or later, for the window of its message has closed. `following`: what this SIM would send next."""

    attempt_id: int
    part_id: int
    message_id: int
    tpdu: bytes
    consent_epoch: int
    not_after: datetime | None = None
    next_draft: Draft | None = None


class AttemptEnding(StrEnum):
    """How an attempt ended on the modem."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NO_ANSWER = "no answer"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class AttemptReport:
    """What became of an attempt. `elapsed_s`: from Ctrl-Z to the answer. `error`: the final result line, or why none came.
    `no_network`: the modem had lost it, so that the refusal says nothing of the message."""

    attempt_id: int
    ending: AttemptEnding
    written_at: datetime | None = None
    reference: int | None = None
    code: int | None = None
    error: str | None = None
    elapsed_s: float = 0.0
    is_without_network: bool = False
