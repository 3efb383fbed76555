from __future__ import annotations

from datetime import datetime

import pytest

from modemd.smpp.message_operations import DataSm, DeliverSm
from modemd.smpp.receipts import (
    DeliveryReceipt,
    MessageType,
    NetworkError,
    SmscState,
    read_message_type,
    read_receipt,
    read_receipt_date,
)
from modemd.smpp.texts import DefaultAlphabet
from modemd.smpp.tlvs import Tag, Tlv, make_integer_tlv, make_string_tlv

APPENDIX_B = "id:1a2B sub:001 dlvrd:001 submit date:2611300915 done date:2611300916 stat:DELIVRD err:000 text:Hello you"


def read(text: str, esm_class: int = 4, *tlvs: Tlv, data_coding: int = 0) -> DeliveryReceipt | None:
    octets = text.encode("utf-16-be" if data_coding == 8 else "latin-1")
    return read_receipt(
        DeliverSm("447700900123", "MyBank", octets, esm_class=esm_class, data_coding=data_coding, tlvs=tlvs)
    )


def must_read(text: str, esm_class: int = 4, *tlvs: Tlv, data_coding: int = 0) -> DeliveryReceipt:
    receipt = read(text, esm_class, *tlvs, data_coding=data_coding)
    assert receipt is not None
    return receipt


def test_the_text_of_appendix_b() -> None:
    """All of its fields."""
    assert read(APPENDIX_B) == DeliveryReceipt(
        message_id="1a2B",
        state=SmscState.DELIVERED,
        is_final=True,
        is_certain=True,
        word="DELIVRD",
        error="000",
        submitted_at=datetime(2026, 11, 30, 9, 15),
        done_at=datetime(2026, 11, 30, 9, 16),
        submitted_parts=1,
        delivered_parts=1,
        text="Hello you",
    )


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("stat:DELIVRD id:7", id="another order, fields missing"),
        pytest.param("ID:7 STAT:delivrd ERR:000", id="another case"),
        pytest.param("id:7,stat:DELIVRD,err:0", id="commas"),
        pytest.param("id: 7 sub:1 stat: DELIVRD", id="blanks after the colons"),
        pytest.param("id:7 submit_date:261130091500 stat:DELIVERED", id="underscores, seconds, the long word"),
        pytest.param("id:7\nstat:DELIVRD\0", id="lines, and a NUL at the end"),
        pytest.param("text:stat id:7 stat:DELIVRD", id="the text is not last"),
        pytest.param("id:7 stat:DELIVRD text:id:8 stat:UNDELIV", id="the text has fields of its own"),
        pytest.param(
            "id:7 stat:DELIVRD text:err:5 done date:2611300916", id="the text has fields that the receipt has not"
        ),
        pytest.param("id:7 stat:DELIVRD id:8 stat:UNDELIV", id="repeated fields"),
        pytest.param("id:7 Done Date:2611300916 stat:DELIVRD Text:", id="an empty text"),
    ],
)
def test_texts_vary(text: str) -> None:
    """Order, case, separators, missing fields."""
    receipt = must_read(text)
    assert (receipt.message_id, receipt.state, receipt.is_final) == ("7", SmscState.DELIVERED, True)
    if "text:err:5" in text:
        assert (receipt.error, receipt.done_at, receipt.text) == (None, None, "err:5 done date:2611300916")


@pytest.mark.parametrize(
    ("word", "state", "is_final"),
    [
        ("DELIVRD", SmscState.DELIVERED, True),
        ("EXPIRED", SmscState.EXPIRED, True),
        ("DELETED", SmscState.DELETED, True),
        ("UNDELIV", SmscState.UNDELIVERABLE, True),
        ("REJECTD", SmscState.REJECTED, True),
        ("ACCEPTD", SmscState.ACCEPTED, False),
        ("UNKNOWN", SmscState.UNKNOWN, False),
        ("ENROUTE", SmscState.ENROUTE, False),
        ("SCHEDULED", SmscState.SCHEDULED, False),
        ("SKIPPED", SmscState.SKIPPED, True),
        ("FANCY", SmscState.UNKNOWN, False),
    ],
)
def test_words_are_states(word: str, state: SmscState, is_final: bool) -> None:
    """ACCEPTD, ENROUTE, UNKNOWN and words that nobody knows are not final; the word itself is kept."""
    receipt = must_read(f"id:7 stat:{word}")
    assert (receipt.state, receipt.is_final, receipt.word) == (state, is_final, word)


@pytest.mark.parametrize(("number", "state"), [(each.value, each) for each in SmscState])
def test_tlvs_go_before_the_text(number: int, state: SmscState) -> None:
    """Identifier and state."""
    tlvs = (make_string_tlv(Tag.RECEIPTED_MESSAGE_ID, "abc"), make_integer_tlv(Tag.MESSAGE_STATE, number))
    receipt = must_read("id:7 stat:ENROUTE", 4, *tlvs)
    assert (receipt.message_id, receipt.state, receipt.is_final) == ("abc", state, state.is_final)


def test_tlvs_alone_are_enough() -> None:
    """Also in data_sm, and with a type of message that says nothing: no person can write a TLV."""
    tlvs = (
        make_string_tlv(Tag.RECEIPTED_MESSAGE_ID, "abc"),
        make_integer_tlv(Tag.MESSAGE_STATE, 5),
        Tlv(Tag.NETWORK_ERROR_CODE, b"\3\1\2"),
        make_integer_tlv(Tag.USER_MESSAGE_REFERENCE, 0x1234),
    )
    expected = DeliveryReceipt(
        "abc", SmscState.UNDELIVERABLE, True, True, network_error=NetworkError(3, 0x0102), reference=0x1234
    )
    assert read_receipt(DataSm("1", "2", esm_class=4, tlvs=tlvs)) == expected
    assert read("", 4, *tlvs) == expected
    assert read("", 0, *tlvs) == expected


