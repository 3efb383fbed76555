"""Checks of fields of fixed length, and the errors for a PDU that is cut or a value that is no octet."""

from __future__ import annotations

from collections.abc import Iterable

from modemd.errors import DecodeError, EncodeError

Layout = tuple[tuple[str, int], ...]  # names as in 3GPP TS 23.040, octets each


def make_truncation_error(tpdu: bytes, at: int, layout: Layout) -> DecodeError:
    """Returns the error for a `tpdu` that is too short for the fields of `layout` from `at` on. It names the cut field."""
    for field, length in layout:
        if at + length > len(tpdu):
            return DecodeError(
                field, len(tpdu), f"the PDU ends where {field} needs {at + length - len(tpdu)} more octets"
            )
        at += length
    raise AssertionError("the fields fit")


def check_message_type(tpdu: bytes, wanted: int, name: str) -> int:
    """Returns the first octet, if it has the type `wanted` (TP-MTI, bits 1 and 0). DecodeError if not."""
    if not tpdu:
        raise DecodeError("TP-MTI", 0, "the PDU is empty")
    if tpdu[0] & 3 != wanted:
        raise DecodeError("TP-MTI", 0, f"message type {tpdu[0] & 3} is not {name}")
    return tpdu[0]


def make_octet_error(values: Iterable[tuple[str, int]]) -> EncodeError:
    """Returns the error for the first of the (field, value) pairs that does not fit into one octet."""
    for field, value in values:
        if not 0 <= value <= 255:
            return EncodeError(field, f"{value} is not 0 to 255")
    raise AssertionError("all are octets")
