"""Lab: one network and its modems on ptys in a folder, for the server and for programs in Python."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import count
from pathlib import Path

from modemd.emulator.capture.capture import Capture
from modemd.emulator.capture.playback import PlaybackDevice
from modemd.emulator.device.device import Device
from modemd.emulator.device.family import families
from modemd.emulator.links.pty import PtyLink
from modemd.emulator.network.journal import Journal
from modemd.emulator.network.network import HOME_CODE, Network
from modemd.emulator.network.numbers import check_sim_number
from modemd.emulator.network.subscribers import Sim
from modemd.emulator.network.ussd_services import BALANCE
from modemd.emulator.timers import LoopTimers, Timers
from modemd.emulator.usb.bus import UsbBus, UsbDevice
from modemd.emulator.usb.devices import DEVICES, place
from modemd.errors import ConfigError

MAX_MODEMS = 256


@dataclass(frozen=True, slots=True)
class OperatorPlan:
    """Plan of an operator; None means the default of `Network.operator`."""

    code: str
    name: str | None = None
    smsc: str | None = None
    country_code: str | None = None
    delivery_latency_s: float | None = None
    report_latency_s: float | None = None
    parts_per_s: float | None = None
    refusals: dict[int, float] | None = None


@dataclass(frozen=True, slots=True)
class SimPlan:
    """Plan of a SIM. Without `iccid` and `imsi` they are invented; `operator` is a code, None the first operator."""

    number: str
    operator: str | None = None
    iccid: str | None = None
    imsi: str | None = None
    pin: str | None = None
    capacity: int = 50


@dataclass(frozen=True, slots=True)
class UsbPlan:
    """Plan of a USB device: its place, and which of its interfaces is the modem's AT port."""

    place: str
    device: UsbDevice
    interface: int


@dataclass(frozen=True, slots=True)
class ModemPlan:
    """Plan of a modem with its SIM. None means that of the family, invented (`imei`), or absent (`capture`)."""

    name: str
    family: str
    sim: SimPlan
    imei: str | None = None
    send_latency_s: float | None = None
    prompt_latency_s: float | None = None
    boot_factor: float = 1.0
    chatty: bool = True
    usb: UsbPlan | None = None
    capture: Capture | None = None


@dataclass(frozen=True, slots=True)
class LabOptions:
    """Options of a lab.

    Modem i has the name `modem{i}`, the family `families[i % len(families)]`, and the number `numbers[i]`; if there are
    fewer, +33700000001 and onwards. `send_latency_s` and `prompt_latency_s` None mean those of the family. If modems
    are `planned` one by one, there are no others, and the options for modems in general are ignored. SIMs and phones
    without an operator belong to the first of `operators`; `spare_sims` are in no modem at first.

    The network is kind unless `kind` is False; `report_loss` None is the loss that follows from it.
    """

    directory: Path
    modems: int = 1
    numbers: tuple[str, ...] = ()
    families: tuple[str, ...] = ("huawei_e3372", "sim800")
    send_latency_s: float | None = 0.3
    prompt_latency_s: float | None = None
    delivery_latency_s: float = 0.5
    report_latency_s: float = 0.5
    report_loss: float | None = None
    boot_factor: float = 1.0
    chatty: bool = True
    seed: int = 0
    planned: tuple[ModemPlan, ...] = ()
    operators: tuple[OperatorPlan, ...] = ()
    spare_sims: tuple[SimPlan, ...] = ()
    kind: bool = True

    def plans(self) -> tuple[ModemPlan, ...]:
        """Returns the plans of the modems, in order."""
        return self.planned or tuple(
            ModemPlan(
                f"modem{index}",
                self.families[index % len(self.families)],
                SimPlan(number),
                send_latency_s=self.send_latency_s,
                prompt_latency_s=self.prompt_latency_s,
                boot_factor=self.boot_factor,
                chatty=self.chatty,
            )
            for index, number in enumerate(self.every_number())
        )

    def every_number(self) -> list[str]:
        """Returns the number of each modem's SIM, in order."""
        return [*self.numbers, *(f"+3370{index + 1:07d}" for index in range(len(self.numbers), self.modems))]

    def problems(self) -> list[str]:
        """Returns one line for each mistake."""
        found = []
        if not 1 <= self.modems <= MAX_MODEMS:
            found.append(f"modems: {self.modems} is not between 1 and {MAX_MODEMS}")
        if len(self.numbers) > self.modems:
            found.append(f"numbers: {len(self.numbers)} given for {self.modems} modems")
        for number in self.numbers:
            try:
                check_sim_number(number)
            except ValueError as error:
                found.append(f"numbers: {error}")
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
        if self.report_loss is not None and not 0 <= self.report_loss <= 1:
            found.append(f"report_loss: {self.report_loss} is not between 0 and 1")
        return found


