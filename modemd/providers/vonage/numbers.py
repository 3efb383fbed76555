"""Numbers as Vonage writes them: international, without the plus sign."""

from __future__ import annotations

# Digits from which on a number is international; a short code has fewer.
_SHORTEST_NUMBER = 7


def without_plus(number: str) -> str:
    """Returns a number or sender as Vonage takes it."""
    return number.removeprefix("+")


def with_plus(number: str) -> str:
    """Returns a number or sender of Vonage's as modemd has it: a short code and a name stay what they are."""
    is_international = number.isascii() and number.isdecimal() and len(number) >= _SHORTEST_NUMBER
    return f"+{number}" if is_international else number
