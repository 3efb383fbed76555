"""TP-PI and the optional parameters that it announces: TP-PID, TP-DCS and user data (3GPP TS 23.040 9.2.3.27)."""

from __future__ import annotations

from modemd.errors import DecodeError, EncodeError
from modemd.pdu.fields.userdata import UserData, read_user_data
from modemd.pdu.text.coding import CODINGS, coding_of

_PROTOCOL_ID, _DCS, _USER_DATA = 0x01, 0x02, 0x04

OptionalParameters = tuple[int | None, int | None, UserData | None]  # TP-PID, TP-DCS, TP-UD
NO_PARAMETERS: OptionalParameters = (None, None, None)


def encode_optional(protocol_id: int | None, dcs: int | None, user_data: UserData | None) -> bytes:
    """Returns TP-PI, which is always present, and the parameters after it."""
    indicator, octets = 0, b""
    for bit, field, value in ((_PROTOCOL_ID, "TP-PID", protocol_id), (_DCS, "TP-DCS", dcs)):
        if value is not None:
            if not 0 <= value <= 255:
                raise EncodeError(field, f"{value} is not 0 to 255")
            indicator |= bit
            octets += bytes((value,))
    if user_data is not None:
        indicator |= _USER_DATA
        octets += user_data.encode(coding_of(dcs or 0))
    return bytes((indicator,)) + octets


def read_optional(tpdu: bytes, at: int, has_header: bool, between: int = 0) -> OptionalParameters:
    """Returns the parameters that TP-PI at offset `at` announces. DecodeError if an announced one is missing.

    There are `between` octets between TP-PI and the parameters (the time stamp of a SUBMIT-REPORT). The extension bit of
    TP-PI is ignored: no octet after it has a meaning yet.
    """
    if at >= len(tpdu):
        raise DecodeError("TP-PI", len(tpdu), "the PDU ends before it")
    indicator = tpdu[at]
    at += 1 + between
    protocol_id = dcs = user_data = None
    if indicator & _PROTOCOL_ID:
        protocol_id, at = _octet(tpdu, at, "TP-PID"), at + 1
    if indicator & _DCS:
        dcs, at = _octet(tpdu, at, "TP-DCS"), at + 1
    if indicator & _USER_DATA:
        _octet(tpdu, at, "TP-UDL")
        user_data = read_user_data(tpdu, at, CODINGS[dcs or 0], has_header)
    return protocol_id, dcs, user_data


def _octet(tpdu: bytes, at: int, field: str) -> int:
    if at >= len(tpdu):
        raise DecodeError(field, len(tpdu), f"TP-PI announces {field}, but the PDU ends before it")
    return tpdu[at]
