"""Texts: the alphabets of data_coding (5.2.19), and the text and header of an inbound message.

data_coding 0 is the alphabet that the SMSC has by default. The specification does not say which one that is, so a route does.
"""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum

from modemd.errors import EncodeError
from modemd.light_dataclass import dataclass
from modemd.pdu import Alphabet, Coding, Concatenation, Element, pack, unpack
from modemd.pdu.fields.header import find_last, read_header
from modemd.pdu.fields.userdata import choose_table, count_header_septets, decode_ucs2
from modemd.pdu.text.alphabet import DEFAULT
from modemd.smpp.message_operations import DataSm, DeliverSm, SubmitSm
from modemd.smpp.tlvs import Tag, find_integer, find_tlv

UDHI = 0x40
"""Bit of esm_class: the message begins with a user data header (5.2.12)."""


class DefaultAlphabet(StrEnum):
    """Alphabet that a route's SMSC means by data_coding 0. GSM7 has one septet in each octet."""

    GSM7 = "gsm7"
    LATIN1 = "latin1"
    ASCII = "ascii"
    GSM7_PACKED = "gsm7-packed"


class DataCoding(IntEnum):
    """Values of data_coding (5.2.19), below those that are as in GSM (from 0xC0 on)."""

    DEFAULT = 0
    ASCII = 1
    OCTETS_2 = 2
    LATIN1 = 3
    OCTETS_4 = 4
    JIS = 5
    CYRILLIC = 6
    HEBREW = 7
    UCS2 = 8
    ISO_2022_JP = 10
    EXTENDED_KANJI = 13
    KS_C_5601 = 14


# Their names in Python. What the codec does not know becomes U+FFFD.
_CHARSETS = {
    DataCoding.ASCII: "ascii",
    DataCoding.LATIN1: "latin-1",
    DataCoding.JIS: "shift_jis",
    DataCoding.CYRILLIC: "iso8859-5",
    DataCoding.HEBREW: "iso8859-8",
    DataCoding.ISO_2022_JP: "iso2022_jp",
    DataCoding.EXTENDED_KANJI: "euc_jp",
    DataCoding.KS_C_5601: "euc_kr",
}
_BINARY = frozenset({DataCoding.OCTETS_2, DataCoding.OCTETS_4})
_CHARSETS_OF_ROUTES = {DefaultAlphabet.LATIN1: "latin-1", DefaultAlphabet.ASCII: "ascii"}
# From here on the octet is that of 3GPP TS 23.038 4: message waiting, and message classes.
_FIRST_OF_GSM = 0xC0
_CLASS_GROUP = 0xF0
_NO_SEPTETS = re.compile(rb"[\x80-\xff]+")


def can_encode(text: str, alphabet: DefaultAlphabet) -> bool:
    """Returns whether every character of a text is in the alphabet, and also in that of GSM, into which the SMSC converts it."""
    if DEFAULT.try_encode(text) is None:
        return False
    try:
        text.encode(_CHARSETS_OF_ROUTES.get(alphabet, "utf-8"))
    except UnicodeEncodeError:
        return False
    return True


def convert_septets(septets: bytes, alphabet: DefaultAlphabet, header_octets: int = 0) -> bytes:
    """Returns septets of the GSM alphabet, one in each byte, as octets of a route's alphabet.

    `header_octets`: the octets of a header before them; packed septets begin on a septet boundary after it. EncodeError if a
    character is not in the alphabet.
    """
    if alphabet is DefaultAlphabet.GSM7:
        return septets
    if alphabet is DefaultAlphabet.GSM7_PACKED:
        return pack(septets, count_header_septets(header_octets) * 7 - header_octets * 8)
    try:
        return DEFAULT.decode(septets).encode(_CHARSETS_OF_ROUTES[alphabet])
    except UnicodeEncodeError as error:
        raise EncodeError("short_message", f"character {error.start} is not in {alphabet}") from None


def make_data_coding(alphabet: Alphabet, message_class: int | None = None) -> int:
    """Returns data_coding for the default alphabet (GSM7) or UCS2. EncodeError for a class that it cannot say.

    `message_class` 0 is a flash message; whether the SMSC obeys it depends on the provider.
    """
    if message_class is None:
        return DataCoding.UCS2 if alphabet is Alphabet.UCS2 else DataCoding.DEFAULT
    if alphabet is Alphabet.UCS2 or not 0 <= message_class <= 3:
        raise EncodeError("data_coding", f"no value for class {message_class} in {alphabet.value}")
    return _CLASS_GROUP | message_class


