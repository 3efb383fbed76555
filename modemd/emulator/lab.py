"""A lab: one network and some modems on ptys in a folder. The server, and whoever embeds it in Python, runs one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from modemd.emulator.device import Device
from modemd.emulator.family import families
from modemd.emulator.journal import Journal
from modemd.emulator.links.pty import PtyLink
from modemd.emulator.network import Network
from modemd.emulator.subscribers import Sim
from modemd.emulator.timers import LoopTimers, Timers
from modemd.errors import ConfigError

MOST_MODEMS = 256


@dataclass(frozen=True, slots=True)
class ModemPlan:
    """One modem with its SIM. What is None is the family's own, or made up (`imei`, `iccid`, `imsi`)."""

    name: str
    family: str
    number: str
    iccid: str | None = None
    imsi: str | None = None
    imei: str | None = None
    pin: str | None = None
    capacity: int = 50
    send_latency_s: float | None = None
    prompt_latency_s: float | None = None
    boot_factor: float = 1.0
    chatty: bool = True


@dataclass(frozen=True, slots=True)
class LabOptions:
    """What a lab is made of.

    Modem i is called `modem{i}`, is of `families[i % len(families)]`, and has the i-th of `numbers`; where they end,
    +33700000001 and onwards. `send_latency_s` and `prompt_latency_s` None mean the family's own. Where modems are
    `planned` one by one, they are all there is, and what is said here of modems in general does not count.
    """

    directory: Path
    modems: int = 1
    numbers: tuple[str, ...] = ()
    families: tuple[str, ...] = ("huawei_e3372", "sim800")
    send_latency_s: float | None = 0.3
    prompt_latency_s: float | None = None
    delivery_latency_s: float = 0.5
    report_latency_s: float = 0.5
    report_loss: float = 0.0
    boot_factor: float = 1.0
    chatty: bool = True
    seed: int = 0
    planned: tuple[ModemPlan, ...] = ()

    def plans(self) -> tuple[ModemPlan, ...]:
        """The modems, in order."""
        return self.planned or tuple(
            ModemPlan(
                f"modem{index}",
                self.families[index % len(self.families)],
                number,
                send_latency_s=self.send_latency_s,
                prompt_latency_s=self.prompt_latency_s,
                boot_factor=self.boot_factor,
                chatty=self.chatty,
            )
            for index, number in enumerate(self.every_number())
        )

    def every_number(self) -> list[str]:
        """The number of each modem's SIM, in order."""
        return [*self.numbers, *(f"+3370{index + 1:07d}" for index in range(len(self.numbers), self.modems))]

    def problems(self) -> list[str]:
        """One line a mistake; empty where all is well."""
        found = []
        if not 1 <= self.modems <= MOST_MODEMS:
            found.append(f"modems: {self.modems} is not between 1 and {MOST_MODEMS}")
        if len(self.numbers) > self.modems:
            found.append(f"numbers: {len(self.numbers)} given for {self.modems} modems")
        if len(set(self.every_number())) < len(self.every_number()):
            found.append("numbers: one is given twice")
        if not self.families:
            found.append("families: none given")
        for name in self.families:
            if name not in families:
                found.append(f"families: {name!r} is not one of {', '.join(families)}")
        for key in ("send_latency_s", "prompt_latency_s", "delivery_latency_s", "report_latency_s", "boot_factor"):
            value = getattr(self, key)
            if value is not None and value < 0:
                found.append(f"{key}: {value} is below 0")
        if not 0 <= self.report_loss <= 1:
            found.append(f"report_loss: {self.report_loss} is not between 0 and 1")
        return found


@dataclass(frozen=True, slots=True)
class Modem:
    """A device, its SIM and its port."""

    device: Device
    sim: Sim
    link: PtyLink


class Lab:
    """The running parts. ConfigError for options that cannot be; OSError where the folder cannot hold them."""

    def __init__(self, options: LabOptions, loop: asyncio.AbstractEventLoop) -> None:
        if problems := options.problems():
            raise ConfigError(problems)
        directory = options.directory.absolute()
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.timers: Timers = LoopTimers(loop)
        self.network = Network(
            self.timers,
            seed=options.seed,
            journal=Journal(directory / "journal.jsonl"),
            delivery_latency_s=options.delivery_latency_s,
            report_latency_s=options.report_latency_s,
            report_loss=options.report_loss,
        )
        self.modems: dict[str, Modem] = {}
        try:
            for plan in options.plans():
                self._add(plan, options.seed, loop)
        except BaseException:
            self.close()
            raise

    def _add(self, plan: ModemPlan, seed: int, loop: asyncio.AbstractEventLoop) -> None:
        sim = self.network.sim(plan.number, iccid=plan.iccid, imsi=plan.imsi, capacity=plan.capacity, pin=plan.pin)
        device = Device(
            plan.name,
            plan.family,
            self.network,
            self.timers,
            sim,
            imei=plan.imei,
            seed=seed,
            send_latency_s=plan.send_latency_s,
            prompt_latency_s=plan.prompt_latency_s,
            boot_factor=plan.boot_factor,
            chatty=plan.chatty,
        )
        self.modems[plan.name] = Modem(device, sim, PtyLink(device, self.directory / plan.name, loop))

    def close(self) -> None:
        """Take ports and links away and close the journal's file."""
        for modem in self.modems.values():
            modem.link.close()
        self.network.journal.close()
