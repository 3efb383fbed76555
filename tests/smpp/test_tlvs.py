from __future__ import annotations

import pytest

from modemd.errors import EncodeError
from modemd.smpp.fields import FieldError
from modemd.smpp.statuses import CommandStatus
from modemd.smpp.tlvs import (
    Tag,
    Tlv,
    find_integer,
    find_string,
    find_tlv,
    make_integer_tlv,
    make_string_tlv,
    read_tlvs,
)


def test_unknown_tlvs_are_kept_in_order() -> None:
    """Also repeated and empty ones."""
    octets = bytes.fromhex("1400 0003 616263  0204 0002 0007  1400 0000  FFFF 0001 00")
    tlvs = read_tlvs(octets, 0)
    assert tlvs == (Tlv(0x1400, b"abc"), Tlv(0x0204, b"\0\7"), Tlv(0x1400, b""), Tlv(0xFFFF, b"\0"))
    assert b"".join(tlv.encode() for tlv in tlvs) == octets


@pytest.mark.parametrize("octets", ["14", "1400", "140000", "1400 0001", "1400 0004 616263", "0427 0001 02 00"])
def test_a_cut_tlv_is_an_error(octets: str) -> None:
    """With the status for it."""
    with pytest.raises(FieldError, match="TLV") as raised:
        read_tlvs(bytes.fromhex(octets), 0)
    assert raised.value.status == CommandStatus.INVALID_TLV_STREAM


def test_tags_have_the_numbers_of_the_specification() -> None:
    """5.3.2, and 5.0 for congestion_state."""
    tags = {
        0x001E: Tag.RECEIPTED_MESSAGE_ID,
        0x0204: Tag.USER_MESSAGE_REFERENCE,
        0x020C: Tag.SAR_MSG_REF_NUM,
        0x020E: Tag.SAR_TOTAL_SEGMENTS,
        0x020F: Tag.SAR_SEGMENT_SEQNUM,
        0x0423: Tag.NETWORK_ERROR_CODE,
        0x0424: Tag.MESSAGE_PAYLOAD,
        0x0427: Tag.MESSAGE_STATE,
        0x0428: Tag.CONGESTION_STATE,
    }
    assert {int(tag): tag for tag in tags.values()} == tags


def test_integers_have_the_size_of_their_tag() -> None:
    """Another size says nothing."""
    tlvs = (Tlv(0x0204, b"\x12\x34"), Tlv(0x0427, b"\0\2"), Tlv(0x0428, b"\x50"))
    assert find_integer(tlvs, Tag.USER_MESSAGE_REFERENCE) == 0x1234
    assert find_integer(tlvs, Tag.MESSAGE_STATE) is None
    assert find_integer(tlvs, Tag.CONGESTION_STATE) == 80
    assert find_integer(tlvs, Tag.SAR_MSG_REF_NUM) is None
    assert find_integer((Tlv(0x0423, b"\3\0\1"),), Tag.NETWORK_ERROR_CODE) is None
    assert make_integer_tlv(Tag.SAR_MSG_REF_NUM, 7) == Tlv(0x020C, b"\0\7")
    with pytest.raises(EncodeError, match="sar_total_segments"):
        make_integer_tlv(Tag.SAR_TOTAL_SEGMENTS, 256)


@pytest.mark.parametrize(
    ("value", "expected"), [(b"1a\0", "1a"), (b"1a", "1a"), (b"1a\0rest", "1a"), (b"\0", None), (b"", None)]
)
def test_strings_end_at_their_nul_or_without(value: bytes, expected: str | None) -> None:
    """Some SMSCs leave it out."""
    assert find_string((Tlv(0x001E, value),), Tag.RECEIPTED_MESSAGE_ID) == expected


def test_strings_are_made_with_their_nul() -> None:
    """Only ASCII, only where the tag has a string."""
    assert make_string_tlv(Tag.RECEIPTED_MESSAGE_ID, "1a") == Tlv(0x001E, b"1a\0")
    for tag, value in ((Tag.RECEIPTED_MESSAGE_ID, "é"), (Tag.RECEIPTED_MESSAGE_ID, "a\0"), (Tag.MESSAGE_STATE, "2")):
        with pytest.raises(EncodeError):
            make_string_tlv(tag, value)


def test_the_first_of_repeated_tlvs_counts() -> None:
    """Whatever comes after it."""
    assert find_tlv((Tlv(0x0424, b"a"), Tlv(0x0424, b"b")), Tag.MESSAGE_PAYLOAD) == b"a"
    assert find_tlv((), Tag.MESSAGE_PAYLOAD) is None
