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
from modemd.emulator.timers import LoopTimers
from modemd.errors import ConfigError

MOST_MODEMS = 256


@dataclass(frozen=True, slots=True)
class LabOptions:
    """What a lab is made of.

    Modem i is called `modem{i}`, is of `families[i % len(families)]`, and has the i-th of `numbers`; where they end,
    +33700000001 and onwards. `send_latency_s` and `prompt_latency_s` None mean the family's own.
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
        self.timers = LoopTimers(loop)
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
            for index in range(options.modems):
                self._add(options, index, loop)
        except BaseException:
            self.close()
            raise

    def _add(self, options: LabOptions, index: int, loop: asyncio.AbstractEventLoop) -> None:
        name = f"modem{index}"
        sim = self.network.sim(options.every_number()[index])
        device = Device(
            name,
            options.families[index % len(options.families)],
            self.network,
            self.timers,
            sim,
            seed=options.seed,
            send_latency_s=options.send_latency_s,
            prompt_latency_s=options.prompt_latency_s,
            boot_factor=options.boot_factor,
            chatty=options.chatty,
        )
        self.modems[name] = Modem(device, sim, PtyLink(device, self.directory / name, loop))

    def close(self) -> None:
        """Take ports and links away and close the journal's file."""
        for modem in self.modems.values():
            modem.link.close()
        self.network.journal.close()
