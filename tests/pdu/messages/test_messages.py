"""Message types: what each refuses, and what only some have."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest

from modemd.errors import DecodeError, EncodeError
from modemd.pdu import (
    Address,
    Command,
    Deliver,
    DeliverReport,
    StatusReport,
    Submit,
    SubmitReport,
    Timestamp,
    UserData,
    decode_incoming,
    decode_outgoing,
    frame,
    unframe,
)

TO = Address.parse("+447700900123")
STAMP = Timestamp(bytes.fromhex("52301190518000"))
SUBMIT = Submit(TO, UserData(b"Hi"))
DELIVER = Deliver(TO, UserData(b"Hi"), STAMP)
REPORT = StatusReport(1, TO, STAMP, STAMP, 0)
COMMAND = Command(TO, 2)


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (replace(SUBMIT, reference=256), "TP-MR"),
        (replace(SUBMIT, protocol_id=-1), "TP-PID"),
        (replace(SUBMIT, dcs=256), "TP-DCS"),
        (replace(DELIVER, protocol_id=256), "TP-PID"),
        (replace(DELIVER, dcs=-1), "TP-DCS"),
        (replace(DELIVER, timestamp=Timestamp(b"")), "time stamp"),
        (replace(REPORT, status=256), "TP-ST"),
        (replace(REPORT, reference=256), "TP-MR"),
        (replace(REPORT, protocol_id=256), "TP-PID"),
        (replace(REPORT, dcs=256), "TP-DCS"),
        (replace(COMMAND, command_type=256), "TP-CT"),
        (replace(COMMAND, message_number=256), "TP-MN"),
        (DeliverReport(failure=0x7F), "TP-FCS"),
        (SubmitReport(STAMP, dcs=256), "TP-DCS"),
    ],
)
def test_fields_are_octets(message: Any, field: str) -> None:
    """A value that is no octet is refused, and its field named."""
    with pytest.raises(EncodeError) as caught:
        message.encode()
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("decode", "octets"),
    [
        (Submit.decode, ""),
        (Submit.decode, "00"),
        (Deliver.decode, ""),
        (Deliver.decode, "01"),
        (StatusReport.decode, "00"),
        (Command.decode, "02"),
        (Command.decode, "0242AB8934049136190561"),
        (DeliverReport.decode, "00"),
        (DeliverReport.decode, "0001"),
        (DeliverReport.decode, "00D0"),
        (SubmitReport.decode, "01005230"),
        (SubmitReport.decode, "0102523011905180"),
        (decode_incoming, "01"),
        (decode_outgoing, "00"),
        (decode_outgoing, "03"),
        (unframe, ""),
        (unframe, "0791"),
        (unframe, "0C91"),
        (unframe, "0111"),
    ],
)
def test_what_is_too_short_or_of_another_type(decode: Callable[[bytes], object], octets: str) -> None:
    """Missing fields and other message types are a DecodeError."""
    with pytest.raises(DecodeError):
        decode(bytes.fromhex(octets))


def test_reserved_type_is_read_as_deliver() -> None:
    """Message type 3 is read as a DELIVER, as the clause asks."""
    octets = bytearray(DELIVER.encode())
    octets[0] |= 3
    assert decode_incoming(bytes(octets)) == DELIVER


def test_messages_do_not_change() -> None:
    """Messages are values: equal by their fields, usable as keys, and never altered."""
    assert Submit.decode(SUBMIT.encode()) == SUBMIT
    assert len({SUBMIT, Submit.decode(SUBMIT.encode()), replace(SUBMIT, dcs=8)}) == 2
    with pytest.raises(FrozenInstanceError):
        SUBMIT.dcs = 8  # type: ignore[misc]  # that is the test


@pytest.mark.parametrize("kind", [Submit, Deliver, StatusReport, Address, UserData, Timestamp])
def test_construction_keeps_its_signature(kind: type[Any]) -> None:
    """The faster construction takes the same fields, by place and by name, with the same defaults."""
    values = {field.name: object() for field in fields(kind)}
    by_name, by_place = kind(**values), kind(*values.values())
    for field in fields(kind):
        assert getattr(by_name, field.name) is getattr(by_place, field.name) is values[field.name]
    with pytest.raises(TypeError):
        kind(**values, another=1)


def test_replace_types() -> None:
    """A DELIVER says whether it replaces an earlier one."""
    assert replace(DELIVER, protocol_id=0x43).replace_type == 3
    assert DELIVER.replace_type is None


def test_service_centre_in_front() -> None:
    """No address means the one in the SIM."""
    assert frame(b"\1\2") == b"\0\1\2"
    assert unframe(b"\0\1\2") == (None, b"\1\2")
