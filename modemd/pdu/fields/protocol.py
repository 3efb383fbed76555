"""TP-PID, the protocol identifier (3GPP TS 23.040 9.2.3.9)."""

from __future__ import annotations

PLAIN = 0x00
TYPE_0 = 0x40
RETURN_CALL = 0x5F
SIM_DOWNLOAD = 0x7F

_NAMED = {
    PLAIN: "a plain message",
    TYPE_0: "short message type 0: acknowledge and discard",
    RETURN_CALL: "return call",
    0x7C: "ANSI-136 R-DATA",
    0x7D: "ME data download",
    0x7E: "ME de-personalisation",
    SIM_DOWNLOAD: "SIM data download",
}
_TELEMATIC = {
    0x00: "the service centre's choice",
    0x01: "telex",
    0x02: "group 3 fax",
    0x03: "group 4 fax",
    0x04: "voice telephone",
    0x10: "message handling facility",
    0x12: "Internet mail",
}


def replace_type(protocol_id: int) -> int | None:
    """Returns 1 to 7 if the message replaces an earlier one of the same sender and type; None if it does not."""
    return protocol_id & 7 if 0x41 <= protocol_id <= 0x47 else None


def describe(protocol_id: int) -> str:
    """Describes one octet in words."""
    if protocol_id in _NAMED:
        return _NAMED[protocol_id]
    if (number := replace_type(protocol_id)) is not None:
        return f"replaces an earlier message of type {number} from this sender"
    if 0x20 <= protocol_id < 0x40:
        device = protocol_id & 0x1F
        return f"telematic interworking: {_TELEMATIC.get(device, f'device {device:02X}')}"
    if protocol_id < 0x20:
        return f"SME to SME protocol {protocol_id:02X}"
    return "reserved" if protocol_id < 0xC0 else "the service centre's own use"
