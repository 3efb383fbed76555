"""Identities of the form of real ones: IMEI, ICCID, IMSI, each a pure function of a serial number."""

from __future__ import annotations


def luhn_digit(digits: str) -> str:
    """Returns the check digit that completes `digits` to a correct Luhn sum (IMEI: 3GPP TS 23.003 B; ICCID: ITU-T E.118)."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def imei(type_allocation: str, serial: int) -> str:
    """Returns an IMEI of 15 digits: an 8 digit type allocation code, 6 digits of the serial number, the check digit."""
    body = f"{type_allocation}{serial % 1_000_000:06d}"
    return body + luhn_digit(body)


def iccid(country_code: str, issuer: str, serial: int) -> str:
    """Returns an ICCID of 19 digits: 89, the country, the issuer, the serial number, the check digit (ITU-T E.118)."""
    head = f"89{country_code}{issuer}"
    body = head + f"{serial:0{18 - len(head)}d}"
    return body + luhn_digit(body)


def imsi(operator: str, serial: int) -> str:
    """Returns an IMSI of 15 digits: MCC and MNC of the operator, then the serial number."""
    return operator + f"{serial:0{15 - len(operator)}d}"