@pytest.mark.parametrize(
    "tlvs",
    [
        pytest.param((Tlv(Tag.MESSAGE_STATE, b"\x0a"),), id="a state that nobody knows"),
        pytest.param((Tlv(Tag.MESSAGE_STATE, b""),), id="no state"),
        pytest.param((Tlv(Tag.NETWORK_ERROR_CODE, b"\3\1"), Tlv(Tag.RECEIPTED_MESSAGE_ID, b"\0")), id="cut"),
    ],
)
def test_wrong_tlvs_leave_it_to_the_text(tlvs: tuple[Tlv, ...]) -> None:
    """As if they were not there."""
    receipt = must_read("id:7 stat:DELIVRD", 4, *tlvs)
    assert (receipt.message_id, receipt.state, receipt.network_error) == ("7", SmscState.DELIVERED, None)


@pytest.mark.parametrize(
    ("esm_class", "text", "is_receipt"),
    [
        pytest.param(0x00, "id:7 stat:DELIVRD", True, id="type 0 with id and stat"),
        pytest.param(0x00, "id:7", False, id="type 0 without stat"),
        pytest.param(0x00, "stat:DELIVRD", False, id="type 0 without id"),
        pytest.param(0x00, "id: stat:DELIVRD", False, id="type 0 with an empty id"),
        pytest.param(0x00, "My id:7 and stat:great", False, id="type 0 with a word that is no state"),
        pytest.param(0x00, "avoid:7 ecostat:DELIVRD", False, id="type 0 with longer words"),
        pytest.param(0x04, "", True, id="receipt without anything"),
        pytest.param(0x08, "id:7 stat:DELIVRD", False, id="acknowledgement of a phone"),
        pytest.param(0x10, "id:7 stat:DELIVRD", False, id="acknowledgement of a person"),
        pytest.param(0x18, "id:7 stat:DELIVRD", False, id="conversation abort"),
        pytest.param(0x20, "id:7 stat:ENROUTE", True, id="intermediate"),
        pytest.param(0x07, "id:7 stat:DELIVRD", True, id="with bits of the mode"),
    ],
)
def test_what_is_a_receipt(esm_class: int, text: str, is_receipt: bool) -> None:
    """The type says it, or the pattern does."""
    assert (read(text, esm_class) is not None) == is_receipt


def test_a_receipt_by_its_text_alone_is_not_certain() -> None:
    """A person can write such a text."""
    assert not must_read("id:7 stat:DELIVRD", 0).is_certain
    assert must_read("id:7 stat:DELIVRD", 4).is_certain


def test_an_intermediate_notification_is_never_final() -> None:
    """Whatever state it has."""
    receipt = must_read("id:7 stat:DELIVRD", 0x20)
    assert (receipt.state, receipt.is_final) == (SmscState.DELIVERED, False)


def test_a_receipt_without_anything_says_nothing() -> None:
    """It is kept, with no identifier and no state."""
    assert read("", 4) == DeliveryReceipt(None, SmscState.UNKNOWN, False, True)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2611300915", datetime(2026, 11, 30, 9, 15)),
        ("261130091508", datetime(2026, 11, 30, 9, 15, 8)),
        ("20261130091508", datetime(2026, 11, 30, 9, 15, 8)),
        ("202611300915", datetime(2026, 11, 30, 9, 15)),
        ("2613300915", None),
        ("0000000000", None),
        ("26113009", None),
        ("", None),
        ("²²²²²²²²²²", None),
        ("26-11-30 09:15", None),
    ],
)
def test_dates_with_and_without_seconds(text: str, moment: datetime | None) -> None:
    """In the zone of the SMSC, so without one; what is no date is none."""
    assert read_receipt_date(text) == moment


def test_identifiers_are_ascii_whatever_the_alphabet_is() -> None:
    """`_` is 5F on the wire, which is `§` in GSM; the text of the message is in the route's alphabet."""
    receipt = read_receipt(
        DeliverSm("1", "2", b"id:a_b@c stat:DELIVRD text:\x00\x11", esm_class=4), DefaultAlphabet.GSM7
    )
    assert receipt is not None
    assert (receipt.message_id, receipt.text) == ("a_b@c", "@_")


def test_a_receipt_in_ucs2() -> None:
    """Some SMSCs write it as the message was."""
    receipt = must_read("id:7 stat:DELIVRD text:Да", data_coding=8)
    assert (receipt.message_id, receipt.text) == ("7", "Да")


def test_a_receipt_behind_a_header() -> None:
    """The header is no text."""
    assert must_read("\x05\x00\x03\x07\x01\x01id:7 stat:DELIVRD", 0x44).message_id == "7"


def test_dates_of_a_receipt_have_seconds_or_not() -> None:
    """Each by itself."""
    receipt = must_read("id:7 submit date:261130091508 done date:2611300916 stat:DELIVRD")
    assert receipt.submitted_at == datetime(2026, 11, 30, 9, 15, 8)
    assert receipt.done_at == datetime(2026, 11, 30, 9, 16)


def test_numbers_of_parts_must_be_numbers() -> None:
    """Else they are not known."""
    receipt = must_read("id:7 stat:DELIVRD sub:one dlvrd:99999")
    assert (receipt.submitted_parts, receipt.delivered_parts) == (None, None)


def test_types_of_messages() -> None:
    """Under the mask 3C."""
    assert [read_message_type(each) for each in (0x00, 0x44, 0x08, 0x13, 0x58, 0x20)] == list(MessageType)
