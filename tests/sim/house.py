"""The whole house on one jumping loop: emulated network and modems, the real service and store between them."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from modemd import data
from modemd.config import Settings
from modemd.emulator import Device, LoopTimers, Network
from modemd.emulator.links.memory import MemoryLink, MemoryPort
from modemd.errors import PortGone
from modemd.modem.port import Port
from modemd.profiles import Profiles
from modemd.rules.consent import Words
from modemd.service.service import Collaborators, Service
from tests.sim.loop import LoopClock
from tests.sim.store import fresh_database, rows, store_over

FAMILIES = ("huawei_e3372", "sim800")


class DevicePort:
    """`modemd.modem.port.Port` over the host's side of an emulated line."""

    def __init__(self, host: MemoryPort) -> None:
        self._host = host
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_lost: Callable[[str], None] = lambda reason: None
        host.on_data = lambda data: self.on_data(data)
        host.on_lost = lambda: self.on_lost("the device hung up")

    def write(self, data: bytes) -> None:
        try:
            self._host.write(data)
        except OSError as error:
            raise PortGone(str(error)) from error

    @property
    def unwritten(self) -> int:
        return 0

    def close(self) -> None:
        self._host.on_data = lambda data: None
        self._host.on_lost = lambda: None
        self._host.close()


class House:
    """Build it inside a running loop; `start` it; look at `network` for the truth and at `database` for what was kept."""

    def __init__(self, seed: int, *, modems: int = 2, families: tuple[str, ...] = FAMILIES, **configured: Any) -> None:
        loop = asyncio.get_running_loop()
        self.seed = seed
        self.chance = Random(seed)
        self.clock = LoopClock(loop)
        self.timers = LoopTimers(loop, self.clock.now)
        self.network = Network(self.timers, seed=seed)
        self.sims = [self.network.sim(f"+3370000000{index}") for index in range(modems)]
        self.devices = [
            Device(f"modem{index}", families[index % len(families)], self.network, self.timers, sim, seed=seed + index)
            for index, sim in enumerate(self.sims)
        ]
        self.links = {f"/sim/{device.name}": MemoryLink(device, self.timers) for device in self.devices}
        self.database = fresh_database()
        self.settings = Settings.model_validate(
            {
                "database": "/sim/modemd.db",
                "country": "FR",
                "modems": [{"name": device.name, "port": f"/sim/{device.name}"} for device in self.devices],
                **configured,
            },
            context={"folder": Path("/sim")},
        )
        self.service = self._new_service()

    def _new_service(self) -> Service:
        return Service(
            Collaborators(
                settings=self.settings,
                store=store_over(self.database, Random(self.chance.random())),
                clock=self.clock,
                open_port=self._open,
                profiles=Profiles.load([data.folder("drivers")]),
                words=Words.load(),
                chance=Random(self.chance.random()),
            )
        )

    def restart_service(self) -> None:
        """A new process over the same database and modems; `start` it."""
        self.service = self._new_service()

    async def _open(self, name: str) -> Port:
        await asyncio.sleep(0.001)
        try:
            return DevicePort(self.links[name].open())
        except OSError as error:
            raise PortGone(f"{name}: {error}") from error

    async def start(self) -> None:
        await self.service.start()

    async def stop(self, grace_s: float = 45.0) -> None:
        await self.service.stop(grace_s)

    async def hand_in(self, octets: bytes, modem: int = -1) -> None:
        """An arrival (SMSC field and TPDU), as the receiver of a modem hands it to the desk."""
        identity = self.service._modems[modem].status.identity
        assert identity is not None
        await self.service._desk.keep(identity, octets)

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
