"""Tables of a scenario file, each checked by itself; `modemd.emulator.lab.scenario` checks them together."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from modemd.emulator.device.family import families
from modemd.emulator.lab.lab import Lab, ModemPlan, OperatorPlan, SimPlan, UsbPlan
from modemd.emulator.lab.requests.base import Cause, LabRequest, Seconds
from modemd.emulator.lab.requests.network import NetworkChange, OperatorChange
from modemd.emulator.lab.requests.phones import PhoneMessageRequest
from modemd.emulator.network.numbers import E164, check_sim_number
from modemd.emulator.network.phone_habits import PhoneAutomation, parse_off_hours
from modemd.emulator.usb.bus import UsbDevice, UsbInterface
from modemd.errors import EncodeError
from modemd.pdu import Address, Timestamp


def _family(name: str) -> str:
    if name not in families:
        raise ValueError(f"{name!r} is not one of {', '.join(families)}")
    return name


def _subscriber(text: str) -> str:
    """Validates a number, a short code, or a name: every possible sender of a message."""
    if re.fullmatch(E164 + r"|[1-9][0-9]{2,7}", text):
        return text
    if re.fullmatch(r"[+0-9 ]*", text):
        raise ValueError(f"{text!r} is no number as in +33612345678, no short code, no name")
    try:
        Address.parse(text)
    except EncodeError as error:
        raise ValueError(str(error)) from None
    return text


def _hours(text: str) -> str:
    parse_off_hours(text)
    return text


FamilyName = Annotated[str, AfterValidator(_family)]
Hours = Annotated[str, AfterValidator(_hours)]
Number = Annotated[str, AfterValidator(check_sim_number)]
SubscriberName = Annotated[str, AfterValidator(_subscriber)]
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
Text = Annotated[str, Field(min_length=1, max_length=1000)]
"""A text that a phone sends by itself; every such text can be encoded."""
Digits = Annotated[str, Field(pattern=r"^[0-9]+$")]
OperatorCode = Annotated[str, Field(pattern=r"^[0-9]{5,6}$")]
FourHex = Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{4}$")]
TwoHex = Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{2}$")]
Place = Annotated[str, Field(pattern=r"^[1-9][0-9]*-[1-9][0-9]*(\.[1-9][0-9]*)*$")]
"""Place of a USB device as in sysfs: bus, then the ports from the root hub on."""


class NetworkTable(NetworkChange):
    seed: int = 0
    kind: bool = False


class OperatorTable(OperatorChange):
    code: OperatorCode
    name: Annotated[str, Field(min_length=1, max_length=20)]
    smsc: Number | None = None
    country_code: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}$")] | None = None
    reject: dict[str, Cause] = Field(default_factory=dict)

    def plan(self) -> OperatorPlan:
        return OperatorPlan(**self.model_dump(exclude={"reject"}))

    def begin(self, lab: Lab) -> None:
        """Starts the refusals of this operator."""
        for recipient, cause in self.reject.items():
            lab.network.reject(None if recipient == "*" else recipient, cause, lab.network.operators[self.code])


class SimTable(LabRequest):
    number: Number
    operator: OperatorCode | None = None
    iccid: Digits | None = None
    imsi: Digits | None = None
    pin: Annotated[str, Field(pattern=r"^[0-9]{4,8}$")] | None = None
    capacity: Annotated[int, Field(ge=1, le=255)] = 50

    def plan(self) -> SimPlan:
        return SimPlan(**self.model_dump())


class Usb(LabRequest):
    """A device at a place of the USB tree; all interfaces below that of the AT port exist, too."""

    place: Place
    vendor: FourHex
    product: FourHex
    interface: Annotated[int, Field(ge=0, le=31)] = 0
    subclass: TwoHex = "ff"
    protocol: TwoHex = "ff"
    serial: str | None = None
    manufacturer: str | None = None
    name: str | None = None

    def plan(self) -> UsbPlan:
        others = (UsbInterface(number) for number in range(self.interface))
        own = UsbInterface(self.interface, subclass=int(self.subclass, 16), protocol=int(self.protocol, 16))
        device = UsbDevice(
            int(self.vendor, 16),
            int(self.product, 16),
            (*others, own),
            serial_number=self.serial,
            manufacturer=self.manufacturer,
            product=self.name,
        )
        return UsbPlan(self.place, device, self.interface)


class ModemTable(LabRequest):
    name: FileName
    number: Number
    family: FamilyName = "generic"
    imei: Annotated[str, Field(pattern=r"^[0-9]{15}$")] | None = None
    send_latency_s: Seconds | None = None
    prompt_latency_s: Seconds | None = None
    boot_factor: Annotated[float, Field(ge=0, le=100)] = 1.0
    chatty: bool = True
    usb: Usb | None = None

    def plan(self, sim: SimPlan) -> ModemPlan:
        usb = self.usb.plan() if self.usb is not None else None
        return ModemPlan(**self.model_dump(exclude={"number", "usb"}), sim=sim, usb=usb)


class PhoneTable(LabRequest):
    number: SubscriberName
    operator: OperatorCode | None = None
    on: bool = True
    reply: Text | None = None
    stop_after: Annotated[int, Field(ge=1)] | None = None
    stop_word: Text = "STOP"
    off: tuple[Hours, ...] = ()
    status: Annotated[int, Field(ge=0, le=255)] | None = None

    def begin(self, lab: Lab) -> None:
        """Makes the phone, and starts its behaviour."""
        network = lab.network
        handset = network.phone(self.number, None if self.operator is None else network.operators[self.operator])
        if not self.on:
            handset.switch_off()
        if self.status is not None:
            network.fate(self.number, self.status)
        PhoneAutomation(
            handset,
            lab.timers,
            network.zone,
            reply=self.reply,
            stop_after=self.stop_after,
            stop_word=self.stop_word,
            off=[parse_off_hours(text) for text in self.off],
        ).begin()


class ScenarioMessage(PhoneMessageRequest):
    """A message that is checked before the scenario starts."""

    text: Text | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        try:
            self.to_content().parts(Address.parse("+33600000000"), Timestamp(bytes(7)), 0)
        except EncodeError as error:
            raise ValueError(str(error)) from None
        return self
