"""What is said about each octet."""

from __future__ import annotations

import pytest

from modemd.errors import DecodeError
from modemd.pdu import Direction, explain
from tests.pdu import fuzz


def rows(pdu: str, direction: Direction = Direction.INCOMING, smsc: bool = True) -> list[tuple[int, str, str, str]]:
    found = explain(bytes.fromhex(pdu), direction, smsc=smsc)
    return [(row.offset, row.hex, row.field, row.meaning) for row in found]


def test_deliver() -> None:
    """Each run of octets has its offset, its field and its meaning."""
    assert rows("0791447758100650440C9144770009406500005230119051800A0C0500037B0202906536FB0D" + "FF") == [
        (0, "0791447758100650", "SMSC", "+447785016005 (international, plan isdn)"),
        (8, "44", "TP-MTI", "SMS-DELIVER, no more messages waiting, user data header"),
        (9, "0C91447700094065", "TP-OA", "+447700900456 (international, plan isdn)"),
        (17, "00", "TP-PID", "a plain message"),
        (18, "00", "TP-DCS", "GSM 7 bit"),
        (19, "5230119051800A", "TP-SCTS", "2025-03-11T09:15:08-05:00"),
        (26, "0C", "TP-UDL", "12 septets of user data"),
        (27, "05", "UDHL", "5 octets of header"),
        (28, "00037B0202", "UDH.IE[0]", "part 2 of 2, 8-bit reference 123"),
        (33, "", "(fill)", "bits left free before the text: 1"),
        (33, "906536FB0D", "TP-UD", "'Hello'"),
        (38, "FF", "(behind the PDU)", "ignored"),
    ]


def test_submit() -> None:
    """A SUBMIT is explained on the way out."""
    assert rows("0031000C914477000910320000A705C8329BFD06", Direction.OUTGOING)[:3] == [
        (0, "00", "SMSC", "the one in the SIM"),
        (1, "31", "TP-MTI", "SMS-SUBMIT, report requested, relative validity"),
        (2, "00", "TP-MR", "message reference 0"),
    ]


@pytest.mark.parametrize(
    ("pdu", "direction", "field", "meaning"),
    [
        ("06410C91447700091032523011905180005230119051800046", Direction.INCOMING, "TP-ST", "validity period expired"),
        ("06410C91447700091032523011905180005230119051800030", Direction.INCOMING, "TP-ST", "still trying: reason 30"),
        ("0242AB893404913619096120636F6D6D616E64", Direction.OUTGOING, "TP-CT", "command 89"),
        ("024200023404913619096120636F6D6D616E64", Direction.OUTGOING, "TP-CT", "delete"),
        ("00D000", Direction.OUTGOING, "TP-FCS", "failure cause D0"),
        ("010052301190518000", Direction.INCOMING, "TP-PI", "announces nothing"),
        ("0406D0CDBC3000C85230119051800000", Direction.INCOMING, "TP-DCS", "voicemail waiting, discard the text"),
        ("0406D0CDBC3041005230119051800000", Direction.INCOMING, "TP-PID", "replaces an earlier message of type 1"),
        ("0406D0CDBC3022005230119051800000", Direction.INCOMING, "TP-PID", "group 3 fax"),
        ("0406D0CDBC300000FFFFFFFFFFFFFF00", Direction.INCOMING, "TP-SCTS", "no date"),
        ("4100049136190000050324010100", Direction.OUTGOING, "UDH.IE[0]", "single shift table: Turkish"),
        ("410004913619000005032501FE00", Direction.OUTGOING, "UDH.IE[0]", "254, not given out"),
        ("410004913619000005040B8423F0", Direction.OUTGOING, "UDH.IE[0]", "runs past the end"),
        ("41000491361900040706050B8423F000", Direction.OUTGOING, "UDH.IE[0]", "runs past the end"),
        ("410004913619000407060504" + "0B8423F0", Direction.OUTGOING, "UDH.IE[0]", "16-bit ports: to 2948, from 9200"),
        ("4100049136190004050401028003", Direction.OUTGOING, "UDH.IE[0]", "3 messages waiting (voicemail), store"),
        ("4100049136190004050470020102", Direction.OUTGOING, "UDH.IE[0]", "element 70, 2 octets"),
        ("190004913619000052301190518000" + "00", Direction.OUTGOING, "TP-VP", "until 2025-03-11"),
        ("0900049136190000421E000000000000", Direction.OUTGOING, "TP-VP", "0:00:30 after acceptance, single shot"),
    ],
)
def test_meanings(pdu: str, direction: Direction, field: str, meaning: str) -> None:
    """Fields are put in words."""
    said = {row[2]: row[3] for row in rows(pdu, direction, smsc=False)}
    assert meaning in said[field]


@pytest.mark.parametrize("pdu", ["", "00", "0003", "0004", "0704"])
def test_what_cannot_be_read(pdu: str) -> None:
    """A PDU that cannot be read raises DecodeError."""
    with pytest.raises(DecodeError):
        explain(bytes.fromhex(pdu), Direction.OUTGOING)


def test_no_octet_is_left_out() -> None:
    """The rows of any PDU that can be read, put together, are its octets."""
    for octets in fuzz.seeds():
        for direction in Direction:
            try:
                found = explain(octets, direction, smsc=False)
            except DecodeError:
                continue
            assert b"".join(row.octets for row in found) == octets
