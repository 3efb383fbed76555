"""PDUs worked out by hand from the standard; each is read, and written again, octet by octet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from modemd.errors import DecodeError
from modemd.pdu import (
    Address,
    Concatenation,
    Deliver,
    Element,
    Outcome,
    RelativeValidity,
    SingleShift,
    StatusReport,
    Submit,
    UserData,
    Validity,
    compose,
    decode_incoming,
    decode_outgoing,
    frame,
    unframe,
)
from modemd.pdu.text.alphabet import DEFAULT

TO = Address.parse("+447700900123")
DAY = RelativeValidity.at_least(timedelta(hours=24))


@pytest.mark.parametrize(
    ("text", "validity", "report", "message_class", "octets", "wanted"),
    [
        pytest.param("Hello", None, False, None, 18, "0001000C91447700091032000005C8329BFD06", id="plain"),
        pytest.param("Hello", DAY, False, None, 19, "0011000C914477000910320000A705C8329BFD06", id="a-day"),
        pytest.param(
            "Hello world", DAY, True, None, 24, "0031000C914477000910320000A70BC8329BFD06DDDF723619", id="report"
        ),
        pytest.param("Cost €5", DAY, False, None, 21, "0011000C914477000910320000A708C3F79C0EDA946B", id="euro"),
        pytest.param(
            "Привет", DAY, False, None, 26, "0011000C914477000910320008A70C041F04400438043204350442", id="ucs2"
        ),
        pytest.param("😀", DAY, False, None, 18, "0011000C914477000910320008A704D83DDE00", id="surrogates"),
        pytest.param("Alert", None, False, 0, 18, "0001000C914477000910320010054176594E07", id="flash"),
    ],
)
def test_submit_of_one_part(
    text: str, validity: Validity | None, report: bool, message_class: int | None, octets: int, wanted: str
) -> None:
    """A text becomes the PDU of the standard, and reads back; the length for AT+CMGS leaves the SMSC out."""
    (part,) = compose(TO, text, validity=validity, report_requested=report, message_class=message_class)
    tpdu = part.encode()
    assert frame(tpdu).hex().upper() == wanted
    assert len(tpdu) == octets
    assert decode_outgoing(tpdu) == part
    assert (part.text, part.message_class) == (text, message_class)


@pytest.mark.parametrize(
    ("header", "text", "report", "wanted"),
    [
        pytest.param(
            (Concatenation(0x7B, 2, 2),),
            "Hello",
            True,
            "0071000C914477000910320000A70C0500037B0202906536FB0D",
            id="8-bit reference, one fill bit",
        ),
        pytest.param(
            (Concatenation(0x1234, 2, 2, 16),),
            "Hello",
            False,
            "0051000C914477000910320000A70D06080412340202C8329BFD06",
            id="16-bit reference, no fill bit",
        ),
        pytest.param(
            (Concatenation(0x7B, 2, 1),),
            "A" * 153,
            True,
            "0071000C914477000910320000A7A00500037B0201" + "82C16030180C06" + "83C16030180C06" * 18 + "83",
            id="a full part",
        ),
    ],
)
def test_submit_of_a_set(header: tuple[Element, ...], text: str, report: bool, wanted: str) -> None:
    """The text of a part starts on a septet boundary behind its header, whatever the header's length."""
    part = Submit(TO, UserData(DEFAULT.encode(text), header), validity=DAY, report_requested=report)
    assert frame(part.encode()).hex().upper() == wanted
    assert Submit.decode(part.encode()) == part


def test_national_shift_is_written_and_read() -> None:
    """A single shift element makes an escape mean the language's own character."""
    plain = Submit.decode(bytes.fromhex("41000C9144770009103200000603240101C003"))
    assert (plain.user_data.header, plain.text) == ((SingleShift(1),), "x")
    (part,) = compose(TO, "ğışİŞĞç" * 22, national=True)
    assert Submit.decode(part.encode()).text == "ğışİŞĞç" * 22


SMSC = "0791447758100650"


