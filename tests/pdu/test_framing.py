"""The octets of a PDU line: what is whole, whatever the header counts."""

from __future__ import annotations

import pytest

from modemd.pdu import (
    Deliver,
    StatusReport,
    Timestamp,
    clear_more_to_send,
    compose_deliver,
    decode_incoming,
    find_frame,
    frame,
    unframe,
)

HELLO = bytes.fromhex("07913396000000F0040B913396785634F200006211031200008005C8329BFD06")
REPORT = bytes.fromhex("079144775810065006400C91447700091032523011905180005230119051210000")
CYRILLIC = (
    bytes.fromhex("07913396000000F0")
    + compose_deliver("+33698765432", "Привет", Timestamp(bytes.fromhex("62110312000080")))[0].encode()
)


@pytest.mark.parametrize("count", [None, 0, 24, 32, 25, 255], ids=str)
@pytest.mark.parametrize("octets", [HELLO, REPORT, CYRILLIC], ids=["septets", "report", "UCS2"])
def test_a_pdu_that_is_whole_by_its_own_lengths_is_whole(octets: bytes, count: int | None) -> None:
    """Whatever its header counts: Android says 0, a Huawei E3372 counts the SMSC field, too."""
    assert find_frame(octets, count) == octets


@pytest.mark.parametrize("octets", [HELLO, REPORT, CYRILLIC], ids=["septets", "report", "UCS2"])
def test_one_that_lacks_octets_is_not_whole(octets: bytes) -> None:
    """Unless the header counts what is there: then the modem means it."""
    for end in range(len(octets)):
        assert find_frame(octets[:end], len(octets) - 8) is None, end
    assert find_frame(octets + b"\x04", len(octets) - 8) is None
    assert find_frame(octets[:-1], len(octets) - 9) == octets[:-1]


@pytest.mark.parametrize("octets", [HELLO, REPORT], ids=["message", "report"])
def test_the_service_centre_may_be_missing(octets: bytes) -> None:
    """If the header counts all octets and they are a TPDU, 00 takes the service centre's place (ZTE)."""
    _, tpdu = unframe(octets)
    assert find_frame(tpdu, len(tpdu)) == frame(tpdu)
    assert find_frame(tpdu, len(tpdu) - 1) is None


def test_a_service_centre_without_digits_is_none() -> None:
    """01 00: a type octet of zero, and no digits (PDUlib issue 47)."""
    _, tpdu = unframe(HELLO)
    assert unframe(b"\x01\x00" + tpdu) == (None, tpdu)
    assert find_frame(b"\x01\x00" + tpdu, 24) == b"\x01\x00" + tpdu


def test_a_sims_filler_is_no_excess() -> None:
    """SIMs fill their records up with FF."""
    assert find_frame(HELLO + b"\xff" * 20, 0) == HELLO + b"\xff" * 20


def test_a_report_may_have_more_fields() -> None:
    """TP-PI says which (3GPP TS 23.040 9.2.3.27)."""
    for tail in ("00", "0100", "0300" + "00", "0700" + "00" + "02C834", "0400", "0408" + "C8329BFD0683C66F"[:14]):
        octets = REPORT + bytes.fromhex(tail)
        assert find_frame(octets, 0) == octets, tail
    assert find_frame(REPORT + bytes.fromhex("0405C8"), 0) is None


def test_more_to_send_is_cleared_and_nothing_else() -> None:
    """TP-MMS of a message or a report; on the wire 1 means that no more wait (3GPP TS 23.040 9.2.3.2)."""
    for octets, kind in ((HELLO, Deliver), (REPORT, StatusReport)):
        _, tpdu = unframe(octets)
        waiting = bytes((tpdu[0] & ~0x04,)) + tpdu[1:]
        assert clear_more_to_send(waiting) == clear_more_to_send(tpdu) == bytes((tpdu[0] | 0x04,)) + tpdu[1:]
        assert isinstance(decode_incoming(clear_more_to_send(waiting)), kind)
    assert clear_more_to_send(b"") == b""
