"""Rows: what the listings of the store return, a frozen class for each.

A field has the name of its column in the query. Times are texts as they are stored (`timestamps.to_text`), because they are
passed on unchanged; only a time that the service computes with is a datetime. A SIM is an ICCID, or the identity of another
sender.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any, Literal, TypeVar, cast, get_args, get_type_hints

from modemd.light_dataclass import dataclass
from modemd.rules.classes import Kind, MessageClass
from modemd.rules.consent.policy import Marketing
from modemd.rules.pauses import Pause
from modemd.rules.states import MessageState, PartState
from modemd.store.timestamps import from_text


@dataclass(frozen=True, slots=True)
class MessageRow:
    """Outbound message. `parts_sent`: parts that have left; `at`: not before this time; `sim`: the SIM that sent it; `only_sim`:
    the only one that may, None if any may; `list_name`: the list of subscribers that it went to; `answers`: words that are
    answers to it; `has_notice`: it is marketing and says how to end it; `submitted_text`: None if modemd added nothing; `until`:
    when something happens to one of its parts by itself."""

    id: int
    recipient: str
    text: str
    message_class: MessageClass
    state: MessageState
    reason: str | None
    parts: int
    parts_sent: int
    created_at: str
    at: str | None
    expires_at: str
    sent_at: str | None
    delivered_at: str | None
    closed_at: str | None
    sim: str | None
    only_sim: str | None
    key: str | None
    list_name: str | None
    answers: tuple[str, ...]
    has_notice: bool
    submitted_text: str | None
    until: str | None


@dataclass(frozen=True, slots=True)
class PartRow:
    """Part of a message. `part`: its number, from 1; `until`: when something happens to it by itself."""

    part: int
    state: PartState
    tries: int
    repeats: int
    until: str | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """Attempt to send a part. `part`: the number of the part, from 1; `modem`: an IMEI; `reference`: TP-MR; `error`: as the modem
    reported it."""

    id: int
    part: int
    sim: str
    modem: str
    opened_at: str
    written_at: str | None
    closed_at: str | None
    outcome: Literal["open", "sent", "refused", "unknown", "withdrawn"]
    reference: int | None
    error: str | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """Event of a message. `detail`: what was known then, by names; empty if nothing was."""

    at: str
    what: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """Status report. `sim`: the number of the SIM that received it, else its ICCID; `recipient`: as the network wrote it;
    `status`: TP-Status (3GPP TS 23.040 9.2.3.15); `outcome`: a `status_reports.DeliveryOutcome`; `accepted_at`: the stamp of the
    service centre. The ids of message and attempt, and the number of the part, are None if the report is unmatched."""

    id: int
    stored_at: str
    sim: str
    recipient: str
    reference: int
    status: int
    outcome: Literal["delivered", "unconfirmed", "trying", "permanent", "stopped"]
    accepted_at: str | None
    discharged_at: str | None
    message_id: int | None
    part: int | None
    attempt_id: int | None


@dataclass(frozen=True, slots=True)
class InboxRow:
    """Inbound message. `to_sim`: the number of the SIM that received it, else its ICCID; `parts`: how many came of `total`;
    `seen_at`: since when it is listed."""

    id: int
    sender: str
    to_sim: str
    text: str
    kind: Kind
    sent_at: str | None
    stored_at: str
    parts: int
    total: int
    complete: bool
    seen_at: str


@dataclass(frozen=True, slots=True)
class ThreadRow:
    """Message to or from one number. `at`: when it was sent, or accepted if it was not sent, or seen if it came in; `kind`: the
    class of an outbound message, the kind of an inbound one; `state`: None if it came in; `sim`: an ICCID."""

    direction: Literal["in", "out"]
    id: int
    at: str
    text: str
    kind: str
    state: MessageState | None
    sim: str | None


@dataclass(frozen=True, slots=True)
class SimRow:
    """SIM that was seen. `modem`: the IMEI of the modem that it was in last; `admitted_at`: None while it waits for a person."""

    iccid: str
    number: str | None
    imsi: str | None
    smsc: str | None
    modem: str
    first_seen: str
    last_seen: str
    admitted_at: str | None


@dataclass(frozen=True, slots=True)
class OptOutRow:
    """Number that has opted out, since when, by which word in which language, and by which channel. The last three are None if no
    statement is stored."""

    number: str
    since: str | None
    word: str | None
    language: str | None
    channel: str | None


@dataclass(frozen=True, slots=True)
class ContactRow:
    """Contact: what it said about marketing last, since when, and the language of its last word."""

    number: str
    marketing: Marketing
    since: str | None
    language: str | None


@dataclass(frozen=True, slots=True)
class ConsentEventRow:
    """Event of the consent ledger, as `store.consent.ledger.ConsentEvent` explains its fields. `at`: when it was recorded."""

    id: int
    at: str
    action: str
    channel: str
    occurred_at: str | None
    zone: str | None
    list: str | None
    sender: str | None
    actor: str | None
    word: str | None
    language: str | None
    words: str | None
    inbox_id: int | None
    said_at: str | None
    wording: str | None
    wording_version: str | None
    wording_language: str | None
    messages: str | None
    basis: str | None
    evidence: str | None
    evidence_file: str | None
    evidence_name: str | None
    url: str | None
    ip: str | None
    user_agent: str | None
    contact_id: str | None


@dataclass(frozen=True, slots=True)
class BatchRow:
    """Batch. Of its `rows`, consent allowed `accepted` and `refused` others when they came, `again` had a key that was known,
    and `promoted` are messages by now. `reason`: why it is held. The ids of its first and last message are None before it is
    accepted. `decision`, `decided_at`, `decided_by`, `decided_why`: the last decision of a person about it, None if there was
    none."""

    id: int
    key: str | None
    state: Literal["staging", "accepted", "held", "promoted"]
    reason: str | None
    created_at: str
    accepted_at: str | None
    rows: int
    again: int
    refused: int
    promoted: int
    accepted: int
    first_message: int | None
    last_message: int | None
    decision: Literal["cancel", "pause", "resume"] | None
    decided_at: str | None
    decided_by: str | None
    decided_why: str | None


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """Message of a batch that consent refused."""

    id: int
    recipient: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class PauseRow:
    """Active pause of a class, of a SIM, of a class on a SIM, or of the queue; by whom, why, and since when."""

    message_class: MessageClass | None
    sim: str | None
    by: str
    why: str
    at: str

    @property
    def what(self) -> Pause:
        """Subject of the pause."""
        return Pause(self.message_class, self.sim)

    def __str__(self) -> str:
        """Returns what is paused, by whom and why, in words."""
        return f"{self.what} is paused by {self.by}: {self.why}"


@dataclass(frozen=True, slots=True)
class AlarmRow:
    """Alarm. `cleared_at`: None while it is active; `sms_at` and `command_at`: when it was told that way."""

    id: int
    code: str
    subject: str
    text: str
    raised_at: str
    cleared_at: str | None
    sms_at: str | None
    command_at: str | None


@dataclass(frozen=True, slots=True)
class RunRow:
    """Run of a schedule. `local`: its date and time in the zone of the schedule; `outcome`: a `schedules.RunOutcome`; `messages`:
    the ids of what it submitted."""

    local: str
    at: str
    outcome: Literal["sent", "late", "missed", "failed", "refused"]
    messages: tuple[int, ...]
    error: str | None


@dataclass(frozen=True, slots=True)
class WaitingCount:
    """Number of messages of a class in a state that is not final. `oldest`: when the oldest of them was accepted, and
    `oldest_message`: its id."""

    state: MessageState
    message_class: MessageClass
    messages: int
    oldest: datetime | None
    oldest_message: int | None = None


@dataclass(frozen=True, slots=True)
class HeldCount:
    """Number of messages that are held for a reason."""

    reason: str
    messages: int


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """Numbers of messages that wait, that are held, and in each state; of rows of accepted batches that are no messages yet; of
    unmatched reports, of numbers that opted out, and of reviews that wait for a decision."""

    waiting: tuple[WaitingCount, ...]
    held: tuple[HeldCount, ...]
    states: dict[MessageState, int]
    in_batches: int
    unmatched_reports: int
    opted_out: int
    open_reviews: int


AnyRow = TypeVar("AnyRow")


def read_row(kind: type[AnyRow], row: sqlite3.Row) -> AnyRow:
    """Returns a row as one of `kind`, a class of this module: each field from the column of its name."""
    get_values, converters = _plan_reading(cast("type", kind))
    values = list(get_values(row))
    for index, convert in converters:
        if values[index] is not None:
            values[index] = convert(values[index])
    return kind(*values)


_Converters = tuple[tuple[int, Callable[[Any], Any]], ...]


@cache
def _plan_reading(kind: type) -> tuple[Callable[[sqlite3.Row], tuple[Any, ...]], _Converters]:
    """Returns the function that takes the values of the fields of `kind` from a row, in order; and the functions that convert
    values, each with the index of its field. Most values need none."""
    hints = get_type_hints(kind)
    found = ((index, _find_converter(hint)) for index, hint in enumerate(hints.values()))
    return itemgetter(*hints), tuple((index, convert) for index, convert in found if convert is not None)


def _find_converter(hint: Any) -> Callable[[Any], Any] | None:
    return next((_CONVERTERS[each] for each in (hint, *get_args(hint)) if each in _CONVERTERS), None)


_CONVERTERS: dict[Any, Callable[[Any], Any]] = {
    bool: bool,
    datetime: from_text,
    # Not by a call of the enumeration: that takes several times as long.
    **{words: {each.value: each for each in words}.__getitem__ for words in (MessageClass, MessageState, PartState)},
    dict[str, Any]: json.loads,
    tuple[int, ...]: lambda text: tuple(json.loads(text)),
    tuple[str, ...]: lambda text: tuple(json.loads(text)),
}
