"""The service centre's address in front of a TPDU, as PDU mode has it (3GPP TS 27.005 4.3), and whose message it is."""

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
    """A TPDU as a modem wants it: behind the service centre's address, or behind 00, which means the one in the SIM."""
    return (b"\0" if smsc is None else smsc.encode_smsc()) + tpdu


def unframe(octets: bytes) -> tuple[Address | None, bytes]:
    """The service centre's address (None for 00) and the TPDU. DecodeError where the address runs out or is too long."""
    if not octets:
        raise DecodeError("SMSC", 0, "there is no octet at all")
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
    """What a modem hands over. DecodeError for anything else than a DELIVER or a STATUS-REPORT."""
    decode = _INCOMING[tpdu[0] & 3] if tpdu else None
    if decode is None:
        raise DecodeError("TP-MTI", 0, "neither SMS-DELIVER nor SMS-STATUS-REPORT")
    return decode(tpdu)


def decode_outgoing(tpdu: bytes) -> Submit | Command:
    """What a modem sends. DecodeError for anything else than a SUBMIT or a COMMAND."""
    decode = _OUTGOING[tpdu[0] & 3] if tpdu else None
    if decode is None:
        raise DecodeError("TP-MTI", 0, "neither SMS-SUBMIT nor SMS-COMMAND")
    return decode(tpdu)
