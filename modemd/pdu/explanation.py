"""Explanation of a PDU for people: every octet, with its field and its meaning.

The rows are in order and leave no octet out: octets without a meaning have a row that says so.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from modemd.errors import DecodeError
from modemd.light_dataclass import dataclass
from modemd.pdu.fields import protocol, status
from modemd.pdu.fields.address import Address, TypeOfNumber, read_address
from modemd.pdu.fields.header import (
    Concatenation,
    Element,
    Language,
    LockingShift,
    Ports,
    RawElement,
    SingleShift,
    SpecialIndication,
    read_header,
)
from modemd.pdu.fields.timestamp import Timestamp
from modemd.pdu.fields.userdata import count_header_septets, decode_text, read_user_data
from modemd.pdu.fields.validity import OCTETS, read_validity
from modemd.pdu.framing import unframe
from modemd.pdu.messages.command import Command, CommandType
from modemd.pdu.messages.deliver import Deliver
from modemd.pdu.messages.report import DeliverReport, SubmitReport, read_failure
from modemd.pdu.messages.status_report import StatusReport
from modemd.pdu.messages.submit import Submit
from modemd.pdu.text.coding import CODINGS, Coding
from modemd.pdu.text.septets import packed_length


class Direction(Enum):
    """Direction of a PDU: a message type (TP-MTI) has a different meaning in each direction."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


@dataclass(frozen=True, slots=True)
class Explained:
    """Row for a run of octets: its offset, its field, and its meaning."""

    offset: int
    octets: bytes
    field: str
    meaning: str

    @property
    def hex(self) -> str:
        return self.octets.hex().upper()


def explain(octets: bytes, direction: Direction = Direction.INCOMING, *, smsc: bool = True) -> list[Explained]:
    """Returns the rows of a PDU. `smsc`: whether the service centre's address comes first, as in AT PDU mode.

    Reads reports, too, which no modem gives to a host: an incoming SUBMIT-REPORT, an outgoing DELIVER-REPORT. DecodeError
    if the PDU cannot be read; its `octet` counts from the start of the TPDU.
    """
    walk = _PduWalker(octets)
    if smsc:
        address, tpdu = unframe(octets)
        walk.take(len(octets) - len(tpdu), "SMSC", "the one in the SIM" if address is None else _address(address))
    if walk.offset >= len(octets):
        raise DecodeError("TP-MTI", 0, "the PDU is empty")
    kind = octets[walk.offset] & 3
    if (direction, kind) not in _KINDS:
        raise DecodeError("TP-MTI", 0, f"message type {kind} is reserved")
    decode, rows = _KINDS[direction, kind]
    decode(octets[walk.offset :])  # raises if the PDU is wrong, so that the rows need no checks
    rows(walk)
    if walk.offset < len(octets):
        walk.take(len(octets) - walk.offset, "(behind the PDU)", "ignored")
    return walk.rows


