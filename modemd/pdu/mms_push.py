"""Decoder of MMS notifications: a WAP push that says where a picture message can be fetched.

The push (WAP-230-WSP 8.2.4.1) comes as 8-bit data to port 2948, often in several parts. Its body is an m-notification-ind
(OMA MMS encapsulation 6.2), written in the binary headers of WSP (8.4).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from modemd.errors import DecodeError
from modemd.light_dataclass import dataclass
from modemd.pdu.messages.deliver import Deliver
from modemd.pdu.reassembly import join_data, sort_parts

PUSH_PORT = 2948

_PUSH = 0x06
_MMS_MESSAGE = (b"\xbe", b"application/vnd.wap.mms-message\0")
_NOTIFICATION = b"\x82"  # the value of X-Mms-Message-Type that means m-notification-ind

_CONTENT_LOCATION, _EXPIRY, _FROM, _MESSAGE_CLASS, _MESSAGE_TYPE = 0x83, 0x88, 0x89, 0x8A, 0x8C
_VERSION, _SIZE, _SUBJECT, _TRANSACTION = 0x8D, 0x8E, 0x96, 0x98

_CLASSES = {b"\x80": "personal", b"\x81": "advertisement", b"\x82": "informational", b"\x83": "auto"}
# Character sets by their IANA number; others are read as UTF-8.
_CHARSETS = {3: "ascii", 4: "latin-1", 1000: "utf-16-be", 1013: "utf-16-be", 1014: "utf-16-le", 1015: "utf-16"}


@dataclass(frozen=True, slots=True)
class MmsNotification:
    """Notification that a message waits at `content_location`.

    `sender` is a number or mail address without its type suffix, None if it is withheld. `size` is in octets. `expires` is
    a time, or a duration counted from the arrival of the notification.
    """

    transaction: str
    version: str
    content_location: str
    sender: str | None = None
    subject: str | None = None
    message_class: str | None = None
    size: int | None = None
    expires: datetime | timedelta | None = None

    @classmethod
    def decode(cls, push: bytes) -> MmsNotification | None:
        """Returns the notification in the octets of a complete push; None if it is another kind of push.

        DecodeError if it is a notification that cannot be read.
        """
        body = _mms_body(push)
        if body is None:
            return None
        fields = _fields(push, body)
        if fields.get(_MESSAGE_TYPE) != _NOTIFICATION:
            return None
        if _CONTENT_LOCATION not in fields:
            raise DecodeError("X-Mms-Content-Location", len(push), "a notification without a place to fetch from")
        return cls(
            _string(fields.get(_TRANSACTION, b"")),
            _version(fields.get(_VERSION, b"\x90")),
            _string(fields[_CONTENT_LOCATION]),
            _sender(fields.get(_FROM, b"")),
            _encoded_string(fields[_SUBJECT]) if _SUBJECT in fields else None,
            _message_class(fields[_MESSAGE_CLASS]) if _MESSAGE_CLASS in fields else None,
            _long_integer(fields[_SIZE]) if _SIZE in fields else None,
            _expiry(fields[_EXPIRY]) if _EXPIRY in fields else None,
        )


def mms_notification(parts: Iterable[Deliver]) -> MmsNotification | None:
    """Returns the MMS notification in a set of parts (or a single message); None if they are anything else.

    DecodeError if it is a notification that cannot be read.
    """
    ordered = sort_parts(parts)
    if not ordered or any(part.ports is None or part.ports.destination != PUSH_PORT for part in ordered):
        return None
    return MmsNotification.decode(join_data(ordered))


def _mms_body(push: bytes) -> int | None:
    """Returns the offset of the MMS headers: after transaction id, type, header length and the content type of MMS."""
    if len(push) < 4 or push[1] != _PUSH:
        return None
    length, start = _uintvar(push, 2)
    if not any(push.startswith(kind, start) for kind in _MMS_MESSAGE):
        return None
    if start + length > len(push):
        raise DecodeError("push headers", len(push), f"the push ends within {length} octets of headers")
    return start + length


def _fields(push: bytes, at: int) -> dict[int, bytes]:
    """Returns header codes and the octets of their values, without a length in front."""
    fields: dict[int, bytes] = {}
    while at + 1 < len(push) and push[at] & 0x80:
        code = push[at]
        value, at = _value(push, at + 1)
        fields.setdefault(code, value)
    return fields


def _value(push: bytes, at: int) -> tuple[bytes, int]:
    """Returns one value and the offset after it. By the general rule of WSP 8.4.1.2, its first octet says how it ends."""
    first = push[at]
    if first & 0x80:
        return push[at : at + 1], at + 1
    if first < 32:
        length, start = (first, at + 1) if first < 31 else _uintvar(push, at + 1)
        if start + length > len(push):
            raise DecodeError("MMS header", len(push), f"the push ends within a value of {length} octets")
        return push[start : start + length], start + length
    end = push.find(b"\0", at)
    if end < 0:
        raise DecodeError("MMS header", len(push), "the push ends within a string")
    return push[at:end], end + 1


def _uintvar(octets: bytes, at: int) -> tuple[int, int]:
    """Returns a number of seven bits an octet, at most five octets (WSP 8.1.2), and the offset after it."""
    number = 0
    for offset in range(at, min(at + 5, len(octets))):
        number = number << 7 | octets[offset] & 0x7F
        if not octets[offset] & 0x80:
            return number, offset + 1
    raise DecodeError("MMS header", at, "a length that does not end")


def _string(value: bytes) -> str:
    return value.removeprefix(b"\x7f").decode("utf-8", "replace")


def _encoded_string(value: bytes) -> str:
    """Returns the text of a string, or of a character set and a string."""
    if not value or 32 <= value[0] < 128:
        return _string(value)
    # A number of one or two octets has a length in front; some centres write a short one without the bit that says so.
    start = 1 + value[0] if value[0] in (1, 2) else 1
    charset = int.from_bytes(value[1:start]) if start > 1 else value[0] & 0x7F
    text = value[start:]
    name = _CHARSETS.get(charset, "utf-8")
    text = text if name.startswith("utf-16") else text.rstrip(b"\0").removeprefix(b"\x7f")
    return text.decode(name, "replace").rstrip("\0")


def _sender(value: bytes) -> str | None:
    if value[:1] != b"\x80":
        return None
    rest = value[1:]
    if rest and rest[0] < 32:
        rest = _value(rest, 0)[0]
    return _encoded_string(rest.rstrip(b"\0")).partition("/TYPE=")[0]


def _version(value: bytes) -> str:
    number = value[0] & 0x7F if value else 0
    return f"{number >> 4}.{number & 15}"


def _message_class(value: bytes) -> str:
    return _CLASSES.get(value) or _string(value)


def _long_integer(value: bytes) -> int:
    return value[0] & 0x7F if len(value) == 1 and value[0] & 0x80 else int.from_bytes(value[:8])


def _expiry(value: bytes) -> datetime | timedelta | None:
    """Reads a token (absolute or relative) and seconds, since 1970 or from now. Returns None if they are out of range."""
    number = _value(value, 1)[0] if len(value) > 1 else b""
    seconds = _long_integer(number)
    try:
        return datetime.fromtimestamp(seconds, UTC) if value[:1] == b"\x80" else timedelta(seconds=seconds)
    except (OverflowError, ValueError, OSError):
        return None
