"""Contacts: the thread of one number, a reply to a message that came in, and the erasure of a number."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.config import CurrentSettings
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules import phone_numbers
from modemd.rules.classes import MessageClass
from modemd.rules.sender_numbers import list_national_forms
from modemd.service.authorship import check_authorship
from modemd.service.messages.submission import MessageRequest, Submission, SubmitResult
from modemd.store import Store
from modemd.store.contacts import erasure, threads
from modemd.store.contacts.erasure import ErasedRows, KeptRows
from modemd.store.contacts.threads import ThreadPlace
from modemd.store.events import Authorship
from modemd.store.inbound import inbox
from modemd.store.rows import ThreadRow

log = logs.get(__name__)

# Pause between two steps of an erasure: other changes have the database.
PAUSE_S = 0.02
# Tries to empty the log of the database at the end, and the pause between two: a list that is read needs the log for a moment.
LOG_TRIES = 5
LOG_PAUSE_S = 0.2


@dataclass(frozen=True, slots=True)
class KeptData:
    """Datum that an erasure keeps: a word for programs (`consent`, `waiting`, `incomplete`, `schedule`, `copies`), and what
    it is and why in words."""

    what: str
    because: str


@dataclass(frozen=True, slots=True)
class ErasureResult:
    """Result of an erasure: how many messages, inbound messages and reports were blanked, and what was kept."""

    number: str
    messages: int
    inbox: int
    reports: int
    kept: tuple[KeptData, ...]


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """Messages of a thread, oldest first. `has_older`: whether the limit cut it."""

    rows: tuple[ThreadRow, ...]
    has_older: bool


class Contacts:
    """Thread, replies and erasure of one number."""

    def __init__(self, store: Store, settings: CurrentSettings, clock: Clock, submission: Submission) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._submission = submission

    async def list_thread(
        self, number: str, *, since: datetime | None, before: ThreadPlace | None, limit: int
    ) -> ThreadPage:
        """Returns the newest messages to and from a number, oldest first; `before`: of those before this place; `limit` 0 means
        all. Raises Refused (`bad_number`, `not_possible`)."""
        read = partial(threads.list_thread, numbers=self._list_spellings(number), since=since, before=before)
        rows = await self._store.read(partial(read, limit=limit + 1 if limit else 0))
        is_cut = 0 < limit < len(rows)
        return ThreadPage(tuple(rows[1:] if is_cut else rows), is_cut)

    async def reply(
        self, inbox_id: int, text: str, key: str | None = None, *, lines: tuple[str, ...] = ()
    ) -> SubmitResult:
        """Accepts a conversational message to the sender of an inbound one, for the SIM that received it. `lines`: the only SIMs
        that may be used, empty for all. Raises Refused (`not_found`; `forbidden` if the SIM is another; `bad_number` if nobody
        can be answered; or what `Submission.submit` raises)."""
        found = await self._store.read(partial(inbox.read_correspondents, inbox_id=inbox_id))
        if found is None:
            raise Refused(ErrorCode.NOT_FOUND, f"there is no inbound message {inbox_id}")
        if not found.sender:
            raise Refused(
                ErrorCode.BAD_NUMBER, f"inbound message {inbox_id} has no number: it was withheld, or was erased"
            )
        if lines and found.sim not in lines:
            raise Refused(ErrorCode.FORBIDDEN, f"this key may not send by the SIM that received message {inbox_id}")
        request = MessageRequest(
            found.sender, text, MessageClass.CONVERSATIONAL, key=key, sim=found.sim, short_code=True
        )
        return await self._submission.submit(request)

    async def erase(self, number: str, authorship: Authorship) -> ErasureResult:
        """Blanks a number and its texts in what has ended and in the consent ledger, in small steps. An opt-out stays as a keyed
        hash; what has not ended stays. Raises Refused (`no_reason`, `bad_number`, `not_possible`)."""
        authorship = check_authorship(authorship)
        numbers = self._list_spellings(number)
        report_numbers = tuple(dict.fromkeys((*numbers, *_list_report_forms(numbers[0]))))
        erased = ErasedRows()
        while True:
            now = self._clock.now()
            step = partial(erasure.erase_step, numbers=numbers, report_numbers=report_numbers, now=now)
            done = await self._store.write(step)
            if done == ErasedRows():
                break
            erased += done
            await asyncio.sleep(PAUSE_S)
        await self._erase_consent(numbers, authorship)
        kept = await self._store.write(
            partial(erasure.finish, numbers=numbers, authorship=authorship, now=self._clock.now())
        )
        is_log_empty = await self._empty_log()
        log.info(
            "number erased", messages=erased.messages, inbox=erased.inbox, reports=erased.reports, by=authorship.by
        )
        return ErasureResult(
            numbers[0], erased.messages, erased.inbox, erased.reports, tuple(_explain_kept(kept, is_log_empty))
        )

    async def _erase_consent(self, numbers: Sequence[str], authorship: Authorship) -> None:
        """Blanks the numbers in the consent ledger, in small steps."""
        rows = 1
        while rows:
            step = partial(erasure.erase_consent_step, numbers=numbers, authorship=authorship, now=self._clock.now())
            rows = await self._store.write(step)
            await asyncio.sleep(PAUSE_S)

    async def _empty_log(self) -> bool:
        """Takes from the disk the rows as they were before. Returns False if readers hold them there."""
        for _ in range(LOG_TRIES - 1):
            if await self._store.empty_log():
                return True
            await asyncio.sleep(LOG_PAUSE_S)
        return await self._store.empty_log()

    def _list_spellings(self, number: str) -> tuple[str, ...]:
        return phone_numbers.list_spellings(number, self._settings.current().country)


def _list_report_forms(number: str) -> Sequence[str]:
    return sorted(list_national_forms(number)) if number.startswith("+") else ()


def _explain_kept(kept: KeptRows, is_log_empty: bool) -> list[KeptData]:
    """Returns what an erasure has kept, and why."""
    found = []
    if kept.consent is not None:
        how = {
            erasure.SUPPRESSED: "as a hash made with the key of the ledger, which does not show the number",
        }.get(kept.consent, "with its number, because the ledger has no key")
        found.append(
            KeptData("consent", f"its opt-out, {how}: without it, the next campaign would reach this person again")
        )
    if kept.waiting:
        found.append(
            KeptData("waiting", f"{_count(kept.waiting, 'message')} not ended yet: cancel, or erase again afterwards")
        )
    if kept.incomplete:
        found.append(
            KeptData(
                "incomplete", f"{_count(kept.incomplete, 'inbound message')} not complete yet: erase again afterwards"
            )
        )
    found += [
        KeptData("schedule", f"the recurring send {name!r} goes to it: remove it, then erase again")
        for name in kept.schedules
    ]
    if not is_log_empty:
        found.append(
            KeptData(
                "copies",
                "the log beside the database (-wal), which another program or a long list reads now: erase again afterwards",
            )
        )
    found.append(KeptData("copies", "backups and log files that were made before: delete them yourself"))
    return found


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number > 1 else ''}"
