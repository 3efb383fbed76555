from __future__ import annotations

import pytest

from modemd.errors import EncodeError
from modemd.pdu import Alphabet, Concatenation, RawElement, SingleShift
from modemd.smpp.message_operations import DataSm, DeliverSm
from modemd.smpp.texts import (
    DefaultAlphabet,
    can_encode,
    convert_septets,
    decode_text,
    make_data_coding,
    read_message,
    read_octets,
)
from modemd.smpp.tlvs import Tag, Tlv, make_integer_tlv

GSM7, LATIN1, ASCII, PACKED = DefaultAlphabet
# The characters that tell the alphabets apart on a new route.
PROBE = "@£$_{}[]€àéñ"
PROBE_SEPTETS = bytes.fromhex("00 01 02 11 1B28 1B29 1B3C 1B3E 1B65 7F 05 7D")


def deliver(octets: bytes, data_coding: int = 0, esm_class: int = 0, *tlvs: Tlv) -> DeliverSm:
    return DeliverSm("447700900123", "12345", octets, esm_class=esm_class, data_coding=data_coding, tlvs=tlvs)


@pytest.mark.parametrize(
    ("octets", "data_coding", "default", "text"),
    [
        pytest.param(PROBE_SEPTETS, 0, GSM7, PROBE, id="default is GSM"),
        pytest.param(b"\x40\xa3$_{}[]\xe0\xe9\xf1", 0, LATIN1, "@£$_{}[]àéñ", id="default is Latin-1"),
        pytest.param(b"@$_{}[]\xa3", 0, ASCII, "@$_{}[]\ufffd", id="default is ASCII"),
        pytest.param(b"@_", 1, GSM7, "@_", id="ASCII"),
        pytest.param(b"@_\xe9", 3, GSM7, "@_é", id="Latin-1"),
        pytest.param(b"\xb4\xd0", 6, GSM7, "Да", id="Cyrillic"),
        pytest.param(b"\xf9\xec", 7, GSM7, "של", id="Hebrew"),
        pytest.param("Да 😀".encode("utf-16-be"), 8, GSM7, "Да 😀", id="UCS2, a pair"),
        pytest.param(b"\xde\x00", 8, GSM7, "\ufffd", id="UCS2, half a pair"),
        pytest.param(b"\x00A\x00", 8, GSM7, "A", id="UCS2, an odd octet"),
        pytest.param(b"\0\1", 2, GSM7, None, id="octets"),
        pytest.param(b"\0\1", 4, GSM7, None, id="8-bit octets"),
        pytest.param(b"\0", 0xF0, GSM7, "@", id="class 0, default alphabet"),
        pytest.param(b"\0", 0xF5, GSM7, None, id="class 1, 8-bit"),
        pytest.param(b"\0A", 0xE0, GSM7, "A", id="message waiting, UCS2"),
        pytest.param(b"\0", 0xC8, GSM7, "@", id="message waiting, default alphabet"),
        pytest.param(b"@", 0xF0, LATIN1, "@", id="class 0, and the default is Latin-1"),
        pytest.param(b"\0", 9, GSM7, "@", id="reserved"),
        pytest.param(b"a\xff\x80b", 0, GSM7, "a\ufffd\ufffdb", id="no septets"),
        pytest.param(b"a\x1b", 0, GSM7, "a ", id="an escape at the end"),
    ],
)
def test_texts_are_read_by_data_coding(octets: bytes, data_coding: int, default: DefaultAlphabet, text: str) -> None:
    """And by the route's alphabet where data_coding leaves it open."""
    assert decode_text(octets, data_coding, default) == text
    assert read_message(deliver(octets, data_coding), default).text == text


@pytest.mark.parametrize("data_coding", range(256))
@pytest.mark.parametrize("default", DefaultAlphabet)
def test_no_octets_are_an_error(data_coding: int, default: DefaultAlphabet) -> None:
    """Whatever they are."""
    octets = bytes(range(256))
    for esm_class in (0, 0x40):
        content = read_message(deliver(octets, data_coding, esm_class), default)
        assert content.text is None or content.text


@pytest.mark.parametrize(
    ("alphabet", "text", "octets"),
    [
        pytest.param(GSM7, PROBE, PROBE_SEPTETS, id="GSM"),
        pytest.param(LATIN1, "@£$_{}[]àéñ", b"@\xa3$_{}[]\xe0\xe9\xf1", id="Latin-1"),
        pytest.param(ASCII, "@$_{}[]~", b"@$_{}[]~", id="ASCII"),
        pytest.param(PACKED, "hellohello", bytes.fromhex("E8329BFD4697D9EC37"), id="packed"),
    ],
)
def test_texts_are_written_in_the_routes_alphabet(alphabet: DefaultAlphabet, text: str, octets: bytes) -> None:
    """And read back from it."""
    septets = convert_septets(text_to_septets(text), GSM7)
    assert can_encode(text, alphabet)
    assert convert_septets(septets, alphabet) == octets
    assert read_message(deliver(octets), alphabet).text == text


def text_to_septets(text: str) -> bytes:
    from modemd.pdu import table

    return table(0, 0).encode(text)


