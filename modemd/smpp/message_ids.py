"""Message identifiers: the attempt that a receipt belongs to. SMSCs write one identifier in several ways.

A receipt can have it in another case, without leading zeros, or in another base than submit_sm_resp. Identifiers come back after
months, so the candidates should be only the attempts of this route within their validity and three days.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TypeVar

Key = TypeVar("Key")


class IdConversion(StrEnum):
    """Difference between the bases of submit_sm_resp and of receipts that a route declares."""

    NONE = "none"
    RECEIPT_IS_DECIMAL = "receipt is decimal"
    RECEIPT_IS_HEX = "receipt is hex"


_DECIMAL = re.compile("[0-9]{1,64}")
_HEX = re.compile("[0-9A-Fa-f]{1,64}")


def match_message_id(
    receipt_id: str, candidates: Mapping[Key, str], conversion: IdConversion = IdConversion.NONE
) -> Key | None:
    """Returns the key of the only candidate whose identifier is that of a receipt; None if there is none, or more than one.

    Exact equality goes first, then equality without case and leading zeros, then, if the route declares it, equality of the
    numbers. If two candidates are equal in one step, the steps after it do not decide between them.
    """
    for is_same in (_is_equal, _is_equal_folded, _COMPARISONS[conversion]):
        found = [key for key, candidate in candidates.items() if candidate and is_same(receipt_id, candidate)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def find_conversion(receipt_id: str, candidates: Mapping[Key, str]) -> IdConversion:
    """Returns the only conversion by which a receipt fits exactly one candidate, to be offered to a person; NONE if it fits
    without one, or if no conversion or several would do."""
    if match_message_id(receipt_id, candidates) is not None:
        return IdConversion.NONE
    conversions = (IdConversion.RECEIPT_IS_DECIMAL, IdConversion.RECEIPT_IS_HEX)
    fitting = [each for each in conversions if match_message_id(receipt_id, candidates, each) is not None]
    return fitting[0] if len(fitting) == 1 else IdConversion.NONE


def _fold(identifier: str) -> str:
    return identifier.casefold().lstrip("0")


def _is_equal(receipt_id: str, candidate: str) -> bool:
    return receipt_id == candidate


def _is_equal_folded(receipt_id: str, candidate: str) -> bool:
    return bool(receipt_id) and _fold(receipt_id) == _fold(candidate)


def _is_same_number(decimal: str, hexadecimal: str) -> bool:
    """Returns whether a decimal and a hexadecimal number are the same. UUIDs and the like are no numbers."""
    return bool(
        _DECIMAL.fullmatch(decimal) and _HEX.fullmatch(hexadecimal) and int(decimal, 10) == int(hexadecimal, 16)
    )


_COMPARISONS: dict[IdConversion, Callable[[str, str], bool]] = {
    IdConversion.NONE: lambda receipt_id, candidate: False,
    IdConversion.RECEIPT_IS_DECIMAL: _is_same_number,
    IdConversion.RECEIPT_IS_HEX: lambda receipt_id, candidate: _is_same_number(candidate, receipt_id),
}
