"""Parsers of the information lines that modemd uses. Each takes lines, and raises DecodeError if the value is missing.

Firmware varies in blanks, quotes and missing fields (`+CFUN: 1,0`, `+CNMI:(0-3)`, `+CMGL: 4,,26`), so a parser requires
only the fields that modemd needs.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable, Sequence
from enum import IntEnum

from modemd.errors import DecodeError
from modemd.light_dataclass import dataclass

_HEX = re.compile(r"[0-9A-Fa-f]+")


def split_fields(line: str) -> list[str]:
    """Returns the values after `+NAME:`, without quotes and blanks."""
    _, _, rest = line.partition(":")
    return [field.strip() for field in next(csv.reader([rest.strip()], skipinitialspace=True), [])]


def find_line(lines: Sequence[str], name: str) -> str:
    """Returns the last of `lines` that begins with `name` (`+CSQ`). DecodeError if there is none."""
    for line in reversed(lines):
        if line.upper().startswith(name):
            return line
    raise DecodeError(name, 0, f"no {name} line in {list(lines)!r}")


def _number(line: str, text: str) -> int:
    if not text.isdecimal():
        raise DecodeError(line.partition(":")[0], 0, f"{text!r} is not a number in {line!r}")
    return int(text)


def parse_message_reference(lines: Sequence[str]) -> int:
    """Returns the TP-MR in `+CMGS: <mr>[,<scts>]` (3GPP TS 27.005 3.5.1)."""
    line = find_line(lines, "+CMGS")
    values = split_fields(line)
    return _number(line, values[0] if values else "")


class Registration(IntEnum):
    """Registration state: `<stat>` of +CREG, +CGREG and +CEREG (3GPP TS 27.007 7.2, 10.1.20, 10.1.22)."""

    OFF = 0
    HOME = 1
    SEARCHING = 2
    DENIED = 3
    UNKNOWN = 4
    ROAMING = 5
    SMS_ONLY_HOME = 6
    SMS_ONLY_ROAMING = 7
    EMERGENCY_ONLY = 8
    HOME_WITHOUT_CSFB = 9
    """Registered at home; calls by circuit-switched fallback are not preferred. Messages go."""
    ROAMING_WITHOUT_CSFB = 10
    LOCAL_SERVICES_ONLY = 11
    """Access to restricted local operator services (RLOS): no messages."""

    @property
    def is_registered(self) -> bool:
        """True if the modem is registered, so that it can send."""
        return self.is_roaming or self in (self.HOME, self.SMS_ONLY_HOME, self.HOME_WITHOUT_CSFB)

    @property
    def is_roaming(self) -> bool:
        """True if the modem is registered in a foreign network."""
        return self in (self.ROAMING, self.SMS_ONLY_ROAMING, self.ROAMING_WITHOUT_CSFB)


# The answer is `<n>,<stat>[,...]`; a notice is `<stat>[,<area>,<cell>[,...]]`, its area in quotes or of four hex digits.
_REGISTRATION_ANSWER = re.compile(r"\+C(?:G|E|5G)?REG:\s*\d+\s*,\s*(\d{1,2})\s*(?:,.*)?")
_REGISTRATION_NOTICE = re.compile(r"\+C(?:G|E|5G)?REG:\s*(\d{1,2})\s*(?:,.*)?")


def parse_registration(lines: Sequence[str]) -> Registration:
    """Returns the state in `+CREG: <n>,<stat>[,...]`. A notice (`+CREG: <stat>[,<area>,...]`) counts only if there is no such
    line: some firmware answers in its form."""
    for form in (_REGISTRATION_ANSWER, _REGISTRATION_NOTICE):
        for line in reversed(lines):
            if found := form.fullmatch(line):
                stat = int(found[1])
                return Registration(stat) if stat <= max(Registration) else Registration.UNKNOWN
    raise DecodeError("+CREG", 0, f"no registration in {list(lines)!r}")


def is_text_mode(lines: Sequence[str]) -> bool:
    """Returns whether `+CMGF: <mode>` says text mode (3GPP TS 27.005 3.2.3); False if there is no such line."""
    return _has_message_format(lines, "1")


def is_pdu_mode(lines: Sequence[str]) -> bool:
    """Returns whether `+CMGF: <mode>` says PDU mode; False if there is no such line."""
    return _has_message_format(lines, "0")


def _has_message_format(lines: Sequence[str], mode: str) -> bool:
    return any(line.upper().startswith("+CMGF:") and split_fields(line)[:1] == [mode] for line in lines)


def parse_signal_dbm(lines: Sequence[str]) -> int | None:
    """Returns the signal strength in `+CSQ: <rssi>,<ber>` in dBm; None if the modem does not know it (99)."""
    line = find_line(lines, "+CSQ")
    rssi = _number(line, (split_fields(line) or [""])[0])
    return -113 + 2 * rssi if rssi <= 31 else None


@dataclass(frozen=True, slots=True)
class StorageSlot:
    """Place in a storage, as a notice or a listing names it."""

    memory: str
    index: int


def parse_slot(line: str) -> StorageSlot:
    """Returns the place of a new message, from `+CMTI: "SM",3[,...]` or `+CDSI: "SR",3`."""
    values = split_fields(line)
    if len(values) < 2:
        raise DecodeError(line.partition(":")[0], 0, f"no memory and index in {line!r}")
    return StorageSlot(values[0], _number(line, values[1]))


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """Message in a storage. `status`: 0 to 3 (3GPP TS 27.005 3.1), None if the modem omits it. `pdu`: in hex. `octets`: the
    length that the header says, by the standard that of the TPDU without the SMSC field; None if the header has none."""

    index: int
    status: int | None
    pdu: str
    octets: int | None = None


def parse_listing(lines: Sequence[str]) -> list[StoredMessage]:
    """Returns the messages of `+CMGL: <index>,<stat>,[<alpha>],<length>` headers, each followed by its PDU."""
    found = []
    for header, pdu in _pairs(lines, "+CMGL"):
        values = split_fields(header)
        if values and values[0].isdecimal():
            status = int(values[1]) if len(values) > 1 and values[1].isdecimal() else None
            found.append(StoredMessage(int(values[0]), status, pdu, _length(values)))
    return found


def list_unreadable_slots(lines: Sequence[str]) -> list[int]:
    """Returns the slots in `+CMGL` headers that are not followed by a PDU in hex."""
    found = []
    for header, pdu in itertools.pairwise([*lines, ""]):
        values = split_fields(header) if header.startswith("+CMGL:") else []
        if values and values[0].isdecimal() and _HEX.fullmatch(pdu) is None:
            found.append(int(values[0]))
    return found


def parse_message(lines: Sequence[str], index: int) -> StoredMessage | None:
    """Returns the message in `+CMGR: <stat>,[<alpha>],<length>` and its PDU; None for an empty slot (Quectel: only OK)."""
    for header, pdu in _pairs(lines, "+CMGR"):
        values = split_fields(header)
        return StoredMessage(index, int(values[0]) if values and values[0].isdecimal() else None, pdu, _length(values))
    return None


def _length(values: Sequence[str]) -> int | None:
    """Returns the last field of a header if it is a number."""
    return int(values[-1]) if len(values) > 1 and values[-1].isdecimal() else None


def _pairs(lines: Sequence[str], name: str) -> list[tuple[str, str]]:
    return [
        (header, pdu)
        for header, pdu in itertools.pairwise(lines)
        if header.startswith(f"{name}:") and _HEX.fullmatch(pdu)
    ]


@dataclass(frozen=True, slots=True)
class StorageFill:
    """Used and total places of a storage."""

    used: int
    total: int


def parse_fill(lines: Sequence[str]) -> StorageFill:
    """Returns the first storage in `+CPMS: <used>,<total>,...`, the answer of the set command."""
    line = find_line(lines, "+CPMS")
    numbers = [int(value) for value in split_fields(line) if value.isdecimal()]
    if len(numbers) < 2:
        raise DecodeError("+CPMS", 0, f"no used and total in {line!r}")
    return StorageFill(numbers[0], numbers[1])


def parse_identity(lines: Sequence[str], name: str = "") -> str:
    """Returns the value of an identity command, with or without `name:` in front, without quotes and blanks."""
    for line in lines:
        value = line[len(name) + 1 :] if name and line.upper().startswith(f"{name}:") else line
        value = value.strip().strip('"').strip()
        if value:
            return value
    raise DecodeError(name or "reply", 0, "an answer without a value")


def parse_digits(lines: Sequence[str], name: str, minimum: int) -> str:
    """Returns the first run of at least `minimum` digits (without an F filler at the end): IMEI, IMSI, ICCID."""
    for line in lines:
        found = re.search(rf"\d{{{minimum},}}", line)
        if found:
            return found[0]
    raise DecodeError(name, 0, f"no number of {minimum} digits in {list(lines)!r}")


# A card's number as it lies on the SIM: ten octets, the digits of each swapped (3GPP TS 31.101 13.2). Every number begins with 89
# (ITU-T E.118), so one that begins with 98 is swapped.
_SWAPPED_ICCID = re.compile(r"(?<![0-9A-Fa-f])98(?:\d{18}|\d{16}[Ff]\d)(?![0-9A-Fa-f])")


def parse_iccid(lines: Sequence[str], name: str) -> str:
    """Returns the number of a SIM card: at least 18 digits, without an F filler at the end, in order. It is stored as BCD (ETSI
    TS 102 221 13.2), and some issuers use A to E as digits: 898602B8091751100000."""
    for line in lines:
        if swapped := _SWAPPED_ICCID.search(line):
            digits = "".join(swapped[0][at + 1] + swapped[0][at] for at in range(0, 20, 2))
            return digits.rstrip("Ff")
        if found := re.search(r"\d{6}[0-9A-E]{12,}", line.upper(), re.ASCII):
            return found[0]
    raise DecodeError(name, 0, f"no ICCID in {list(lines)!r}")


Decode = Callable[[str], str]
"""Decodes a string by the character set that the modem is in (`modemd.modem.link.charset`)."""


def parse_caller(line: str, decode: Decode = str) -> str:
    """Returns the number in `+CLIP: <number>,<type>[,...]` (3GPP TS 27.007 7.6), with `+` if it is international; empty if it is
    withheld."""
    return parse_address(line, "+CLIP", decode)


def parse_service_centre(lines: Sequence[str], decode: Decode = str) -> str:
    """Returns the SMSC in `+CSCA: <number>,<type>` (3GPP TS 27.005 3.3.1), with `+` if its type is international; empty if the
    SIM has none."""
    return parse_address(find_line(lines, "+CSCA"), "+CSCA", decode)


def parse_address(line: str, name: str, decode: Decode = str) -> str:
    """Returns a number by its type of address: with `+` for 145, international (3GPP TS 24.008 10.5.4.7)."""
    values = split_fields(line)
    if not values:
        raise DecodeError(name, 0, f"no number in {line!r}")
    number = decode(values[0])
    international = len(values) > 1 and values[1] == "145"
    return f"+{number}" if international and number.isdecimal() else number


def parse_pin_tries(lines: Sequence[str], place: int) -> int:
    """Returns the tries left for a PIN: value number `place`, counted from 0, of the first line with enough values."""
    for line in lines:
        values = split_fields(line)
        if len(values) > place and values[place].isdecimal():
            return int(values[place])
    raise DecodeError("PIN tries", place, f"no counter in {list(lines)!r}")


def parse_operator(lines: Sequence[str], decode: Decode = str) -> str | None:
    """Returns the network in `+COPS: <mode>[,<format>,<name>[,<technology>]]` (3GPP TS 27.007 7.3); None if there is none."""
    values = split_fields(find_line(lines, "+COPS"))
    return decode(values[2]) or None if len(values) > 2 else None
