"""Messages in the form of text mode (3GPP TS 27.005 clause 3).

User data in the default alphabet without a header is text, in the character set of the host; any other is hex, two
digits an octet, header included, as 27.005 3.1 says of <data>.
"""

from __future__ import annotations

from datetime import datetime

from modemd.emulator.device.charset import decode_septets, encode_septets, encode_text
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

STATUS_NAMES = {
    MessageStatus.UNREAD: "REC UNREAD",
    MessageStatus.READ: "REC READ",
    MessageStatus.UNSENT: "STO UNSENT",
    MessageStatus.SENT: "STO SENT",
}
ALL = "ALL"
INVALID_PARAMETER = 305
"""`+CMS ERROR` for an impossible text mode parameter."""

_HEADER, _VALIDITY, _RELATIVE, _ABSOLUTE = 0x40, 0x18, 0x10, 0x18
_MAX_SEPTETS, _MAX_OCTETS = 160, 140


def is_readable(message: StoredMessage) -> bool:
    """Returns whether a message can be decoded. A damaged one is shown in the form of PDU mode."""
    try:
        if not message.is_outgoing:
            decode_incoming(message.tpdu)
    except DecodeError:
        return False
    return True


def format_for_cmgr(message: StoredMessage, settings: Settings) -> str:
    """Returns the parameters of `+CMGR:` for a message, and its text on the next line."""
    status, tpdu = f'"{STATUS_NAMES[message.status]}"', message.tpdu
    if message.is_outgoing:
        submit = Submit.decode(tpdu)
        line = f"{status},{_format_address(submit.destination, settings)},"
        if settings.show_headers:
            parameters = (tpdu[0], submit.protocol_id, submit.dcs, _format_validity(submit))
            line += "," + ",".join(map(str, (_type_of(submit.destination), *parameters)))
            line += "," + _format_smsc(message.smsc, settings) + f",{_length(submit)}"
        return f"{line}\r\n{_format_user_data(submit, settings)}"
    incoming = decode_incoming(tpdu)
    if isinstance(incoming, StatusReport):
        return f"{status},{format_for_cds(incoming, settings)}"
    return f"{status},{format_for_cmt(incoming, message.smsc, settings)}"


def format_for_cmgl(message: StoredMessage, settings: Settings) -> str:
    """Returns the parameters of `+CMGL:` for a message, after its index, and its text on the next line."""
    status, settings_show = f'"{STATUS_NAMES[message.status]}"', settings.show_headers
    if message.is_outgoing:
        submit = Submit.decode(message.tpdu)
        line = f"{status},{_format_address(submit.destination, settings)},,"
        if settings_show:
            line += f",{_type_of(submit.destination)},{_length(submit)}"
        return f"{line}\r\n{_format_user_data(submit, settings)}"
    incoming = decode_incoming(message.tpdu)
    if isinstance(incoming, StatusReport):
        return f"{status},{format_for_cds(incoming, settings)}"
    line = f'{status},{_format_address(incoming.originator, settings)},,"{format_timestamp(incoming.timestamp)}"'
    if settings_show:
        line += f",{_type_of(incoming.originator)},{_length(incoming)}"
    return f"{line}\r\n{_format_user_data(incoming, settings)}"


def format_for_cmt(deliver: Deliver, smsc: bytes, settings: Settings) -> str:
    """Returns the parameters of `+CMT:`: sender, time, with `+CSDH=1` the others; the text is on the next line."""
    line = f'{_format_address(deliver.originator, settings)},,"{format_timestamp(deliver.timestamp)}"'
    if settings.show_headers:
        parameters = (_type_of(deliver.originator), deliver.encode()[0], deliver.protocol_id, deliver.dcs)
        line += "," + ",".join(map(str, parameters)) + "," + _format_smsc(smsc, settings) + f",{_length(deliver)}"
    return f"{line}\r\n{_format_user_data(deliver, settings)}"


def format_for_cds(report: StatusReport, settings: Settings) -> str:
    """Returns the parameters of `+CDS:`: first octet, reference, recipient, time of acceptance, time of delivery, TP-ST."""
    recipient = f"{_format_address(report.recipient, settings)},{_type_of(report.recipient)}"
    times = f'"{format_timestamp(report.timestamp)}","{format_timestamp(report.discharge)}"'
    return f"{report.encode()[0]},{report.reference},{recipient},{times},{report.status}"


