"""Objection: another way than an answer in which a recipient can say that no more marketing is wanted. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection

from modemd.rules.phone_numbers import is_same_number

_LINK = re.compile(r"(?:https?://|\bwww\.)[^\s/?#.]+\.[^\s]+", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_INTERNATIONAL = re.compile(r"\+[0-9](?:[ .\-/()]{0,2}[0-9]){6,14}(?![0-9])", re.ASCII)
_NUMBER = re.compile(r"(?<![0-9+])[0-9](?:[ .\-/()]{0,2}[0-9]){4,14}(?![0-9])", re.ASCII)


def names_way_to_object(text: str, own_numbers: Collection[str] = ()) -> bool:
    """Returns whether a text has a link, an e-mail address, a telephone number in international form, or one of `own_numbers` (in
    E.164, or short codes) in any spelling. Other digits can be a price, a date or an order."""
    if any(pattern.search(text) for pattern in (_LINK, _EMAIL, _INTERNATIONAL)):
        return True
    written = [re.sub(r"[^0-9]", "", found[0]) for found in _NUMBER.finditer(text)]
    return any(is_same_number(own, each) for own in own_numbers for each in written)
