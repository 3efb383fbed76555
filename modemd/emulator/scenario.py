"""A lab described in a TOML file: modems, SIMs, phones and how they behave, and what happens when.

The format is in docs/emulator.md; two examples are in `scenarios/` beside this file.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from modemd.emulator.family import families
from modemd.emulator.habits import Habits, off_hours
from modemd.emulator.lab import MOST_MODEMS, Lab, LabOptions, ModemPlan
from modemd.emulator.orders import Body, Fault, Knobs, Letter, Refusal, Seconds, mistakes
from modemd.errors import ConfigError

EXAMPLES = Path(__file__).with_name("scenarios")


def _family(name: str) -> str:
    if name not in families:
        raise ValueError(f"{name!r} is not one of {', '.join(families)}")
    return name


def _number(text: str) -> str:
    if not re.fullmatch(r"\+[1-9][0-9]{3,14}", text):
        raise ValueError(f"{text!r} is not E.164, as in +33612345678")
    return text


def _hours(text: str) -> str:
    off_hours(text)
    return text


FamilyName = Annotated[str, AfterValidator(_family)]
Hours = Annotated[str, AfterValidator(_hours)]
Number = Annotated[str, AfterValidator(_number)]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
Text = Annotated[str, Field(min_length=1, max_length=1000)]
"""What a phone writes by itself; any such text can be put on the air."""
Digits = Annotated[str, Field(pattern=r"^[0-9]+$")]


class NetworkTable(Knobs):
    seed: int = 0


class SimTable(Body):
    number: Number
    iccid: Digits | None = None
    imsi: Digits | None = None
    pin: Annotated[str, Field(pattern=r"^[0-9]{4,8}$")] | None = None
    capacity: Annotated[int, Field(ge=1, le=255)] = 50


class ModemTable(Body):
    name: FileName
    number: Number
    family: FamilyName = "generic"
    imei: Annotated[str, Field(pattern=r"^[0-9]{15}$")] | None = None
    send_latency_s: Seconds | None = None
    prompt_latency_s: Seconds | None = None
    boot_factor: Annotated[float, Field(ge=0, le=100)] = 1.0
    chatty: bool = True


class PhoneTable(Body):
    number: Number
    on: bool = True
    reply: Text | None = None
    stop_after: Annotated[int, Field(ge=1)] | None = None
    stop_word: Text = "STOP"
    off: tuple[Hours, ...] = ()


class Said(Letter):
    text: Text


class Event(Body):
    """Something that happens at a time, and perhaps again and again."""

    at_s: Annotated[float, Field(ge=0)]
    every_s: Annotated[float, Field(gt=0)] | None = None
    modem: str | None = None
    fault: Fault | None = None
    phone: Number | None = None
    send: Said | None = None
    on: bool | None = None
    network: Knobs | None = None
    reject: Refusal | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        what = [name for name in ("fault", "send", "on", "network", "reject") if getattr(self, name) is not None]
        if len(what) != 1:
            raise ValueError(f"one of fault, send, on, network, reject is needed, {len(what)} are there")
        (name,) = what
        whose = {"fault": "modem", "send": "phone", "on": "phone"}.get(name)
        for key in ("modem", "phone"):
            if key == whose and getattr(self, key) is None:
                raise ValueError(f"{name} needs a {key}")
            if key != whose and getattr(self, key) is not None:
                raise ValueError(f"{name} goes without a {key}")
        return self

    def happen(self, lab: Lab) -> None:
        """Do it now, and put the next time off."""
        if self.every_s is not None:
            lab.timers.after(self.every_s, partial(self.happen, lab))
        if self.fault is not None and self.modem is not None:
            self.fault.apply(lab.modems[self.modem])
        elif self.send is not None and self.phone is not None:
            lab.network.phone(self.phone).send(self.send.to, self.send.text)
        elif self.on is not None and self.phone is not None:
            phone = lab.network.phone(self.phone)
            (phone.switch_on if self.on else phone.switch_off)()
        elif self.network is not None:
            self.network.apply(lab.network)
        elif self.reject is not None:
            self.reject.apply(lab.network)


class Scenario(Body):
    """The whole file."""

    network: NetworkTable = NetworkTable()
    sim: tuple[SimTable, ...] = ()
    modem: tuple[ModemTable, ...] = ()
    phone: tuple[PhoneTable, ...] = ()
    event: tuple[Event, ...] = ()

    def options(self, directory: Path) -> LabOptions:
        """The lab of this scenario, in a folder."""
        return LabOptions(
            directory,
            modems=len(self.modem),
            seed=self.network.seed,
            planned=tuple(self._plan(modem) for modem in self.modem),
        )

    def begin(self, lab: Lab) -> None:
        """Turn the network's knobs, give the phones their habits, and let the time run."""
        self.network.apply(lab.network)
        for phone in self.phone:
            handset = lab.network.phone(phone.number)
            if not phone.on:
                handset.switch_off()
            Habits(
                handset,
                lab.timers,
                lab.network.zone,
                reply=phone.reply,
                stop_after=phone.stop_after,
                stop_word=phone.stop_word,
                off=[off_hours(text) for text in phone.off],
            ).begin()
        for event in self.event:
            lab.timers.after(event.at_s, partial(event.happen, lab))

    def contradictions(self) -> Iterator[str]:
        """What does not fit together, a line each."""
        if not 1 <= len(self.modem) <= MOST_MODEMS:
            yield f"modem: 1 to {MOST_MODEMS} of these tables are needed, {len(self.modem)} are there"
        sims = [sim.number for sim in self.sim]
        numbers = [modem.number for modem in self.modem]
        phones = [phone.number for phone in self.phone]
        names = [modem.name for modem in self.modem]
        for table, key, values in (
            ("sim", "number", sims),
            ("modem", "number", numbers),
            ("modem", "name", names),
            ("phone", "number", phones),
        ):
            for value, count in Counter(values).items():
                if count > 1:
                    yield f"{table}: {key} {value!r} is given {count} times"
        for index, number in enumerate(sims):
            if number not in numbers:
                yield f"sim[{index}].number: {number!r} is in no modem"
        for index, number in enumerate(phones):
            if number in numbers:
                yield f"phone[{index}].number: {number!r} is the number of a modem's SIM"
        for index, event in enumerate(self.event):
            if event.modem is not None and event.modem not in names:
                yield f"event[{index}].modem: {event.modem!r} is not one of {', '.join(names)}"
            if event.phone in numbers:
                yield f"event[{index}].phone: {event.phone!r} is the number of a modem's SIM"

    def _plan(self, modem: ModemTable) -> ModemPlan:
        card = next((sim for sim in self.sim if sim.number == modem.number), SimTable(number=modem.number))
        return ModemPlan(**modem.model_dump(), **card.model_dump(exclude={"number"}))


def load(path: Path) -> Scenario:
    """The scenario in a file, or, where there is none at `path`, the shipped one of that name.

    ConfigError tells every mistake at once, each with file, key and what is allowed.
    """
    shipped = EXAMPLES / f"{path}.toml"
    if not path.exists() and len(path.parts) == 1 and shipped.exists():
        path = shipped
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        names = ", ".join(sorted(example.stem for example in EXAMPLES.glob("*.toml")))
        raise ConfigError([f"{path}: {error.strerror or error}; shipped scenarios: {names}"]) from None
    except ValueError as error:  # TOML, or UTF-8, that is none
        raise ConfigError([f"{path}: {error}"]) from None
    try:
        scenario = Scenario.model_validate(document)
    except ValidationError as error:
        raise ConfigError([f"{path}: {line}" for line in mistakes(error)]) from None
    if problems := [f"{path}: {line}" for line in scenario.contradictions()]:
        raise ConfigError(problems)
    return scenario
