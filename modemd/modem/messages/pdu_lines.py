"""PDU lines as modems say them: their octets, and whether they are whole."""

from __future__ import annotations

from modemd import pdu
from modemd.at.replies import StoredMessage

_STATUS_REPORT = 2  # TP-MTI


def parse_octets(line: str) -> bytes:
    """Returns the octets of a PDU in hex. A single digit at the end, whose other half was lost on the line, is dropped. Of a line
    that is not hex, the characters are the octets."""
    try:
        return bytes.fromhex(line[: len(line) // 2 * 2])
    except ValueError:
        return line.encode("latin-1", "replace")


def parse_whole(line: str, count: int | None) -> bytes | None:
    """Returns SMSC field and TPDU of a PDU line whose header said `count`; None if it is damaged."""
    try:
        return pdu.find_frame(bytes.fromhex(line), count)
    except ValueError:
        return None


def find_whole(stored: StoredMessage) -> bytes | None:
    """Returns SMSC field and TPDU of a stored message; None if it is damaged."""
    return parse_whole(stored.pdu, stored.octets)


def is_report(line: str) -> bool:
    """Returns whether a PDU line has a status report behind its SMSC field."""
    octets = parse_octets(line)
    start = 1 + octets[0] if octets else 0
    return start < len(octets) and octets[start] & 3 == _STATUS_REPORT


def parse_count(header: str) -> int | None:
    """Returns the length in `+CDS: <length>` or `+CMT: [<alpha>],<length>`; None if there is none."""
    length = header.rpartition("," if "," in header else ":")[2].strip()
    return int(length) if length.isdecimal() else None
