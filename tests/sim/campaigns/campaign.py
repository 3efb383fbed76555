"""Campaigns of a shop in one country, drawn from a seed, on days round a change of the clock or a holiday.

Clients ask at odd times, phones say STOP, START and unclear things, modems refuse and lose answers, the process is killed, and
the hours of a row are changed while messages are held.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tests.sim.campaigns.countries import COUNTRIES, FOREIGN, START_WORDS, UNCLEAR, Country, People
from tests.sim.campaigns.oracle import WEEKDAYS, Change
from tests.sim.plans.plan import ALPHABETS, PlannedMessage

VALIDITIES = ("30min", "6h", "1d", "2d", "4d", "7d")
URGENT_SHARE = 0.25
CAUSES = (38, 41, 42, 47, 512)  # of a network that is busy: they pass


@dataclass(frozen=True, slots=True)
class Wish:
    """Message that a client wants. `valid`: how long it is worth sending; `people`: whose number it is, None if no box writes
    there."""

    message: PlannedMessage
    people: People | None
    valid: str

    @property
    def is_marketing(self) -> bool:
        return self.message.message_class == "marketing"


@dataclass(frozen=True, slots=True)
class Said:
    """Text that a phone writes to the SIM of a modem. `kind`: stop, start or unclear."""

    at_s: float
    number: str
    text: str
    kind: str
    modem: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Fault at a modem: it refuses the next part, or loses the next answer; or it is pulled out for some seconds."""

    at_s: float
    modem: int
    kind: str
    cause: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Campaign:
    """Everything that is to happen. `kills`: when the process ends, and for how long."""

    seed: int
    country: Country
    start: datetime
    length_s: float
    modems: int
    latency_s: float
    wishes: tuple[Wish, ...]
    says: tuple[Said, ...]
    faults: tuple[Fault, ...]
    kills: tuple[tuple[float, float], ...]
    changes: tuple[Change, ...]


def draw(seed: int, days: int) -> Campaign:
    """Returns the campaign of a seed: its country by turns, then what goes on there."""
    chance = Random(f"campaign {seed}")
    country = COUNTRIES[seed % len(COUNTRIES)]
    moment = country.moments[seed // len(COUNTRIES) % len(country.moments)]
    start = moment - timedelta(days=days / 2, hours=chance.uniform(0, 6))
    length_s = days * 86400.0
    modems = chance.choice((1, 2))
    recipients = [
        (each.number(index), each) for each in country.people for index in range(1, 2 + 12 // len(country.people))
    ]
    chance.shuffle(recipients)
    recipients = recipients[:14]
    moments = [(moment - start).total_seconds() + chance.uniform(-3600, 3600) for _ in range(4)]
    moments += [_near_closing(chance, start, length_s, recipients) for _ in range(6 * days)]
    moments += [chance.uniform(300, length_s) for _ in range(8 * days)]
    wishes = [
        _wish(chance, tag, at_s, recipients)
        for tag, at_s in enumerate(sorted(each for each in moments if each > 300), 1)
    ]
    says = [
        *(_say(chance, length_s, recipients, country.stop_words, "stop", modems) for _ in range(2 + days // 3)),
        *(_say(chance, length_s, recipients, START_WORDS, "start", modems) for _ in range(2 + days // 3)),
        *(_say(chance, length_s, recipients, UNCLEAR, "unclear", modems) for _ in range(1 + days // 5)),
    ]
    faults = [_fault(chance, length_s, modems) for _ in range(4 * days)]
    kills = [
        (chance.uniform(600, length_s), chance.choice((2.0, 60.0, 3600.0, 8 * 3600.0)))
        for _ in range(chance.choice((0, 1, 2, days // 2)))
    ]
    return Campaign(
        seed, country, start, length_s, modems, chance.choice((0.5, 3.0)), tuple(wishes),
        tuple(sorted(says, key=lambda each: each.at_s)), tuple(faults), tuple(_apart(kills)),
        tuple(_changes(chance, country, start, length_s)),
    )  # fmt: skip


def _wish(chance: Random, tag: int, at_s: float, recipients: list[tuple[str, People]]) -> Wish:
    number, people = chance.choice(recipients)
    message_class = "marketing" if chance.random() > URGENT_SHARE else chance.choice(("transactional", "alarm", "otp"))
    parts = chance.choice((1, 1, 1, 2, 3))
    valid = chance.choice(VALIDITIES)
    if message_class == "marketing" and chance.random() < 0.04:
        return Wish(PlannedMessage(at_s, FOREIGN, tag, ALPHABETS[0], 1, message_class), None, valid)
    return Wish(PlannedMessage(at_s, number, tag, chance.choice(ALPHABETS[:2]), parts, message_class), people, valid)


def _near_closing(chance: Random, start: datetime, length_s: float, recipients: list[tuple[str, People]]) -> float:
    """Returns a moment shortly before hours end or begin somewhere: most rows change at full hours."""
    people = chance.choice(recipients)[1]
    zone = ZoneInfo(chance.choice(people.zones))
    day = (start + timedelta(seconds=chance.uniform(0, length_s))).date()
    wall = datetime.combine(day, time(chance.choice((8, 9, 10, 13, 17, 18, 19, 20, 21))), zone)
    at = wall.astimezone(UTC) + timedelta(seconds=chance.choice((-20, -8, -3, -1, 0, 1)) + chance.uniform(-2, 2))
    return min(max(0.0, (at - start).total_seconds()), length_s)


def _say(
    chance: Random,
    length_s: float,
    recipients: list[tuple[str, People]],
    words: tuple[str, ...],
    kind: str,
    modems: int,
) -> Said:
    number = chance.choice(recipients)[0]
    return Said(chance.uniform(600, length_s), number, chance.choice(words), kind, chance.randrange(modems))


def _fault(chance: Random, length_s: float, modems: int) -> Fault:
    kind = chance.choice(("refuse", "refuse", "lose_answer", "unplug"))
    return Fault(
        chance.uniform(600, length_s),
        chance.randrange(modems),
        kind,
        chance.choice(CAUSES),
        chance.choice((30.0, 600.0)),
    )


def _changes(chance: Random, country: Country, start: datetime, length_s: float) -> Iterable[Change]:
    """Returns reloads of one row of the country, on the weekday of that moment or the next."""
    moments = sorted(chance.uniform(3600, length_s) for _ in range(chance.choice((0, 1, 2))))
    row = chance.choice(country.people).rows[-1]
    for at_s in moments:
        since = start + timedelta(seconds=at_s)
        weekday = (since.weekday() + chance.choice((0, 1))) % len(WEEKDAYS)
        yield Change(since, row, weekday, chance.choice(("none", "10:00-16:00", "07:00-22:00", "20:00-02:00")))


def _apart(kills: list[tuple[float, float]]) -> Iterable[tuple[float, float]]:
    """Returns the kills that come while the process runs."""
    until = 0.0
    for at_s, down_s in sorted(kills):
        if at_s > until + 60:
            yield at_s, down_s
            until = at_s + down_s
