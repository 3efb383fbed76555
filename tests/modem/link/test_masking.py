"""Stand-ins: the same length everywhere, the same for the same number, and nothing real left."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modemd.emulator import identities
from modemd.modem.link import check_digit
from modemd.modem.link.masking import Mask, mask_pdu
from modemd.pdu import Deliver, StatusReport, compose_deliver, decode_incoming, decode_outgoing, frame, unframe
from modemd.pdu.fields.timestamp import Timestamp
from tests.emulator.bench import START

IMEI = "351234050000017"
ICCID = "8944100030123456782"
PDU = "0791447758100650040C9144770009406500005230119051800008C834888E2ECBCB"
REPORT = "079144775810065006400C91447700091032523011905180005230119051210000"


def masked(*lines: str, described: bool = False) -> list[str]:
    """What becomes of the lines, said one after the other."""
    said = "\r\n".join(lines).encode("latin-1")
    return Mask().mask(said, lambda _: described).decode("latin-1").split("\r\n")


@pytest.mark.parametrize(
    ("line", "stand_in"),
    [
        pytest.param(IMEI, "351230000000016", id="an IMEI keeps the beginning of its model, and a right check digit"),
        pytest.param("351234050000018", "351230000000017", id="a wrong check digit stays wrong"),
        pytest.param("3512340500000178", "3512300000000100", id="an IMEISV"),
        pytest.param(f"+CCID: {ICCID}", "+CCID: 8944100000000000019", id="an ICCID keeps country and issuer"),
        pytest.param('^ICCID: "8944100030123456782F"', '^ICCID: "8944100000000000019F"', id="an ICCID with its filler"),
        pytest.param('+CSCA: "+447785016005",145', '+CSCA: "+440000000001",145', id="the service centre"),
        pytest.param('+CNUM: "John Doe","07700900123",129', '+CNUM: "xxxx xxx","07000000001",129', id="name and number"),
        pytest.param('+CLIP: "36245",129', '+CLIP: "00001",129', id="a short code"),
        pytest.param("MISSED_CALL: 09:15AM +447700900456", "MISSED_CALL: 09:15AM +440000000001", id="by itself"),
        pytest.param('+CREG: 2,1,"1A2B","0C3D4E5F",7', '+CREG: 2,1,"0001","00000001",7', id="where it stands"),
        pytest.param("+CREG: 2,1, 1A2B, C3D4E5", "+CREG: 2,1, 0001, 000001", id="where it stands, unquoted"),
        pytest.param('+CUSD: 0,"Balance: 12.50 EUR",15', '+CUSD: 0,"xxxxxxx: xx.xx xxx",15', id="USSD"),
        pytest.param('+CUSD: 0,"C2303BEC1E97",15', '+CUSD: 0,"783C1E8FC7E3",15', id="USSD in packed septets"),
        pytest.param('+CUSD: 0,"04110430",72', '+CUSD: 0,"00780078",72', id="USSD in UCS2"),
        pytest.param("+CSQ: 17,99", "+CSQ: 17,99", id="what is nobody's"),
        pytest.param('+CCLK: "26/11/22,10:54:34+04"', '+CCLK: "26/11/22,10:54:34+04"', id="a clock"),
        pytest.param('+COPS: 0,0,"vodafone UK"', '+COPS: 0,0,"vodafone UK"', id="an operator"),
        pytest.param('+CPMS: "SM",2,50,"SM",2,50,"SM",2,50', '+CPMS: "SM",2,50,"SM",2,50,"SM",2,50', id="memories"),
        pytest.param("^ICCID: 98440100032143658729", "^ICCID: 98440000000000000010", id="an ICCID as the SIM holds it"),
    ],
)  # fmt: skip
def test_a_line_has_its_stand_in(line: str, stand_in: str) -> None:
    """Each kind of line, with what tells of a person, a SIM or a place replaced in its own length."""
    assert masked(line) == [stand_in]
    assert len(line) == len(stand_in)


def test_versions_and_rates_are_left_but_identities_are_not() -> None:
    """A firmware's date and a line's rate are no telephone numbers; an IMEI beside them is one."""
    said = ("Revision: 20131127", "+IPR: (9600,3686400)", f"IMEI: {IMEI}")
    assert masked(*said, described=True) == [*said[:2], "IMEI: 351230000000016"]


def test_a_notice_among_versions_is_masked() -> None:
    """It may land in any reply."""
    said = ('+CLIP: "07700900456",129', "MISSED_CALL: +447700900456")
    assert masked(*said, described=True) == ['+CLIP: "07000000001",129', "MISSED_CALL: +440000000001"]


def test_the_same_number_has_the_same_stand_in() -> None:
    """International, national, quoted, in UCS2 hex and inside a PDU: one number, one stand-in; another has another."""
    ucs2 = "+447700900456".encode("utf-16-be").hex().upper()
    lines = masked(
        '+CLIP: "+447700900456",145', "+CMT: ,26", PDU, f'+CNUM: "","{ucs2}",145', "07700900456", "07700900457"
    )
    _, pdu = unframe(bytes.fromhex(lines[2]))
    part = decode_incoming(pdu)
    assert isinstance(part, Deliver)
    assert str(part.originator) == "+440000000001"
    assert bytes.fromhex(lines[3].split('"')[3]).decode("utf-16-be") == "+440000000001"
    assert (lines[0], lines[4]) == ('+CLIP: "+440000000001",145', "07000000001")
    assert lines[5] == "07000000003"  # 2 is the service centre in the PDU


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("hello", id="septets"),
        pytest.param("Привет", id="UCS2"),
        pytest.param("a long way to go " * 12, id="parts, with header and fill bits"),
        pytest.param("Привет " * 15, id="UCS2 in parts"),
    ],
)
def test_a_pdu_keeps_its_shape(text: str) -> None:
    """Length, header, coding and times stay; the text is x, as long as it was."""
    for part in compose_deliver("+447700900123", text, Timestamp.of(START), reference=7):
        line = frame(part.encode()).hex().upper()
        _, tpdu = unframe(bytes.fromhex(mask_pdu(line, lambda digits: "4" * len(digits))))
        other = decode_incoming(tpdu)
        assert isinstance(other, Deliver)
        assert len(tpdu) == len(part.encode())
        assert (other.timestamp, other.coding, other.concatenation) == (part.timestamp, part.coding, part.concatenation)
        assert part.text is not None
        assert str(other.originator) == "+444444444444"
        assert other.text == "x" * len(part.text)


def test_a_status_report_keeps_its_shape() -> None:
    """Only the recipient and the service centre change."""
    centre, tpdu = unframe(bytes.fromhex(mask_pdu(REPORT, lambda digits: "4" * len(digits))))
    report = decode_incoming(tpdu)
    real = decode_incoming(unframe(bytes.fromhex(REPORT))[1])
    assert isinstance(report, StatusReport)
    assert isinstance(real, StatusReport)
    assert (str(centre), str(report.recipient)) == ("+444444444444", "+444444444444")
    assert (report.reference, report.status, report.discharge) == (real.reference, real.status, real.discharge)


def test_a_stored_message_of_our_own_is_masked_too() -> None:
    """A SUBMIT, as +CMGL shows what was written there."""
    line = "0001000C91447700091032000005C8329BFD06"
    _, header, pdu = masked("AT", "+CMGL: 1,2,,18", line)
    submit = decode_outgoing(unframe(bytes.fromhex(pdu))[1])
    assert header == "+CMGL: 1,2,,18"
    assert str(submit.destination) == "+440000000001"


def test_a_name_as_sender_is_masked() -> None:
    """An alphanumeric sender has as many letters as before."""
    line = "0791447758100650040BD0CDBC30EC5E0300005230119051804011D9775D0E1ABFC965507A0EA2E16431"
    part = decode_incoming(unframe(bytes.fromhex(mask_pdu(line, str)))[1])
    assert isinstance(part, Deliver)
    assert part.originator.value == "xxxxxx"


def test_a_pdu_that_cannot_be_read_is_zeros() -> None:
    """What is in it is not known, so none of it stays."""
    assert masked("+CMT: ,26", PDU[:24]) == ["+CMT: ,26", "0" * 24]


def test_text_mode_and_menus_are_masked_over_all_their_lines() -> None:
    """A text or a USSD menu of several lines; what comes behind it is read as before."""
    assert masked('+CMT: "+447700900456",,"25/03/11,09:15:08+00"', "Hello Bob", "see you", "+CSQ: 1,99") == [
        '+CMT: "+440000000001",,"25/03/11,09:15:08+00"',
        "xxxxx xxx",
        "xxx xxx",
        "+CSQ: 1,99",
    ]
    assert masked('+CUSD: 1,"1 Balance', '2 Bonus",15', "+CSQ: 1,99") == [
        '+CUSD: 1,"x xxxxxxx',
        'x xxxxx",15',
        "+CSQ: 1,99",
    ]


def test_a_result_is_no_text() -> None:
    """What ends an answer stays what it is, behind a header that owns nothing too."""
    said = ["+CMGL: (0-4)", "OK", "+CMGR: 0,,0", "+CMS ERROR: 321", "+CMGL: (0-4)", "ERROR"]
    assert masked(*said) == said


def test_the_check_digit_is_that_of_the_standard() -> None:
    """The emulator has its own; both agree."""
    for number in ("35123405000001", "894410003012345678", "0", "79927398713"):
        assert check_digit.compute(number) == identities.luhn_digit(number)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_whatever_is_said_keeps_its_length(said: bytes, described: bool) -> None:
    """Masking never fails, and never moves an octet."""
    assert len(Mask().mask(said, lambda _: described)) == len(said)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(("+CMT: ,26", "+CDS: 25", "+CMGL: 0,1,,26")), st.binary(min_size=1, max_size=60))
def test_whatever_a_pdu_holds_keeps_its_length(header: str, pdu: bytes) -> None:
    """Any octets behind a header that owns them."""
    line = pdu.hex().upper()
    assert [len(each) for each in masked(header, line)] == [len(header), len(line)]
