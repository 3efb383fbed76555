from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.errors import EncodeError
from modemd.smpp.message_operations import SubmitSm
from modemd.smpp.parts import LongTextMethod, SubmitPart, make_parts
from modemd.smpp.texts import DefaultAlphabet, decode_text, read_message
from modemd.smpp.tlvs import Tag, Tlv, find_integer, find_tlv

GSM7, LATIN1, ASCII, PACKED = DefaultAlphabet
UDH, SAR, PAYLOAD = LongTextMethod


def submit(part: SubmitPart) -> SubmitSm:
    return SubmitSm(
        "a", "1", part.short_message, esm_class=part.esm_class, data_coding=part.data_coding, tlvs=part.tlvs
    )


def read_back(parts: list[SubmitPart], alphabet: DefaultAlphabet) -> list[str]:
    """The text of each part by itself."""
    return [read_message(submit(part), alphabet).text or "" for part in parts]


@pytest.mark.parametrize("alphabet", DefaultAlphabet)
@pytest.mark.parametrize("method", LongTextMethod)
def test_a_text_of_one_part_is_plain(alphabet: DefaultAlphabet, method: LongTextMethod) -> None:
    """160 characters, without header and TLV, whatever the route does with longer ones."""
    (part,) = make_parts("a" * 160, alphabet, method)
    assert (part.esm_class, part.data_coding, part.tlvs) == (0, 0, ())
    assert len(part.short_message) == (140 if alphabet is PACKED else 160)


@pytest.mark.parametrize(
    ("text", "alphabet", "sizes"),
    [
        pytest.param("a" * 161, GSM7, [6 + 153, 6 + 8], id="153 unpacked septets beside the header"),
        pytest.param("a" * 161, LATIN1, [6 + 153, 6 + 8], id="Latin-1 becomes septets on the air"),
        pytest.param("a" * 161, PACKED, [140, 6 + 8], id="packed, with the fill bit"),
        pytest.param("Д" * 70, GSM7, [140], id="UCS2, one part"),
        pytest.param("Д" * 71, GSM7, [6 + 134, 6 + 8], id="134 octets of UCS2 beside the header"),
        pytest.param("[" * 81, LATIN1, [6 + 76, 6 + 5], id="a bracket takes two septets on the air, one octet here"),
        pytest.param("a" * 152 + "€" + "b" * 7, GSM7, [6 + 152, 6 + 9], id="no cut inside an escape pair"),
        pytest.param("Д" * 66 + "😀" + "Д" * 4, GSM7, [6 + 132, 6 + 12], id="no cut inside a surrogate pair"),
        pytest.param("Д" * 66 + "e\u0301" + "Д" * 4, GSM7, [6 + 132, 6 + 12], id="no cut inside a combined character"),
    ],
)
def test_long_texts_are_cut_beside_headers(text: str, alphabet: DefaultAlphabet, sizes: list[int]) -> None:
    """Octets of short_message by part."""
    parts = make_parts(text, alphabet, UDH, reference=0xAB)
    assert [len(part.short_message) for part in parts] == sizes
    assert "".join(read_back(parts, alphabet)) == text
    if len(parts) > 1:
        assert {part.esm_class for part in parts} == {0x40}
        assert [part.short_message[:6].hex() for part in parts] == ["050003ab0201", "050003ab0202"]


def test_sar_parts_have_tlvs_and_room_for_a_longer_header() -> None:
    """The reference has 16 bits, so the SMSC may need a header of 7 octets: 152 septets, or 132 octets."""
    parts = make_parts("a" * 161, GSM7, SAR, reference=0xABCD)
    assert [part.short_message for part in parts] == [b"a" * 152, b"a" * 9]
    assert {part.esm_class for part in parts} == {0}
    assert [
        [find_integer(part.tlvs, tag) for tag in (Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM)]
        for part in parts
    ] == [[0xABCD, 2, 1], [0xABCD, 2, 2]]
    assert [len(part.short_message) for part in make_parts("Д" * 71, GSM7, SAR)] == [132, 10]


