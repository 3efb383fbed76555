"""Destination of a message: the country of the recipient, and the first digit of the national number. Pure.

Because of number portability, a number does not tell the operator of the recipient: the first digits only tell to which operator
the range was given once. So the destination is a group of recipients, and no network.
"""

from __future__ import annotations

from functools import lru_cache

import phonenumbers


@lru_cache(maxsize=4096)
def _find_country_length(digits: str) -> int:
    """Returns how many of these digits are the calling code of a country; 0 if there is no such country."""
    return next((each for each in (1, 2, 3) if int(digits[:each]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE), 0)


def find_destination(number: str) -> str | None:
    """Returns the calling code of the country and one digit more, such as `+336`. None for a short code, a number in national
    form, and a number that was erased."""
    digits = number[1:]
    if not (number.startswith("+") and len(digits) >= 5 and digits.isascii() and digits.isdecimal()):
        return None
    length = _find_country_length(digits[:3])
    return number[: 1 + length + 1] if length else None
