"""Balance of a SIM: reads the amount out of an operator's answer."""

from __future__ import annotations

import re
from decimal import Decimal

_AMOUNT = re.compile(r"-?[0-9][0-9.,'\s]*")


def parse_amount(text: str, pattern: str) -> Decimal | None:
    """Returns the amount in an answer: the first group of `pattern`, a regular expression, or all that it matches. None if it
    does not match, or matches no number.

    A comma or point is decimal if it is the last of two kinds, or alone with other than three digits behind it:
    `1.234,56` and `1 234.56` are the same, `1.234` is more than a thousand, `12.5` is not.
    """
    found = re.search(pattern, text)
    if found is None:
        return None
    said = found[1] if found.re.groups else found[0]
    if said is None or _AMOUNT.fullmatch(said.strip()) is None:
        return None
    digits = re.sub(r"['\s]", "", said)
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return Decimal(digits)
    whole, mark, fraction = digits[:last], digits[last], digits[last + 1 :]
    grouped = mark in whole or (not re.search("[.,]", whole) and len(fraction) == len("000"))
    plain = re.sub("[.,]", "", whole)
    return Decimal(plain + fraction) if grouped else Decimal(f"{plain}.{fraction or 0}")
