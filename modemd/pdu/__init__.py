"""Codec of SMS PDUs: complete, pure, and with the standard library only (3GPP TS 23.040 and TS 23.038).

Types have the contents of a PDU; `encode` and `decode` convert them to and from octets. There is no file, port or clock.
Decoding returns a result or raises :class:`modemd.errors.DecodeError`, whatever the octets; a value that cannot be encoded
raises :class:`modemd.errors.EncodeError`.

Names are loaded when first used, so that importing this package takes almost no time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modemd.pdu.explanation import Direction, Explained, explain
    from modemd.pdu.fields.address import Address, NumberingPlan, TypeOfNumber
    from modemd.pdu.fields.header import (
        Concatenation,
        Element,
        Language,
        LockingShift,
        Ports,
        RawElement,
        SingleShift,
        SpecialIndication,
        TornElement,
    )
    from modemd.pdu.fields.timestamp import Timestamp
    from modemd.pdu.fields.userdata import UserData
    from modemd.pdu.fields.validity import AbsoluteValidity, EnhancedValidity, RelativeValidity, Validity
    from modemd.pdu.framing import clear_more_to_send, decode_incoming, decode_outgoing, find_frame, frame, unframe
    from modemd.pdu.messages.command import Command, CommandType
    from modemd.pdu.messages.deliver import Deliver
    from modemd.pdu.messages.report import DeliverReport, SubmitReport
    from modemd.pdu.messages.status_report import Outcome, StatusReport
    from modemd.pdu.messages.submit import Submit
    from modemd.pdu.mms_push import MmsNotification, mms_notification
    from modemd.pdu.reassembly import LONGEST_SPREAD, Assembled, Ending, Reassembler, ReassemblyKey, join, join_data
    from modemd.pdu.text.alphabet import Table
    from modemd.pdu.text.coding import Alphabet, Coding, Waiting, dcs_of
    from modemd.pdu.text.composition import compose, compose_data, compose_deliver
    from modemd.pdu.text.national import table
    from modemd.pdu.text.planning import Foreign, Offer, Plan, Segment, plan, plan_data
    from modemd.pdu.text.segmentation import Shift
    from modemd.pdu.text.septets import pack, pack_ussd, unpack, unpack_ussd
    from modemd.pdu.text.transliteration import Replacement, compose_letters, transliterate

_HOMES = {
    "fields.address": "Address NumberingPlan TypeOfNumber",
    "text.alphabet": "Table",
    "text.coding": "Alphabet Coding Waiting dcs_of",
    "messages.command": "Command CommandType",
    "text.composition": "compose compose_data compose_deliver",
    "messages.deliver": "Deliver",
    "explanation": "Direction Explained explain",
    "framing": "clear_more_to_send decode_incoming decode_outgoing find_frame frame unframe",
    "fields.header": "Concatenation Element Language LockingShift Ports RawElement SingleShift SpecialIndication TornElement",
    "text.national": "table",
    "text.planning": "Foreign Offer Plan Segment plan plan_data",
    "mms_push": "MmsNotification mms_notification",
    "reassembly": "LONGEST_SPREAD Assembled Ending Reassembler ReassemblyKey join join_data",
    "messages.report": "DeliverReport SubmitReport",
    "text.segmentation": "Shift",
    "text.septets": "pack pack_ussd unpack unpack_ussd",
    "messages.status_report": "Outcome StatusReport",
    "messages.submit": "Submit",
    "fields.timestamp": "Timestamp",
    "text.transliteration": "Replacement compose_letters transliterate",
    "fields.userdata": "UserData",
    "fields.validity": "AbsoluteValidity EnhancedValidity RelativeValidity Validity",
}
_HOME = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = [
    "LONGEST_SPREAD",
    "AbsoluteValidity",
    "Address",
    "Alphabet",
    "Assembled",
    "Coding",
    "Command",
    "CommandType",
    "Concatenation",
    "Deliver",
    "DeliverReport",
    "Direction",
    "Element",
    "Ending",
    "EnhancedValidity",
    "Explained",
    "Foreign",
    "Language",
    "LockingShift",
    "MmsNotification",
    "NumberingPlan",
    "Offer",
    "Outcome",
    "Plan",
    "Ports",
    "RawElement",
    "Reassembler",
    "ReassemblyKey",
    "RelativeValidity",
    "Replacement",
    "Segment",
    "Shift",
    "SingleShift",
    "SpecialIndication",
    "StatusReport",
    "Submit",
    "SubmitReport",
    "Table",
    "Timestamp",
    "TornElement",
    "TypeOfNumber",
    "UserData",
    "Validity",
    "Waiting",
    "clear_more_to_send",
    "compose",
    "compose_data",
    "compose_deliver",
    "compose_letters",
    "dcs_of",
    "decode_incoming",
    "decode_outgoing",
    "explain",
    "find_frame",
    "frame",
    "join",
    "join_data",
    "mms_notification",
    "pack",
    "pack_ussd",
    "plan",
    "plan_data",
    "table",
    "transliterate",
    "unframe",
    "unpack",
    "unpack_ussd",
]


def __getattr__(name: str) -> object:
    """Loads the module that defines a name (PEP 562), and stores the name, so that this runs once for each."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
