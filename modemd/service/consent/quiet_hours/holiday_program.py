"""Runs the program that lists public holidays: `modemd.service.consent.quiet_hours.holiday_list`, in a process of its own."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from modemd import programs

# A Raspberry Pi computes all countries in some ten seconds.
LIMIT_S = 120.0

# By place (`FR`, `FR-57`): `days` (names by date) and `known`, as the program prints them.
HolidayDocument = Mapping[str, Mapping[str, Any]]
ListHolidays = Callable[[Sequence[str], Sequence[int]], Awaitable[HolidayDocument | str]]
"""Returns the holidays of places in years; a text says why there are none."""


async def list_holidays(places: Sequence[str], years: Sequence[int]) -> HolidayDocument | str:
    """Returns the public holidays of places in years, or why the program did not list them."""
    argv = [
        sys.executable,
        "-m",
        "modemd.service.consent.quiet_hours.holiday_list",
        ",".join(places),
        ",".join(map(str, years)),
    ]
    with tempfile.TemporaryFile() as written:
        failure = await programs.run(argv, LIMIT_S, written=written)
        if failure is not None:
            return failure
        written.seek(0)
        try:
            document: HolidayDocument = json.loads(written.read())
        except ValueError as error:
            return f"it printed no JSON: {error}"
    return document


async def list_no_holidays(places: Sequence[str], years: Sequence[int]) -> HolidayDocument | str:
    """Returns places without any holidays, without running a program."""
    return {place: {"known": True, "days": {}} for place in places}