def decode_text(
    octets: bytes, data_coding: int, default: DefaultAlphabet, header: tuple[Element, ...] = ()
) -> str | None:
    """Returns the text of octets without a header; None if data_coding says that they are no text. Never fails.

    `header` selects national tables. Octets of the packed alphabet come here unpacked, as :func:`read_message` has them. A
    reserved value is read as the default alphabet.
    """
    if data_coding in _BINARY:
        return None
    if data_coding == DataCoding.UCS2:
        return decode_ucs2(octets)
    if data_coding in _CHARSETS:
        return octets.decode(_CHARSETS[DataCoding(data_coding)], "replace")
    if data_coding >= _FIRST_OF_GSM:
        alphabet = Coding.of(data_coding).alphabet
        if alphabet is not Alphabet.GSM7:
            return decode_ucs2(octets) if alphabet is Alphabet.UCS2 else None
    if default in _CHARSETS_OF_ROUTES:
        return octets.decode(_CHARSETS_OF_ROUTES[default], "replace")
    return _decode_septets(octets, header)


def _decode_septets(octets: bytes, header: tuple[Element, ...]) -> str:
    """Returns the text of septets. An octet that is no septet becomes U+FFFD."""
    table = choose_table(header)
    found, at = [], 0
    for wrong in _NO_SEPTETS.finditer(octets):
        found += [table.decode(octets[at : wrong.start()]), "\ufffd" * len(wrong[0])]
        at = wrong.end()
    return "".join([*found, table.decode(octets[at:])])


@dataclass(frozen=True, slots=True)
class MessageContent:
    """Content of a message: header elements, and payload without them.

    `payload`: octets, or one septet in each byte where the SMSC packs its default alphabet. Payloads of one set are joined before
    they are decoded, because careless senders cut inside pairs. `concatenation`: from the header, else from the TLVs sar_*.
    """

    payload: bytes
    data_coding: int
    default: DefaultAlphabet
    header: tuple[Element, ...] = ()
    concatenation: Concatenation | None = None

    @property
    def text(self) -> str | None:
        """The text; None if it is none."""
        return decode_text(self.payload, self.data_coding, self.default, self.header)


def read_octets(body: DeliverSm | DataSm | SubmitSm) -> bytes:
    """Returns the octets of a message with its header: message_payload if there is one, else short_message (5.3.2.32)."""
    payload = find_tlv(body.tlvs, Tag.MESSAGE_PAYLOAD)
    if payload is not None:
        return payload
    return b"" if isinstance(body, DataSm) else body.short_message


def read_message(body: DeliverSm | DataSm | SubmitSm, default: DefaultAlphabet) -> MessageContent:
    """Returns the content of a message. Never fails: a header that is cut is read as far as it goes."""
    octets = read_octets(body)
    header: tuple[Element, ...] = ()
    end = 0
    if body.esm_class & UDHI and octets:
        end = min(1 + octets[0], len(octets))
        header = read_header(octets[1:end])
    payload = octets[end:]
    if default is DefaultAlphabet.GSM7_PACKED and _is_default(body.data_coding):
        payload = _unpack(payload, end)
    concatenation = find_last(header, Concatenation) or _read_sar(body)
    return MessageContent(payload, body.data_coding, default, header, concatenation)


def _is_default(data_coding: int) -> bool:
    """Returns whether octets are in the default alphabet: the value says so, or it is reserved."""
    if data_coding >= _FIRST_OF_GSM:
        return Coding.of(data_coding).alphabet is Alphabet.GSM7
    return data_coding not in _CHARSETS and data_coding not in (*_BINARY, DataCoding.UCS2)


def _unpack(octets: bytes, header_octets: int) -> bytes:
    """Returns the septets. sm_length counts octets, so seven bits can be left over: a last septet 0 there is padding, no `@`."""
    fill = count_header_septets(header_octets) * 7 - header_octets * 8
    septets = unpack(octets, (len(octets) * 8 - fill) // 7 if octets else 0, fill)
    return septets[:-1] if (len(octets) * 8 - fill) % 7 == 0 and septets[-1:] == b"\0" else septets


def _read_sar(body: DeliverSm | DataSm | SubmitSm) -> Concatenation | None:
    """Returns the place in a set that the TLVs sar_* give (5.3.2.22 to 5.3.2.24); None if one of them is missing or wrong."""
    reference = find_integer(body.tlvs, Tag.SAR_MSG_REF_NUM)
    total = find_integer(body.tlvs, Tag.SAR_TOTAL_SEGMENTS)
    sequence = find_integer(body.tlvs, Tag.SAR_SEGMENT_SEQNUM)
    if reference is None or total is None or sequence is None or not 1 <= sequence <= total:
        return None
    return Concatenation(reference, total, sequence, 16)
