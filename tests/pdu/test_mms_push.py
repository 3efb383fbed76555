"""MMS notifications."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from modemd.errors import DecodeError
from modemd.pdu import Deliver, MmsNotification, Ports, Timestamp, UserData, mms_notification
from modemd.pdu.mms_push import PUSH_PORT
from modemd.pdu.text.composition import compose_data

HEAD = b"\x01\x06\x03\xbe\xaf\x84"
NOTIFICATION = b"\x8c\x82\x98T1\0\x8d\x92"
PLACE = b"\x83http://mmsc/x\0"


def push(*fields: bytes) -> bytes:
    return HEAD + NOTIFICATION + b"".join(fields) + PLACE


def read(*fields: bytes) -> MmsNotification:
    found = MmsNotification.decode(push(*fields))
    assert found is not None
    return found


def test_every_field() -> None:
    """A notification says who, what about, how large, where, until when."""
    found = read(
        b"\x89\x19\x80+447700900456/TYPE=PLMN\0",
        b"\x96Holiday\0",
        b"\x8a\x80",
        b"\x8e\x02\x27\x10",
        b"\x88\x05\x81\x03\x03\xf4\x80",
    )
    assert found == MmsNotification(
        transaction="T1",
        version="1.2",
        content_location="http://mmsc/x",
        sender="+447700900456",
        subject="Holiday",
        message_class="personal",
        size=10000,
        expires=timedelta(days=3),
    )


@pytest.mark.parametrize(
    ("field", "name", "value"),
    [
        pytest.param(b"\x89\x01\x81", "sender", None, id="a sender that is withheld"),
        pytest.param(b"\x89\x07\x80\x05\xeaBob\0", "sender", "Bob", id="a sender in UTF-8"),
        pytest.param(b"\x96\x06\xea\xd0\x96\xd1\x83\0", "subject", "Жу", id="a subject in UTF-8"),
        pytest.param(b"\x96\x05\x84\xfc\xdf!\0", "subject", "üß!", id="a subject in Latin-1"),
        pytest.param(b"\x96\x07\x02\x03\xe8\x04\x16\x04\x43", "subject", "Жу", id="a subject in UCS2"),
        pytest.param(b"\x96\x7f\xc3\xbc\0", "subject", "ü", id="a quoted subject"),
        pytest.param(b"\x8aspecial\0", "message_class", "special", id="a class by name"),
        pytest.param(b"\x8a\x81", "message_class", "advertisement", id="a class by number"),
        pytest.param(
            b"\x88\x06\x80\x04\x67\xd0\x00\x00", "expires", datetime(2025, 3, 11, 9, 18, 56, tzinfo=UTC), id="a date"
        ),
        pytest.param(b"\x88\x0a\x81\x08" + b"\xff" * 8, "expires", None, id="a span beyond all range"),
        pytest.param(b"\xb4\x81\xb5\x01\x80", "size", None, id="headers that are not known"),
    ],
)
def test_forms_of_a_field(field: bytes, name: str, value: object) -> None:
    """Each form that a value may have is read."""
    assert getattr(read(field), name) == value


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x01\x07" + push()[2:], id="no push"),
        pytest.param(b"\x01\x06\x01\xae\x05\x6a\0", id="a service indication"),
        pytest.param(HEAD + b"\x8c\x86\x98T1\0", id="another MMS message"),
    ],
)
def test_other_pushes_are_none(octets: bytes) -> None:
    """What is no notification is not taken for one."""
    assert MmsNotification.decode(octets) is None


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(HEAD + NOTIFICATION, id="no place to fetch from"),
        pytest.param(push()[:-1], id="a string without end"),
        pytest.param(HEAD + NOTIFICATION + b"\x88\x05\x81", id="a value that is cut"),
        pytest.param(b"\x01\x06\x10\xbe\xaf", id="headers that are cut"),
        pytest.param(b"\x01\x06\xff\xff\xff\xff\xff\xff", id="a length without end"),
    ],
)
def test_a_broken_notification_is_an_error(octets: bytes) -> None:
    """A notification that cannot be read raises DecodeError, and nothing else."""
    with pytest.raises(DecodeError):
        MmsNotification.decode(octets)


def test_a_notification_in_parts() -> None:
    """The parts of a notification are put in order first; only the push port counts."""
    octets = push(b"\x96" + b"long " * 40 + b"\0")

    def received(port: int) -> list[Deliver]:
        sent = compose_data("12345", octets, header=(Ports(port, 9200),))
        stamp = Timestamp(bytes(7))
        return [Deliver(part.destination, part.user_data, stamp, part.dcs) for part in reversed(sent)]

    found = mms_notification(received(PUSH_PORT))
    assert found is not None
    assert found.subject == "long " * 40
    assert mms_notification(received(5505)) is None
    assert mms_notification([]) is None
    assert mms_notification([Deliver(received(1)[0].originator, UserData(octets), Timestamp(bytes(7)), 4)]) is None
