"""`kill -9`, a hundred times: half at any moment, half while a part is in flight at a slow network."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from modemd.emulator import Device
from modemd.emulator.lab import Lab
from tests.system.house import Daemon, csv, lab, off_loop, ports, until
from tests.system.judging import judge

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

MESSAGES = 100
KILLS = 50
SLOW_S = 3.0
OPEN = "SELECT 1 FROM message WHERE state IN ('held', 'queued', 'sending')"


async def test_100_kills_lose_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    """Lost 0, twice 0; what was in flight is unknown, and settled where its report comes."""
    chance = Random(20261122)
    async with lab(tmp_path / "lab", send_latency_s=0.6) as built:
        daemon = Daemon(tmp_path, ports(built))
        octets = _count_first_octets(built)
        rows = [(f"+33612{index:06d}", f"message {index}", "transactional") for index in range(MESSAGES)]
        daemon.start()
        done = await off_loop(daemon.cli, "send", "--csv", "-", text=csv(rows))
        assert done.returncode == 0, done.stderr
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.2, 2.0))
            await off_loop(daemon.kill)
            daemon.start()
        for modem in built.modems.values():
            modem.device.send_latency_s = SLOW_S
        in_flight = 0
        for _ in range(KILLS):
            if await _something_flies(daemon, octets):
                in_flight += 1
            await asyncio.sleep(chance.uniform(0, 0.5))
            await off_loop(daemon.kill)
            daemon.start()
        for modem in built.modems.values():
            modem.device.send_latency_s = 0.1
        await until(lambda: not daemon.rows(OPEN), "nothing waits any more", 300)
        await asyncio.sleep(3)  # the last reports
        await off_loop(daemon.kill)
        told = judge(built, daemon)
        print(f"kill -9, {KILLS} at any moment and {in_flight} with a part in flight: {told}")  # noqa: T201 - figures, with -s
        assert told["lost"] == 0
        assert told["twice"] == 0
        assert in_flight > KILLS / 2
        assert told["were unknown"] <= 2 * KILLS + 2 * in_flight, (
            "each kill leaves at most what two modems had in flight"
        )


def _count_first_octets(built: Lab) -> list[bytes]:
    octets: list[bytes] = []

    def first_octet(device: Device, pdu: bytes) -> None:
        octets.append(pdu)

    for modem in built.modems.values():
        modem.device.first_octet_hooks.append(first_octet)
    return octets


async def _something_flies(daemon: Daemon, octets: list[bytes]) -> bool:
    """Wait for the next first octet of a PDU; False where nothing is left to send."""
    seen = len(octets)
    await until(lambda: len(octets) > seen or not daemon.rows(OPEN), "a part flies, or none is left", 60)
    return len(octets) > seen
