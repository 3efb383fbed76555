"""Program that lists public holidays: `python -m modemd.service.consent.quiet_hours.holiday_list PLACES YEARS` prints JSON.

It is a process of its own because the package `holidays` stays in memory with 11 MiB once it is imported: `holiday_program` runs
it, and no module imports it. PLACES are countries and subdivisions, such as `FR,FR-57,US-AL`; YEARS such as `2026,2027`. The
answer has one entry for each place: its `days` by date, and whether it is `known` to the package. An unknown subdivision has the
days of its country, an unknown country has none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import holidays

# Names of holidays are in English if the package has them so, for one language in the answers of modemd.
LANGUAGE = "en_US"


def list_days(places: Sequence[str], years: Sequence[int]) -> dict[str, dict[str, Any]]:
    """Returns the public holidays of each place. Holidays of banks, schools and half days do not count."""
    return {place: _list_place(place, years) for place in places}


def _list_place(place: str, years: Sequence[int]) -> dict[str, Any]:
    country, _, subdivision = place.partition("-")
    is_known = True
    for subdiv in dict.fromkeys((subdivision or None, None)):
        try:
            found = holidays.country_holidays(country, subdiv=subdiv, years=years, language=LANGUAGE)
        except NotImplementedError:
            is_known = False
        else:
            # An observed day off may lie in the year before or after.
            return {
                "known": is_known,
                "days": {f"{day}": name for day, name in sorted(found.items()) if day.year in years},
            }
    return {"known": False, "days": {}}


def main(words: Sequence[str]) -> int:
    """Prints the answer, and returns the exit status."""
    if len(words) != 2:
        sys.stderr.write(
            "usage: python -m modemd.service.consent.quiet_hours.holiday_list PLACES YEARS, such as FR,FR-57 2026,2027\n"
        )
        return 2
    try:
        years = [int(year) for year in words[1].split(",")]
    except ValueError:
        sys.stderr.write(f"{words[1]!r} is no list of years, such as 2026,2027\n")
        return 2
    sys.stdout.write(json.dumps(list_days(words[0].split(","), years), ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
