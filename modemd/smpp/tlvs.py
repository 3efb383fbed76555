"""TLVs, the optional parameters: tag and length of two octets each, then the value (3.2.4, 5.3). Unknown ones are kept (3.3)."""

from __future__ import annotations

from enum import IntEnum

from modemd.errors import EncodeError
from modemd.light_dataclass import dataclass
from modemd.smpp.fields import FieldError
from modemd.smpp.statuses import CommandStatus


class Tag(IntEnum):
    """Tags of the parameters that modemd or an emulated SMSC reads or writes (5.3.2; congestion_state: SMPP 5.0 4.8.4.18)."""

    ADDITIONAL_STATUS_INFO_TEXT = 0x001D
    RECEIPTED_MESSAGE_ID = 0x001E
    USER_MESSAGE_REFERENCE = 0x0204
    SOURCE_PORT = 0x020A
    DESTINATION_PORT = 0x020B
    SAR_MSG_REF_NUM = 0x020C
    SAR_TOTAL_SEGMENTS = 0x020E
    SAR_SEGMENT_SEQNUM = 0x020F
    SC_INTERFACE_VERSION = 0x0210
    MS_AVAILABILITY_STATUS = 0x0422
    NETWORK_ERROR_CODE = 0x0423
    MESSAGE_PAYLOAD = 0x0424
    DELIVERY_FAILURE_REASON = 0x0425
    MORE_MESSAGES_TO_SEND = 0x0426
    MESSAGE_STATE = 0x0427
    CONGESTION_STATE = 0x0428


_INTEGER_OCTETS = {
    Tag.USER_MESSAGE_REFERENCE: 2,
    Tag.SOURCE_PORT: 2,
    Tag.DESTINATION_PORT: 2,
    Tag.SAR_MSG_REF_NUM: 2,
    Tag.SAR_TOTAL_SEGMENTS: 1,
    Tag.SAR_SEGMENT_SEQNUM: 1,
    Tag.SC_INTERFACE_VERSION: 1,
    Tag.MS_AVAILABILITY_STATUS: 1,
    Tag.DELIVERY_FAILURE_REASON: 1,
    Tag.MORE_MESSAGES_TO_SEND: 1,
    Tag.MESSAGE_STATE: 1,
    Tag.CONGESTION_STATE: 1,
}
_STRINGS = frozenset({Tag.RECEIPTED_MESSAGE_ID, Tag.ADDITIONAL_STATUS_INFO_TEXT})


@dataclass(frozen=True, slots=True)
class Tlv:
    """Optional parameter: tag, and value as its octets."""

    tag: int
    value: bytes

    def encode(self) -> bytes:
        """Returns tag, length and value. EncodeError if the tag or the length does not fit into two octets."""
        if not 0 <= self.tag <= 0xFFFF or len(self.value) > 0xFFFF:
            raise EncodeError("TLV", f"tag {self.tag:#x} with {len(self.value)} octets")
        return self.tag.to_bytes(2) + len(self.value).to_bytes(2) + self.value


Tlvs = tuple[Tlv, ...]


def make_integer_tlv(tag: Tag, value: int) -> Tlv:
    """Returns a parameter that is an integer, in the octets that 5.3.2 gives it. EncodeError if it does not fit."""
    octets = _INTEGER_OCTETS[tag]
    if not 0 <= value < 1 << 8 * octets:
        raise EncodeError(tag.name.lower(), f"{value} does not fit into {octets} octets")
    return Tlv(tag, value.to_bytes(octets))


def make_string_tlv(tag: Tag, value: str) -> Tlv:
    """Returns a parameter that is a C-octet string. EncodeError if the tag has none, or a character cannot be in one."""
    if tag not in _STRINGS:
        raise EncodeError(tag.name.lower(), "no string")
    if not value.isascii() or "\0" in value:
        raise EncodeError(tag.name.lower(), "a character that is not ASCII, or NUL")
    return Tlv(tag, value.encode("ascii") + b"\0")


def read_tlvs(octets: bytes, at: int) -> Tlvs:
    """Returns the parameters from an offset to the end, in order. Raises FieldError if the last one is cut."""
    found: list[Tlv] = []
    while at < len(octets):
        value_at = at + 4
        if value_at > len(octets):
            raise FieldError("TLV", at, "the PDU ends within tag or length", CommandStatus.INVALID_TLV_STREAM)
        tag, length = int.from_bytes(octets[at : at + 2]), int.from_bytes(octets[at + 2 : value_at])
        if value_at + length > len(octets):
            reason = f"length {length}, {len(octets) - value_at} octets follow"
            raise FieldError(f"TLV 0x{tag:04X}", value_at, reason, CommandStatus.INVALID_TLV_STREAM)
        found.append(Tlv(tag, octets[value_at : value_at + length]))
        at = value_at + length
    return tuple(found)


def find_tlv(tlvs: Tlvs, tag: Tag) -> bytes | None:
    """Returns the value of the first parameter with a tag; None if there is none."""
    return next((each.value for each in tlvs if each.tag == tag), None)


def find_integer(tlvs: Tlvs, tag: Tag) -> int | None:
    """Returns the first integer with a tag; None if there is none, or if it has a wrong length and so says nothing."""
    value = find_tlv(tlvs, tag)
    return None if value is None or len(value) != _INTEGER_OCTETS.get(tag) else int.from_bytes(value)


def find_string(tlvs: Tlvs, tag: Tag) -> str | None:
    """Returns the first string with a tag, up to its NUL, which some SMSCs leave out; None if there is none or it is empty."""
    value = find_tlv(tlvs, tag)
    return None if value is None else value.partition(b"\0")[0].decode("latin-1") or None
