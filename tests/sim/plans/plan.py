"""What is to happen in a simulation: what clients want sent, what phones say, what goes wrong, when the process ends.

A plan is data, drawn from a seed; tests.sim.plans.run runs it. Every part of every text carries its message's tag, so that the
truth journal tells which part of which message an accepted PDU was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import Random
from typing import TypeVar

from modemd.emulator import families

TAG = re.compile(r"#(\d{4})")
SIMS = ("+33700000000", "+33700000001", "+33700000002")
RATES = ("1/s", "1/s", "5/s", "unlimited")
FAMILIES = (
    *("huawei_e3372", "sim800"),  # most people's
    *(name for name, family in families.items() if family.receives and family.reports),
)
CLASSES = ("transactional", "transactional", "conversational", "marketing", "marketing", "otp", "alarm")
ALPHABETS = ("Order", "Ça marche €", "Привет", "👍 fine")
# An alarm or otp of unknown outcome may go out once more, so long after the first.
REPEATS_AFTER_S = {"alarm": 60.0, "otp": 20.0}
STOP_WORDS = ("STOP", "Arret", "stop.", "désabonner")


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """Message that a client asks for. It asks again, with the same key, until it is answered."""

    at_s: float
    number: str
    tag: int
    alphabet: str
    parts: int
    message_class: str

    @property
    def text(self) -> str:
        """A text of so many parts: a lone one has up to 70 characters, of several each has at least 60 and at most 153."""
        gsm = self.alphabet in ALPHABETS[:2]
        room = (160, 153) if gsm else (70, 67)
        text = self.alphabet
        while True:
            longer = f"{text} #{self.tag:04}"
            if _octets(longer, gsm) > (room[0] if self.parts == 1 else room[1] * self.parts - room[1] // 2):
                return text
            text = longer


def _octets(text: str, gsm: bool) -> int:
    """Its length on the air, in septets (the euro sign takes two) or UTF-16 units."""
    return len(text) + text.count("€") if gsm else len(text.encode("utf-16-be")) // 2


@dataclass(frozen=True, slots=True)
class PlannedArrival:
    """Message that a phone writes to a SIM. `opts_out`: its text is a word of consent. `replaces`: it takes the slot of the
    sender's last message with the same number (1 to 7) on the SIM; `is_replaced`: another one does so with it."""

    at_s: float
    number: str
    sim: int
    text: str
    opts_out: bool = False
    replaces: int | None = None
    is_replaced: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that goes wrong with a modem, or a phone that is switched; `seconds` until it is mended, where it lasts."""

    at_s: float
    modem: int
    kind: str
    seconds: float = 0.0
    cause: int = 0


@dataclass(frozen=True, slots=True)
class End:
    """The process ends: at a moment, at a step of the loop, or before or after a commit (counted from 1). Back after `down_s`.

    `power`: the modems lose theirs too.
    """

    at_s: float = 0.0
    step: int = 0
    before_commit: int = 0
    after_commit: int = 0
    down_s: float = 2.0
    power: bool = False


@dataclass(frozen=True, slots=True)
class NetworkFaults:
    """Faults of the network: shares of what it does wrong."""

    report_loss: float = 0.0
    reports_twice: float = 0.0
    reports_foreign: float = 0.0
    reports_national: float = 0.0
    temporary_reports: float = 0.0
    reordered: float = 0.0
    clock_off_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole scenario. `families` says which modems there are; `latency_s` is from Ctrl-Z to the answer, of the first and the
    last modem; `longest_fsync_s` how long the disk takes at most, on each way."""

    seed: int
    families: tuple[str, ...] = FAMILIES[:2]
    latency_s: tuple[float, float] = (0.3, 3.0)
    longest_fsync_s: float = 0.02
    network_faults: NetworkFaults = NetworkFaults()
    planned_messages: tuple[PlannedMessage, ...] = ()
    planned_arrivals: tuple[PlannedArrival, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    ends: tuple[End, ...] = ()
    boot_factor: float = 1.0
    answers_lost: float = 0.0
    """The share of accepted PDUs that their modem never answers."""
    rate: str = "1/s"
    """Parts a second of each SIM; without a limit, claims choose ahead."""
    is_watched: bool = False
    """Whether `plans.watch` looks on: each look is one more step at which the process could end."""


@dataclass(slots=True)
class _Tags:
    """Tags count up."""

    last: int = field(default=0)

    def next(self) -> int:
        self.last += 1
        return self.last


CUSTOMERS = tuple(f"+336123450{index:02d}" for index in range(12))


def twelve(seed: int = 1) -> Plan:
    """Twelve messages with parts, reports and two STOPs, on two modems, in less than a minute: small enough to end the process
    at every single point of it."""
    alice, bob, carol, dora = CUSTOMERS[:4]
    planned_messages = (
        PlannedMessage(0.0, alice, 1, ALPHABETS[0], 1, "transactional"),
        PlannedMessage(0.1, alice, 2, ALPHABETS[1], 3, "transactional"),
        PlannedMessage(0.2, bob, 3, ALPHABETS[0], 1, "marketing"),
        PlannedMessage(0.3, carol, 4, ALPHABETS[0], 2, "marketing"),
        PlannedMessage(0.4, dora, 5, ALPHABETS[2], 2, "conversational"),
        PlannedMessage(2.0, alice, 6, ALPHABETS[0], 1, "otp"),
        PlannedMessage(2.5, bob, 7, ALPHABETS[0], 1, "marketing"),
        PlannedMessage(3.0, carol, 8, ALPHABETS[3], 3, "marketing"),
        PlannedMessage(4.0, dora, 9, ALPHABETS[0], 1, "alarm"),
        PlannedMessage(4.5, alice, 10, ALPHABETS[0], 1, "transactional"),
        PlannedMessage(5.0, bob, 11, ALPHABETS[0], 1, "marketing"),
        PlannedMessage(6.0, carol, 12, ALPHABETS[0], 1, "marketing"),
    )
    planned_arrivals = (
        PlannedArrival(1.0, dora, 0, "thanks #9001"),
        PlannedArrival(3.5, bob, 0, "STOP", opts_out=True),
        PlannedArrival(4.2, carol, 1, "Arret", opts_out=True),
        PlannedArrival(5.5, alice, 1, "a long answer " * 15 + "#9002"),
    )
    return Plan(
        seed,
        latency_s=(0.3, 0.9),
        planned_messages=planned_messages,
        planned_arrivals=planned_arrivals,
        boot_factor=0.2,
    )


KINDS = (
    "lose_answer", "late_answer", "lose_prompt", "refuse", "deaf", "restart", "unplug", "coverage", "remove_sim",
    "noise", "forget_settings", "fill_memory", "hang", "lose_notice", "flood", "interrupt", "phone_off", "reject",
    "count_anew", "clock_step",
)  # fmt: skip
CLOCK_STEPS_S = (-7200.0, -30.0, 30.0, 7200.0, -40 * 86400.0, 40 * 86400.0)
CAUSES = (1, 8, 21, 27, 28, 38, 41, 42, 47, 50, 69, 96, 111, 127, 196, 304, 322, 331, 332, 500, 512)


def seeded(seed: int) -> Plan:
    """What a seed says: every fourth is a campaign, every eighth a rush, the others are hours in which many things go wrong."""
    chance = Random(f"plan {seed}")
    if seed % 8 == 6:
        return _rush(seed, chance)
    return _campaign(seed, chance) if seed % 4 == 0 else _hours(seed, chance)


def _rush(seed: int, chance: Random) -> Plan:
    """More than the modems can send at once, of all classes, then more urgent ones; meanwhile one of the modems fails."""
    tags = _Tags()
    modems, sick = chance.choice((2, 3)), chance.choice((0, 1))
    span_s = 60.0
    planned_messages = [
        replace(_planned_message(chance, tags, span_s / 6), number=number)
        for number in CUSTOMERS
        for _ in range(chance.choice((3, 5)))
    ]
    planned_messages += [
        replace(_planned_message(chance, tags, span_s), message_class=chance.choice(("otp", "alarm"))) for _ in range(8)
    ]
    kinds = ("unplug", "deaf", "lose_prompt", "restart", "hang", "remove_sim", "lose_answer", "coverage")
    troubles = [
        replace(
            _trouble(chance, modems, span_s), modem=sick, kind=chance.choice(kinds), seconds=chance.choice((5.0, 90.0))
        )
        for _ in range(3)
    ]
    return Plan(
        seed,
        families=tuple(chance.choice(FAMILIES) for _ in range(modems)),
        latency_s=(0.2, 1.0),
        longest_fsync_s=chance.choice((0.02, 0.3)),
        network_faults=NetworkFaults(report_loss=0.1),
        planned_messages=_in_time(planned_messages),
        troubles=_in_time(troubles),
        rate=chance.choice(("1/s", "5/s", "unlimited", "unlimited")),
        is_watched=True,
    )


def _campaign(seed: int, chance: Random) -> Plan:
    """Offers to everybody, and while they go out everybody says STOP; phones are off and on, foreign reports come,
    and modems count their references anew."""
    tags = _Tags()
    modems = chance.choice((2, 3))
    turns = chance.choice((3, 5))
    planned_messages = [
        PlannedMessage(
            round(chance.uniform(0, 5), 3), number, tags.next(), ALPHABETS[0], chance.choice((1, 1, 2)), "marketing"
        )
        for _ in range(turns)
        for number in CUSTOMERS
    ]
    span_s = 1.5 * len(planned_messages) / modems
    planned_arrivals = [
        PlannedArrival(
            chance.uniform(0, span_s), number, chance.randrange(modems), chance.choice(STOP_WORDS), opts_out=True
        )
        for number in CUSTOMERS
    ]
    troubles = [
        Trouble(round(chance.uniform(0, span_s), 3), 0, "phone_off", seconds=chance.choice((30.0, 90.0)), cause=number)
        for number in chance.sample(range(len(CUSTOMERS)), 6)
    ]
    troubles += [
        Trouble(round(chance.uniform(0, span_s), 3), modem, "count_anew") for modem in range(modems) for _ in range(2)
    ]
    return Plan(
        seed,
        families=tuple(chance.choice(FAMILIES) for _ in range(modems)),
        latency_s=(0.2, 1.0),
        longest_fsync_s=chance.choice((0.02, 0.5, 1.0)),
        network_faults=NetworkFaults(report_loss=0.1, reports_foreign=0.3, reordered=0.1),
        planned_messages=_in_time(planned_messages),
        planned_arrivals=_in_time(planned_arrivals),
        troubles=_in_time(troubles),
        ends=_in_time(_end(chance, span_s) for _ in range(chance.choice((0, 0, 1)))),
        rate=chance.choice(RATES),
        is_watched=True,
    )


def _hours(seed: int, chance: Random) -> Plan:
    modems = chance.choice((1, 2, 2, 3))
    span_s = chance.choice((600.0, 1800.0, 3600.0))
    tags = _Tags()
    planned_messages = [_planned_message(chance, tags, span_s) for _ in range(chance.randint(8, 40))]
    planned_arrivals = [
        PlannedArrival(
            chance.uniform(0, span_s), chance.choice(CUSTOMERS), chance.randrange(modems), f"hello #{9000 + index}"
        )
        for index in range(chance.randint(0, 8))
    ]
    planned_arrivals += [
        PlannedArrival(
            chance.uniform(0, span_s), number, chance.randrange(modems), chance.choice(STOP_WORDS), opts_out=True
        )
        for number in chance.sample(CUSTOMERS, chance.randint(0, 4))
    ]
    planned_arrivals += _replacements(Random(f"replacements {seed}"), modems, span_s)
    troubles = [_trouble(chance, modems, span_s) for _ in range(chance.randint(0, 10))]
    ends = [_end(chance, span_s) for _ in range(chance.choice((0, 0, 1, 1, 2, 3, 6)))]
    return Plan(
        seed,
        families=tuple(chance.choice(FAMILIES) for _ in range(modems)),
        latency_s=chance.choice(((0.1, 0.5), (0.5, 4.0), (2.0, 9.0))),
        longest_fsync_s=chance.choice((0.02, 0.02, 0.3, 2.0)),
        network_faults=_network_faults(chance),
        planned_messages=_in_time(planned_messages),
        planned_arrivals=_in_time(planned_arrivals),
        troubles=_in_time(troubles),
        ends=_in_time(ends),
        rate=chance.choice(RATES),
        is_watched=True,
    )


def _replacements(chance: Random, modems: int, span_s: float) -> list[PlannedArrival]:
    """Texts of services that replace each other: three of one sender, the next within seconds, while the last is being stored."""
    found = []
    for index in range(chance.randint(0, 2)):
        at_s, sim = chance.uniform(0, span_s), chance.randrange(modems)
        for turn in range(3):
            text = f"news #{9100 + 10 * index + turn}"
            found.append(
                PlannedArrival(at_s, f"+3361234580{index}", sim, text, replaces=1 + index, is_replaced=turn < 2)
            )
            at_s += chance.choice((0.05, 0.3, 1.0, 3.0))
    return found


Timed = TypeVar("Timed", PlannedMessage, PlannedArrival, Trouble, End)


def _in_time(things: Iterable[Timed]) -> tuple[Timed, ...]:
    return tuple(sorted(things, key=lambda thing: thing.at_s))


def _planned_message(chance: Random, tags: _Tags, span_s: float) -> PlannedMessage:
    parts = chance.choice((1, 1, 1, 1, 2, 3, 4))
    at_s = round(chance.uniform(0, span_s), 3)
    return PlannedMessage(
        at_s, chance.choice(CUSTOMERS), tags.next(), chance.choice(ALPHABETS), parts, chance.choice(CLASSES)
    )


def _trouble(chance: Random, modems: int, span_s: float) -> Trouble:
    return Trouble(
        round(chance.uniform(0, span_s), 3),
        chance.randrange(modems),
        chance.choice(KINDS),
        seconds=chance.choice((0.5, 5.0, 30.0, 90.0, 400.0)),
        cause=chance.choice(CAUSES),
    )


def _end(chance: Random, span_s: float) -> End:
    return End(
        at_s=round(chance.uniform(0, span_s), 4),
        down_s=chance.choice((0.5, 2.0, 20.0, 300.0)),
        power=chance.random() < 0.3,
    )


def _network_faults(chance: Random) -> NetworkFaults:
    if chance.random() < 0.2:
        return NetworkFaults()
    return NetworkFaults(
        report_loss=chance.choice((0.0, 0.1, 0.1, 0.5)),
        reports_twice=chance.choice((0.0, 0.2)),
        reports_foreign=chance.choice((0.0, 0.1)),
        reports_national=chance.choice((0.0, 0.3)),
        temporary_reports=chance.choice((0.0, 0.5)),
        reordered=chance.choice((0.0, 0.2)),
        clock_off_s=chance.choice((0.0, -300.0, 300.0, 590.0)),
    )
