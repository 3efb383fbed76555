"""Histories of messages: the parts, attempts, status reports and events of each."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from modemd.errors import ErrorCode, Refused
from modemd.pdu.fields import status
from modemd.profiles import Profile
from modemd.rules import phone_numbers, report_matching, states
from modemd.rules.report_matching import AttemptFacts, MatchDoubt, ReportFacts, ReportMatch
from modemd.rules.waits import ExplainWaits, Wait
from modemd.store import Store, listings
from modemd.store.inbound import status_reports
from modemd.store.inbound.status_reports import UnmatchedReason
from modemd.store.rows import AttemptRow, EventRow, MessageRow, PartRow, ReportRow

# A list says why so many messages wait; of a longer one, why the others do is in the history of each.
MOST_EXPLAINED = 200


@dataclass(frozen=True, slots=True)
class ReportView:
    """Status report. `doubt`: why it has no attempt; None if it has one."""

    report: ReportRow
    doubt: MatchDoubt | UnmatchedReason | None = None

    @property
    def meaning(self) -> str:
        """TP-Status in words."""
        return status.describe(self.report.status)

    @property
    def because(self) -> str | None:
        """Reason in words why it has no attempt."""
        return UNMATCHED_REASONS[self.doubt] if self.doubt is not None else None


@dataclass(frozen=True, slots=True)
class MessageView:
    """Message as a list shows it. `waits`: why it waits, if it does, of the first `MOST_EXPLAINED` of a list."""

    message: MessageRow
    waits: Wait | None


@dataclass(frozen=True, slots=True)
class MessageHistory:
    """Message with everything that happened to it: reports, attempts and events with the oldest first. `waits`: why it waits,
    None if it does not; `modems`: the names of its modems, by the identity that attempts have (an IMEI)."""

    message: MessageRow
    waits: Wait | None
    modems: dict[str, str]
    parts: tuple[PartRow, ...]
    attempts: tuple[AttemptRow, ...]
    reports: tuple[ReportView, ...]
    events: tuple[EventRow, ...]


class MessageHistories:
    """Outbound messages and their status reports, as the faces show them. `explain_waits` returns why messages wait, by id;
    `list_modem_names` the names of the modems, by IMEI."""

    def __init__(
        self, store: Store, explain_waits: ExplainWaits, list_modem_names: Callable[[], Mapping[str, str]]
    ) -> None:
        self._store = store
        self._explain_waits = explain_waits
        self._list_modem_names = list_modem_names

    async def list_messages(
        self, *, id: int | None = None, state: str | None = None, batch: int | None = None, limit: int
    ) -> list[MessageRow]:
        """Returns outbound messages, newest first; `limit` 0 means all. Raises Refused (`bad_state`)."""
        if state is not None and state not in set(states.MessageState):
            raise Refused(ErrorCode.BAD_STATE, f"{state!r} is no state; there are {', '.join(states.MessageState)}")
        return await self._store.read(partial(listings.list_messages, id=id, state=state, limit=limit, batch=batch))

    async def list_views(
        self, *, id: int | None = None, state: str | None = None, batch: int | None = None, limit: int
    ) -> list[MessageView]:
        """Returns what `list_messages` returns, and why each message waits that does."""
        rows = await self.list_messages(id=id, state=state, batch=batch, limit=limit)
        waiting = [row.id for row in rows if row.state in states.WAITING][:MOST_EXPLAINED]
        waits = await self._explain_waits(waiting)
        return [MessageView(row, waits.get(row.id)) for row in rows]

    async def describe(self, id: int) -> MessageHistory:
        """Returns a message with its history: its parts, attempts, status reports and events. Raises Refused (`not_found`)."""
        waits = await self._explain_waits([id])
        history = await self._store.read(partial(_read_history, id))
        names, used = self._list_modem_names(), {attempt.modem for attempt in history.attempts}
        return replace(
            history,
            waits=waits.get(id),
            modems={each: names[each] for each in sorted(used) if names.get(each, each) != each},
        )

    async def list_reports(self, *, matched: bool | None = None, limit: int) -> list[ReportView]:
        """Returns status reports, newest first; `matched` False: only those without an attempt, with the reason; True: only the
        others; `limit` 0 means all."""
        return await self._store.read(partial(_read_reports, matched=matched, limit=limit))


UNMATCHED_REASONS: dict[MatchDoubt | UnmatchedReason, str] = {
    MatchDoubt.NOBODY: "nothing that this SIM has sent to that number has the reference, and nothing of it is unknown",
    MatchDoubt.REFERENCE_TAKEN: "an unknown attempt fits, but the reference belongs to another one",
    MatchDoubt.SEVERAL: "more than one attempt can be meant",
    MatchDoubt.OUT_OF_TIME: "an unknown attempt to that number does not fit its time",
    MatchDoubt.NO_TIME: "its time cannot be read, and without it an unknown attempt is not proved",
    MatchDoubt.UNPROVED: "another message to that number may be meant, and the modem's references are not proved yet",
    MatchDoubt.SETTLED: "the owner of the reference had its final report, and the time fits no other",
    UnmatchedReason.ANSWER_AWAITED: "the modem has not said yet what became of the attempt",
    UnmatchedReason.NOT_THEN: "nothing fitted when it came, nor within a day after",
}


def _read_history(id: int, db: sqlite3.Connection) -> MessageHistory:
    found = listings.list_messages(db, id=id, limit=1)
    if not found:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no message {id}")
    return MessageHistory(
        message=found[0],
        waits=None,
        modems={},
        parts=tuple(listings.list_parts(db, id)),
        attempts=tuple(listings.list_attempts(db, id)),
        reports=tuple(ReportView(row) for row in reversed(listings.list_reports(db, message_id=id, limit=0))),
        events=tuple(listings.list_events(db, id)),
    )


def _read_reports(db: sqlite3.Connection, *, matched: bool | None, limit: int) -> list[ReportView]:
    rows = listings.list_reports(db, matched=matched, limit=limit)
    return [
        ReportView(row, status_reports.explain_unmatched(db, row.id, _match_report) if row.attempt_id is None else None)
        for row in rows
    ]


def _match_report(report: ReportFacts, attempts: Sequence[AttemptFacts]) -> ReportMatch:
    # The modem that received the report is not known any more, so the generic driver's timeout is used.
    timeout = timedelta(seconds=Profile("generic").send_timeout_s)
    return report_matching.match_report(report, attempts, phone_numbers.is_same_number, timeout)