def test_a_payload_is_whole() -> None:
    """The SMSC cuts it; short_message is empty."""
    text = "Д" * 1000
    assert make_parts(text, GSM7, PAYLOAD) == [
        SubmitPart(b"", 0, 8, (Tlv(Tag.MESSAGE_PAYLOAD, text.encode("utf-16-be")),))
    ]
    (part,) = make_parts("a€" * 100, PACKED, PAYLOAD)
    assert read_back([part], PACKED) == ["a€" * 100]


@pytest.mark.parametrize(
    ("alphabet", "text", "data_coding"),
    [(GSM7, "€", 0), (LATIN1, "€", 8), (LATIN1, "é", 0), (LATIN1, "ê", 8), (ASCII, "é", 8), (PACKED, "€", 0)],
)
def test_what_the_route_cannot_say_goes_as_ucs2(alphabet: DefaultAlphabet, text: str, data_coding: int) -> None:
    """Nothing is lost."""
    parts = make_parts(text, alphabet)
    assert [part.data_coding for part in parts] == [data_coding]
    assert read_back(parts, alphabet) == [text]


def test_a_flash_message() -> None:
    """0xF0 in all parts."""
    assert {part.data_coding for part in make_parts("a" * 200, message_class=0)} == {0xF0}
    with pytest.raises(EncodeError):
        make_parts("Д", message_class=0)


def test_the_empty_text_is_a_message() -> None:
    """One part without octets."""
    assert make_parts("") == [SubmitPart(b"", 0, 0)]


@pytest.mark.parametrize(
    ("text", "method", "reference"),
    [
        pytest.param("a" * 153 * 255 + "a", UDH, 0, id="256 parts"),
        pytest.param("a" * 161, UDH, 256, id="a reference of 9 bits"),
        pytest.param("a" * 161, SAR, 65536, id="a reference of 17 bits"),
        pytest.param("\ud83d", UDH, 0, id="half a surrogate pair"),
    ],
)
def test_texts_that_cannot_be_sent(text: str, method: LongTextMethod, reference: int) -> None:
    """An EncodeError, and no part leaves."""
    with pytest.raises(EncodeError):
        make_parts(text, GSM7, method, reference=reference)


@given(
    st.text(st.sampled_from("ab€[]{}~é_@ДÀ😀\u0301🇬🇧\U0001f3fd\u200d"), max_size=400),
    st.sampled_from(DefaultAlphabet),
    st.sampled_from([UDH, SAR]),
)
def test_each_part_can_be_read_by_itself(text: str, alphabet: DefaultAlphabet, method: LongTextMethod) -> None:
    """No pair is cut in two, no part is too long, and joined they are the text."""
    parts = make_parts(text, alphabet, method, reference=9)
    texts = read_back(parts, alphabet)
    if alphabet is PACKED and texts:  # a text of 8 n septets that ends with `@` cannot be told from padding
        texts[-1] = texts[-1].removesuffix("@")
        text = text.removesuffix("@")
    assert "".join(texts) == text
    header = 6 if method is UDH and len(parts) > 1 else 0
    width = 0 if len(parts) == 1 else 153 if method is UDH else 152
    for part in parts:
        assert len(part.short_message) <= (140 if part.data_coding == 8 or alphabet is PACKED else 160)
        if width and part.data_coding == 8:
            assert len(part.short_message) - header <= (134 if method is UDH else 132)
        elif width and alphabet is not PACKED:
            assert len(part.short_message) - header <= width
        assert find_tlv(part.tlvs, Tag.MESSAGE_PAYLOAD) is None


def test_joined_payloads_are_decoded_as_one() -> None:
    """A careless sender cuts a pair; who joins the payloads first reads it all the same."""
    whole = "a😀b".encode("utf-16-be")
    assert decode_text(whole[:4] + whole[4:], 8, GSM7) == "a😀b"
