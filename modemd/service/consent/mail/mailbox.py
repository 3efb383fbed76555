"""Mailbox for opt-outs: read every few minutes, each mail handled once, nothing deleted.

A mail is handled in three steps: it is read on a thread; its outcome is stored, with what follows from it, in one transaction;
then the server is told to flag it. If the process ends between two steps, the next run goes on there: mails are handled in the
order of their UIDs, so the highest stored UID says what is new, and mails whose flags were not taken are stored as such. If the
server numbers the folder anew (UIDVALIDITY), every mail is read again, and known by its digest.

The server is not asked what is unread: another program may have read a mail first. Each step has a deadline, and a connection
that does not keep it is cut; the end of the service waits for nothing here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar

from modemd import logs
from modemd.clock import Clock
from modemd.config import CurrentSettings
from modemd.config.mailbox import MailboxSettings
from modemd.errors import StoreError
from modemd.light_dataclass import dataclass
from modemd.modem.link.blocking import run_blocking
from modemd.rules.consent.mail import reading
from modemd.rules.consent.mail.decision import MailAction, MailContent, StopWords, find_content
from modemd.rules.consent.mail.reading import Mail
from modemd.service.consent.mail.imap import FetchedMail, FolderState, MailboxError, MailUnreadable
from modemd.service.consent.mail.outcomes import apply_mail, list_countries, may_opt_out
from modemd.store import Store
from modemd.store.consent import handled_mails
from modemd.store.consent.handled_mails import MailPlace

log = logs.get(__name__)

OPEN_S = 60.0
STEP_S = 90.0
"""Deadlines for connecting, and for each step after that."""
LONGEST_WAIT_S = 3600.0
FAILURES_BEFORE_ALARM = 3
# Mails in one connection; with more, the next connection follows at once.
MOST_PER_POLL = 500
STORE_RETRY_S = 5.0

T = TypeVar("T")


class MailSession(Protocol):
    """Session as `imap.ImapSession` has it; tests have their own. All but `abandon` block."""

    def select(self) -> FolderState: ...
    def list_uids(self, above: int, uidnext: int | None) -> list[int]: ...
    def fetch(self, uid: int) -> FetchedMail | None: ...
    def flag(self, uid: int, *, seen: bool) -> None: ...
    def close(self) -> None: ...
    def abandon(self) -> None: ...


OpenSession = Callable[[MailboxSettings], MailSession]


class RunInThread(Protocol):
    """Runner of blocking work, as `run_blocking`; tests in simulated time have their own."""

    async def __call__(
        self, what: str, work: Callable[[], T], timeout_s: float, *, too_late: Callable[[T], None] | None = None
    ) -> T: ...


@dataclass(frozen=True, slots=True)
class _ReadMail:
    """Mail that was read on the thread."""

    mail: Mail
    content: MailContent
    received_at: datetime | None


_NO_CONTENT = MailContent(None, None, (), (), ())


class Mailbox:
    """One task (`run`). `find_words` returns the opt-out words in force. `on_failing` is called with a text for a person if the
    mailbox could not be read several times, `on_working` each time that it could."""

    def __init__(
        self,
        store: Store,
        settings: CurrentSettings,
        mailbox: MailboxSettings,
        clock: Clock,
        find_words: Callable[[], StopWords],
        open_session: OpenSession,
        *,
        on_failing: Callable[[str], None],
        on_working: Callable[[], None],
        run_in_thread: RunInThread = run_blocking,
    ) -> None:
        self._store = store
        self._settings = settings
        self._mailbox = mailbox
        self._clock = clock
        self._find_words = find_words
        self._on_failing = on_failing
        self._on_working = on_working
        self._open_session = open_session
        self._run_in_thread = run_in_thread

    async def run(self) -> None:
        """Reads the mailbox until it is cancelled."""
        every_s, failures = self._mailbox.every.total_seconds(), 0
        while True:
            wait_s = every_s
            try:
                if await self.poll() >= MOST_PER_POLL:
                    wait_s = 0.0
                failures = 0
                self._on_working()
            except StoreError as error:
                log.error("the mailbox waits for the database", error=str(error))
                wait_s = STORE_RETRY_S
            except (MailboxError, TimeoutError) as error:
                failures += 1
                why = str(error) or "no answer in time"
                log.warning("the mailbox for opt-outs could not be read", failures=failures, error=why)
                if failures >= FAILURES_BEFORE_ALARM:
                    self._on_failing(f"the mailbox for opt-outs cannot be read, {failures} times so far: {why}")
                wait_s = min(every_s * 2 ** min(failures - 1, 10), max(every_s, LONGEST_WAIT_S))
            await asyncio.sleep(wait_s)

    async def poll(self) -> int:
        """Handles the new mails, at most `MOST_PER_POLL`, and returns how many. Raises MailboxError, TimeoutError, StoreError."""
        session = await self._run_in_thread(
            "open mailbox", partial(self._open_session, self._mailbox), OPEN_S, too_late=_abandon
        )
        try:
            folder = await self._step(session.select)
            await self._flag_rest(session, folder)
            handled = await self._handle_new(session, folder)
            await self._step(session.close)
        except BaseException:
            session.abandon()
            raise
        return handled

    async def _step(self, work: Callable[[], T]) -> T:
        return await self._run_in_thread("read mailbox", work, STEP_S)

    async def _flag_rest(self, session: MailSession, folder: FolderState) -> None:
        """Flags what was handled in an earlier run that ended before it could."""
        query = partial(
            handled_mails.list_unflagged,
            mailbox=self._mailbox.name,
            uidvalidity=folder.uidvalidity,
            limit=MOST_PER_POLL,
        )
        for uid, outcome in await self._store.read(query):
            await self._flag(session, MailPlace(self._mailbox.name, folder.uidvalidity, uid), MailAction(outcome))

    async def _handle_new(self, session: MailSession, folder: FolderState) -> int:
        highest = partial(handled_mails.find_highest_uid, mailbox=self._mailbox.name, uidvalidity=folder.uidvalidity)
        above = await self._store.read(highest)
        uids = (await self._step(partial(session.list_uids, above, folder.uidnext)))[:MOST_PER_POLL]
        countries = await self._store.read(partial(list_countries, settings=self._settings.current()))
        for uid in uids:
            place = MailPlace(self._mailbox.name, folder.uidvalidity, uid)
            read = await self._step(partial(_read_mail, session, place, self._find_words(), countries))
            if read is not None:
                await self._handle(session, place, read)
        return len(uids)

    async def _handle(self, session: MailSession, place: MailPlace, read: _ReadMail) -> None:
        now = self._clock.now()
        change = partial(
            apply_mail,
            place=place,
            mail=read.mail,
            content=read.content,
            settings=self._settings.current(),
            received_at=min(read.received_at or now, now),
            now=now,
        )
        write = self._store.write_consent if may_opt_out(read.content) else self._store.write
        outcome = await write(change)
        log.info(
            "mail handled",
            uid=place.uid,
            outcome=outcome.decision.action.value,
            numbers=len(outcome.decision.numbers),
            cancelled=outcome.withdrawn_messages,
            again=outcome.is_repeat or None,
            because=outcome.decision.because,
        )
        await self._flag(session, place, outcome.decision.action)

    async def _flag(self, session: MailSession, place: MailPlace, action: MailAction) -> None:
        """Flags a mail; one that asks for nothing here stays unread, for whoever else reads the mailbox."""
        await self._step(partial(session.flag, place.uid, seen=action is not MailAction.NONE))
        await self._store.write_lazily(partial(handled_mails.mark_flagged, place=place))


def _read_mail(
    session: MailSession, place: MailPlace, words: StopWords, countries: tuple[str, ...]
) -> _ReadMail | None:
    """Reads a mail on the thread: it may take a while. None if it is not there any more."""
    uid, identity = place.uid, repr(place).encode()
    try:
        fetched = session.fetch(uid)
    except MailUnreadable as error:
        return _ReadMail(reading.make_unreadable(identity, str(error)), _NO_CONTENT, None)
    if fetched is None:
        return None
    try:
        mail = reading.read(fetched.octets, is_cut=fetched.is_cut)
        return _ReadMail(mail, find_content(mail, words, countries), fetched.received_at)
    except Exception as error:  # a mistake of modemd: the mail must not stop those behind it
        log.exception("a mail could not be read", uid=uid)
        unreadable = reading.make_unreadable(fetched.octets, f"modemd has a mistake ({type(error).__name__})")
        return _ReadMail(unreadable, _NO_CONTENT, fetched.received_at)


def _abandon(session: MailSession) -> None:
    session.abandon()
