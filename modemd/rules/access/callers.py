"""Callers of the API: who asks, with which scopes. A scope is the right to read, or to write, about one subject. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass

ALL = "all"
SUBJECTS = ("messages", "inbox", "contacts", "modems", "system", "webhooks")
SCOPES = frozenset(
    {*(f"{subject}:{right}" for subject in SUBJECTS for right in ("read", "write")), ALL}
    | {"events:read", "keys:write", "alerts:write"}
)
"""Every scope that a key can have."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Caller of one request. `key`: the id of its API key; None: it came by the Unix socket, or is a command, and may do all.
    `name`: that of the key; `address`: where the request came from; `account_sid`: the Twilio-shaped account of the key;
    `lines`: the only SIMs that it may send by, empty for all."""

    key: int | None
    name: str
    scopes: frozenset[str]
    address: str = ""
    account_sid: str | None = None
    lines: tuple[str, ...] = ()

    def may(self, scope: str) -> bool:
        """Returns whether the caller has a scope."""
        return scope in self.scopes or ALL in self.scopes


SOCKET = Caller(None, "socket", frozenset({ALL}))
"""Whoever may open the Unix socket, or the database, may do all."""
NOBODY = Caller(-1, "nobody", frozenset())
"""Caller that has shown no key, on paths that look for one themselves."""


def find_unknown_scopes(scopes: Iterable[str]) -> list[str]:
    """Returns those of `scopes` that are none, in order."""
    return sorted(set(scopes) - SCOPES)


def choose_line(caller: Caller, sim: str | None) -> str | None:
    """Returns the SIM by which a caller sends, None for any. Raises Refused (`forbidden`) if its key may not send by `sim`, or
    has to say by which of its SIMs."""
    if not caller.lines or sim in caller.lines:
        return sim
    if sim is None and len(caller.lines) == 1:
        return caller.lines[0]
    allowed = ", ".join(caller.lines)
    raise Refused(
        ErrorCode.FORBIDDEN, f"the API key {caller.name!r} sends only by these SIMs: {allowed}; name one of them"
    )


def check_grant(
    caller: Caller,
    ends_at: datetime | None,
    scopes: Collection[str],
    lines: Collection[str],
    expires_at: datetime | None,
) -> None:
    """Checks that a caller, whose own key expires at `ends_at`, may make a key with these rights: none that it has not itself.
    Raises Refused (`forbidden`)."""
    whose = f"the API key {caller.name!r} can only make and rotate API keys within its own rights: "
    if lacking := sorted(scope for scope in scopes if not caller.may(scope)):
        raise Refused(ErrorCode.FORBIDDEN, f"{whose}it has not the scope {', '.join(lacking)}")
    if caller.lines and not (lines and set(lines) <= set(caller.lines)):
        raise Refused(ErrorCode.FORBIDDEN, f"{whose}it sends only by these SIMs: {', '.join(caller.lines)}")
    if ends_at is not None and (expires_at is None or expires_at > ends_at):
        raise Refused(ErrorCode.FORBIDDEN, f"{whose}it expires at {ends_at:%Y-%m-%dT%H:%M:%SZ}")


_OWN = "\x1f"


def scope_idempotency_key(api_key: int | None, key: str | None) -> str | None:
    """Returns an idempotency key as it is stored: each API key has a space of its own. `api_key` None: the Unix socket. No key of
    a person has control characters, so none can be in the space of another."""
    return key if key is None or api_key is None else f"{_OWN}{api_key}{_OWN}{key}"


def show_idempotency_key(stored: str | None) -> str | None:
    """Returns an idempotency key as its owner gave it."""
    return stored if stored is None or not stored.startswith(_OWN) else stored.rpartition(_OWN)[2]
