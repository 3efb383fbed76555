"""A machine for the doctor: emulated modems behind real files, in simulated time, and a /proc that tests write."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from modemd.config import Settings
from modemd.doctor import Code, Environment, Finding, Report, examine
from modemd.doctor.machine import DiskSpace
from modemd.doctor.rights import User, current_user
from modemd.emulator import Device, LoopTimers, Network
from modemd.emulator.links.memory import MemoryLink, MemoryPort
from modemd.emulator.usb.devices import DEVICES
from modemd.errors import PortGone
from modemd.modem.link.port import Port
from tests.profiles.shipped import shipped_profiles
from tests.sim.world.process import DevicePort
from tests.sim.world.usb_bus import SimBus

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NUMBER = "+33700000000"
TEXT = "modemd doctor 0123abcd"
ROOMY = DiskSpace(free=10 * 1024**3)
STRANGER = User("visitor", 64321, frozenset({64321}))
"""Somebody who owns nothing and is in no group."""


class Answering(DevicePort):
    """A line on which some commands are answered as a test says, where the emulated modem knows none of them."""

    def __init__(self, host: MemoryPort, answers: Mapping[bytes, bytes]) -> None:
        super().__init__(host)
        self._answers = answers

    def write(self, data: bytes) -> None:
        if (answer := self._answers.get(data.strip())) is None:
            super().write(data)
        else:
            asyncio.get_running_loop().call_soon(self.on_data, b"\r\n" + answer + b"\r\n\r\nOK\r\n")


class Bench:
    """One modem behind `port`, a file in `folder`; build it inside a running loop. What tests change is in `world`."""

    def __init__(self, folder: Path, family: str = "sim800", **configured: Any) -> None:
        self.folder = folder
        loop = asyncio.get_running_loop()
        self.timers = LoopTimers(loop, lambda: NOW + timedelta(seconds=loop.time()))
        self.network = Network(self.timers, seed=1)
        self.sim = self.network.sim(NUMBER)
        self.device = Device("west", family, self.network, self.timers, self.sim, seed=1)
        self.link = MemoryLink(self.device, self.timers)
        self.file = folder / "modem0"
        self.file.touch()
        self.port = str(self.file)
        self.links: dict[str, Any] = {self.port: self.link}
        self.bus = SimBus(self.links)
        self.answers: dict[bytes, bytes] = {}
        self.proc = folder / "proc"
        self.proc.mkdir()
        self.database, self.log, self.lock = (folder / f"modemd.db{suffix}" for suffix in ("", "-wal", ".lock"))
        given = {"database": str(self.database), "country": "FR", "modems": [{"name": "west", "port": self.port}]}
        self.world = Environment(
            settings=Settings.model_validate({**given, **configured}, context={"folder": folder}),
            config=folder / "modemd.yaml",
            profiles=shipped_profiles(),
            now=lambda: NOW + timedelta(seconds=loop.time()),
            open_port=self._open,
            ports=self.bus,
            call_api=nobody,
            user=current_user(),
            text=TEXT,
            disk_space=lambda folder: ROOMY,
            proc=self.proc,
        )

    def plug(self, place: str = "1-1.2") -> None:
        """Have the modem on the bus, as its family looks there, instead of on `port`."""
        usb, interface = DEVICES[self.device.family.name]
        del self.links[self.port]
        self.bus.plug(place, usb, self.link, interface)

    def plug_as_files(self, place: str = "1-1.2") -> None:
        """`plug`, with files where the ports are."""
        self.plug(place)
        names = {path: str(self.folder / Path(path).name) for path in self.links}
        for path, name in names.items():
            Path(name).touch()
            self.links[name] = self.links.pop(path)
        usb, paths = self.bus._plugged[place]
        self.bus._plugged[place] = usb, {number: names[path] for number, path in paths.items()}

    def change(self, **fields: Any) -> None:
        """Another world."""
        self.world = replace(self.world, **fields)

    def process(self, pid: int, name: str, *opens: str) -> None:
        """A process that has these files open."""
        (self.proc / str(pid) / "fd").mkdir(parents=True)
        (self.proc / str(pid) / "comm").write_text(f"{name}\n")
        for number, path in enumerate(opens):
            os.symlink(path, self.proc / str(pid) / "fd" / str(number))

    async def examine(self, *, port: str | None = None, send: bool = False) -> Report:
        return await examine(self.world, port=port, send=send)

    async def _open(self, path: str) -> Port:
        try:
            return Answering(self.links[path].open(), self.answers)
        except OSError as error:
            raise PortGone(f"{path}: {error}") from error


async def nobody(method: str, target: str, document: Mapping[str, Any] | None) -> tuple[int, Any]:
    """No daemon runs."""
    raise FileNotFoundError


def asking(service_client: Any) -> Any:
    """`Ask` of a client of the application in this process."""

    async def ask(method: str, target: str, document: Mapping[str, Any] | None) -> tuple[int, Any]:
        body = json.dumps(document).encode() if document is not None else b""
        answer = await service_client.call(method, target, body)
        return answer.status, answer.json

    return ask


def codes(report: Report) -> list[Code]:
    return [finding.code for finding in report.findings]


def found(report: Report, code: Code) -> Finding:
    """The one finding of this code."""
    (finding,) = [finding for finding in report.findings if finding.code is code]
    return finding
