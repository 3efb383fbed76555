"""Messages as text mode writes and reads them (3GPP TS 27.005 clause 3).

User data in the default alphabet without a header is text, in the host's character set; any other is hex, two digits an
octet, header and all, as 27.005 3.1 says of <data>.
"""

from __future__ import annotations

from datetime import datetime

from modemd.emulator.device.charset import shown, shown_septets, typed_septets
from modemd.emulator.device.results import CmsError
from modemd.emulator.device.settings import Settings, TextParameters
from modemd.emulator.network.message_memory import MessageStatus, StoredMessage
from modemd.errors import DecodeError, EncodeError
from modemd.pdu import (
    Address,
    Coding,
    Deliver,
    StatusReport,
    Submit,
    Timestamp,
    TypeOfNumber,
    decode_incoming,
    pack,
    unframe,
)

STATUS = {
    MessageStatus.UNREAD: "REC UNREAD",
    MessageStatus.READ: "REC READ",
    MessageStatus.UNSENT: "STO UNSENT",
    MessageStatus.SENT: "STO SENT",
}
ALL = "ALL"
INVALID = 305
"""`+CMS ERROR` for a text mode parameter that cannot be."""

_HEADER, _VALIDITY, _RELATIVE, _ABSOLUTE = 0x40, 0x18, 0x10, 0x18
_MOST_SEPTETS, _MOST_OCTETS = 160, 140


def readable(message: StoredMessage) -> bool:
    """Whether it is a message at all. What is damaged is shown as it is, in PDU mode's form."""
    try:
        if not message.is_outgoing:
            decode_incoming(message.tpdu)
    except DecodeError:
        return False
    return True


def read_out(message: StoredMessage, settings: Settings) -> str:
    """What `+CMGR:` says of a message, and its text on the next line."""
    status, tpdu = f'"{STATUS[message.status]}"', message.tpdu
    if message.is_outgoing:
        submit = Submit.decode(tpdu)
        line = f"{status},{_address(submit.destination, settings)},"
        if settings.show_headers:
            parameters = (tpdu[0], submit.protocol_id, submit.dcs, _validity_octet(submit))
            line += "," + ",".join(map(str, (_type_of(submit.destination), *parameters)))
            line += "," + _centre(message.smsc, settings) + f",{_length(submit)}"
        return f"{line}\r\n{_data(submit, settings)}"
    incoming = decode_incoming(tpdu)
    if isinstance(incoming, StatusReport):
        return f"{status},{report_line(incoming, settings)}"
    return f"{status},{message_lines(incoming, message.smsc, settings)}"


def listed(message: StoredMessage, settings: Settings) -> str:
    """What `+CMGL:` says of a message after its index, and its text on the next line."""
    status, settings_show = f'"{STATUS[message.status]}"', settings.show_headers
    if message.is_outgoing:
        submit = Submit.decode(message.tpdu)
        line = f"{status},{_address(submit.destination, settings)},,"
        if settings_show:
            line += f",{_type_of(submit.destination)},{_length(submit)}"
        return f"{line}\r\n{_data(submit, settings)}"
    incoming = decode_incoming(message.tpdu)
    if isinstance(incoming, StatusReport):
        return f"{status},{report_line(incoming, settings)}"
    line = f'{status},{_address(incoming.originator, settings)},,"{moment(incoming.timestamp)}"'
    if settings_show:
        line += f",{_type_of(incoming.originator)},{_length(incoming)}"
    return f"{line}\r\n{_data(incoming, settings)}"


def message_lines(deliver: Deliver, smsc: bytes, settings: Settings) -> str:
    """What `+CMT:` says: sender, time, with `+CSDH=1` the rest; the text on the next line."""
    line = f'{_address(deliver.originator, settings)},,"{moment(deliver.timestamp)}"'
    if settings.show_headers:
        parameters = (_type_of(deliver.originator), deliver.encode()[0], deliver.protocol_id, deliver.dcs)
        line += "," + ",".join(map(str, parameters)) + "," + _centre(smsc, settings) + f",{_length(deliver)}"
    return f"{line}\r\n{_data(deliver, settings)}"