@pytest.mark.parametrize(
    ("alphabet", "text"),
    [
        pytest.param(GSM7, "ê", id="not in GSM"),
        pytest.param(LATIN1, "ê", id="in Latin-1, but the SMSC converts it to GSM"),
        pytest.param(LATIN1, "€", id="in GSM, but not in Latin-1"),
        pytest.param(ASCII, "£", id="in GSM, but not in ASCII"),
        pytest.param(ASCII, "`", id="in ASCII, but not in GSM"),
        pytest.param(PACKED, "Д", id="not in GSM, packed"),
    ],
)
def test_a_character_must_be_in_both_alphabets(alphabet: DefaultAlphabet, text: str) -> None:
    """In the route's, and in that of GSM: else it would be lost on the air."""
    assert not can_encode(text, alphabet)
    if alphabet is not GSM7 and text in "€£":
        with pytest.raises(EncodeError, match="character 0"):
            convert_septets(text_to_septets(text), alphabet)


@pytest.mark.parametrize("count", range(40))
@pytest.mark.parametrize("header", [b"", b"\x05\x00\x03\x07\x02\x01", b"\x06\x08\x04\x00\x07\x02\x01"])
def test_packed_texts_of_each_length(count: int, header: bytes) -> None:
    """sm_length counts octets, so the padding must not become an `@`; after a header, septets begin on their boundary."""
    text = "abcdefgh"[:8] * 5
    octets = header + convert_septets(text[:count].encode(), PACKED, len(header))
    content = read_message(deliver(octets, 0, 0x40 if header else 0), PACKED)
    assert content.text == text[:count]


def test_data_coding_says_alphabet_and_class() -> None:
    """0 and 8; 0xF0 for a flash message."""
    assert make_data_coding(Alphabet.GSM7) == 0
    assert make_data_coding(Alphabet.UCS2) == 8
    assert make_data_coding(Alphabet.GSM7, 0) == 0xF0
    for alphabet, message_class in ((Alphabet.UCS2, 0), (Alphabet.GSM7, 4)):
        with pytest.raises(EncodeError, match="data_coding"):
            make_data_coding(alphabet, message_class)


def test_a_header_is_taken_off() -> None:
    """Its concatenation and its national table count."""
    content = read_message(deliver(b"\x08\x00\x03\x07\x02\x01\x24\x01\x01" + b"\x1b\x63", 0, 0x40), GSM7)
    assert content.header == (Concatenation(7, 2, 1), SingleShift(1))
    assert content.concatenation == Concatenation(7, 2, 1)
    assert content.payload == b"\x1b\x63"
    assert content.text == "ç"


def test_without_the_bit_there_is_no_header() -> None:
    """What looks like one is text."""
    assert read_message(deliver(b"\x05\x00\x03\x07\x02\x01a"), LATIN1).payload == b"\x05\x00\x03\x07\x02\x01a"


@pytest.mark.parametrize("octets", [b"", b"\x05", b"\x05\x00\x03\x07", b"\xff\x00"])
def test_a_cut_header_is_no_error(octets: bytes) -> None:
    """It is read as far as it goes."""
    assert read_message(deliver(octets, 8, 0x40), GSM7).text == ""


def test_sar_tlvs_say_the_place_in_a_set() -> None:
    """If all three are there and make sense; a header goes before them."""
    tlvs = (
        make_integer_tlv(Tag.SAR_MSG_REF_NUM, 0x1234),
        make_integer_tlv(Tag.SAR_TOTAL_SEGMENTS, 3),
        make_integer_tlv(Tag.SAR_SEGMENT_SEQNUM, 2),
    )
    assert read_message(deliver(b"x", 0, 0, *tlvs), GSM7).concatenation == Concatenation(0x1234, 3, 2, 16)
    assert read_message(deliver(b"x", 0, 0, *tlvs[:2]), GSM7).concatenation is None
    for wrong in (0, 4):
        number = make_integer_tlv(Tag.SAR_SEGMENT_SEQNUM, wrong)
        assert read_message(deliver(b"x", 0, 0, *tlvs[:2], number), GSM7).concatenation is None
    both = deliver(b"\x05\x00\x03\x07\x02\x01x", 0, 0x40, *tlvs)
    assert read_message(both, GSM7).concatenation == Concatenation(7, 2, 1)


def test_message_payload_goes_before_short_message() -> None:
    """data_sm has only the first."""
    payload = Tlv(Tag.MESSAGE_PAYLOAD, b"payload")
    assert read_octets(deliver(b"short", 0, 0, payload)) == b"payload"
    assert read_octets(deliver(b"short")) == b"short"
    assert read_octets(DataSm("1", "2", tlvs=(payload,))) == b"payload"
    assert read_octets(DataSm("1", "2")) == b""


def test_an_invalid_element_is_kept() -> None:
    """As octets, and without effect."""
    content = read_message(deliver(b"\x05\x00\x03\x07\x01\x02x", 0, 0x40), GSM7)
    assert content.header == (RawElement(0, b"\x07\x01\x02"),)
    assert content.concatenation is None
