"""GSM 7 bit default alphabet, its extension, and the codec for any pair of such tables (3GPP TS 23.038 6.2.1).

A text becomes septets in one pass of the C charmap codec. Its map has both tables: base characters at their code,
extension characters at their code plus 128, so an all-ASCII result needed no escape. Index 0 of such a map must be NUL;
the escape code 1B is not a character of any table, so its place means septet 00 until the pass is over.
"""

from __future__ import annotations

import re
from codecs import charmap_build, charmap_decode, charmap_encode

from modemd.errors import EncodeError

ESCAPE = 0x1B
UNDEFINED = "\ufffe"  # a noncharacter; the charmap codec takes it to mean "nothing is mapped here"

DEFAULT_BASE = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)


def overlay(base: str, runs: dict[int, str]) -> str:
    """Returns a table of 128 characters: `base`, with each run of `runs` written over it from its code on."""
    cells = list(base)
    for code, characters in runs.items():
        cells[code : code + len(characters)] = characters
    return "".join(cells)


DEFAULT_EXTENSION = overlay(
    UNDEFINED * 128,
    {0x0A: "\f", 0x14: "^", 0x28: "{}", 0x2F: "\\", 0x3C: "[~]", 0x40: "|", 0x65: "€"},
)

_ESCAPED = re.compile(rb"\x1b([\0-\x7f])", re.DOTALL)
_FLAGGED = [bytes((128 | code,)) for code in range(128)]
_ASCII = bytes(range(128))
_ZERO, _ESCAPE = b"\0", bytes((ESCAPE,))


class Table:
    """Codec of a base table and the single shift table that an escape selects."""

    __slots__ = ("_map", "_reading", "extension", "letters")

    def __init__(self, base: str, extension: str) -> None:
        self.letters = frozenset(base) - {"\x1b", UNDEFINED}
        self.extension = frozenset(extension) - self.letters - {"\x1b", UNDEFINED, "\r"}
        own = "".join(character if character in self.extension else UNDEFINED for character in extension)
        self._map = charmap_build("\0" + base[1:ESCAPE] + base[0] + base[ESCAPE + 1 :] + own)
        shown = base.replace("\x1b", " ").replace(UNDEFINED, " ")
        # An escape before a code without a meaning shows the base character there (6.2.1.1); a double escape, a space.
        self._reading = shown + "".join(
            plain if escaped in (UNDEFINED, "\x1b") else escaped
            for plain, escaped in zip(shown, extension, strict=True)
        )

    def __contains__(self, character: str) -> bool:
        return character in self.letters or character in self.extension

    def try_encode(self, text: str) -> bytes | None:
        """Returns the septets of `text`, one in each byte, an escaped character as two; None if one is in neither table."""
        septets, _ = charmap_encode(text, "ignore", self._map)
        if len(septets) != len(text) or _ZERO in septets:  # NUL is in no table, but in every map
            return None
        septets = septets.replace(_ESCAPE, _ZERO)
        if septets.isascii():
            return septets
        for flagged in set(septets.translate(None, _ASCII)):
            septets = septets.replace(_FLAGGED[flagged & 127], bytes((ESCAPE, flagged & 127)))
        return septets

    def encode(self, text: str) -> bytes:
        """Returns as :meth:`try_encode`. EncodeError, with the character and its offset, if one is in neither table."""
        septets = self.try_encode(text)
        if septets is None:
            offset, character = next((i, c) for i, c in enumerate(text) if c not in self)
            raise EncodeError("TP-UD", f"U+{ord(character):04X} at character {offset} is not in the alphabet")
        return septets

    def decode(self, septets: bytes) -> str:
        """Returns the text of septets, one in each byte (below 128). Never fails: an undefined code shows its base character."""
        if ESCAPE in septets:
            septets = _ESCAPED.sub(lambda pair: _FLAGGED[pair[1][0]], septets)
        return charmap_decode(septets, "strict", self._reading)[0]


DEFAULT = Table(DEFAULT_BASE, DEFAULT_EXTENSION)
