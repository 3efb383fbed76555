"""Check digits of IMEI and ICCID (Luhn; ISO/IEC 7812-1 annex B, 3GPP TS 23.003 annex B, ITU-T E.118)."""

from __future__ import annotations


def compute(digits: str) -> str:
    """Returns the check digit that completes `digits`."""
    doubled = [int(digit) * 2 for digit in digits[-1::-2]]
    total = sum(value // 10 + value % 10 for value in doubled) + sum(map(int, digits[-2::-2]))
    return str(-total % 10)


def is_valid(digits: str) -> bool:
    """True if the last digit is the check digit of those before it."""
    return not digits or compute(digits[:-1]) == digits[-1]
