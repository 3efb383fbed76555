"""Time stamps of seven octets: TP-SCTS, TP-DT and the absolute validity period (3GPP TS 23.040 9.2.3.11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from modemd.errors import EncodeError
from modemd.pdu.fast_dataclass import make_constructor

LENGTH = 7
_QUARTER = timedelta(minutes=15)
_MOST_QUARTERS = 79  # two decimal digits, of which the first gives a bit to the sign


def _decimal(octet: int) -> int:
    """Two swapped decimal digits. A digit above 9 counts as 0, as the clause tells receivers."""
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
    """A moment as the network wrote it: local time, and its distance from UTC in quarters of an hour.

    `raw` is the seven octets, kept whatever they hold.
    """

    raw: bytes

    @classmethod
    def of(cls, moment: datetime) -> Timestamp:
        """The octets of an aware datetime; parts of a second are dropped.

        An offset that is no whole quarter of an hour is brought to the quarter below, the moment staying the same.
        EncodeError: a naive datetime, a year outside 1990 to 2089 (two digits are all there is), an offset past 19:45.
        """
        offset = moment.utcoffset()
        if offset is None:
            raise EncodeError("time stamp", "a datetime without an offset")
        quarters = offset // _QUARTER
        if abs(quarters) > _MOST_QUARTERS:
            raise EncodeError("time stamp", f"an offset of {offset} is too far from UTC")
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
        """The moment, aware, with the offset stated. None where the octets are no date (month 0, all F), or not seven.

        Years 90 to 99 are taken for 1990 to 1999.
        """
        try:
            year, month, day, hour, minute, second, _ = self.raw.translate(_DECIMAL)
            return datetime(
                year + (2000 if year < 90 else 1900), month, day, hour, minute, second, 0, _ZONE[self.raw[6]]
            )
        except ValueError:
            return None

    def encode(self) -> bytes:
        """The seven octets; EncodeError where `raw` is not seven long."""
        if len(self.raw) != LENGTH:
            raise EncodeError("time stamp", f"{len(self.raw)} octets instead of 7")
        return self.raw

    def __str__(self) -> str:
        value = self.value
        return self.raw.hex().upper() if value is None else value.isoformat()


make_timestamp = make_constructor(Timestamp)
