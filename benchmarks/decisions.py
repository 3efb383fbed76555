"""Speed of decisions about business messages: `python -m benchmarks.decisions`.

CPU time of this process, the median over the rounds. Every case is measured beside `Window.find_hold_end`, which decides about
the hours of a single message: the ratio says what the hours of all countries cost more. Numbers and times are random.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

import phonenumbers

from benchmarks.figures import figure, say
from modemd.rules.classes import MessageClass
from modemd.rules.consent.caps import FrequencyCaps
from modemd.rules.consent.policy import ConsentPolicy, Marketing
from modemd.rules.geography.geography import Geography
from modemd.rules.quiet_hours.holidays import Holidays
from modemd.rules.quiet_hours.quiet_hours import QuietHours
from modemd.rules.quiet_hours.table import HoursTable
from modemd.rules.quiet_hours.zones import list_area_codes
from modemd.rules.sending_rules import ContactFacts, SendingRules
from modemd.rules.windows import Window

ROUNDS = 11
CALLS = 2000
# Decisions a second with the place known, and with a number that was never seen.
KNOWN_PLACE, NEW_NUMBER = 20_000, 6_000
# Memory of tables, holidays and remembered openings, in MiB.
MOST_MIB = 2.0
COUNTRIES = ("FR", "DE", "GB", "ES", "IT", "AU", "BR", "ZA", "IN", "KZ", "NZ", "MX")

Call = tuple[str, datetime]
T = TypeVar("T")


def make_quiet_hours() -> QuietHours:
    """All countries, each with fourteen holidays in two years."""
    years = [(country, "", year) for country in sorted(phonenumbers.SUPPORTED_REGIONS) for year in (2026, 2027)]
    days = [
        (country, "", date(year, 1 + number % 12, 1 + 2 * number), f"holiday {number} of {country}")
        for country, _, year in years
        for number in range(14)
    ]
    return QuietHours(HoursTable.load(), Holidays.build(years, days, {}))


def make_calls(chance: random.Random) -> list[Call]:
    """Numbers of twelve countries and of every area code of +1, within one day."""
    codes = [code for code, area in list_area_codes().items() if area.country]
    midnight = datetime(2026, 7, 14, tzinfo=UTC)
    examples = [
        phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE) for country in COUNTRIES
    ]
    prefixes = [f"+{found.country_code}{str(found.national_number)[:-5]}" for found in examples if found is not None]
    prefixes += [f"+1{code}55" for code in codes[:: len(codes) // len(COUNTRIES)]]
    return [
        (
            f"{chance.choice(prefixes)}{chance.randrange(100_000):05d}",
            midnight + timedelta(seconds=chance.randrange(86400)),
        )
        for _ in range(CALLS)
    ]


def rate(decide: Callable[[T], object], calls: Sequence[T]) -> float:
    """Calls a second of CPU time."""
    began = time.process_time()
    for call in calls:
        decide(call)
    return len(calls) / (time.process_time() - began)


def measure_speed() -> bool:
    """Tells the rates, and returns whether all reach what is wanted."""
    chance, quiet = random.Random(), make_quiet_hours()
    window = Window.parse("09:00-18:00", ZoneInfo("Europe/Paris"))
    numbers = [number for number, _ in make_calls(chance)][:200]
    rounds: list[tuple[float, float, float]] = []
    for _ in range(ROUNDS):
        calls = make_calls(chance)
        known = [(chance.choice(numbers), now) for _, now in calls]
        rate(lambda call: quiet.find_hold(*call), known[:500])
        rounds.append(
            (
                rate(lambda call: quiet.find_hold(*call), known),
                rate(lambda call: quiet.find_hold(*call), calls),
                rate(lambda call: window.find_hold_end(call[1], 1), calls),
            )
        )
    place_known, parsed, single = (statistics.median(column) for column in zip(*rounds, strict=True))
    figure("quiet hours, place of the number known", place_known, "a second", least=KNOWN_PLACE)
    figure("quiet hours, each number parsed anew", parsed, "a second", least=NEW_NUMBER)
    figure("window of one message", single, "a second")
    say(f"  ratios to the window: {place_known / single:.2f} known, {parsed / single:.2f} parsed")
    return bool(place_known >= KNOWN_PLACE and parsed >= NEW_NUMBER)


def measure_decisions() -> bool:
    """Tells how many whole decisions a second are taken, of consent, geography, caps and quiet hours together, and returns
    whether both rates reach what is wanted. The facts about each contact are at hand: half of them got marketing lately."""
    chance = random.Random()
    rules = SendingRules(
        ConsentPolicy(), Geography(frozenset(phonenumbers.SUPPORTED_REGIONS)), FrequencyCaps(), make_quiet_hours()
    )

    def decide(call: tuple[str, datetime, ContactFacts]) -> object:
        number, now, contact = call
        return rules.find_objection(MessageClass.MARKETING, number, contact) or rules.find_hold(
            MessageClass.MARKETING, number, contact, now, 1
        )

    def add_facts(call: Call) -> tuple[str, datetime, ContactFacts]:
        number, now = call
        lately = tuple(now - timedelta(days=chance.uniform(0, 30)) for _ in range(chance.choice((0, 0, 1, 3))))
        return number, now, ContactFacts(chance.choice((Marketing.UNKNOWN, Marketing.OPTED_IN)), marketing_at=lately)

    numbers = [number for number, _ in make_calls(chance)][:200]
    rounds: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        new = [add_facts(call) for call in make_calls(chance)]
        known = [(chance.choice(numbers), now, facts) for _, now, facts in new]
        rate(decide, known)
        rounds.append((rate(decide, known), rate(decide, new)))
    ready, parsed = (statistics.median(column) for column in zip(*rounds, strict=True))
    figure("whole decisions, facts ready", ready, "a second", least=KNOWN_PLACE)
    figure("whole decisions, each number parsed anew", parsed, "a second", least=NEW_NUMBER)
    return bool(ready >= KNOWN_PLACE and parsed >= NEW_NUMBER)


def measure_memory() -> bool:
    """Tells what tables, holidays and everything remembered weigh after a campaign over the world, and returns whether that is
    little enough. `phonenumbers` itself is not counted: the daemon has it."""
    for number, _ in make_calls(random.Random()):
        phonenumbers.region_code_for_number(phonenumbers.parse(number))
    tracemalloc.start()
    quiet, chance = make_quiet_hours(), random.Random()
    for _ in range(5):
        for number, now in make_calls(chance):
            quiet.find_hold(number, now)
    mib = tracemalloc.get_traced_memory()[0] / 2**20
    tracemalloc.stop()
    figure("memory of quiet hours after 10,000 decisions", mib, "MiB", most=MOST_MIB)
    return mib <= MOST_MIB


def main() -> int:
    """Prints a line a figure; the exit status says whether each reaches its target."""
    is_small = measure_memory()
    return 0 if all([measure_speed(), measure_decisions()]) and is_small else 1


if __name__ == "__main__":
    sys.exit(main())
