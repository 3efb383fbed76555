"""Time stamps of seven octets: TP-SCTS, TP-DT and the absolute validity period (3GPP TS 23.040 9.2.3.11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from modemd.errors import EncodeError
from modemd.light_dataclass import dataclass
from modemd.pdu.fast_dataclass import make_constructor

LENGTH = 7
_QUARTER = timedelta(minutes=15)
_MOST_QUARTERS = 79  # two decimal digits; one bit of the first is the sign


def _decimal(octet: int) -> int:
    """Reads two swapped decimal digits. A digit above 9 counts as 0, as the clause requires of receivers."""
    tens, units = octet & 15, octet >> 4
    return (tens if tens < 10 else 0) * 10 + (units if units < 10 else 0)


def _zone(octet: int) -> timezone:
    quarters = _decimal(octet & 0xF7)
    return timezone(-quarters * _QUARTER if octet & 8 else quarters * _QUARTER) if quarters else UTC


_DECIMAL = bytes(_decimal(octet) for octet in range(256))
_SWAPPED = bytes(number % 10 << 4 | number // 10 for number in range(100))
_ZONE = tuple(_zone(octet) for octet in range(256))


@dataclass(frozen=True, slots=True)
class Timestamp:
    """Time stamp as the network wrote it: local time, and its offset from UTC in quarters of an hour.

    `raw` has the seven octets, even if they are not a valid time.
    """

    raw: bytes

    @classmethod
    def of(cls, moment: datetime) -> Timestamp:
        """Makes a time stamp from an aware datetime; fractions of a second are dropped.

        An offset that is not a multiple of a quarter of an hour becomes the quarter below; the moment stays the same.
        EncodeError for a naive datetime, a year outside 1990 to 2089 (there are only two digits), or an offset above 19:45.
        """
        offset = moment.utcoffset()
        if offset is None:
            raise EncodeError("time stamp", "the datetime has no offset")
        quarters = offset // _QUARTER
        if abs(quarters) > _MOST_QUARTERS:
            raise EncodeError("time stamp", f"the offset {offset} is too far from UTC")
        if offset % _QUARTER:
            moment = moment.astimezone(timezone(quarters * _QUARTER))
        if not 1990 <= moment.year <= 2089:
            raise EncodeError("time stamp", f"the year {moment.year} cannot be written in two digits")
        numbers = (
            moment.year % 100,
            moment.month,
            moment.day,
            moment.hour,
            moment.minute,
            moment.second,
            abs(quarters),
        )
        octets = bytes(_SWAPPED[number] for number in numbers)
        return cls(octets if quarters >= 0 else octets[:6] + bytes((octets[6] | 8,)))

    @property
    def value(self) -> datetime | None:
        """The time, aware, with the given offset. None if the octets are not a date (month 0, all F), or not seven.

        Years 90 to 99 mean 1990 to 1999.
        """
        try:
            year, month, day, hour, minute, second, _ = self.raw.translate(_DECIMAL)
            return datetime(
                year + (2000 if year < 90 else 1900), month, day, hour, minute, second, 0, _ZONE[self.raw[6]]
            )
        except ValueError:
            return None

    def encode(self) -> bytes:
        """Returns the seven octets. EncodeError if `raw` does not have seven."""
        if len(self.raw) != LENGTH:
            raise EncodeError("time stamp", f"{len(self.raw)} octets instead of 7")
        return self.raw

    def __str__(self) -> str:
        value = self.value
        return self.raw.hex().upper() if value is None else value.isoformat()


make_timestamp = make_constructor(Timestamp)