class _PduWalker:
    """Walk through the octets of a PDU that adds a row for each field."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets
        self.offset = 0
        self.rows: list[Explained] = []

    def take(self, length: int, field: str, meaning: str) -> None:
        self.rows.append(Explained(self.offset, self.octets[self.offset : self.offset + length], field, meaning))
        self.offset += length

    def octet(self, field: str, meaning: Callable[[int], str]) -> int:
        value = self.octets[self.offset]
        self.take(1, field, meaning(value))
        return value

    def address(self, field: str) -> None:
        address, end = read_address(self.octets, self.offset, field)
        self.take(end - self.offset, field, _address(address))

    def timestamp(self, field: str) -> None:
        stamp = Timestamp(self.octets[self.offset : self.offset + 7])
        self.take(7, field, str(stamp) if stamp.value else "no date")

    def user_data(self, coding: Coding, has_header: bool) -> None:
        length = self.octets[self.offset]
        user_data = read_user_data(self.octets, self.offset, coding, has_header)
        self.take(1, "TP-UDL", f"{length} {'septets' if coding.packed else 'octets'} of user data")
        end = min(self.offset + (packed_length(length) if coding.packed else length), len(self.octets))
        if has_header and self.offset < end:
            self._header(min(self.offset + 1 + self.octets[self.offset], end), coding)
        if self.offset < end:
            text = decode_text(user_data, coding)
            data = f"{len(user_data.payload)} octets of data"
            self.take(end - self.offset, "TP-UD", data if text is None else repr(text))

    def _header(self, end: int, coding: Coding) -> None:
        octets = self.octets[self.offset + 1 : end]
        self.take(1, "UDHL", f"{self.octets[self.offset]} octets of header")
        header_length = len(octets) + 1
        for number, element in enumerate(read_header(octets)):
            self.take(len(element.encode()), f"UDH.IE[{number}]", _element(element))
        fill = count_header_septets(header_length) * 7 - header_length * 8
        if coding.packed and fill:
            self.rows.append(Explained(self.offset, b"", "(fill)", f"bits left free before the text: {fill}"))


def _address(address: Address) -> str:
    if address.type_of_number is TypeOfNumber.ALPHANUMERIC:
        return f"{address.value!r} (name)"
    kind = address.type_of_number.name.lower().replace("_", " ")
    return f"{address or 'no digits'} ({kind}, plan {address.plan.name.lower()})"


def _element(element: Element) -> str:
    match element:
        case Concatenation(reference, total, sequence, width):
            return f"part {sequence} of {total}, {width}-bit reference {reference}"
        case Ports(destination, source, width):
            return f"{width}-bit ports: to {destination}, from {source}"
        case SingleShift(language):
            return f"single shift table: {_language(language)}"
        case LockingShift(language):
            return f"locking shift table: {_language(language)}"
        case SpecialIndication(_, count):
            action = "store" if element.store else "discard"
            return f"{count} messages waiting ({element.waiting.name.lower()}), {action} the text"
        case RawElement(identifier, data):
            return f"element {identifier:02X}, {len(data)} octets"
    return "an element that runs past the end of the header"


def _language(language: int) -> str:
    known = language in Language.__members__.values()
    return Language(language).name.capitalize() if known else f"{language}, not given out: the default table"


def _flags(kind: str, names: dict[int, tuple[str, str]]) -> Callable[[int], str]:
    """Returns a function that describes a first octet: the message type, then each bit by its words for clear and for set."""

    def meaning(first: int) -> str:
        words = [clear if not first & bit else set_ for bit, (clear, set_) in names.items()]
        return ", ".join([kind, *filter(None, words)])

    return meaning


_MMS = ("more messages waiting", "no more messages waiting")
_HEADER = ("", "user data header")
_REPLY = ("", "reply path")
_LOOP = ("", "loop prevention")
_DELIVER = _flags("SMS-DELIVER", {4: _MMS, 8: _LOOP, 0x20: ("", "report wanted"), 0x40: _HEADER, 0x80: _REPLY})
_SUBMIT = _flags(
    "SMS-SUBMIT", {4: ("", "reject duplicates"), 0x20: ("", "report requested"), 0x40: _HEADER, 0x80: _REPLY}
)
_STATUS = _flags("SMS-STATUS-REPORT", {4: _MMS, 8: _LOOP, 0x20: ("for a SUBMIT", "for a COMMAND"), 0x40: _HEADER})
_COMMAND = _flags("SMS-COMMAND", {0x20: ("", "report requested"), 0x40: _HEADER})
_PERIODS = {0x00: "no validity period", 0x08: "enhanced validity", 0x10: "relative validity", 0x18: "absolute validity"}


def _deliver(walk: _PduWalker) -> None:
    first = walk.octet("TP-MTI", _DELIVER)
    walk.address("TP-OA")
    walk.octet("TP-PID", protocol.describe)
    dcs = walk.octet("TP-DCS", lambda value: str(CODINGS[value]))
    walk.timestamp("TP-SCTS")
    walk.user_data(CODINGS[dcs], bool(first & 0x40))


def _submit(walk: _PduWalker) -> None:
    first = walk.octet("TP-MTI", lambda value: f"{_SUBMIT(value)}, {_PERIODS[value & 0x18]}")
    walk.octet("TP-MR", lambda value: f"message reference {value}")
    walk.address("TP-DA")
    walk.octet("TP-PID", protocol.describe)
    dcs = walk.octet("TP-DCS", lambda value: str(CODINGS[value]))
    if length := OCTETS[first & 0x18]:
        walk.take(length, "TP-VP", str(read_validity(first & 0x18, walk.octets[walk.offset : walk.offset + length])))
    walk.user_data(CODINGS[dcs], bool(first & 0x40))


def _status_report(walk: _PduWalker) -> None:
    report = StatusReport.decode(walk.octets[walk.offset :])
    first = walk.octet("TP-MTI", _STATUS)
    walk.octet("TP-MR", lambda value: f"message reference {value}")
    walk.address("TP-RA")
    walk.timestamp("TP-SCTS")
    walk.timestamp("TP-DT")
    walk.octet("TP-ST", status.describe)
    if (report.protocol_id, report.dcs, report.user_data) != (None, None, None):
        _parameters(walk, _indicator(walk), bool(first & 0x40))


def _command(walk: _PduWalker) -> None:
    first = walk.octet("TP-MTI", _COMMAND)
    walk.octet("TP-MR", lambda value: f"message reference {value}")
    walk.octet("TP-PID", protocol.describe)
    walk.octet("TP-CT", _command_type)
    walk.octet("TP-MN", lambda value: f"about the message with reference {value}")
    walk.address("TP-DA")
    walk.user_data(CODINGS[4], bool(first & 0x40))


def _command_type(value: int) -> str:
    known = value in CommandType.__members__.values()
    return CommandType(value).name.lower().replace("_", " ") if known else f"command {value:02X}"


def _deliver_report(walk: _PduWalker) -> None:
    first = _report_head(walk, "SMS-DELIVER-REPORT")
    _parameters(walk, _indicator(walk), bool(first & 0x40))


def _submit_report(walk: _PduWalker) -> None:
    first = _report_head(walk, "SMS-SUBMIT-REPORT")
    indicator = _indicator(walk)
    walk.timestamp("TP-SCTS")
    _parameters(walk, indicator, bool(first & 0x40))


def _report_head(walk: _PduWalker, kind: str) -> int:
    failure, _ = read_failure(walk.octets[walk.offset :])
    first = walk.octet("TP-MTI", _flags(kind, {0x40: _HEADER}))
    if failure is not None:
        walk.octet("TP-FCS", lambda value: f"failure cause {value:02X}")
    return first


def _indicator(walk: _PduWalker) -> int:
    def meaning(value: int) -> str:
        names = [name for bit, name in ((1, "TP-PID"), (2, "TP-DCS"), (4, "TP-UDL")) if value & bit]
        return f"announces {', '.join(names)}" if names else "announces nothing"

    return walk.octet("TP-PI", meaning)


def _parameters(walk: _PduWalker, indicator: int, has_header: bool) -> None:
    coding = CODINGS[0]
    if indicator & 1:
        walk.octet("TP-PID", protocol.describe)
    if indicator & 2:
        coding = CODINGS[walk.octet("TP-DCS", lambda value: str(CODINGS[value]))]
    if indicator & 4:
        walk.user_data(coding, has_header)


_Rows = tuple[Callable[[bytes], object], Callable[[_PduWalker], None]]
_KINDS: dict[tuple[Direction, int], _Rows] = {
    (Direction.INCOMING, 0): (Deliver.decode, _deliver),
    (Direction.INCOMING, 1): (SubmitReport.decode, _submit_report),
    (Direction.INCOMING, 2): (StatusReport.decode, _status_report),
    (Direction.INCOMING, 3): (Deliver.decode, _deliver),
    (Direction.OUTGOING, 0): (DeliverReport.decode, _deliver_report),
    (Direction.OUTGOING, 1): (Submit.decode, _submit),
    (Direction.OUTGOING, 2): (Command.decode, _command),
}
