"""Documents of Twilio's API: every key is there, null if it is not known. Its keys and forms of values are made here only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from modemd.rules.twilio import API_VERSION, PREFIX
from modemd.rules.twilio.dates import format_date
from modemd.rules.twilio.sids import make_number_sid, make_service_sid
from modemd.service.twilio.messages import TwilioMessage
from modemd.service.twilio.numbers import OwnNumber


def make_account_path(account_sid: str) -> str:
    """Returns the beginning of the paths of an account."""
    return f"{PREFIX}/Accounts/{account_sid}"


def make_message(message: TwilioMessage, account_sid: str) -> dict[str, Any]:
    """Returns a message."""
    row, status, sid = message.row, message.status, message.identity.sid
    is_inbound = row.direction == "in"
    path = f"{make_account_path(account_sid)}/Messages/{sid}"
    return {
        "sid": sid,
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "messaging_service_sid": None if row.is_pinned else make_service_sid(account_sid),
        "from": row.number if is_inbound else message.own_number,
        "to": message.own_number if is_inbound else row.number,
        "body": row.text,
        "num_segments": str(row.parts),
        "num_media": "0",
        "direction": "inbound" if is_inbound else "outbound-reply" if row.is_answer else "outbound-api",
        "status": status.status.value,
        "error_code": int(status.code) if status.code is not None else None,
        "error_message": status.message,
        "price": None,
        "price_unit": None,
        "date_created": format_date(row.created_at),
        "date_updated": format_date(row.updated_at),
        "date_sent": format_date(row.sent_at) if row.sent_at is not None else None,
        "uri": f"{path}.json",
        "subresource_uris": {"media": f"{path}/Media.json", "feedback": f"{path}/Feedback.json"},
    }


def make_feedback(message_sid: str, account_sid: str, outcome: str, at: datetime) -> dict[str, Any]:
    """Returns what a client has told about a message."""
    return {
        "account_sid": account_sid,
        "message_sid": message_sid,
        "outcome": outcome,
        "date_created": format_date(at),
        "date_updated": format_date(at),
        "uri": f"{make_account_path(account_sid)}/Messages/{message_sid}/Feedback.json",
    }


def make_account(account_sid: str, name: str) -> dict[str, Any]:
    """Returns an account. Its token is masked: whoever has it does not need it."""
    path = make_account_path(account_sid)
    return {
        "sid": account_sid,
        "owner_account_sid": account_sid,
        "friendly_name": name,
        "status": "active",
        "type": "Full",
        "auth_token": "*" * 32,
        "date_created": None,
        "date_updated": None,
        "uri": f"{path}.json",
        "subresource_uris": {
            "messages": f"{path}/Messages.json",
            "incoming_phone_numbers": f"{path}/IncomingPhoneNumbers.json",
            "balance": f"{path}/Balance.json",
        },
    }


def make_number(number: OwnNumber, account_sid: str) -> dict[str, Any]:
    """Returns the number of a SIM."""
    sid = make_number_sid(number.sim)
    return {
        "sid": sid,
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "phone_number": number.number,
        "friendly_name": number.name or number.number,
        "capabilities": {"voice": False, "sms": True, "mms": False, "fax": False},
        "address_requirements": "none",
        "address_sid": None,
        "beta": False,
        "bundle_sid": None,
        "date_created": format_date(number.since),
        "date_updated": format_date(number.seen_at),
        "emergency_address_sid": None,
        "emergency_address_status": None,
        "emergency_status": "Inactive",
        "identity_sid": None,
        "origin": "hosted",
        **dict.fromkeys(("sms_application_sid", "sms_url", "sms_fallback_url", "status_callback", "trunk_sid")),
        **dict.fromkeys(("voice_application_sid", "voice_url", "voice_fallback_url", "voice_receive_mode")),
        **dict.fromkeys(
            ("sms_method", "sms_fallback_method", "status_callback_method", "voice_method", "voice_fallback_method"),
            "POST",
        ),
        "status": "in-use",
        "type": "mobile",
        "voice_caller_id_lookup": False,
        "uri": f"{make_account_path(account_sid)}/IncomingPhoneNumbers/{sid}.json",
        "subresource_uris": {},
    }
