"""Replies as modems give them, with their oddities."""

from __future__ import annotations

import pytest

from modemd.at import replies
from modemd.at.replies import Registration, StorageFill, StorageSlot, StoredMessage
from modemd.errors import DecodeError

PDU = "0791447758100650040C9144770009406500005230119051800008C834888E2ECBCB"


@pytest.mark.parametrize(
    ("lines", "reference"),
    [
        pytest.param(["+CMGS: 12"], 12, id="plain"),
        pytest.param(["+CMGS:0"], 0, id="no blank, zero"),
        pytest.param(['+CMGS: 64,"25/03/11,09:15:08+00"'], 64, id="with a time stamp (Telit, CSMS=1)"),
    ],
)
def test_message_reference(lines: list[str], reference: int) -> None:
    """TP-MR is read whatever follows it."""
    assert replies.parse_message_reference(lines) == reference


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        pytest.param(["+CREG: 0,1"], Registration.HOME, id="home"),
        pytest.param(['+CREG: 2,5,"1A2B","0C3D4E5F",7'], Registration.ROAMING, id="roaming, with its cell"),
        pytest.param(["+CREG: 0,1", "+CREG: 2"], Registration.HOME, id="a notice behind the answer"),
        pytest.param(["+CEREG: 0,6"], Registration.SMS_ONLY_HOME, id="LTE, SMS only"),
        pytest.param(["+CREG: 0,9"], Registration.HOME_WITHOUT_CSFB, id="9"),
        pytest.param(["+CREG: 0,8"], Registration.EMERGENCY_ONLY, id="8"),
        pytest.param(["+CEREG: 0,11"], Registration.LOCAL_SERVICES_ONLY, id="11"),
        pytest.param(["+CEREG: 0,10"], Registration.ROAMING_WITHOUT_CSFB, id="10"),
        pytest.param(["+CREG:0,1"], Registration.HOME, id="no blank"),
        pytest.param(["+CREG: 1"], Registration.HOME, id="only the state"),
        pytest.param(["+CREG: 2,1, E006B, ABE0016"], Registration.HOME, id="E1752: without quotes"),
        pytest.param(
            ['+CREG: 2,1,"4048","0B78"', '+CREG: 2,"4048","0B78"'],
            Registration.HOME,
            id="a notice with an area of digits",
        ),
        pytest.param(["+CREG: 2,1,4048,0B78", "+CREG: 2,4048,0B78"], Registration.HOME, id="and without quotes"),
        pytest.param(['+CREG: 5,"4048","0B78"', '+CREG: 2,1,"4048","0B78"'], Registration.HOME, id="a notice in front"),
        pytest.param(["+CREG: 0,42"], Registration.UNKNOWN, id="a number nobody defined"),
    ],
)
def test_registration(lines: list[str], state: Registration) -> None:
    """The answer is told from a notice by its two fields."""
    assert replies.parse_registration(lines) == state


def test_states_in_which_messages_go() -> None:
    """9 and 10 are registered, calls aside; 8 is for emergencies only, and 11 for local services only (27.007 7.2)."""
    assert {int(state) for state in Registration if state.is_registered} == {1, 5, 6, 7, 9, 10}
    assert {int(state) for state in Registration if state.is_roaming} == {5, 7, 10}


@pytest.mark.parametrize(
    ("lines", "is_text"),
    [(["+CMGF: 1"], True), (["+CMGF:1"], True), (["+CMGF: 0"], False), ([], False)],
)
def test_text_mode(lines: list[str], is_text: bool) -> None:
    """Only a modem that says so is in text mode."""
    assert replies.is_text_mode(lines) is is_text


@pytest.mark.parametrize(
    ("lines", "is_pdu"),
    [(["+CMGF: 0"], True), (["+CMGF:0"], True), (["+CMGF: 1"], False), (["+CMGF: 2"], False), ([], False)],
)
def test_pdu_mode(lines: list[str], is_pdu: bool) -> None:
    """Only a modem that says so is in PDU mode."""
    assert replies.is_pdu_mode(lines) is is_pdu


