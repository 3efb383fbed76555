"""Access to an account: which key calls, and whether the account in the path is its own. The only place that asks who calls."""

from __future__ import annotations

from fastapi import Request

from modemd.api.access.callers import get_caller
from modemd.rules.access.callers import Caller
from modemd.rules.twilio.errors import TwilioCode, TwilioError
from modemd.rules.twilio.sids import is_account_sid


def find_caller(request: Request, account_sid: str | None) -> tuple[Caller, str]:
    """Returns who calls, and which account. `account_sid` None: the caller's own. Raises TwilioError if the account is not the
    caller's; the Unix socket, which needs no key, may take any account, and has none of its own."""
    caller = get_caller(request)
    own = caller.account_sid
    if account_sid is None and own is not None:
        return caller, own
    if (
        account_sid is None
        or not is_account_sid(account_sid)
        or (account_sid != own and not (caller.key is None and own is None))
    ):
        raise TwilioError(TwilioCode.BAD_CREDENTIALS, "the account in the path is not the one of these credentials")
    return caller, account_sid


def check_scope(caller: Caller, *scopes: str) -> None:
    """Raises TwilioError if the caller's key has none of these scopes."""
    if not any(caller.may(scope) for scope in scopes):
        raise TwilioError(TwilioCode.MAY_NOT, f"this needs an API key with the scope {' or '.join(scopes)}")
