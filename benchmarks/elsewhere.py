"""Emulated modems in a process of their own, so that what is measured shares no interpreter with them."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from modemd.emulator import Device
from modemd.emulator.lab import Lab, LabOptions

PHONE = "+447700900123"


@dataclass
class Modems:
    """The host's side: `ports`, and what the other process has seen. Times are of the clock that all processes share."""

    ports: list[Path]
    _pipe: Connection

    def accepted(self) -> list[float]:
        """When the network took each part."""
        return list(self._ask("accepted"))

    def asked(self) -> list[float]:
        """When a modem read each AT+CMGS."""
        return list(self._ask("asked"))

    def deleted(self) -> list[float]:
        """When a modem read each AT+CMGD: what it names is durable elsewhere."""
        return list(self._ask("deleted"))

    def told(self) -> list[float]:
        """When a modem wrote each +CMTI."""
        return list(self._ask("told"))

    def forget(self) -> None:
        """Begin all of these anew."""
        self._ask("forget")

    def phone_writes(self, text: str) -> None:
        """Somebody writes to the first modem's SIM."""
        self._ask("phone", text)

    def _ask(self, *order: str) -> Any:
        self._pipe.send(order)
        return self._pipe.recv()


@contextlib.contextmanager
def modems(
    folder: Path, count: int, *, latency_s: float, prompt_s: float = 0.0, boot_factor: float = 0.0
) -> Iterator[Modems]:
    """Modems of no family in particular, each answering a PDU after `latency_s`; the network is kind, reports come at once."""
    ours, theirs = multiprocessing.Pipe()
    options = LabOptions(
        folder,
        count,
        families=("generic",),
        send_latency_s=latency_s,
        prompt_latency_s=prompt_s,
        delivery_latency_s=0.01,
        report_latency_s=0.01,
        boot_factor=boot_factor,
        chatty=False,
    )
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(options, theirs), daemon=True)
    process.start()
    theirs.close()  # so that its end is noticed
    try:
        yield Modems([Path(path) for path in ours.recv()], ours)
        ours.send(("end",))
        process.join(5)
    finally:
        process.kill()


def _serve(options: LabOptions, pipe: Connection) -> None:
    asyncio.run(_served(options, pipe))


async def _served(options: LabOptions, pipe: Connection) -> None:
    options.directory.mkdir(parents=True, exist_ok=True)
    lab = Lab(options, asyncio.get_running_loop())
    seen = _watch(lab)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    def order() -> None:
        what, *more = pipe.recv()
        if what == "end":
            ended.set()
        elif what == "forget":
            for times in seen.values():
                times.clear()
            pipe.send(None)
        elif what == "phone":
            first = next(iter(lab.modems.values()))
            lab.network.phone(PHONE).send(first.sim.number, more[0])
            pipe.send(None)
        else:
            pipe.send(seen[what])

    loop.add_reader(pipe.fileno(), order)
    pipe.send([str(modem.link.path) for modem in lab.modems.values()])
    await ended.wait()
    lab.close()


def _watch(lab: Lab) -> dict[str, list[float]]:
    """Note when modems read and write what is of interest."""
    seen: dict[str, list[float]] = {"accepted": [], "asked": [], "deleted": [], "told": []}
    for modem in lab.modems.values():
        _watch_device(modem.device, seen)
    lab.network.journal.on_accepted.append(lambda entry: seen["accepted"].append(time.monotonic()))
    return seen


def _watch_device(device: Device, seen: dict[str, list[float]]) -> None:
    feed, connect = device.feed, device.connect

    def fed(data: bytes) -> None:
        if b"AT+CMGS" in data:
            seen["asked"].append(time.monotonic())
        elif b"AT+CMGD" in data:
            seen["deleted"].append(time.monotonic())
        feed(data)

    def connected(write: Callable[[bytes], None]) -> None:
        def put(data: bytes) -> None:
            if b"+CMTI" in data:
                seen["told"].append(time.monotonic())
            write(data)

        connect(put)

    device.feed, device.connect = fed, connected  # type: ignore[method-assign] # to look on, not to change