@pytest.mark.parametrize(("line", "dbm"), [("+CSQ: 17,99", -79), ("+CSQ: 31,0", -51), ("+CSQ: 99,99", None)])
def test_signal(line: str, dbm: int | None) -> None:
    """RSSI 0 to 31 is -113 to -51 dBm; 99 is not known."""
    assert replies.parse_signal_dbm([line]) == dbm


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('+CMTI: "SM",7', StorageSlot("SM", 7)),
        ('+CMTI: "ME",3,"MMS PUSH"', StorageSlot("ME", 3)),
        ('+CDSI: "SR",0', StorageSlot("SR", 0)),
    ],
)
def test_slot(line: str, expected: StorageSlot) -> None:
    """Further parameters (SIM800's MMS PUSH) do no harm."""
    assert replies.parse_slot(line) == expected


def test_listing_with_its_variants() -> None:
    """Quoted alpha, empty alpha and a missing status are all read."""
    lines = ["+CMGL: 0,0,,26", PDU, '+CMGL: 3,1,"",26', PDU, "+CMGL: 4,,26", PDU]
    assert replies.parse_listing(lines) == [
        StoredMessage(0, 0, PDU, 26),
        StoredMessage(3, 1, PDU, 26),
        StoredMessage(4, None, PDU, 26),
    ]


def test_reading_an_empty_slot() -> None:
    """No header is an empty slot, not an error."""
    assert replies.parse_message([], 9) is None
    assert replies.parse_message(["+CMGR: 0,,26", PDU], 9) == StoredMessage(9, 0, PDU, 26)


def test_slots_whose_pdu_is_no_hex() -> None:
    """A header without a PDU in hex behind it: noise, or a modem that shows letters in an address."""
    lines = ["+CMGL: 7,1,,29", "0BD0p26F", "+CMGL: 8,1,,26", PDU, "+CMGL: 9,1,,26", "+CMGL: x,1,,26", "+CMGL: 10,0,,26"]
    assert replies.list_unreadable_slots(lines) == [7, 9, 10]
    assert [stored.index for stored in replies.parse_listing(lines)] == [8]
    assert replies.list_unreadable_slots([]) == []


@pytest.mark.parametrize(
    "line", ["+CPMS: 2,50,2,50,2,50", '+CPMS: "SM",2,50,"SM",2,50,"SM",2,50'], ids=["set", "asked"]
)
def test_fill(line: str) -> None:
    """Both shapes of +CPMS say how full the first storage is."""
    assert replies.parse_fill([line]) == StorageFill(2, 50)


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        (["89441000301234567890"], "89441000301234567890"),
        (['+CCID: "89441000301234567890"'], "89441000301234567890"),
        (["^ICCID: 8944100030123456789F"], "8944100030123456789"),
    ],
)
def test_digits(lines: list[str], value: str) -> None:
    """An ICCID is found in every family's form."""
    assert replies.parse_digits(lines, "ICCID", 18) == value
    assert replies.parse_iccid(lines, "ICCID") == value


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("+CCID: 898602B8091751100000", "898602B8091751100000"),
        ('+CCID: "898600b5121750000123f"', "898600B5121750000123"),
        ("898604B7091751100000", "898604B7091751100000"),
    ],
)
def test_an_iccid_may_have_letters(line: str, value: str) -> None:
    """Some issuers use A to E as digits; F is a filler."""
    assert replies.parse_iccid([line], "ICCID") == value


@pytest.mark.parametrize(
    "parse",
    [
        lambda: replies.parse_message_reference(["+CMGS: x"]),
        lambda: replies.parse_message_reference([]),
        lambda: replies.parse_registration(["+CREG: "]),
        lambda: replies.parse_signal_dbm(["+CSQ:"]),
        lambda: replies.parse_slot("+CMTI: SM"),
        lambda: replies.parse_fill(["+CPMS: "]),
        lambda: replies.parse_identity([""]),
        lambda: replies.parse_digits(["E3372"], "IMEI", 14),
        lambda: replies.parse_iccid(["+CCID: 8986F2B8091751100000"], "ICCID"),
    ],
)
def test_nonsense_is_an_error_of_our_own(parse: object) -> None:
    """Whatever a modem answers instead, the error is a DecodeError."""
    with pytest.raises(DecodeError):
        parse()  # type: ignore[operator]
