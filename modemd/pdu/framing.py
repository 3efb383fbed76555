"""Frame of a TPDU in PDU mode: the service centre's address in front (3GPP TS 27.005 4.3), and the decoder by message type."""

from __future__ import annotations

from modemd.errors import DecodeError
from modemd.pdu.fields.address import Address, read_address, read_value
from modemd.pdu.messages.command import Command
from modemd.pdu.messages.deliver import Deliver
from modemd.pdu.messages.status_report import StatusReport
from modemd.pdu.messages.submit import Submit
from modemd.pdu.text.coding import CODINGS
from modemd.pdu.text.septets import packed_length

_MOST_OCTETS = 11  # the type octet and 20 digits

# By message type, TP-MTI.
_INCOMING = (Deliver.decode, None, StatusReport.decode, Deliver.decode)
_OUTGOING = (None, Submit.decode, Command.decode, None)


def frame(tpdu: bytes, smsc: Address | None = None) -> bytes:
    """Returns a TPDU as a modem takes it: after the service centre's address, or after 00, which means the one in the SIM."""
    return (b"\0" if smsc is None else smsc.encode_smsc()) + tpdu


def unframe(octets: bytes) -> tuple[Address | None, bytes]:
    """Returns the service centre's address and the TPDU. The address is None for 00, and if its type octet is none: some centres
    write 01 00, a type octet of zero and no digits (PDUlib issue 47). DecodeError if the address is cut or too long."""
    if not octets:
        raise DecodeError("SMSC", 0, "the PDU is empty")
    length = octets[0]
    if length == 0:
        return None, octets[1:]
    if length > _MOST_OCTETS:
        raise DecodeError("SMSC", 0, f"{length} octets; {_MOST_OCTETS} are the most")
    if length >= len(octets):
        raise DecodeError("SMSC", len(octets), f"the PDU ends within an address of {length} octets")
    end = 1 + length
    if octets[1] < 0x80 and end < len(octets):
        return None, octets[end:]
    return read_value(octets[1], octets[2:end], length * 2 - 2, "SMSC", 1), octets[end:]


def find_frame(octets: bytes, count: int | None) -> bytes | None:
    """Returns SMSC field and TPDU out of the octets of a PDU line that came with the length `count` in its header (None: without
    one); None if octets are missing, or too many.

    The TPDU is whole if it has `count` octets (3GPP TS 27.005 3.1), or as many as its own fields say: some firmware counts the
    SMSC field, too (Huawei E3372), or says 0 (Android). If `count` is all there is, the SMSC field may be missing (ZTE); then 00
    takes its place.
    """
    start = 1 + octets[0] if octets else 0
    if 0 < start < len(octets) and start <= _MOST_OCTETS + 1:
        tpdu = octets[start:]
        if len(tpdu) == count or _has_its_own_length(tpdu):
            return octets
    if count == len(octets) and _has_its_own_length(octets):
        return frame(octets)
    return None


def clear_more_to_send(tpdu: bytes) -> bytes:
    """Returns an incoming TPDU as it is if no more messages wait. TP-MMS tells of the centre's queue at that moment, not of the
    message (3GPP TS 23.040 9.2.3.2): a message that is delivered again may differ in it."""
    return bytes((tpdu[0] | _NO_MORE,)) + tpdu[1:] if tpdu else tpdu


_NO_MORE = 0x04  # 1 means that no more messages wait
_STATUS_REPORT = 2
_BEFORE_USER_DATA, _BEFORE_OPTIONAL = 10, 15  # octets after the address: TP-PID to TP-UDL; TP-SCTS, TP-DT and TP-ST
_PID, _DCS, _USER_DATA = 1, 2, 4  # bits of TP-PI (3GPP TS 23.040 9.2.3.27)
_FILLER = frozenset({0xFF})


def _has_its_own_length(tpdu: bytes) -> bool:
    """Returns whether an incoming TPDU has as many octets as its fields say. SIMs fill their records up with FF."""
    try:
        octets = _count_octets(tpdu)
    except (DecodeError, IndexError):
        return False
    return octets <= len(tpdu) and _FILLER.issuperset(tpdu[octets:])


def _count_octets(tpdu: bytes) -> int:
    """Returns the octets that the fields of an incoming TPDU take. DecodeError or IndexError if they do not tell."""
    if tpdu[0] & 3 != _STATUS_REPORT:
        decode_incoming(tpdu)
        _, at = read_address(tpdu, 1, "TP-OA")
        return at + _BEFORE_USER_DATA + _count_user_data(tpdu[at + 1], tpdu[at + 9])
    _, at = read_address(tpdu, 2, "TP-RA")
    at += _BEFORE_OPTIONAL
    if at >= len(tpdu) or tpdu[at] in _FILLER:
        return at
    indicator, at, dcs = tpdu[at], at + 1, 0
    at += indicator & _PID
    if indicator & _DCS:
        dcs, at = tpdu[at], at + 1
    return at + 1 + _count_user_data(dcs, tpdu[at]) if indicator & _USER_DATA else at


def _count_user_data(dcs: int, length: int) -> int:
    return packed_length(length) if CODINGS[dcs].packed else length


def decode_incoming(tpdu: bytes) -> Deliver | StatusReport:
    """Decodes a TPDU that a modem received. DecodeError for anything but a DELIVER or a STATUS-REPORT."""
    decode = _INCOMING[tpdu[0] & 3] if tpdu else None
    if decode is None:
        raise DecodeError("TP-MTI", 0, "neither SMS-DELIVER nor SMS-STATUS-REPORT")
    return decode(tpdu)


def decode_outgoing(tpdu: bytes) -> Submit | Command:
    """Decodes a TPDU that a modem sends. DecodeError for anything but a SUBMIT or a COMMAND."""
    decode = _OUTGOING[tpdu[0] & 3] if tpdu else None
    if decode is None:
        raise DecodeError("TP-MTI", 0, "neither SMS-SUBMIT nor SMS-COMMAND")
    return decode(tpdu)
