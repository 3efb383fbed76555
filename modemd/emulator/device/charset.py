"""Character set between host and device, `+CSCS` (3GPP TS 27.007 5.5; TS 27.005 annex A).

A string on the line is a `str` in which each character is one octet. A character that a set does not have becomes `?`.
"""

from __future__ import annotations

from modemd.pdu import table

NAMES = ("IRA", "GSM", "UCS2", "HEX")
"""Names of the sets.

GSM: the default alphabet, one septet an octet. HEX: the same, two digits a septet. UCS2: four digits a character.
"""

DIALLABLE = "+*#0123456789"
"""The characters of a number that a host can give."""

_DEFAULT = table(0, 0)


def to_septets(text: str) -> bytes:
    """Encodes a text in the default alphabet, one septet a byte; a character that it does not have becomes `?`."""
    septets = _DEFAULT.try_encode(text)
    if septets is not None:
        return septets
    return b"".join(_DEFAULT.try_encode(character) or b"?" for character in text)


def encode_text(text: str, charset: str) -> str:
    """Encodes a text for the host."""
    if charset == "UCS2":
        return text.encode("utf-16-be").hex().upper()
    if charset == "IRA":
        return text.encode("ascii", "replace").decode("ascii")
    septets = to_septets(text)
    return septets.hex().upper() if charset == "HEX" else septets.decode("latin-1")


def encode_septets(septets: bytes, charset: str) -> str:
    """Encodes user data in the default alphabet for the host. Nothing is lost if the host reads septets, too."""
    if charset == "HEX":
        return septets.hex().upper()
    return septets.decode("latin-1") if charset == "GSM" else encode_text(_DEFAULT.decode(septets), charset)


def decode_septets(octets: bytes, charset: str) -> bytes:
    """Decodes what a host typed to septets. Raises ValueError if its digits are no UCS2 or no hex, or an octet is no septet."""
    if charset in ("GSM", "HEX"):
        septets = bytes.fromhex(octets.decode("ascii")) if charset == "HEX" else octets
        if not septets.isascii():
            raise ValueError("an octet above 127 is no septet")
        return septets
    if charset == "UCS2":
        return to_septets(bytes.fromhex(octets.decode("ascii")).decode("utf-16-be"))
    return to_septets(octets.decode("ascii", "replace"))


def decode_number(value: str, charset: str) -> str:
    """Decodes a number from a host: in UCS2 four digits a character, but plain ones are accepted, too, as devices do."""
    if charset == "UCS2" and len(value) % 4 == 0:
        try:
            number = bytes.fromhex(value).decode("utf-16-be")
        except ValueError:
            return value
        if number and set(number) <= set(DIALLABLE):
            return number
    return value


def decode_text(value: str, charset: str) -> str:
    """Decodes a string from a host, such as a name in a phone book. Raises ValueError if its digits are no UCS2 or no hex."""
    if charset == "IRA":
        return value
    if charset == "UCS2":
        return bytes.fromhex(value).decode("utf-16-be")
    return _DEFAULT.decode(decode_septets(value.encode("latin-1"), charset))
