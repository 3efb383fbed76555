"""Fields of PDU bodies: integers, C-octet strings and octet strings (3.1), each with its bound and an error that names it."""

from __future__ import annotations

from modemd.errors import DecodeError, EncodeError
from modemd.light_dataclass import dataclass
from modemd.smpp.statuses import CommandStatus


class FieldError(DecodeError):
    """Field that cannot be read. `status` is the command_status with which the request may be answered."""

    def __init__(self, field: str, octet: int, reason: str, status: int) -> None:
        super().__init__(field, octet, reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class IntegerField:
    """Unsigned integer of `octets` octets, the most significant first (3.1)."""

    name: str
    octets: int = 1

    def encode(self, value: int) -> bytes:
        """Returns the octets. EncodeError if the value does not fit."""
        return encode_integer(self.name, value, self.octets)

    def read(self, octets: bytes, at: int) -> tuple[int, int]:
        """Returns the value at an offset, and the offset after it. Raises FieldError if the octets end before."""
        end = at + self.octets
        if end > len(octets):
            raise _make_cut_error(self.name, octets)
        return int.from_bytes(octets[at:end]), end


@dataclass(frozen=True, slots=True)
class StringField:
    """C-octet string: at most `most` octets with its NUL (3.1). `accepted`: the most that are read, if others send more.

    The value has one character for each octet (Latin-1), so that a string which is not ASCII is kept as it is.
    """

    name: str
    most: int
    accepted: int = 0

    def encode(self, value: str) -> bytes:
        """Returns the octets with their NUL. EncodeError if there are too many, or one cannot be in such a string."""
        return encode_c_string(self.name, value, max(self.most, self.accepted))

    def read(self, octets: bytes, at: int) -> tuple[str, int]:
        """Returns the value at an offset, and the offset after its NUL. Raises FieldError if it is cut or too long."""
        most = max(self.most, self.accepted)
        end = octets.find(b"\0", at, at + most)
        if end >= 0:
            return octets[at:end].decode("latin-1"), end + 1
        if len(octets) - at < most:
            raise _make_cut_error(self.name, octets)
        raise FieldError(self.name, at + most, f"no NUL within {most} octets", CommandStatus.INVALID_PARAMETER_LENGTH)


@dataclass(frozen=True, slots=True)
class ShortMessageField:
    """sm_length and short_message (5.2.21, 5.2.22): one octet of length, then up to 254 octets."""

    name: str

    def encode(self, value: bytes) -> bytes:
        """Returns length and octets. EncodeError if there are more than 254."""
        if len(value) > LONGEST_SHORT_MESSAGE:
            raise EncodeError(self.name, f"{len(value)} octets; {LONGEST_SHORT_MESSAGE} fit")
        return bytes((len(value),)) + value

    def read(self, octets: bytes, at: int) -> tuple[bytes, int]:
        """Returns the octets, and the offset after them. Raises FieldError if they are cut. SMPP 5.0 allows 255 of them."""
        if at >= len(octets):
            raise _make_cut_error("sm_length", octets)
        end = at + 1 + octets[at]
        if end > len(octets):
            raise FieldError(
                self.name,
                len(octets),
                f"sm_length says {octets[at]}, {len(octets) - at - 1} octets follow",
                CommandStatus.INVALID_MESSAGE_LENGTH,
            )
        return octets[at + 1 : end], end


BodyField = IntegerField | StringField | ShortMessageField

LONGEST_SHORT_MESSAGE = 254


def encode_integer(name: str, value: int, octets: int) -> bytes:
    """Returns an unsigned integer in a number of octets. EncodeError if it does not fit."""
    if not 0 <= value < 1 << 8 * octets:
        raise EncodeError(name, f"{value} does not fit into {octets} octets")
    return value.to_bytes(octets)


def encode_c_string(name: str, value: str, most: int) -> bytes:
    """Returns a C-octet string, at most `most` octets with its NUL. EncodeError if it does not fit, or has a NUL inside."""
    try:
        octets = value.encode("latin-1")
    except UnicodeEncodeError as error:
        raise EncodeError(name, f"character {error.start} is no octet") from None
    if b"\0" in octets:
        raise EncodeError(name, "a NUL inside the string")
    if len(octets) >= most:
        raise EncodeError(name, f"{len(octets)} octets; {most - 1} fit")
    return octets + b"\0"


def _make_cut_error(name: str, octets: bytes) -> FieldError:
    return FieldError(name, len(octets), "the PDU ends within the field", CommandStatus.INVALID_COMMAND_LENGTH)
