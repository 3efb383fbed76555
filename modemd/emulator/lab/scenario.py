"""Scenario: a lab described in a TOML file, with modems, SIMs, phones, their behaviour, and events (`scenario_events.py`).

The format is in docs/emulator.md; examples are in `modemd/emulator/scenarios`.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from modemd.emulator.lab.lab import MAX_MODEMS, Lab, LabOptions, ModemPlan
from modemd.emulator.lab.requests.base import LabRequest
from modemd.emulator.lab.requests.faults.sim import InsertSim
from modemd.emulator.lab.requests.network import describe_mistakes
from modemd.emulator.lab.requests.ussd import UssdServiceRequest
from modemd.emulator.lab.scenario_events import Event
from modemd.emulator.lab.scenario_tables import ModemTable, NetworkTable, OperatorTable, PhoneTable, SimTable
from modemd.errors import ConfigError

EXAMPLES = Path(__file__).parents[1] / "scenarios"


class Scenario(LabRequest):
    """A whole scenario file."""

    network: NetworkTable = NetworkTable()
    operator: tuple[OperatorTable, ...] = ()
    sim: tuple[SimTable, ...] = ()
    modem: tuple[ModemTable, ...] = ()
    phone: tuple[PhoneTable, ...] = ()
    ussd: tuple[UssdServiceRequest, ...] = ()
    event: tuple[Event, ...] = ()

    def options(self, directory: Path) -> LabOptions:
        """Returns the options of this scenario's lab in a folder."""
        used_numbers = {modem.number for modem in self.modem}
        return LabOptions(
            directory,
            modems=len(self.modem),
            seed=self.network.seed,
            planned=tuple(self._plan(modem) for modem in self.modem),
            operators=tuple(operator.plan() for operator in self.operator),
            spare_sims=tuple(sim.plan() for sim in self.sim if sim.number not in used_numbers),
        )

    def begin(self, lab: Lab) -> None:
        """Applies the settings of the network, starts the behaviour of the phones, and schedules the events."""
        self.network.apply(lab.network)
        for operator in self.operator:
            operator.begin(lab)
        for phone in self.phone:
            phone.begin(lab)
        for service in self.ussd:
            service.apply(lab.network)
        for event in self.event:
            lab.timers.after(event.at_s, partial(event.happen, lab))

    def contradictions(self) -> Iterator[str]:
        """Yields a line for each contradiction between tables."""
        if not 1 <= len(self.modem) <= MAX_MODEMS:
            yield f"modem: 1 to {MAX_MODEMS} of these tables are needed, {len(self.modem)} are there"
        yield from self._duplicates()
        yield from self._unknown_operators()
        names = [modem.name for modem in self.modem]
        sims = {modem.number for modem in self.modem} | {sim.number for sim in self.sim}
        for index, phone in enumerate(self.phone):
            if phone.number in sims:
                yield f"phone[{index}].number: {phone.number!r} is the number of a SIM"
        for index, event in enumerate(self.event):
            if event.modem is not None and event.modem not in names:
                yield f"event[{index}].modem: {event.modem!r} is not one of {', '.join(names)}"
            if event.phone in sims:
                yield f"event[{index}].phone: {event.phone!r} is the number of a SIM"
            moved = event.fault.number if isinstance(event.fault, InsertSim) else None
            if moved is not None and moved not in sims:
                yield f"event[{index}].fault.number: {moved!r} is the number of no SIM"

    def _duplicates(self) -> Iterator[str]:
        for table, key, values in (
            ("operator", "code", [operator.code for operator in self.operator]),
            ("sim", "number", [sim.number for sim in self.sim]),
            ("modem", "number", [modem.number for modem in self.modem]),
            ("modem", "name", [modem.name for modem in self.modem]),
            ("modem", "usb.place", [modem.usb.place for modem in self.modem if modem.usb is not None]),
            ("phone", "number", [phone.number for phone in self.phone]),
            ("ussd", "code", [service.code for service in self.ussd]),
        ):
            for value, count in Counter(values).items():
                if count > 1:
                    yield f"{table}: {key} {value!r} is given {count} times"

    def _unknown_operators(self) -> Iterator[str]:
        codes = [operator.code for operator in self.operator]
        named = [
            *((f"sim[{index}].operator", sim.operator) for index, sim in enumerate(self.sim)),
            *((f"phone[{index}].operator", phone.operator) for index, phone in enumerate(self.phone)),
        ]
        for index, event in enumerate(self.event):
            if event.operator is not None:
                named.append((f"event[{index}].operator.code", event.operator.code))
            if event.reject is not None:
                named.append((f"event[{index}].reject.operator", event.reject.operator))
        for place, code in named:
            if code is not None and code not in codes:
                known = f"is not one of {', '.join(codes)}" if codes else "is the code of no operator table"
                yield f"{place}: {code!r} {known}"

    def _plan(self, modem: ModemTable) -> ModemPlan:
        sim_table = next((sim for sim in self.sim if sim.number == modem.number), SimTable(number=modem.number))
        return modem.plan(sim_table.plan())


def load(path: Path) -> Scenario:
    """Loads the scenario in a file, or the shipped one of that name if there is no file at `path`.

    Raises ConfigError with all mistakes at once, each with file, key and what is allowed.
    """
    shipped = EXAMPLES / f"{path}.toml"
    if not path.exists() and len(path.parts) == 1 and shipped.exists():
        path = shipped
    try:
        document: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        names = ", ".join(sorted(example.stem for example in EXAMPLES.glob("*.toml")))
        raise ConfigError([f"{path}: {error.strerror or error}; shipped scenarios: {names}"]) from None
    except ValueError as error:  # no TOML, or no UTF-8
        raise ConfigError([f"{path}: {error}"]) from None
    try:
        scenario = Scenario.model_validate(document)
    except ValidationError as error:
        raise ConfigError([f"{path}: {line}" for line in describe_mistakes(error)]) from None
    if problems := [f"{path}: {line}" for line in scenario.contradictions()]:
        raise ConfigError(problems)
    return scenario