def report_line(report: StatusReport, settings: Settings) -> str:
    """What `+CDS:` says: first octet, reference, recipient, when accepted, when delivered, TP-ST."""
    recipient = f"{_address(report.recipient, settings)},{_type_of(report.recipient)}"
    times = f'"{moment(report.timestamp)}","{moment(report.discharge)}"'
    return f"{report.encode()[0]},{report.reference},{recipient},{times},{report.status}"


def compose(destination: Address, octets: bytes, parameters: TextParameters, charset: str) -> bytes:
    """The SUBMIT of what was typed, as `+CSMP` shapes it. CmsError 305 where that cannot be, as when it is too long."""
    coding, header = Coding.of(parameters.dcs), parameters.first_octet & _HEADER != 0
    try:
        if coding.packed and not header:
            septets = typed_septets(octets, charset)
            length, user_data = len(septets), pack(septets)
        else:
            user_data = bytes.fromhex(octets.decode("ascii"))
            length = len(user_data) * 8 // 7 if coding.packed else len(user_data)
        if length > (_MOST_SEPTETS if coding.packed else _MOST_OCTETS):
            raise CmsError(INVALID)
        head = bytes((parameters.first_octet & ~0x03 | 0x01, 0)) + destination.encode()
        tpdu = (
            head
            + bytes((parameters.protocol_id, parameters.dcs))
            + _validity(parameters)
            + bytes((length,))
            + user_data
        )
        Submit.decode(tpdu)
    except (ValueError, EncodeError, DecodeError):
        raise CmsError(INVALID) from None
    return tpdu


def address(number: str, kind: int | None) -> Address:
    """A number and its type octet (129, 145, ...) as the host gave them. CmsError 305 where it is none."""
    try:
        if not number:
            return Address("", TypeOfNumber.UNKNOWN)
        if kind is None or number.startswith("+"):
            made = Address.parse(number)
        else:
            made = Address(number, TypeOfNumber(kind >> 4 & 7))
            made.encode()
    except (ValueError, EncodeError):
        raise CmsError(INVALID) from None
    if made.type_of_number is TypeOfNumber.ALPHANUMERIC:
        raise CmsError(INVALID)
    return made


def _validity(parameters: TextParameters) -> bytes:
    form = parameters.first_octet & _VALIDITY
    if form == 0:
        return b""
    if form == _RELATIVE:
        return bytes((int(parameters.validity),))
    if form != _ABSOLUTE:
        raise CmsError(INVALID)
    moment, quarters = parameters.validity[:-3], int(parameters.validity[-3:])
    zone = f"{'-' if quarters < 0 else '+'}{abs(quarters) // 4:02d}{abs(quarters) % 4 * 15:02d}"
    return Timestamp.of(datetime.strptime(moment + zone, "%y/%m/%d,%H:%M:%S%z")).encode()


def _validity_octet(submit: Submit) -> str:
    octets = submit.validity.encode() if submit.validity is not None else b""
    return str(octets[0]) if len(octets) == 1 else f'"{moment(Timestamp(octets))}"' if octets else ""


def _address(one: Address, settings: Settings) -> str:
    return f'"{shown(str(one), settings.alphabet)}"'


def _type_of(one: Address) -> int:
    return 0x80 | one.type_of_number << 4 | one.plan


def _centre(smsc: bytes, settings: Settings) -> str:
    one, _ = unframe(smsc + b"\0")
    return ",129" if one is None else f"{_address(one, settings)},{_type_of(one)}"


def moment(stamp: Timestamp) -> str:
    """A time as text mode writes it; nothing where it is none."""
    moment = stamp.value
    if moment is None:
        return ""
    offset = moment.utcoffset()
    quarters = int(offset.total_seconds() // 900) if offset is not None else 0
    return f"{moment:%y/%m/%d,%H:%M:%S}{quarters:+03d}"


def _length(message: Submit | Deliver) -> int:
    return message.user_data.encode(message.coding)[0]


def _data(message: Submit | Deliver, settings: Settings) -> str:
    if message.coding.packed and not message.user_data.header:
        return shown_septets(message.user_data.payload, settings.alphabet)
    return message.user_data.encode(message.coding)[1:].hex().upper()
