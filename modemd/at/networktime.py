"""Parser of the network's time (NITZ), from a modem's notices or from its clock if the network sets it.

Firmware differs in which of them are local time and which UTC. The zone is subtracted only if the standard says local. That is
enough here: modemd needs the day, and a zone is at most 14 hours.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

# Beginnings of the notices: SIM800 (AT+CLTS=1), SIM7600, Huawei, and 3GPP TS 27.007 8.41 (+CTZR=2, +CTZR=1).
NOTICES = ("*PSUTTZ:", "+NITZ:", "^NWTIME:", "+CTZE:", "+CTZV:")
# Local time by 3GPP TS 27.007 8.15 and 8.41.
_LOCAL = ("+CCLK:", "+CTZE:")
# A clock that no network has set is in 1970, 1980 or 2004; modemd did not exist before this year.
FIRST_YEAR = 2024

_TIME = re.compile(r"(\d{2}|\d{4})[/,](\d{1,2})[/,](\d{1,2}),\s*(\d{1,2})[:,](\d{1,2})[:,](\d{1,2})")
# A sign and quarters of an hour: `+04`, on some modems in separate quotes.
_ZONE = re.compile(r"([+-])(\d{1,2})")
_QUARTER = timedelta(minutes=15)


def parse_network_time(line: str) -> datetime | None:
    """Returns the time in a notice or in the answer to `AT+CCLK?`; None if there is none (`+CTZV: +04`), or if it is invalid."""
    name, colon, rest = line.partition(":")
    match = _TIME.search(rest)
    if match is None:
        return None
    year, *others = map(int, match.groups())
    try:
        found = datetime(year + (1900 if 80 <= year < 100 else 2000 if year < 80 else 0), *others, tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
    if name + colon in _LOCAL and (zone := _ZONE.search(rest.replace(match[0], ""))) is not None:
        quarters = int(zone[2]) * (1 if zone[1] == "+" else -1)
        found -= quarters * _QUARTER
    return found if found.year >= FIRST_YEAR else None