@pytest.mark.parametrize(
    ("pdu", "sender", "text", "hours"),
    [
        pytest.param(
            "040C9144770009406500005230119051800008C834888E2ECBCB", "+447700900456", "Hi there", 0, id="digits"
        ),
        pytest.param(
            "040BD0CDBC30EC5E0300005230119051804011D9775D0E1ABFC965507A0EA2E16431",
            "MyBank",
            "Your code is 4821",
            1,
            id="name",
        ),
        pytest.param("040C914477000940650008523011905180210404140430", "+447700900456", "Да", 3, id="ucs2"),
        pytest.param("0405812143F50000523011905180000453EA130A", "12345", "STOP", 0, id="short code"),
        pytest.param(
            "040C9144770009406500F252301190518000076376783E07C900", "+447700900456", "class 2", 0, id="class 2"
        ),
        pytest.param(
            "440C9144770009406500005230119051800A0D06080412340202C8329BFD06", "+447700900456", "Hello", -5, id="west"
        ),
    ],
)
def test_deliver(pdu: str, sender: str, text: str, hours: int) -> None:
    """A DELIVER says who, when (with the offset of the network's clock) and what, and is written again the same."""
    smsc, tpdu = unframe(bytes.fromhex(SMSC + pdu))
    assert str(smsc) == "+447785016005"
    message = decode_incoming(tpdu)
    assert isinstance(message, Deliver)
    assert (str(message.originator), message.text) == (sender, text)
    assert message.timestamp.value == datetime(2025, 3, 11, 9, 15, 8, tzinfo=timezone(timedelta(hours=hours)))
    assert not message.more_to_send
    assert frame(message.encode(), smsc).hex().upper() == SMSC + pdu


@pytest.mark.parametrize(
    ("pdu", "reference", "outcome"),
    [
        pytest.param("06400C91447700091032523011905180005230119051210000", 0x40, Outcome.DELIVERED, id="delivered"),
        pytest.param("06410C91447700091032523011905180005230119051800046", 0x41, Outcome.PERMANENT, id="expired"),
        pytest.param("06410C91447700091032523011905180005230119051040001", 0x41, Outcome.UNCONFIRMED, id="forwarded"),
        pytest.param("06410C91447700091032523011905180005230119051040002", 0x41, Outcome.UNCONFIRMED, id="replaced"),
        pytest.param(
            "06410C9144770009103252301190518000523011905104001F", 0x41, Outcome.UNCONFIRMED, id="reserved, done"
        ),
        pytest.param("06410C91447700091032523011905180005230119051040030", 0x41, Outcome.TRYING, id="still trying"),
        pytest.param("06410C91447700091032523011905180005230119051040065", 0x41, Outcome.STOPPED, id="given up"),
        pytest.param("06410C914477000910325230119051800052301190510400C1", 0x41, Outcome.STOPPED, id="reserved"),
    ],
)
def test_status_report(pdu: str, reference: int, outcome: Outcome) -> None:
    """A status report says which message it is about and what became of it."""
    message = decode_incoming(bytes.fromhex(pdu))
    assert isinstance(message, StatusReport)
    assert (message.reference, message.outcome, str(message.recipient)) == (reference, outcome, "+447700900123")
    assert message.timestamp.value == datetime(2025, 3, 11, 9, 15, 8, tzinfo=UTC)
    assert message.encode().hex().upper() == pdu


def test_filler_behind_a_status_report_is_ignored() -> None:
    """A record of a SIM is filled with FF, and a report cut in its optional fields keeps the others."""
    report = "06400C91447700091032523011905180005230119051210000"
    plain = decode_incoming(bytes.fromhex(report))
    assert decode_incoming(bytes.fromhex(report + "FF" * 20)) == plain
    assert decode_incoming(bytes.fromhex(report + "04")) == plain


@pytest.mark.parametrize(
    ("pdu", "field", "octet"),
    [
        pytest.param("", "TP-MTI", 0, id="nothing"),
        pytest.param("05", "TP-MTI", 0, id="a SUBMIT is not incoming"),
        pytest.param("04", "TP-OA", 1, id="ends before the sender"),
        pytest.param("0415", "TP-OA", 2, id="ends in the sender"),
        pytest.param("04159144770009406500", "TP-OA", 1, id="more than 20 digits"),
        pytest.param("040411447700", "TP-OA", 2, id="no extension bit"),
        pytest.param("0404914477", "TP-PID", 5, id="ends before TP-PID"),
        pytest.param("04049144770000523011", "TP-SCTS", 10, id="ends in the time stamp"),
        pytest.param("0404914477000052301190518000", "TP-UDL", 14, id="ends before TP-UDL"),
        pytest.param("0640049144775230", "TP-SCTS", 8, id="report ends in its time stamp"),
    ],
)
def test_error_says_where(pdu: str, field: str, octet: int) -> None:
    """What cannot be read is told by field and offset."""
    with pytest.raises(DecodeError) as caught:
        decode_incoming(bytes.fromhex(pdu))
    assert (caught.value.field, caught.value.octet) == (field, octet)
