"""What the tests of found modems share: devices that are plugged in, and questions to the list of modems."""

from __future__ import annotations

from functools import partial
from typing import Any

from modemd.emulator.usb.bus import UsbDevice, UsbInterface
from modemd.service.messages.submission import MessageRequest
from modemd.service.views import ModemView
from tests.sim.world.assembled import Simulation

TO = "+33612345678"
STICKS = ("huawei_e3372", "quectel_ec25")
CD_ROM = UsbDevice(0x12D1, 0x1446, (UsbInterface(0, 0x08, 0x06, 0x50),), product="HUAWEI Mobile")
ROUTER = UsbDevice(0x12D1, 0x14DC, (UsbInterface(0, 0x02, 0x06, 0x00),), product="HUAWEI_MOBILE")
KEYBOARD = UsbDevice(0x046D, 0xC31C, (UsbInterface(0, 0x03, 0x01, 0x01),), product="USB Keyboard")
GNSS = UsbDevice(0x1546, 0x01A7, (UsbInterface(0, 0x02, 0x02, 0x01),), product="u-blox 7")


def rows(simulation: Simulation) -> dict[str, ModemView]:
    return {row.name: row for row in simulation.service.modems.views.list_modems()}


def name(simulation: Simulation, modem: int = 0) -> str:
    return f"modem-{simulation.devices[modem].imei[-6:]}"


def is_ready(simulation: Simulation, *names: str) -> bool:
    found = rows(simulation)
    return all(one in found and found[one].health == "ready" for one in names)


async def ready(simulation: Simulation, *names: str, within_s: float = 90) -> None:
    await simulation.until(partial(is_ready, simulation, *names), within_s=within_s, step_s=0.1)


async def says(simulation: Simulation, row: str, words: str, within_s: float = 60) -> None:
    """Until the row of that name has a reason with these words."""

    def has_reason() -> bool:
        found = rows(simulation).get(row)
        return found is not None and words in (found.reason or "")

    await simulation.until(has_reason, within_s=within_s)


async def submit(simulation: Simulation, text: str = "Hello") -> None:
    await simulation.service.messages.submission.submit(MessageRequest(TO, text, "transactional"))


def received(simulation: Simulation) -> list[str | None]:
    return [got.text for got in simulation.network.phone(TO).inbox]


def is_received(simulation: Simulation, text: str) -> bool:
    return text in received(simulation)


def is_in(simulation: Simulation, modem: str, place: str) -> bool:
    return bool(rows(simulation)[modem].place == place)


def named(**how: str) -> list[dict[str, Any]]:
    return [{"name": "west", **how}]
