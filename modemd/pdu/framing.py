"""Frame of a TPDU in PDU mode: the service centre's address in front (3GPP TS 27.005 4.3), and the decoder by message type."""

from __future__ import annotations

from modemd.errors import DecodeError
from modemd.pdu.fields.address import Address, read_value
from modemd.pdu.messages.command import Command
from modemd.pdu.messages.deliver import Deliver
from modemd.pdu.messages.status_report import StatusReport
from modemd.pdu.messages.submit import Submit

_MOST_OCTETS = 11  # the type octet and 20 digits

# By message type, TP-MTI.
_INCOMING = (Deliver.decode, None, StatusReport.decode, Deliver.decode)
_OUTGOING = (None, Submit.decode, Command.decode, None)


def frame(tpdu: bytes, smsc: Address | None = None) -> bytes:
    """Returns a TPDU as a modem takes it: after the service centre's address, or after 00, which means the one in the SIM."""
    return (b"\0" if smsc is None else smsc.encode_smsc()) + tpdu


def unframe(octets: bytes) -> tuple[Address | None, bytes]:
    """Returns the service centre's address (None for 00) and the TPDU. DecodeError if the address is cut or too long."""
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
    return read_value(octets[1], octets[2:end], length * 2 - 2, "SMSC", 1), octets[end:]


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
