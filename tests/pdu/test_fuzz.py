"""Any bytes give a result or a DecodeError."""

from __future__ import annotations

import random
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pdu import fuzz


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=300))
def test_any_octets(octets: bytes) -> None:
    """Random octets never raise anything but DecodeError."""
    fuzz.read_all(octets)


def test_changed_pdus() -> None:
    """PDUs with octets changed, cut out and put in never raise anything but DecodeError."""
    chance, known = random.Random(7), fuzz.seeds()
    for _ in range(5000):
        fuzz.read_all(fuzz.inputs(chance, known))


def test_time_grows_no_faster_than_length() -> None:
    """Octets without end are read in time that grows with their number, if at all."""
    short, long = (
        min(seconds(bytes((0x44, 0x02, 0x91, 0x21)) + bytes(count)) for _ in range(5)) for count in (300, 30_000)
    )
    assert long < 100 * short


def seconds(octets: bytes) -> float:
    began = time.perf_counter()
    fuzz.read_all(octets)
    return time.perf_counter() - began
