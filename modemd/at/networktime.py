"""The network's time (NITZ), as modems tell it: in notices of their own, or as the clock that the network sets.

Which of them say local time and which universal time differs by firmware. Only where the standard says local is the zone taken
off; what is asked here is which day it is, and a zone is at most 14 hours.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

# Beginnings of the notices: SIM800 (AT+CLTS=1), SIM7600, Huawei, and 3GPP TS 27.007 8.41 (+CTZR=2, +CTZR=1).
NOTICES = ("*PSUTTZ:", "+NITZ:", "^NWTIME:", "+CTZE:", "+CTZV:")
# Local time by 3GPP TS 27.007 8.15 and 8.41.
_LOCAL = ("+CCLK:", "+CTZE:")
# A clock that no network has set says 1970, 1980 or 2004; there was no modemd before this year.
FIRST_YEAR = 2024

_TIME = re.compile(r"(\d{2}|\d{4})[/,](\d{1,2})[/,](\d{1,2}),\s*(\d{1,2})[:,](\d{1,2})[:,](\d{1,2})")
# A sign and quarters of an hour: `+04`, also in quotes of its own.
_ZONE = re.compile(r"([+-])(\d{1,2})")
_QUARTER = timedelta(minutes=15)


def parse_network_time(line: str) -> datetime | None:
    """The moment that a notice, or the answer to `AT+CCLK?`, tells; None where it tells none (`+CTZV: +04`), or nonsense."""
    name, colon, rest = line.partition(":")
    said = _TIME.search(rest)
    if said is None:
        return None
    year, *others = map(int, said.groups())
    try:
        found = datetime(year + (1900 if 80 <= year < 100 else 2000 if year < 80 else 0), *others, tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
    if name + colon in _LOCAL and (zone := _ZONE.search(rest.replace(said[0], ""))) is not None:
        quarters = int(zone[2]) * (1 if zone[1] == "+" else -1)
        found -= quarters * _QUARTER
    return found if found.year >= FIRST_YEAR else None
