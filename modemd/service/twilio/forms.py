"""Forms: the parameters by which Twilio tells of a status, or of a message that came in, and the signature of the call.

A change has the shape of `modemd.store.changes.feed.Change`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from modemd.rules.consent.words.decision import InboundAction
from modemd.rules.states import MessageState
from modemd.rules.twilio import API_VERSION
from modemd.rules.twilio.sids import MessageIdentity, make_service_sid
from modemd.rules.twilio.signatures import sign
from modemd.rules.twilio.statuses import StatusFacts, find_status
from modemd.store.rows import InboxRow, MessageRow
from modemd.store.timestamps import from_text

INBOX_RECEIVED = "inbox.received"
MESSAGE_CLOSED = "message.closed"
# States that Twilio tells of when a message enters them. It tells nothing of the first one, nor that a modem is at work.
_TOLD = {
    f"message.{state}": state
    for state in (
        *(MessageState.SENT, MessageState.DELIVERED, MessageState.UNDELIVERED),
        *(MessageState.FAILED, MessageState.EXPIRED, MessageState.CANCELLED),
    )
}


# What modemd has understood, and answered as far as its rules let it: the application must not answer again.
_OPT_OUT_TYPES = {
    InboundAction.OPT_OUT: "STOP",
    InboundAction.OPT_IN: "START",
    InboundAction.CONFIRM: "START",
    InboundAction.HELP: "HELP",
}


class TellableChange(Protocol):
    """Change as the feed has it: its kind, what was known then, and the row that it is about, as it is now."""

    @property
    def kind(self) -> str:
        """Kind of the change, as `message.sent`."""

    @property
    def detail(self) -> Mapping[str, Any]:
        """Details of it, by names."""

    @property
    def data(self) -> object:
        """Row that it is about; None if there is none any more."""


class TwilioForms:
    """Maker of forms. `find_account_sid` and `find_auth_token` are those of an API key, by its id; `find_number` returns the
    number of a SIM, by its ICCID."""

    def __init__(
        self,
        find_account_sid: Callable[[int], str | None],
        find_auth_token: Callable[[int], str | None],
        find_number: Callable[[str], str | None],
    ) -> None:
        self._find_account_sid = find_account_sid
        self._find_auth_token = find_auth_token
        self._find_number = find_number

    def make_form(self, change: TellableChange, key_id: int, *, is_pooled: bool = False) -> dict[str, str] | None:
        """Returns the parameters that tell of a change to the owner of a key; None if Twilio tells of no such change, or the key
        is revoked. `is_pooled`: the change is about a message that any SIM may send."""
        account_sid = self._find_account_sid(key_id)
        if account_sid is None:
            return None
        if change.kind == INBOX_RECEIVED:
            return self._make_inbound(change, account_sid)
        form = self._make_status(change, account_sid)
        if form is not None and is_pooled:
            form["MessagingServiceSid"] = make_service_sid(account_sid)
        return form

    def sign(self, url: str, params: Mapping[str, str], key_id: int) -> str:
        """Returns the signature of a call, by the token of a key; the empty text if the key has none any more."""
        token = self._find_auth_token(key_id)
        return sign(url, params, token) if token is not None else ""

    def _make_inbound(self, change: TellableChange, account_sid: str) -> dict[str, str] | None:
        row = change.data
        if not isinstance(row, InboxRow) or row.kind != "text":
            return None
        sid = MessageIdentity("in", row.id).sid
        # The row has the number of the SIM, or else its ICCID.
        own_number = row.to_sim if row.to_sim.startswith("+") else self._find_number(row.to_sim) or ""
        form = {
            **dict.fromkeys(("MessageSid", "SmsSid", "SmsMessageSid"), sid),
            "AccountSid": account_sid,
            "MessagingServiceSid": make_service_sid(account_sid),
            "From": row.sender,
            "To": own_number,
            "Body": row.text,
            "NumMedia": "0",
            "NumSegments": str(row.parts),
            "SmsStatus": "received",
            "ApiVersion": API_VERSION,
        }
        if (opt_out := _OPT_OUT_TYPES.get(change.detail.get("word", ""))) is not None:
            form["OptOutType"] = opt_out
        return form

    def _make_status(self, change: TellableChange, account_sid: str) -> dict[str, str] | None:
        row = change.data
        if not isinstance(row, MessageRow):
            return None
        facts = _find_facts(change, row)
        if facts is None:
            return None
        found, sid, sim = find_status(facts), MessageIdentity("out", row.id).sid, row.sim or row.only_sim
        form = {
            **dict.fromkeys(("MessageSid", "SmsSid"), sid),
            **dict.fromkeys(("MessageStatus", "SmsStatus"), found.status.value),
            "AccountSid": account_sid,
            "From": (self._find_number(sim) if sim is not None else None) or "",
            "To": row.recipient,
            "ApiVersion": API_VERSION,
        }
        if found.code is not None:
            form["ErrorCode"] = f"{found.code:d}"
        if facts.state is MessageState.DELIVERED and row.delivered_at is not None:
            form["RawDlrDoneDate"] = f"{from_text(row.delivered_at):%y%m%d%H%M}"
        return form


def _find_facts(change: TellableChange, row: MessageRow) -> StatusFacts | None:
    """Returns what a change says about a message then; None if Twilio tells of no such change."""
    if change.kind == MESSAGE_CLOSED:  # nothing is known of it, and nothing will be
        is_lost = row.state is MessageState.UNKNOWN
        return StatusFacts(row.state, row.reason, is_closed=True) if is_lost else None
    state = _TOLD.get(change.kind)
    return StatusFacts(state, change.detail.get("reason"), is_closed=True) if state is not None else None
