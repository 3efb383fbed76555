"""TP-VP, the validity period: relative, absolute or enhanced (3GPP TS 23.040 9.2.3.12)."""

from __future__ import annotations

from datetime import timedelta
from math import ceil
from typing import ClassVar, TypeAlias

from modemd.errors import EncodeError
from modemd.light_dataclass import dataclass
from modemd.pdu.fast_dataclass import make_constructor
from modemd.pdu.fields.timestamp import Timestamp

# TP-VPF, bits 4 and 3 of the first octet, and the octets that follow from it.
NONE, ENHANCED, RELATIVE, ABSOLUTE = 0x00, 0x08, 0x10, 0x18
OCTETS = {NONE: 0, ENHANCED: 7, RELATIVE: 1, ABSOLUTE: 7}

_FIVE_MINUTES, _HALF_HOUR = timedelta(minutes=5), timedelta(minutes=30)
_HALF_DAY, _DAY, _WEEK = timedelta(hours=12), timedelta(days=1), timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class RelativeValidity:
    """Validity period of one octet: 5 minutes to 63 weeks after the service centre accepts the message."""

    octet: int
    bits: ClassVar[int] = RELATIVE

    @classmethod
    def at_least(cls, duration: timedelta) -> RelativeValidity:
        """Returns the shortest period that is at least `duration`; 63 weeks, the longest, if `duration` is longer."""
        minutes = ceil(duration.total_seconds() / 60)
        if minutes <= 12 * 60:
            return _make_relative(max(-(-minutes // 5), 1) - 1)
        if minutes <= 24 * 60:
            return _make_relative(143 - (12 * 60 - minutes) // 30)
        if minutes <= 30 * 24 * 60:
            return _make_relative(166 - -minutes // (24 * 60))
        return _make_relative(min(192 + max(-(-minutes // (7 * 24 * 60)), 5), 255))

    @property
    def duration(self) -> timedelta:
        if self.octet < 144:
            return (self.octet + 1) * _FIVE_MINUTES
        if self.octet < 168:
            return _HALF_DAY + (self.octet - 143) * _HALF_HOUR
        if self.octet < 197:
            return (self.octet - 166) * _DAY
        return (self.octet - 192) * _WEEK

    def encode(self) -> bytes:
        try:
            return bytes((self.octet,))
        except ValueError:
            raise EncodeError("TP-VP", f"{self.octet} is not an octet") from None

    def __str__(self) -> str:
        return f"{self.duration} after acceptance"


_make_relative = make_constructor(RelativeValidity)


@dataclass(frozen=True, slots=True)
class AbsoluteValidity:
    """Validity period until a time."""

    until: Timestamp
    bits: ClassVar[int] = ABSOLUTE

    def encode(self) -> bytes:
        return self.until.encode()

    def __str__(self) -> str:
        return f"until {self.until}"


@dataclass(frozen=True, slots=True)
class EnhancedValidity:
    """Validity period of seven octets; the first says how to read the others. Few service centres accept it."""

    raw: bytes
    bits: ClassVar[int] = ENHANCED

    @property
    def single_shot(self) -> bool:
        """One attempt only."""
        return bool(self.raw[0] & 0x40)

    @property
    def duration(self) -> timedelta | None:
        """The period, from a relative octet, from seconds, or from hours, minutes and seconds; None if there is none."""
        form = self.raw[0] & 7
        if form == 1:
            return RelativeValidity(self.raw[1]).duration
        if form == 2:
            return timedelta(seconds=self.raw[1])
        if form == 3:
            hours, minutes, seconds = ((octet & 15) * 10 + (octet >> 4) for octet in self.raw[1:4])
            return timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return None

    def encode(self) -> bytes:
        if len(self.raw) != 7:
            raise EncodeError("TP-VP", f"{len(self.raw)} octets instead of 7")
        return self.raw

    def __str__(self) -> str:
        words = [] if self.duration is None else [f"{self.duration} after acceptance"]
        return ", ".join([*words, "single shot"] if self.single_shot else words) or "no period stated"


Validity: TypeAlias = RelativeValidity | AbsoluteValidity | EnhancedValidity


def read_validity(bits: int, octets: bytes) -> Validity | None:
    """Returns the period in `octets`, of which there must be `OCTETS[bits]`."""
    if bits == RELATIVE:
        return RelativeValidity(octets[0])
    if bits == ABSOLUTE:
        return AbsoluteValidity(Timestamp(octets))
    return EnhancedValidity(octets) if bits == ENHANCED else None
