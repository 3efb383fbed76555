"""API keys: makes, rotates and revokes them, and says whose a secret is.

A secret is found by its digest, in memory: an unknown one takes the same way and time as a known one, and nothing tells a wrong
secret from one that has expired or was revoked.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import NoReturn

from modemd import logs
from modemd.clock import Clock
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.access.callers import SCOPES, SOCKET, Caller, check_grant, find_unknown_scopes
from modemd.service.keys.failed_tries import FailedTries
from modemd.service.named_sim import KEY_WAITS, check_sim_id, find_warnings
from modemd.service.pages import PagedList, read_paged_list
from modemd.service.texts import check_controls
from modemd.store import Store
from modemd.store.api_keys import audit, keys
from modemd.store.api_keys.audit import AuditedChange, AuditRow
from modemd.store.api_keys.keys import ApiKeyRow, ApiKeySecrets, NewApiKey, find_digest

log = logs.get(__name__)

PREFIX = "mk_"
SECRET_OCTETS = 32
LONGEST_NAME = 60
DEFAULT_PER_MINUTE = 600
MOST_PER_MINUTE = 100_000
MOST_PER_DAY = 1_000_000
LONGEST_OVERLAP = timedelta(days=7)
# The time of the last use is stored so seldom: flash cards wear.
USE_NOTED = timedelta(minutes=10)
REFUSAL = "this needs a valid API key; modemd keys create makes one"


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """Wish for a key. `lines`: the only SIMs that it may send by; `per_minute`: requests; `per_day`: messages, None for any
    number."""

    name: str
    scopes: tuple[str, ...]
    lines: tuple[str, ...] = ()
    per_minute: int = DEFAULT_PER_MINUTE
    per_day: int | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """Key with its secrets, which are shown this once. `auth_token`: for the Twilio-shaped API; None if the key of the consent
    ledger is missing; `warnings`: about the SIMs that it may send by."""

    row: ApiKeyRow
    key: str
    auth_token: str | None
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class Spending:
    """Messages that were accepted, of those that were counted before."""

    accepted: int = 0


@dataclass(slots=True)
class _Rate:
    """Requests of one key in the minute that began at `began_at`."""

    began_at: float
    count: int = 0


class ApiKeys:
    """API keys of the service. `monotonic` returns seconds that only go on."""

    def __init__(self, store: Store, clock: Clock, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._monotonic = monotonic
        self._tries = FailedTries(monotonic)
        self._known: Sequence[ApiKeySecrets] | None = None
        self._by_digest: Mapping[bytes, tuple[ApiKeySecrets, datetime | None]] = {}
        self._by_account: Mapping[str, ApiKeySecrets] = {}
        self._by_id: Mapping[int, ApiKeySecrets] = {}
        self._rates: dict[int, _Rate] = {}
        self._noted: dict[int, datetime] = {}
        self._changes: list[AuditedChange] = []  # that are not added to the audit log yet

    # -- keys

    async def create(self, request: KeyRequest, caller: Caller = SOCKET) -> IssuedKey:
        """Makes a key, for a caller that has its rights. Raises Refused: `bad_name`, `bad_scope`, `bad_limit`, `bad_sim`,
        `in_the_past`, `name_taken`, `forbidden`."""
        name = request.name.strip()
        check_controls(name, what="the name")
        if not 0 < len(name) <= LONGEST_NAME:
            raise Refused(ErrorCode.BAD_NAME, f"the name of an API key has 1 to {LONGEST_NAME} characters")
        if name.isascii() and name.isdigit():
            raise Refused(
                ErrorCode.BAD_NAME, f"{name} is a number, which means an id; give the API key a name with a letter"
            )
        if unknown := find_unknown_scopes(request.scopes):
            raise Refused(
                ErrorCode.BAD_SCOPE, f"there is no scope {', '.join(unknown)}; they are {', '.join(sorted(SCOPES))}"
            )
        if not request.scopes:
            raise Refused(ErrorCode.BAD_SCOPE, f"an API key needs at least one scope: {', '.join(sorted(SCOPES))}")
        if not 0 < request.per_minute <= MOST_PER_MINUTE:
            raise Refused(ErrorCode.BAD_LIMIT, f"requests a minute: 1 to {MOST_PER_MINUTE}")
        if request.per_day is not None and not 0 < request.per_day <= MOST_PER_DAY:
            raise Refused(ErrorCode.BAD_LIMIT, f"messages a day: 1 to {MOST_PER_DAY}")
        lines = tuple(dict.fromkeys(map(check_sim_id, request.lines)))
        now = self._clock.now()
        if request.expires_at is not None and request.expires_at <= now:
            raise Refused(ErrorCode.IN_THE_PAST, "the API key would have expired already")
        self._check_grant(caller, request.scopes, lines, request.expires_at)
        secret = _draw_secret()
        scopes = tuple(dict.fromkeys(request.scopes))
        new = NewApiKey(
            name, find_digest(secret), scopes, lines, request.per_minute, request.per_day, request.expires_at
        )
        id = await self._store.write(partial(keys.add_key, new=new, now=now))
        if id is None:
            raise Refused(ErrorCode.NAME_TAKEN, f"there is an API key {name!r}; revoke it, or take another name")
        warnings = [text for sim in lines for text in await find_warnings(self._store, sim, KEY_WAITS)]
        return await self._issue(id, secret, tuple(warnings))

    async def list_keys(self, after: int = 0, limit: int = 0) -> PagedList[ApiKeyRow]:
        """Returns the keys with larger ids than `after`, the oldest first, also those that were revoked; `limit` 0 means all."""

        async def read(last: ApiKeyRow | None, rows: int) -> list[ApiKeyRow]:
            behind = last.id if last is not None else after
            return await self._store.read(partial(keys.list_keys, after=behind, limit=rows))

        async def count() -> int:
            return await self._store.read(partial(keys.count_keys, after=after))

        return await read_paged_list(read, count, limit=limit)

    async def rotate(self, id: int, overlap: timedelta, caller: Caller = SOCKET) -> IssuedKey:
        """Gives a key another secret and auth token, for a caller that has its rights. Those before stay valid for `overlap`.
        Raises Refused (`not_found`, `bad_limit`, `forbidden`)."""
        if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
            raise Refused(ErrorCode.BAD_LIMIT, f"the old secret stays valid for at most {LONGEST_OVERLAP.days} days")
        await self._load()
        if (found := self._by_id.get(id)) is None:
            _raise_unknown(id)
        self._check_grant(caller, found.row.scopes, found.row.lines, found.row.expires_at)
        secret = _draw_secret()
        now = self._clock.now()
        if not await self._store.write(
            partial(keys.rotate_key, id=id, digest=find_digest(secret), previous_until=now + overlap, now=now)
        ):
            _raise_unknown(id)
        return await self._issue(id, secret)

    async def revoke(self, id: int) -> ApiKeyRow:
        """Ends a key at once. Raises Refused (`not_found`)."""
        if not await self._store.write(partial(keys.revoke_key, id=id, now=self._clock.now())):
            _raise_unknown(id)
        await self._reload()
        return next(row for row in await self._store.read(keys.list_keys) if row.id == id)

    def find_account_sid(self, id: int) -> str | None:
        """Returns the account of a key that is not revoked; None if there is none. `load` must have been called."""
        found = self._by_id.get(id)
        return None if found is None else found.row.account_sid

    def find_auth_token(self, id: int) -> str | None:
        """Returns the auth token of a key, to sign with; None if there is none. `load` must have been called."""
        found = self._by_id.get(id)
        return None if found is None else found.token

    async def has_keys(self) -> bool:
        """Returns whether there is a key that can be used."""
        now = self._clock.now()
        return any(_is_valid(each.row, now) for each in await self._load())

    def _check_grant(
        self, caller: Caller, scopes: Sequence[str], lines: Sequence[str], expires_at: datetime | None
    ) -> None:
        own = self._find_row(caller)
        check_grant(caller, None if own is None else own.expires_at, scopes, lines, expires_at)

    async def _issue(self, id: int, secret: str, warnings: tuple[str, ...] = ()) -> IssuedKey:
        await self._reload()
        return IssuedKey(self._by_id[id].row, secret, self.find_auth_token(id), warnings)

    # -- callers

    async def authenticate(self, secret: str, address: str) -> Caller:
        """Returns whose a secret is. Raises Refused (`unauthorized`, `too_many_tries`)."""
        await self._load()
        found, until = self._by_digest.get(find_digest(secret), (None, None))
        return self._admit(found, address, until)

    async def authenticate_basic(self, user: str, password: str, address: str) -> Caller:
        """Returns whose a user name and password are: an account SID and its auth token, or anything and a key. Raises Refused
        (`unauthorized`, `too_many_tries`)."""
        if password.startswith(PREFIX):
            return await self.authenticate(password, address)
        await self._load()
        found = self._by_account.get(user)
        given = find_digest(password)
        current = find_digest((found.token if found is not None else None) or "")
        before = find_digest((found.previous_token if found is not None else None) or "")
        is_current, is_previous = hmac.compare_digest(given, current), hmac.compare_digest(given, before)
        if found is None or not password or not (is_current or is_previous):
            return self._admit(None, address, None)
        return self._admit(found, address, None if is_current else found.previous_until or self._clock.now())

    def _admit(self, found: ApiKeySecrets | None, address: str, until: datetime | None) -> Caller:
        now = self._clock.now()
        if found is None or not _is_valid(found.row, now) or (until is not None and until <= now):
            if (wait_s := self._tries.add(address)) > 0:
                text = f"too many tries without a valid API key; wait {wait_s} s"
                raise Refused(ErrorCode.TOO_MANY_TRIES, text, wait_s=wait_s)
            raise Refused(ErrorCode.UNAUTHORIZED, REFUSAL)
        row = found.row
        noted = self._noted.get(row.id)
        if noted is None or not now - USE_NOTED < noted <= now:
            self._noted[row.id] = now
            self._store.write_lazily(partial(keys.note_use, id=row.id, now=now, address=address))
        return Caller(row.id, row.name, frozenset(row.scopes), address, row.account_sid, row.lines)

    async def load(self) -> None:
        """Reads the keys, if that was not done."""
        await self._load()

    async def _reload(self) -> None:
        self._known = None
        await self._load()

    async def _load(self) -> Sequence[ApiKeySecrets]:
        """Reads the keys once, and again after a change: this process is the only one that changes them."""
        known = self._known
        if known is None:
            known = await self._store.read(keys.read_secrets)
            self._by_digest = {
                **{each.previous_digest: (each, each.previous_until) for each in known if each.previous_digest},
                **{each.digest: (each, None) for each in known},
            }
            self._by_account = {each.row.account_sid: each for each in known}
            self._by_id = {each.row.id: each for each in known}
            self._known = known
        return known

    # -- limits

    def check_rate(self, caller: Caller) -> None:
        """Counts a request. Raises Refused (`rate_limited`) if the key has made all of this minute."""
        row = self._find_row(caller)
        if row is None or row.per_minute is None:
            return
        now = self._monotonic()
        rate = self._rates.get(row.id)
        if rate is None or now - rate.began_at >= 60:
            rate = self._rates[row.id] = _Rate(now)
        rate.count += 1
        if rate.count > row.per_minute:
            wait_s = max(int(rate.began_at + 60 - now), 1)
            text = f"the API key {row.name!r} may make {row.per_minute} requests a minute; wait {wait_s} s"
            raise Refused(ErrorCode.RATE_LIMITED, text, wait_s=wait_s)

    @contextlib.asynccontextmanager
    async def spending(self, caller: Caller, count: int) -> AsyncIterator[Spending]:
        """Counts `count` messages against the budget of a key before the block. After it, what `accepted` does not say is given
        back. Raises Refused (`budget_spent`) if they are more than the key has left today."""
        await self._reserve(caller, count)
        spending = Spending()
        try:
            yield spending
        finally:
            if spending.accepted != count:
                await self._reserve(caller, spending.accepted - count)

    @contextlib.asynccontextmanager
    async def spending_for(self, id: int | None, count: int) -> AsyncIterator[Spending]:
        """Counts messages as `spending` does, for what a key has left behind; `id` None: no key. Raises Refused (`budget_spent`;
        `forbidden` if the key was revoked or has expired)."""
        caller = SOCKET
        if id is not None and count:
            await self._load()
            if (found := self._by_id.get(id)) is None:
                raise Refused(ErrorCode.FORBIDDEN, "its API key was revoked")
            if not _is_valid(found.row, self._clock.now()):
                raise Refused(ErrorCode.FORBIDDEN, "its API key has expired")
            caller = Caller(id, found.row.name, frozenset(found.row.scopes), lines=found.row.lines)
        async with self.spending(caller, count) as spending:
            yield spending

    async def _reserve(self, caller: Caller, count: int) -> None:
        row = self._find_row(caller)
        if row is None or row.per_day is None:
            return
        now, most = self._clock.now(), row.per_day
        day, midnight = f"{now:%Y-%m-%d}", datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        left = await self._store.write(partial(_reserve, id=row.id, day=day, count=count, most=most))
        if left is not None:
            raise Refused(
                ErrorCode.BUDGET_SPENT,
                f"the API key {row.name!r} may send {most} messages a day, and has {left} left until midnight UTC; this needs "
                f"{count}",
                wait_s=int((midnight - now).total_seconds()) + 1 if count <= most else None,
            )

    def is_valid(self, caller: Caller) -> bool:
        """Returns whether a caller that was let in may still come in: its key was not revoked, and has not expired."""
        row = self._find_row(caller)
        return caller.key is None or (row is not None and _is_valid(row, self._clock.now()))

    def _find_row(self, caller: Caller) -> ApiKeyRow | None:
        found = self._by_id.get(caller.key) if caller.key is not None else None
        return found.row if found is not None else None

    # -- audit

    def note_change(self, caller: Caller, method: str, route: str, status: int) -> None:
        """Adds a change to the audit log, with the next commit. Those of one turn of the loop are added together."""
        if not self._changes:
            asyncio.get_running_loop().call_soon(self._add_changes)
        self._changes.append(
            AuditedChange(self._clock.now(), caller.key, caller.name, caller.address, method, route, status)
        )

    def _add_changes(self) -> None:
        changes, self._changes = self._changes, []
        self._store.write_lazily(partial(audit.add_changes, changes=changes))

    async def list_changes(self, before: int | None, limit: int) -> PagedList[AuditRow]:
        """Returns the audit log, the newest change first."""

        async def read(last: AuditRow | None, rows: int) -> list[AuditRow]:
            end = last.id if last is not None else before
            return await self._store.read(partial(audit.list_changes, before=end, limit=rows))

        async def count() -> int:
            return await self._store.read(partial(audit.count_changes, before=before))

        return await read_paged_list(read, count, limit=limit)


def _reserve(db: sqlite3.Connection, id: int, day: str, count: int, most: int) -> int | None:
    """Counts messages of a day, and returns None; or how many are left, if they are too few."""
    left = most - keys.count_day(db, id, day)
    if count > left:
        return max(left, 0)
    keys.add_to_day(db, id, day, count)
    return None


def _is_valid(row: ApiKeyRow, now: datetime) -> bool:
    return row.revoked_at is None and (row.expires_at is None or row.expires_at > now)


def _draw_secret() -> str:
    return PREFIX + secrets.token_urlsafe(SECRET_OCTETS)


def _raise_unknown(id: int) -> NoReturn:
    raise Refused(ErrorCode.NOT_FOUND, f"there is no API key {id} that could be used; modemd keys list shows them")
