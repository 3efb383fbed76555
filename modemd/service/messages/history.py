"""Histories of messages: the parts, attempts, status reports and events of each."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from modemd.config import CurrentSettings
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.pdu.fields import status
from modemd.profiles import Profile
from modemd.rules import phone_numbers, report_matching, states
from modemd.rules.classes import MessageClass
from modemd.rules.report_matching import AttemptFacts, MatchDoubt, ReportFacts, ReportMatch
from modemd.rules.waits import ExplainWaits, Wait
from modemd.service.pages import PagedList, read_paged_list
from modemd.store import Store, listings
from modemd.store.inbound import status_reports
from modemd.store.inbound.status_reports import UnmatchedReason
from modemd.store.listings import MessageFilter
from modemd.store.outbox import batches
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


@dataclass(frozen=True, slots=True)
class MessageSearch:
    """Choice of outbound messages as a person asks for it, unchecked; None: every one. `to`: a number as it is dialled; `since`
    and `until`: accepted then or later, and before; `sim`: the ICCID or number of the SIM that sent it; `modem`: the name or IMEI
    of a modem that tried it; `before`: only with smaller ids."""

    id: int | None = None
    state: str | None = None
    batch: int | None = None
    to: str | None = None
    message_class: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    sim: str | None = None
    modem: str | None = None
    before: int | None = None


class MessageHistories:
    """Outbound messages and their status reports, as the faces show them. `explain_waits` returns why messages wait, by id;
    `list_modem_names` the names of the modems, by IMEI. `find_imei` returns the IMEI of the modem of a name; None if no modem
    has it, and raises Refused (`not_ready`) if the modem has not said it yet."""

    def __init__(
        self,
        store: Store,
        settings: CurrentSettings,
        explain_waits: ExplainWaits,
        list_modem_names: Callable[[], Mapping[str, str]],
        find_imei: Callable[[str], str | None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._explain_waits = explain_waits
        self._list_modem_names = list_modem_names
        self._find_imei = find_imei

    async def list_messages(self, search: MessageSearch = MessageSearch(), *, limit: int) -> PagedList[MessageRow]:
        """Returns outbound messages, newest first; `limit` 0 means all. Raises Refused (`bad_state`, `bad_class`, `bad_number`,
        `not_possible`, `not_found` if there is no such batch, `not_ready`)."""
        chosen = self._choose(search)
        if chosen.batch is not None:
            await self._store.read(partial(_check_batch, batch=chosen.batch))

        async def read(last: MessageRow | None, rows: int) -> list[MessageRow]:
            page = replace(chosen, before=last.id) if last is not None else chosen
            return await self._store.read(partial(listings.list_messages, chosen=page, limit=rows))

        async def count() -> int:
            return await self._store.read(partial(listings.count_messages, chosen=chosen))

        return await read_paged_list(read, count, limit=limit)

    def _choose(self, search: MessageSearch) -> MessageFilter:
        if search.state is not None and search.state not in set(states.MessageState):
            raise Refused(
                ErrorCode.BAD_STATE, f"{search.state!r} is no state; there are {', '.join(states.MessageState)}"
            )
        if search.message_class is not None and search.message_class not in set(MessageClass):
            raise Refused(
                ErrorCode.BAD_CLASS, f"{search.message_class!r} is no class; there are {', '.join(MessageClass)}"
            )
        return MessageFilter(
            id=search.id,
            state=search.state,
            batch=search.batch,
            numbers=phone_numbers.list_spellings(search.to, self._settings.current().country) if search.to else (),
            message_class=search.message_class,
            since=search.since,
            until=search.until,
            sim=search.sim,
            modem=(self._find_imei(search.modem) or search.modem) if search.modem is not None else None,
            before=search.before,
        )

    async def list_views(self, search: MessageSearch = MessageSearch(), *, limit: int) -> PagedList[MessageView]:
        """Returns what `list_messages` returns, and why each message waits that does."""
        found = await self.list_messages(search, limit=limit)
        last = MessageView(found.last, None) if found.last is not None else None
        return PagedList(self._explain(found.pages), found.total, last)

    async def _explain(self, pages: AsyncIterator[list[MessageRow]]) -> AsyncIterator[list[MessageView]]:
        left = MOST_EXPLAINED
        async for page in pages:
            waiting = [row.id for row in page if row.state in states.WAITING][:left]
            left -= len(waiting)
            waits = await self._explain_waits(waiting) if waiting else {}
            yield [MessageView(row, waits.get(row.id)) for row in page]

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

    async def list_reports(
        self, *, id: int | None = None, matched: bool | None = None, before: int | None = None, limit: int
    ) -> PagedList[ReportView]:
        """Returns status reports, newest first; `matched` False: only those without an attempt, with the reason; True: only the
        others; `before`: only with smaller ids; `limit` 0 means all."""

        async def read(last: ReportView | None, rows: int) -> list[ReportView]:
            end = last.report.id if last is not None else before
            return await self._store.read(partial(_read_reports, id=id, matched=matched, before=end, limit=rows))

        async def count() -> int:
            return await self._store.read(partial(listings.count_reports, id=id, matched=matched, before=before))

        return await read_paged_list(read, count, limit=limit)


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


def _check_batch(db: sqlite3.Connection, *, batch: int) -> None:
    """Raises Refused (`not_found`) if there is no such batch."""
    if batches.read_batch(db, batch) is None:
        raise Refused(ErrorCode.NOT_FOUND, f"there is no batch {batch}")


def _read_reports(
    db: sqlite3.Connection, *, id: int | None, matched: bool | None, before: int | None, limit: int
) -> list[ReportView]:
    rows = listings.list_reports(db, id=id, matched=matched, before=before, limit=limit)
    return [
        ReportView(row, status_reports.explain_unmatched(db, row.id, _match_report) if row.attempt_id is None else None)
        for row in rows
    ]


def _match_report(report: ReportFacts, attempts: Sequence[AttemptFacts]) -> ReportMatch:
    # The modem that received the report is not known any more, so the generic driver's timeout is used.
    timeout = timedelta(seconds=Profile("generic").send_timeout_s)
    return report_matching.match_report(report, attempts, phone_numbers.is_same_number, timeout)
