"""The character set between host and device, `+CSCS` (3GPP TS 27.007 5.5; TS 27.005 annex A).

A string on the line is a `str` of which each character is one octet. What a set cannot hold shows as `?`.
"""

from __future__ import annotations

from modemd.pdu import table

NAMES = ("IRA", "GSM", "UCS2", "HEX")
"""GSM: the default alphabet, one septet an octet. HEX: the same, two digits a septet. UCS2: four digits a character."""

DIALLABLE = "+*#0123456789"
"""The characters of a number that a host can give."""

_DEFAULT = table(0, 0)


def to_septets(text: str) -> bytes:
    """Text in the default alphabet, one septet a byte; a character it lacks becomes `?`."""
    septets = _DEFAULT.try_encode(text)
    if septets is not None:
        return septets
    return b"".join(_DEFAULT.try_encode(character) or b"?" for character in text)


def encode_text(text: str, charset: str) -> str:
    """Text as the host reads it."""
    if charset == "UCS2":
        return text.encode("utf-16-be").hex().upper()
    if charset == "IRA":
        return text.encode("ascii", "replace").decode("ascii")
    septets = to_septets(text)
    return septets.hex().upper() if charset == "HEX" else septets.decode("latin-1")


def encode_septets(septets: bytes, charset: str) -> str:
    """User data in the default alphabet as the host reads it. Nothing is lost where the host reads septets too."""
    if charset == "HEX":
        return septets.hex().upper()
    return septets.decode("latin-1") if charset == "GSM" else encode_text(_DEFAULT.decode(septets), charset)


def decode_septets(octets: bytes, charset: str) -> bytes:
    """What a host typed, as septets. ValueError where its digits are no UCS2 or no hex, or an octet is no septet."""
    if charset in ("GSM", "HEX"):
        septets = bytes.fromhex(octets.decode("ascii")) if charset == "HEX" else octets
        if not septets.isascii():
            raise ValueError("an octet above 127 is no septet")
        return septets
    if charset == "UCS2":
        return to_septets(bytes.fromhex(octets.decode("ascii")).decode("utf-16-be"))
    return to_septets(octets.decode("ascii", "replace"))


def decode_number(value: str, charset: str) -> str:
    """A number a host gave: in UCS2 four digits a character, though plain ones are taken too, as devices do."""
    if charset == "UCS2" and len(value) % 4 == 0:
        try:
            number = bytes.fromhex(value).decode("utf-16-be")
        except ValueError:
            return value
        if number and set(number) <= set(DIALLABLE):
            return number
    return value


def decode_text(value: str, charset: str) -> str:
    """A string a host gave, as a name in a phone book. ValueError where its digits are no UCS2 or no hex."""
    if charset == "IRA":
        return value
    if charset == "UCS2":
        return bytes.fromhex(value).decode("utf-16-be")
    return _DEFAULT.decode(decode_septets(value.encode("latin-1"), charset))
