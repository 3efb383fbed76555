"""Simulation of everything on one jumping loop: emulated network and modems, the real service and store between them."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Any

from modemd.config import CurrentSettings, Settings
from modemd.emulator import Device, LoopTimers, Network
from modemd.emulator.links.memory import MemoryLink
from modemd.emulator.usb.devices import DEVICES, place
from modemd.errors import PortGone
from modemd.modem.link.port import Port
from modemd.modem.recovery.recovery import RecoveryTools, UsbLocation
from modemd.rules.consent.words.matching import Words
from modemd.service.assembly import Collaborators, assemble
from modemd.service.consent.quiet_hours.holiday_program import ListHolidays, list_no_holidays
from modemd.store import Store
from tests.profiles.shipped import shipped_profiles
from tests.sim.world.loop import START, LoopClock
from tests.sim.world.process import DevicePort, Process
from tests.sim.world.store import LONGEST_FSYNC_S, SeededReader, SeededWriter, fresh_database, rows
from tests.sim.world.unrestricted import unrestricted
from tests.sim.world.usb_bus import SimBus

FAMILIES = ("huawei_e3372", "sim800")


@dataclass(frozen=True, slots=True)
class Home:
    """Where a simulation is: the country, how its operator's codes begin, and the first numbers of its SIMs without their last
    digit."""

    country: str = "FR"
    country_code: str = "33"
    operator_code: str = "20801"
    sims: str = "+3370000000"


FRANCE = Home()


@cache
def _words() -> Words:
    return Words.load()


class Simulation:
    """Build it inside a running loop; `start` it; look at `network` for the truth and at `database` for what was kept.

    `found`: the modems are on `bus`, each as its family looks there, and this is what the configuration says of them (`auto`).
    `start`: the time when the loop's is 0; `network`: another simulation's, on the same loop.
    """

    def __init__(
        self,
        seed: int,
        *,
        modems: int = 2,
        families: tuple[str, ...] = FAMILIES,
        longest_fsync_s: float = LONGEST_FSYNC_S,
        found: str | list[dict[str, Any]] | None = None,
        credentials: Path | None = None,
        home: Home = FRANCE,
        start: datetime = START,
        list_holidays: ListHolidays = list_no_holidays,
        network: Network | None = None,
        **configured: Any,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.seed = seed
        self.credentials = credentials
        self.longest_fsync_s = longest_fsync_s
        self.chance = Random(seed)
        self.list_holidays = list_holidays
        self.clock = LoopClock(loop, start)
        self.timers = LoopTimers(loop, LoopClock(loop, start).now)  # the network's clock is its own
        self.network = network or Network(
            self.timers, seed=seed, country_code=home.country_code, operator_code=home.operator_code
        )
        self.sims = [self.network.sim(f"{home.sims}{index}") for index in range(modems)]
        self.devices = [
            Device(f"modem{index}", families[index % len(families)], self.network, self.timers, sim, seed=seed + index)
            for index, sim in enumerate(self.sims)
        ]
        self.links: dict[str, Any] = {f"/sim/{device.name}": MemoryLink(device, self.timers) for device in self.devices}
        self.bus = SimBus(self.links)
        for index, device in enumerate(self.devices if found is not None else ()):
            usb, interface = DEVICES[device.family.name]
            self.bus.plug(place(index), usb, self.links[f"/sim/{device.name}"], interface)
        self.database = fresh_database()
        self.settings = Settings.model_validate(
            {
                "database": "/sim/modemd.db",
                "country": home.country,
                "modems": found or [{"name": device.name, "port": f"/sim/{device.name}"} for device in self.devices],
                **unrestricted(configured),
            },
            context={"folder": Path("/sim")},
        )
        self.usb_resets: list[str] = []
        self.hooks_run: list[list[str]] = []
        self.restart_service()

    def restart_service(self) -> None:
        """A new process over the same database and modems; `start` it."""
        chance = Random(self.chance.random())
        self.writer = SeededWriter(self.database, chance, self.longest_fsync_s)
        reader = SeededReader(self.database, chance)
        self.process = process = Process(self.writer, reader)
        collaborators = Collaborators(
            settings=CurrentSettings(self.settings),
            store=Store(self.writer, reader),
            clock=self.clock,
            open_port=partial(self._open, process),
            profiles=shipped_profiles(),
            words=_words(),
            random=Random(self.chance.random()),
            credentials=self.credentials,
            port_list=self.bus,
            list_holidays=self.list_holidays,
            tools=RecoveryTools(
                lambda port: UsbLocation(f"1-1.{self.links[port].device.name[-1]}", port),
                self._usb_reset,
                self._run_hook,
            ),
        )
        self.service = process.build(partial(assemble, collaborators))

    async def _open(self, process: Process, name: str) -> Port:
        await asyncio.sleep(0.001)
        try:
            return process.opened(DevicePort(self.links[name].open()))
        except KeyError:
            raise PortGone(f"{name}: no such port") from None
        except OSError as error:
            raise PortGone(f"{name}: {error}") from error

    async def _run_hook(self, argv: Sequence[str]) -> None:
        self.hooks_run.append(list(argv))

    async def _usb_reset(self, at: UsbLocation) -> None:
        """As the kernel does it: the device is gone, and comes back anew."""
        self.usb_resets.append(at.path)
        link = self.links[at.node]
        if link.plugged:
            link.unplug()
            await asyncio.sleep(1.0)
            link.replug()

    async def start(self) -> None:
        await self.process.call(self.service.start())

    async def stop(self, grace_s: float = 45.0) -> None:
        await self.process.call(self.service.stop(grace_s))

    async def hand_in(self, octets: bytes, modem: int = -1) -> None:
        """An arrival (SMSC field and TPDU), as the receiver of a modem hands it over."""
        identity = self.service.modems.registry.modems[modem].status.identity
        assert identity is not None
        await self.service.inbox.store_arrival(identity.sender, octets)

    async def until(self, condition: Callable[[], bool], *, within_s: float, step_s: float = 0.5) -> None:
        """Let time pass until `condition` holds."""
        deadline = asyncio.get_running_loop().time() + within_s
        while not condition():
            assert asyncio.get_running_loop().time() < deadline, f"not within {within_s} s of simulated time"
            await asyncio.sleep(step_s)

    def all(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of the database as it is committed."""
        return rows(self.database, sql, *values)

    def digest(self) -> str:
        """Everything that happened, in one line: the truth journal and the event rows. The same seed gives the same."""
        story = {
            "journal": [
                (entry.at.isoformat(), entry.sender, entry.tpdu.hex()) for entry in self.network.journal.accepted
            ],
            "events": self.all("SELECT * FROM event ORDER BY id"),
            "messages": self.all("SELECT * FROM message ORDER BY id"),
            "inbox": self.all("SELECT * FROM inbox ORDER BY id"),
        }
        return hashlib.sha256(json.dumps(story, sort_keys=True).encode()).hexdigest()
