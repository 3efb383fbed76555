"""What the tests of found modems share: devices that are plugged in, and questions to the list of modems."""

from __future__ import annotations

from functools import partial
from typing import Any

from modemd.emulator.usb.bus import UsbDevice, UsbInterface
from modemd.service.messages.submission import MessageRequest
from tests.sim.world.assembled import House

TO = "+33612345678"
STICKS = ("huawei_e3372", "quectel_ec25")
CD_ROM = UsbDevice(0x12D1, 0x1446, (UsbInterface(0, 0x08, 0x06, 0x50),), product="HUAWEI Mobile")
ROUTER = UsbDevice(0x12D1, 0x14DC, (UsbInterface(0, 0x02, 0x06, 0x00),), product="HUAWEI_MOBILE")
KEYBOARD = UsbDevice(0x046D, 0xC31C, (UsbInterface(0, 0x03, 0x01, 0x01),), product="USB Keyboard")
GNSS = UsbDevice(0x1546, 0x01A7, (UsbInterface(0, 0x02, 0x02, 0x01),), product="u-blox 7")


def rows(house: House) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in house.service.modems.views.list_modems()}


def name(house: House, modem: int = 0) -> str:
    return f"modem-{house.devices[modem].imei[-6:]}"


def is_ready(house: House, *names: str) -> bool:
    return all(rows(house).get(one, {}).get("health") == "ready" for one in names)


async def ready(house: House, *names: str, within_s: float = 90) -> None:
    await house.until(partial(is_ready, house, *names), within_s=within_s, step_s=0.1)


async def says(house: House, row: str, words: str, within_s: float = 60) -> None:
    """Until the row of that name has a reason with these words."""
    await house.until(lambda: words in (rows(house).get(row, {}).get("reason") or ""), within_s=within_s)


async def submit(house: House, text: str = "Hello") -> None:
    await house.service.messages.submission.submit(MessageRequest(TO, text, "transactional"))


def received(house: House) -> list[str | None]:
    return [got.text for got in house.network.phone(TO).inbox]


def is_received(house: House, text: str) -> bool:
    return text in received(house)


def is_in(house: House, modem: str, place: str) -> bool:
    return bool(rows(house)[modem]["place"] == place)


def named(**how: str) -> list[dict[str, Any]]:
    return [{"name": "west", **how}]
