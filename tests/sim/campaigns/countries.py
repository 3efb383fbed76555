"""Countries in which campaigns are simulated: their SIMs, recipients with the zones they can be in, holidays, and the dates round
which something goes on. All of it is written down here, and not asked of modemd."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from tests.sim.world.assembled import Home


@dataclass(frozen=True, slots=True)
class People:
    """Recipients whose numbers begin alike. `rows`: the rows of the hours table that apply; `zones`: where they can be."""

    prefix: str
    digits: int
    """Digits behind the prefix."""
    rows: tuple[str, ...]
    zones: tuple[str, ...]

    def number(self, index: int) -> str:
        return f"{self.prefix}{index:0{self.digits}d}"


@dataclass(frozen=True, slots=True)
class Country:
    """Country of a box. `allowed`: the countries that its configuration names; `moments`: changes of the clock and holidays, one
    of which is in the middle of a campaign."""

    home: Home
    people: tuple[People, ...]
    moments: tuple[datetime, ...]
    holidays: frozenset[date]
    allowed: tuple[str, ...]
    stop_words: tuple[str, ...]


FOREIGN = "+905321234567"
"""Number in a country that no box here writes to."""
START_WORDS = ("START", "UNSTOP")
UNCLEAR = ("stop this bill", "non-stop", "the bus stop", "please don't stop")
"""Texts that a person has to look at."""

AUSTRALIA = tuple(
    f"Australia/{city}"
    for city in (
        *("Sydney", "Melbourne", "Brisbane", "Hobart", "Adelaide", "Darwin", "Perth", "Eucla", "Lord_Howe"),
        *("Broken_Hill", "Lindeman"),
    )
)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _days(text: str) -> frozenset[date]:
    return frozenset(date.fromisoformat(each) for each in text.split())


COUNTRIES = (
    Country(
        Home("FR", "33", "20801", "+3370000000"),
        (
            People("+336123450", 2, ("FR",), ("Europe/Paris",)),
            People("+5906901234", 2, ("GP",), ("America/Guadeloupe",)),
            People("+2626921234", 2, ("RE",), ("Indian/Reunion",)),
            People("+346123450", 2, ("ES",), ("Europe/Madrid", "Atlantic/Canary", "Africa/Ceuta")),
        ),
        (_at("2026-03-29 01:00"), _at("2026-10-25 01:00"), _at("2026-05-08 00:00")),
        _days("2026-04-06 2026-05-01 2026-05-08 2026-05-14 2026-05-25 2026-10-26 2026-11-01 2026-11-11"),
        ("FR", "ES", "GP", "RE"),
        ("STOP", "arrêt", "désabonner", "BAJA"),
    ),
    Country(
        Home("DE", "49", "26201", "+491519000000"),
        (People("+49151123450", 2, ("DE",), ("Europe/Berlin", "Europe/Busingen")),),
        (_at("2026-03-29 01:00"), _at("2026-10-25 01:00"), _at("2026-05-01 00:00")),
        _days("2026-04-03 2026-04-06 2026-05-01 2026-05-14 2026-05-25 2026-10-31"),
        ("DE",),
        ("STOP", "Stopp", "abmelden", "ABBESTELLEN"),
    ),
    Country(
        Home("GB", "44", "23415", "+44740000009"),
        (People("+4474001234", 2, ("GB",), ("Europe/London",)),),
        (_at("2026-03-29 01:00"), _at("2026-10-25 01:00"), _at("2026-05-04 00:00")),
        _days("2026-04-03 2026-04-06 2026-05-04 2026-05-25"),
        ("GB",),
        ("STOP", "unsubscribe", "STOP ALL", "Stop please"),
    ),
    Country(
        Home("US", "1", "31026", "+1212555900"),
        (
            People("+12125550", 3, ("US",), ("America/New_York",)),
            People("+13055550", 3, ("US", "US-FL"), ("America/New_York",)),
            People("+12085550", 3, ("US",), ("America/Boise", "America/Los_Angeles")),
            People("+16025550", 3, ("US",), ("America/Phoenix",)),
            People("+13125550", 3, ("US", "US-IL"), ("America/Chicago",)),
            People("+14015550", 3, ("US", "US-RI"), ("America/New_York",)),
            People("+12055550", 3, ("US", "US-AL"), ("America/Chicago",)),
            People("+18085550", 3, ("US",), ("Pacific/Honolulu",)),
        ),
        (_at("2026-03-08 07:00"), _at("2026-11-01 06:00"), _at("2026-05-25 04:00")),
        _days("2026-03-10 2026-05-25 2026-11-03 2026-11-11"),
        ("US",),
        ("STOP", "STOPALL", "cancel", "BAJA"),
    ),
    Country(
        Home("AU", "61", "50501", "+6149000009"),
        (People("+614123456", 2, ("AU",), AUSTRALIA),),
        (_at("2026-04-04 16:00"), _at("2026-10-03 16:00"), _at("2026-04-24 14:00")),
        _days("2026-04-03 2026-04-06 2026-04-25 2026-10-05"),
        ("AU",),
        ("STOP", "unsubscribe", "opt out", "end"),
    ),
    Country(
        Home("BR", "55", "72406", "+551190000009"),
        (
            People("+55119123456", 2, ("BR",), ("America/Sao_Paulo",)),
            People("+55929123456", 2, ("BR",), ("America/Manaus",)),
            People("+55689123456", 2, ("BR",), ("America/Rio_Branco",)),
        ),
        (_at("2026-04-21 03:00"), _at("2026-09-07 03:00")),
        _days("2026-04-03 2026-04-21 2026-05-01 2026-09-07"),
        ("BR",),
        ("PARAR", "SAIR", "stop", "cancelar"),
    ),
    Country(
        Home("KR", "82", "45005", "+82109000000"),
        (People("+82101234", 4, ("KR",), ("Asia/Seoul",)),),
        (_at("2026-09-25 15:00"), _at("2026-03-01 15:00")),
        _days("2026-03-02 2026-09-24 2026-09-25 2026-09-26"),
        ("KR",),
        ("수신거부", "STOP", "stop", "거부"),
    ),
    Country(
        Home("ZA", "27", "65501", "+2782900009"),
        (People("+278212345", 2, ("ZA",), ("Africa/Johannesburg",)),),
        (_at("2026-04-27 00:00"), _at("2026-04-04 00:00")),
        _days("2026-04-03 2026-04-06 2026-04-27 2026-05-01"),
        ("ZA",),
        ("STOP", "stop all", "unsubscribe", "OPT OUT"),
    ),
)