def compose(destination: Address, octets: bytes, parameters: TextParameters, charset: str) -> bytes:
    """Returns the SUBMIT of a typed text, with the parameters of `+CSMP`.

    Raises CmsError 305 if that is impossible, as for one too long.
    """
    coding, header = Coding.of(parameters.dcs), parameters.first_octet & _HEADER != 0
    try:
        if coding.packed and not header:
            septets = decode_septets(octets, charset)
            length, user_data = len(septets), pack(septets)
        else:
            user_data = bytes.fromhex(octets.decode("ascii"))
            length = len(user_data) * 8 // 7 if coding.packed else len(user_data)
        if length > (_MAX_SEPTETS if coding.packed else _MAX_OCTETS):
            raise CmsError(INVALID_PARAMETER)
        head = bytes((parameters.first_octet & ~0x03 | 0x01, 0)) + destination.encode()
        tpdu = (
            head
            + bytes((parameters.protocol_id, parameters.dcs))
            + _encode_validity(parameters)
            + bytes((length,))
            + user_data
        )
        Submit.decode(tpdu)
    except (ValueError, EncodeError, DecodeError):
        raise CmsError(INVALID_PARAMETER) from None
    return tpdu


def parse_address(number: str, kind: int | None) -> Address:
    """Returns the address of a number and its type octet (129, 145, ...) from the host. Raises CmsError 305 if it is none."""
    try:
        if not number:
            return Address("", TypeOfNumber.UNKNOWN)
        if kind is None or number.startswith("+"):
            address = Address.parse(number)
        else:
            address = Address(number, TypeOfNumber(kind >> 4 & 7))
            address.encode()
    except (ValueError, EncodeError):
        raise CmsError(INVALID_PARAMETER) from None
    if address.type_of_number is TypeOfNumber.ALPHANUMERIC:
        raise CmsError(INVALID_PARAMETER)
    return address


def _encode_validity(parameters: TextParameters) -> bytes:
    form = parameters.first_octet & _VALIDITY
    if form == 0:
        return b""
    if form == _RELATIVE:
        return bytes((int(parameters.validity),))
    if form != _ABSOLUTE:
        raise CmsError(INVALID_PARAMETER)
    moment, quarters = parameters.validity[:-3], int(parameters.validity[-3:])
    zone = f"{'-' if quarters < 0 else '+'}{abs(quarters) // 4:02d}{abs(quarters) % 4 * 15:02d}"
    return Timestamp.of(datetime.strptime(moment + zone, "%y/%m/%d,%H:%M:%S%z")).encode()


def _format_validity(submit: Submit) -> str:
    octets = submit.validity.encode() if submit.validity is not None else b""
    return str(octets[0]) if len(octets) == 1 else f'"{format_timestamp(Timestamp(octets))}"' if octets else ""


def _format_address(address: Address, settings: Settings) -> str:
    return f'"{encode_text(str(address), settings.alphabet)}"'


def _type_of(address: Address) -> int:
    return 0x80 | address.type_of_number << 4 | address.plan


def _format_smsc(smsc: bytes, settings: Settings) -> str:
    address, _ = unframe(smsc + b"\0")
    return ",129" if address is None else f"{_format_address(address, settings)},{_type_of(address)}"


def format_timestamp(stamp: Timestamp) -> str:
    """Returns a TP-SCTS as text mode writes it; an empty string if its octets are no time."""
    return "" if stamp.value is None else format_time(stamp.value)


def format_time(time: datetime) -> str:
    """Returns a time as `yy/MM/dd,hh:mm:ss+zz`, `zz` in quarters of an hour (3GPP TS 27.005 3.1, TS 27.007 8.15)."""
    offset = time.utcoffset()
    quarters = int(offset.total_seconds() // 900) if offset is not None else 0
    return f"{time:%y/%m/%d,%H:%M:%S}{quarters:+03d}"


def _length(message: Submit | Deliver) -> int:
    return message.user_data.encode(message.coding)[0]


def _format_user_data(message: Submit | Deliver, settings: Settings) -> str:
    if message.coding.packed and not message.user_data.header:
        return encode_septets(message.user_data.payload, settings.alphabet)
    return message.user_data.encode(message.coding)[1:].hex().upper()
