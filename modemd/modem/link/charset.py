"""Character set of a modem's strings, `+CSCS` (3GPP TS 27.007 5.5): names of operators, numbers, service centres.

In UCS2, every string is the hex of UCS-2; in HEX, the hex of septets of the default alphabet; in GSM, those septets themselves. A
string that cannot be so is taken as it is, because some firmware applies the set to a part of its strings only.
"""

from __future__ import annotations

import re

from modemd.pdu import table

UCS2, GSM, IRA, HEX = "UCS2", "GSM", "IRA", "HEX"
PREFERRED = (GSM, IRA)
"""Sets in which numbers are plain digits, the best first."""

_DEFAULT = table(0, 0)
_UCS2 = re.compile(r"(?:[0-9A-Fa-f]{4})+")
_SEPTETS = re.compile(r"(?:[0-7][0-9A-Fa-f])+")
_NUMBER = re.compile(r"\+?[0-9*#]+")


def decode_string(string: str, charset: str | None) -> str:
    """Returns the text of a string that came from the modem. `charset` is None if the modem does not tell it."""
    if charset == UCS2 and _UCS2.fullmatch(string):
        text = bytes.fromhex(string).decode("utf-16-be", "replace")
        return text if text.isprintable() else string
    if charset == HEX and _SEPTETS.fullmatch(string):
        return _DEFAULT.decode(bytes.fromhex(string))
    if charset == GSM and string.isascii():
        return _DEFAULT.decode(string.encode("ascii"))
    return string


def decode_number(string: str, charset: str | None) -> str:
    """Returns the number in a string that came from the modem; the string itself if it is a number already."""
    number = decode_string(string, charset)
    return number if charset in (UCS2, HEX) and _NUMBER.fullmatch(number) else string


def encode_string(text: str, charset: str | None) -> str:
    """Returns the string of a number or of other ASCII, for the modem."""
    if charset == UCS2:
        return text.encode("utf-16-be").hex().upper()
    if charset == HEX:
        return text.encode("ascii").hex().upper()
    return text
