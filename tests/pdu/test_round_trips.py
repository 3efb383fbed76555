"""What is written is what is read, for everything the types can express."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from modemd.pdu import (
    Address,
    Command,
    Deliver,
    DeliverReport,
    Direction,
    RelativeValidity,
    StatusReport,
    Submit,
    SubmitReport,
    Timestamp,
    compose,
    compose_data,
    compose_deliver,
    decode_incoming,
    decode_outgoing,
    explain,
    frame,
    join,
    join_data,
    pack,
    unframe,
    unpack,
)
from tests.pdu import strategies as given_of

examples = settings(max_examples=150, deadline=None)  # no deadline: the machine may be busy

Any = Submit | Deliver | StatusReport | Command | DeliverReport | SubmitReport


def same_after(message: Any, direction: Direction) -> bool:
    """Whether a message comes back from its octets, the octets from it, and the explanation covers them all."""
    octets = message.encode()
    rows = explain(octets, direction, smsc=False)
    assert b"".join(row.octets for row in rows) == octets
    again = type(message).decode(octets)
    return again == message and again.encode() == octets


@examples
@given(given_of.submits())
def test_submit_comes_back(message: Submit) -> None:
    """decode(encode(x)) is x, and encode(decode(h)) is h, for every SUBMIT."""
    assert same_after(message, Direction.OUTGOING)
    assert decode_outgoing(message.encode()) == message


@examples
@given(given_of.delivers())
def test_deliver_comes_back(message: Deliver) -> None:
    """The same for every DELIVER."""
    assert same_after(message, Direction.INCOMING)
    assert decode_incoming(message.encode()) == message


@examples
@given(given_of.status_reports())
def test_status_report_comes_back(message: StatusReport) -> None:
    """The same for every STATUS-REPORT."""
    assert same_after(message, Direction.INCOMING)
    assert decode_incoming(message.encode()) == message


@examples
@given(given_of.commands())
def test_command_comes_back(message: Command) -> None:
    """The same for every COMMAND."""
    assert same_after(message, Direction.OUTGOING)
    assert decode_outgoing(message.encode()) == message


@examples
@given(given_of.deliver_reports)
def test_deliver_report_comes_back(message: DeliverReport) -> None:
    """The same for every DELIVER-REPORT."""
    assert same_after(message, Direction.OUTGOING)


@examples
@given(given_of.submit_reports)
def test_submit_report_comes_back(message: SubmitReport) -> None:
    """The same for every SUBMIT-REPORT."""
    assert same_after(message, Direction.INCOMING)


@examples
@given(given_of.submits(), st.none() | given_of.numbers)
def test_frame_comes_back(message: Submit, smsc: Address | None) -> None:
    """The service centre's address and the TPDU come apart again."""
    tpdu = message.encode()
    assert unframe(frame(tpdu, smsc)) == (smsc, tpdu)


@examples
@given(st.binary(max_size=700).map(lambda octets: bytes(octet & 127 for octet in octets)), st.integers(0, 6))
def test_septets_come_back(septets: bytes, fill: int) -> None:
    """Any number of septets comes back from any first bit."""
    assert unpack(pack(septets, fill), len(septets), fill) == septets


@examples
@given(st.text(max_size=400), st.sampled_from([8, 16]), st.booleans(), st.integers(0, 255))
def test_text_comes_back(text: str, width: int, national: bool, reference: int) -> None:
    """Any text comes back from its parts, whatever their order, but for a byte order mark in front. One that begins with U+FFFE,
    which is no character, is read as a mark of the other order."""
    text = text.lstrip("\ufffe")
    sent = compose("+447700900123", text, reference=reference, reference_width=width, national=national)
    again = [Submit.decode(part.encode()) for part in reversed(sent)]
    assert join(again) == text.removeprefix("\ufeff")
    now = Timestamp.of(datetime(2025, 3, 11, tzinfo=UTC))
    received = compose_deliver("MyBank", text, now, reference=reference, reference_width=width, national=national)
    assert [Deliver.decode(part.encode()) for part in received] == received


@examples
@given(st.binary(max_size=1000), st.sampled_from([8, 16]))
def test_data_comes_back(data: bytes, width: int) -> None:
    """Any octets come back from their parts."""
    sent = compose_data("+447700900123", data, reference_width=width)
    assert join_data(Submit.decode(part.encode()) for part in reversed(sent)) == data


@examples
@given(
    st.datetimes(datetime(1990, 1, 2), datetime(2089, 12, 30)),
    st.integers(-79, 79).map(lambda quarters: timezone(quarters * timedelta(minutes=15))),
)
def test_moment_comes_back(moment: datetime, zone: timezone) -> None:
    """A moment comes back to the second, with its offset."""
    wanted = moment.replace(tzinfo=zone, microsecond=0)
    again = Timestamp.of(wanted).value
    assert again == wanted
    assert again is not None
    assert again.utcoffset() == wanted.utcoffset()


@examples
@given(st.timedeltas(timedelta(0), timedelta(weeks=63)))
def test_validity_is_never_shorter(wanted: timedelta) -> None:
    """A relative validity is at least what was asked for, and the next shorter one is not."""
    found = RelativeValidity.at_least(wanted)
    assert found.duration >= wanted
    assert found.octet == 0 or RelativeValidity(found.octet - 1).duration < wanted