@dataclass(frozen=True, slots=True)
class LabModem:
    """A device, its SIM and its port."""

    device: Device
    sim: Sim
    link: PtyLink


class Lab:
    """A running lab. Raises ConfigError for impossible options; OSError if the folder cannot hold them.

    `usb` lists the ports of the modems whose families have a known USB device.
    """

    def __init__(self, options: LabOptions, loop: asyncio.AbstractEventLoop) -> None:
        if problems := options.problems():
            raise ConfigError(problems)
        directory = options.directory.absolute()
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.timers: Timers = LoopTimers(loop)
        self.network = _network(options, self.timers, Journal(directory / "journal.jsonl"))
        self.network.ussd["*100#"] = BALANCE
        self.usb = UsbBus(directory / "usb")
        self.modems: dict[str, LabModem] = {}
        try:
            self.usb.clear()  # of a killed emulator
            plans = options.plans()
            for plan in plans:
                self._add(plan, options.seed, loop)
            self._assign_usb_places(plans)
            for sim in options.spare_sims:
                self._sim(sim)
        except BaseException:
            self.close()
            raise

    def _sim(self, plan: SimPlan) -> Sim:
        network = self.network
        return network.sim(
            plan.number,
            operator=network.home if plan.operator is None else network.operators[plan.operator],
            iccid=plan.iccid,
            imsi=plan.imsi,
            capacity=plan.capacity,
            pin=plan.pin,
        )

    def _add(self, plan: ModemPlan, seed: int, loop: asyncio.AbstractEventLoop) -> None:
        sim = self._sim(plan.sim)
        make = Device if plan.capture is None else partial(PlaybackDevice, capture=plan.capture)
        device = make(
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
        link = PtyLink(device, self.directory / plan.name, loop)
        self.modems[plan.name] = LabModem(device, sim, link)
        if plan.usb is not None:
            self.usb.attach(plan.usb.place, plan.usb.device, {plan.usb.interface: link})

    def _assign_usb_places(self, plans: Sequence[ModemPlan]) -> None:
        """Plugs modems without a planned place in at free places, as devices of their families."""
        taken = {plan.usb.place for plan in plans if plan.usb is not None}
        free = (place(index) for index in count() if place(index) not in taken)
        for plan in plans:
            if plan.usb is None and (known := DEVICES.get(plan.family)) is not None:
                device, interface = known
                self.usb.attach(next(free), device, {interface: self.modems[plan.name].link})

    def close(self) -> None:
        """Removes ports and links, and closes the file of the journal."""
        for modem in self.modems.values():
            modem.link.close()
        self.usb.clear()
        self.network.journal.close()


def _network(options: LabOptions, timers: Timers, journal: Journal) -> Network:
    network = Network(
        timers,
        seed=options.seed,
        journal=journal,
        delivery_latency_s=options.delivery_latency_s,
        report_latency_s=options.report_latency_s,
        operator_code=options.operators[0].code if options.operators else HOME_CODE,
    )
    for operator in options.operators:
        network.operator(**asdict(operator))
    if not options.kind:
        network.be_unkind()
    if options.report_loss is not None:
        network.report_loss = options.report_loss
    return network
