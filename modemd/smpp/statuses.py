"""command_status: the codes, and what each says about the message (5.1.3; codes from 0x100 on: SMPP 5.0 4.7.6)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum


class CommandStatus(IntEnum):
    """Codes of command_status, with the names of the specification without `ESME_R`."""

    OK = 0x00
    INVALID_MESSAGE_LENGTH = 0x01
    INVALID_COMMAND_LENGTH = 0x02
    INVALID_COMMAND_ID = 0x03
    INVALID_BIND_STATUS = 0x04
    ALREADY_BOUND = 0x05
    INVALID_PRIORITY = 0x06
    INVALID_REGISTERED_DELIVERY = 0x07
    SYSTEM_ERROR = 0x08
    INVALID_SOURCE_ADDRESS = 0x0A
    INVALID_DESTINATION_ADDRESS = 0x0B
    INVALID_MESSAGE_ID = 0x0C
    BIND_FAILED = 0x0D
    INVALID_PASSWORD = 0x0E
    INVALID_SYSTEM_ID = 0x0F
    CANCEL_FAILED = 0x11
    REPLACE_FAILED = 0x13
    MESSAGE_QUEUE_FULL = 0x14
    INVALID_SERVICE_TYPE = 0x15
    INVALID_NUMBER_OF_DESTINATIONS = 0x33
    INVALID_DISTRIBUTION_LIST = 0x34
    INVALID_DESTINATION_FLAG = 0x40
    INVALID_REPLACE_REQUEST = 0x42
    INVALID_ESM_CLASS = 0x43
    CANNOT_SUBMIT_TO_DISTRIBUTION_LIST = 0x44
    SUBMIT_FAILED = 0x45
    INVALID_SOURCE_TON = 0x48
    INVALID_SOURCE_NPI = 0x49
    INVALID_DESTINATION_TON = 0x50
    INVALID_DESTINATION_NPI = 0x51
    INVALID_SYSTEM_TYPE = 0x53
    INVALID_REPLACE_FLAG = 0x54
    INVALID_NUMBER_OF_MESSAGES = 0x55
    THROTTLED = 0x58
    INVALID_SCHEDULE = 0x61
    INVALID_EXPIRY = 0x62
    INVALID_PREDEFINED_MESSAGE = 0x63
    TEMPORARY_APPLICATION_ERROR = 0x64
    PERMANENT_APPLICATION_ERROR = 0x65
    REJECTED_BY_APPLICATION = 0x66
    QUERY_FAILED = 0x67
    INVALID_TLV_STREAM = 0xC0
    TLV_NOT_ALLOWED = 0xC1
    INVALID_PARAMETER_LENGTH = 0xC2
    MISSING_TLV = 0xC3
    INVALID_TLV_VALUE = 0xC4
    DELIVERY_FAILED = 0xFE
    UNKNOWN_ERROR = 0xFF
    # SMPP 5.0.
    SERVICE_TYPE_UNAUTHORISED = 0x100
    OPERATION_PROHIBITED = 0x101
    SERVICE_TYPE_UNAVAILABLE = 0x102
    SERVICE_TYPE_DENIED = 0x103
    INVALID_DATA_CODING = 0x104


class StatusClass(StrEnum):
    """Meaning of a command_status for the message, for the route and for what may follow.

    OK: taken. All others: surely not taken.
    THROTTLED: the SMSC has no room now; slow down, and try again without counting the try.
    AGAIN: try again on this route a few times. A relay can answer so after its own SMSC took the message, so nothing of this
    class goes to another route.
    SENDER: this sender cannot send on this route. NUMBER: nobody can reach this number. MESSAGE: the route does not take our
    encoding. SESSION: the bind or its account. OPERATION: failure of cancel, replace or query, not of a message. ROUTE: the
    route cannot carry this. OPTED_OUT, MONEY: only by the table of a route. UNLISTED: nobody knows the code.
    """

    OK = "ok"
    THROTTLED = "throttled"
    AGAIN = "again"
    SENDER = "sender"
    NUMBER = "number"
    MESSAGE = "message"
    SESSION = "session"
    OPERATION = "operation"
    ROUTE = "route"
    OPTED_OUT = "opted out"
    MONEY = "money"
    UNLISTED = "unlisted"

    @property
    def allows_failover(self) -> bool:
        """True if another route may send the message, because this one surely has not taken it and another can differ."""
        return self in _FAILOVER

    @property
    def raises_alarm(self) -> bool:
        """True if a person should look at the route: nobody knows the code, or our encoding is wrong for the route."""
        return self in (StatusClass.MESSAGE, StatusClass.UNLISTED)


_FAILOVER = frozenset(
    {StatusClass.THROTTLED, StatusClass.SENDER, StatusClass.SESSION, StatusClass.ROUTE, StatusClass.MONEY}
)

VENDOR_RANGE = range(0x400, 0x500)
"""Codes that each SMSC vendor defines (5.1.3): do-not-disturb lists, opt-outs, no credit."""

_S, _C = CommandStatus, StatusClass
_CLASSES: dict[int, StatusClass] = {
    _S.OK: _C.OK,
    **dict.fromkeys((_S.THROTTLED, _S.MESSAGE_QUEUE_FULL), _C.THROTTLED),
    **dict.fromkeys(
        (_S.SYSTEM_ERROR, _S.SUBMIT_FAILED, _S.UNKNOWN_ERROR, _S.TEMPORARY_APPLICATION_ERROR),
        _C.AGAIN,
    ),
    **dict.fromkeys(
        (_S.INVALID_SOURCE_ADDRESS, _S.INVALID_SOURCE_TON, _S.INVALID_SOURCE_NPI, _S.INVALID_SERVICE_TYPE), _C.SENDER
    ),
    **dict.fromkeys(
        (
            _S.INVALID_DESTINATION_ADDRESS,
            _S.INVALID_DESTINATION_TON,
            _S.INVALID_DESTINATION_NPI,
            _S.INVALID_NUMBER_OF_DESTINATIONS,
        ),
        _C.NUMBER,
    ),
    **dict.fromkeys(
        (
            _S.INVALID_MESSAGE_LENGTH,
            _S.INVALID_ESM_CLASS,
            _S.INVALID_SCHEDULE,
            _S.INVALID_EXPIRY,
            _S.INVALID_TLV_STREAM,
            _S.TLV_NOT_ALLOWED,
            _S.INVALID_PARAMETER_LENGTH,
            _S.MISSING_TLV,
            _S.INVALID_TLV_VALUE,
            _S.INVALID_DATA_CODING,
        ),
        _C.MESSAGE,
    ),
    **dict.fromkeys(
        (
            _S.INVALID_BIND_STATUS,
            _S.ALREADY_BOUND,
            _S.BIND_FAILED,
            _S.INVALID_PASSWORD,
            _S.INVALID_SYSTEM_ID,
            _S.INVALID_SYSTEM_TYPE,
        ),
        _C.SESSION,
    ),
    **dict.fromkeys((_S.CANCEL_FAILED, _S.REPLACE_FAILED, _S.QUERY_FAILED, _S.INVALID_MESSAGE_ID), _C.OPERATION),
    **dict.fromkeys(
        (
            _S.SERVICE_TYPE_UNAUTHORISED,
            _S.OPERATION_PROHIBITED,
            _S.SERVICE_TYPE_UNAVAILABLE,
            _S.SERVICE_TYPE_DENIED,
        ),
        _C.ROUTE,
    ),
}

LOCKING_STATUSES = frozenset({CommandStatus.INVALID_PASSWORD, CommandStatus.INVALID_SYSTEM_ID})
"""Answers to a bind after which the next try must wait for minutes: providers lock accounts that fail often."""


def classify_status(status: int, of_route: Mapping[int, StatusClass] | None = None) -> StatusClass:
    """Returns the class of a command_status. `of_route`: the route's own table, which goes before ours, but not for 0.

    A code that no table has, such as one of VENDOR_RANGE, is UNLISTED: refused, with an alarm, and without failover.
    """
    if status == CommandStatus.OK:
        return StatusClass.OK
    if of_route is not None and status in of_route:
        return of_route[status]
    return _CLASSES.get(status, StatusClass.UNLISTED)


def describe_status(status: int) -> str:
    """Returns a status for a person: its name if it has one, and its code in hexadecimal."""
    code = f"0x{status:02X}"
    if status in _NAMES:
        return f"{_NAMES[status]} ({code})"
    return f"status of the vendor ({code})" if status in VENDOR_RANGE else f"unlisted status ({code})"


_NAMES = {int(status): status.name.lower().replace("_", " ") for status in CommandStatus}
