"""Emulated modems in a process of their own, so that what is measured shares no interpreter with them."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from modemd.emulator import Device
from modemd.emulator.lab.lab import Lab, LabOptions

PHONE = "+447700900123"
# When a status report comes after its part was accepted. No network is so quick: so long as only speed is measured, that does
# no harm, and a measurement need not wait.
AT_ONCE_S = 0.01


@dataclass
class Modems:
    """The host's side: `ports`, and what the other process has seen. Times are of the clock that all processes share."""

    ports: list[Path]
    _pipe: Connection

    def accepted(self) -> list[float]:
        """When the network took each part, of whichever modem."""
        return sorted(at for each in self.accepted_by().values() for at in each)

    def accepted_by(self) -> dict[str, list[float]]:
        """The same of each modem, by its name; one that has sent nothing is there too."""
        return dict(self._ask("accepted"))

    def air(self) -> dict[str, list[tuple[float, float]]]:
        """Of each modem, from the moment it had a PDU until it answered: its latency, and what it is late itself."""
        return dict(self._ask("air"))

    def sent(self) -> int:
        """How many parts the network took. To be asked again and again: the answer costs either process next to nothing."""
        return int(self._ask("sent"))

    def sending(self) -> int:
        """How many modems had a part taken by the network."""
        return int(self._ask("sending"))

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
    folder: Path, count: int, *, latency_s: float, report_latency_s: float = AT_ONCE_S, boot_factor: float = 0.0
) -> Iterator[Modems]:
    """Modems of no family in particular, each answering a PDU after `latency_s`; the network is kind."""
    ours, theirs = multiprocessing.Pipe()
    options = LabOptions(
        folder,
        count,
        families=("generic",),
        send_latency_s=latency_s,
        prompt_latency_s=0.0,
        delivery_latency_s=AT_ONCE_S,
        report_latency_s=report_latency_s,
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


@dataclass
class _Seen:
    """What the process of the modems has seen so far."""

    accepted: dict[str, list[float]]
    air: dict[str, list[tuple[float, float]]]
    asked: list[float] = field(default_factory=list)
    deleted: list[float] = field(default_factory=list)
    told: list[float] = field(default_factory=list)

    def answer(self, what: str) -> object:
        match what:
            case "sent":
                return sum(map(len, self.accepted.values()))
            case "sending":
                return sum(map(bool, self.accepted.values()))
            case "forget":
                for times in (*self.accepted.values(), *self.air.values(), self.asked, self.deleted, self.told):
                    times.clear()  # type: ignore[attr-defined] # lists, of whatever
                return None
            case _:
                return getattr(self, what)

    def watch(self, lab: Lab) -> None:
        """Note when modems read and write what is of interest."""
        for name, modem in lab.modems.items():
            self._watch_device(modem.device, self.air[name])
        lab.network.journal.on_accepted.append(lambda entry: self.accepted[entry.device].append(time.monotonic()))

    def _watch_device(self, device: Device, air: list[tuple[float, float]]) -> None:
        feed, connect = device.feed, device.connect
        given = 0.0  # when the modem had its last PDU

        def fed(data: bytes) -> None:
            nonlocal given
            if b"AT+CMGS" in data:
                self.asked.append(time.monotonic())
            elif b"\x1a" in data:
                given = time.monotonic()
            elif b"AT+CMGD" in data:
                self.deleted.append(time.monotonic())
            feed(data)

        def connected(write: Callable[[bytes], None]) -> None:
            def put(data: bytes) -> None:
                if b"+CMTI" in data:
                    self.told.append(time.monotonic())
                elif b"+CMGS:" in data:
                    air.append((given, time.monotonic()))
                write(data)

            connect(put)

        device.feed, device.connect = fed, connected  # type: ignore[method-assign] # to look on, not to change


def _serve(options: LabOptions, pipe: Connection) -> None:
    asyncio.run(_served(options, pipe))


async def _served(options: LabOptions, pipe: Connection) -> None:
    options.directory.mkdir(parents=True, exist_ok=True)
    loop = asyncio.get_running_loop()
    lab = Lab(options, loop)
    seen = _Seen({name: [] for name in lab.modems}, {name: [] for name in lab.modems})
    seen.watch(lab)
    ended = asyncio.Event()

    def order() -> None:
        what, *more = pipe.recv()
        if what == "end":
            ended.set()
        elif what == "phone":
            first = next(iter(lab.modems.values()))
            lab.network.phone(PHONE).send(first.sim.number, more[0])
            pipe.send(None)
        else:
            pipe.send(seen.answer(what))

    loop.add_reader(pipe.fileno(), order)
    pipe.send([str(modem.link.path) for modem in lab.modems.values()])
    await ended.wait()
    lab.close()
