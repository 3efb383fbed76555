"""TP-UDL and TP-UD: user data with its header (3GPP TS 23.040 9.2.3.16, 9.2.3.24).

Septets start on a septet boundary counted from the start of the user data, header included. So user data is packed with as
many empty septets in front as the header covers, and then the header is written over their octets.
"""

from __future__ import annotations

from codecs import utf_16_be_decode, utf_16_le_decode
from collections.abc import Callable

from modemd.errors import EncodeError
from modemd.light_dataclass import dataclass
from modemd.pdu.fast_dataclass import make_constructor
from modemd.pdu.fields.header import Concatenation, Element, LockingShift, SingleShift, encode_header, read_header
from modemd.pdu.text.alphabet import DEFAULT, Table
from modemd.pdu.text.coding import Alphabet, Coding
from modemd.pdu.text.national import table
from modemd.pdu.text.septets import pack, packed_length, unpack

MAX_SEPTETS = 160
MAX_OCTETS = 140

_UCS2 = Alphabet.UCS2
_LITTLE_ENDIAN_MARK = b"\xff\xfe"
_OCTET = tuple(bytes((octet,)) for octet in range(MAX_SEPTETS + 1))
_PACKED = tuple(map(packed_length, range(256)))
_default_reading = DEFAULT.decode


@dataclass(frozen=True, slots=True)
class UserData:
    """User data of a message.

    `payload`: in the GSM 7 bit alphabet one septet in each byte; else the octets. `header`: the elements of the user data
    header, in order.
    """

    payload: bytes
    header: tuple[Element, ...] = ()

    def encode(self, coding: Coding) -> bytes:
        """Returns TP-UDL and TP-UD. EncodeError if it is too long for one message, or if a septet is above 127."""
        header, payload = encode_header(self.header), self.payload
        if not coding.packed:
            count = len(header) + len(payload)
            if count > MAX_OCTETS:
                raise EncodeError("TP-UD", f"{count} octets; {MAX_OCTETS} fit")
            return _OCTET[count] + header + payload
        if not payload.isascii():
            raise EncodeError("TP-UD", "a septet above 127")
        if header:
            payload = bytes(count_header_septets(len(header))) + payload
        if len(payload) > MAX_SEPTETS:
            raise EncodeError("TP-UD", f"{len(payload)} septets; {MAX_SEPTETS} fit")
        return _OCTET[len(payload)] + header + pack(payload)[len(header) :]


make_user_data = make_constructor(UserData)


def count_header_septets(octets: int) -> int:
    """Returns the septets that a header of `octets` octets takes, fill bits included."""
    return (octets * 8 + 6) // 7


_COVERED = tuple(map(count_header_septets, range(257)))


def read_user_data(tpdu: bytes, at: int, coding: Coding, has_header: bool) -> UserData:
    """Returns the user data whose length octet is at offset `at`. Never fails.

    TP-UDL is trusted if the octets are there. User data that is cut is read as far as it goes; octets after it are ignored.
    """
    length, start, packed = tpdu[at], at + 1, coding.packed
    body = tpdu[start : start + (_PACKED[length] if packed else length)]
    payload = unpack(body, length) if packed else body
    if not (has_header and body):
        return make_user_data(payload)
    end = 1 + body[0]
    if end > len(body):
        end = len(body)
    return make_user_data(payload[_COVERED[end] if packed else end :], read_header(body[1:end]))


def choose_table(header: tuple[Element, ...]) -> Table:
    """Returns the tables of a part in the GSM 7 bit alphabet: the default ones, unless its header selects others."""
    locking = single = 0
    for element in header:
        kind = type(element)
        if kind is Concatenation:  # by far the most frequent
            continue
        if isinstance(element, SingleShift):
            single = element.language
        elif isinstance(element, LockingShift):
            locking = element.language
    return table(locking, single) if locking or single else DEFAULT


def find_decoder(header: tuple[Element, ...], coding: Coding) -> Callable[[bytes], str] | None:
    """Returns the function that decodes a payload to text; None if it is not text (8-bit data, compressed).

    It is equal for parts whose payloads can be joined before decoding.
    """
    if coding.packed:
        return choose_table(header).decode if header else _default_reading
    return decode_ucs2 if coding.alphabet is _UCS2 and not coding.compressed else None


def decode_text(user_data: UserData, coding: Coding) -> str | None:
    """Returns the text; None if it is not text. Never fails: an unpaired surrogate becomes U+FFFD."""
    reading = find_decoder(user_data.header, coding)
    return None if reading is None else reading(user_data.payload)


def decode_ucs2(octets: bytes) -> str:
    """Decodes UCS2 as UTF-16, which phones send. Obeys a byte order mark in front, drops it, and an odd last octet.

    The clause wants the most significant octet first. FF FE in front can only be a mark of the other order: U+FFFE is no
    character.
    """
    if len(octets) & 1:
        octets = octets[:-1]
    if octets[:2] == _LITTLE_ENDIAN_MARK:
        return utf_16_le_decode(octets[2:], "replace")[0]
    return utf_16_be_decode(octets, "replace")[0].removeprefix("\ufeff")
