"""A mail server in memory: a folder with mails, and the faults that a real server has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from modemd.config.mailbox import MailboxSettings
from modemd.service.consent.mail.imap import FetchedMail, FolderState, MailboxError, MailUnreadable
from tests.service.assembled import NOON

T = TypeVar("T")


@dataclass
class FakeServer:
    """A folder. `faults`: what the next connections die of, the first one first, by the name of the step; `hangs`: the step that
    never ends; `withheld`: UIDs of mails that are not given."""

    mails: dict[int, bytes] = field(default_factory=dict)
    flags: dict[int, set[str]] = field(default_factory=dict)
    uidvalidity: int = 7
    received_at: datetime = NOON
    faults: list[str] = field(default_factory=list)
    hangs: str | None = None
    withheld: set[int] = field(default_factory=set)
    fetched: list[int] = field(default_factory=list)
    opened_at: list[float] = field(default_factory=list)
    abandoned: int = 0

    def deliver(self, octets: bytes) -> int:
        uid = max(self.mails, default=0) + 1
        self.mails[uid] = octets
        return uid

    def open(self, settings: MailboxSettings) -> FakeSession:
        self.opened_at.append(asyncio.get_running_loop().time())
        session = FakeSession(self)
        session.meet("open")
        return session

    async def run_inline(
        self, what: str, work: Callable[[], T], timeout_s: float, *, too_late: Callable[[T], None] | None = None
    ) -> T:
        """Does a step at once, in simulated time; one that hangs does not come back before its deadline."""
        try:
            return work()
        except HangingError:
            async with asyncio.timeout(timeout_s):
                await asyncio.Event().wait()
            raise


class HangingError(Exception):
    """The server says nothing more."""


class FakeSession:
    """A connection to the folder."""

    def __init__(self, server: FakeServer) -> None:
        self._server = server

    def meet(self, step: str) -> None:
        """Fails if this step is the next fault."""
        if self._server.hangs == step:
            raise HangingError
        if self._server.faults[:1] == [step]:
            del self._server.faults[0]
            raise MailboxError(f"mail.example.com: {step} failed")

    def select(self) -> FolderState:
        self.meet("select")
        return FolderState(self._server.uidvalidity, max(self._server.mails, default=0) + 1)

    def list_uids(self, above: int, uidnext: int | None) -> list[int]:
        self.meet("list")
        return sorted(uid for uid in self._server.mails if uid > above)

    def fetch(self, uid: int) -> FetchedMail | None:
        self.meet("fetch")
        if uid in self._server.withheld:
            raise MailUnreadable("[SERVERBUG] not now")
        self._server.fetched.append(uid)
        return FetchedMail(uid, self._server.mails[uid], False, self._server.received_at)

    def flag(self, uid: int, *, seen: bool) -> None:
        self.meet("flag")
        self._server.flags.setdefault(uid, set()).update({"done", "seen"} if seen else {"done"})

    def close(self) -> None:
        self.meet("close")

    def abandon(self) -> None:
        self._server.abandoned += 1
