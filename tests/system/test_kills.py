"""`kill -9`, a hundred times: half at any moment, half while a part is in flight at a slow network."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from modemd.emulator import Device
from modemd.emulator.lab.lab import Lab
from tests.system.journal_check import judge
from tests.system.processes import Daemon, csv, lab, off_loop, ports, until

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
        daemon.start()
        submitted = await _submit(daemon, 0, MESSAGES)
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.2, 2.0))
            await off_loop(daemon.kill)
            daemon.start()
        for modem in built.modems.values():
            modem.device.send_latency_s = SLOW_S
        for _ in range(KILLS):
            if len(daemon.rows(OPEN)) < 4:
                submitted = await _submit(daemon, submitted, 10)
            seen = len(octets)
            await until(lambda: len(octets) > seen, "a part flies", 60)  # noqa: B023 - awaited at once
            await asyncio.sleep(chance.uniform(0, 0.5))
            await off_loop(daemon.kill)
            daemon.start()
        for modem in built.modems.values():
            modem.device.send_latency_s = 0.1
        await until(lambda: not daemon.rows(OPEN), "nothing waits any more", 300)
        await asyncio.sleep(3)  # the last reports
        await off_loop(daemon.kill)
        told = judge(built, daemon)
        print(f"kill -9, {KILLS} at any moment and {KILLS} with a part in flight: {told}")  # noqa: T201 - figures, with -s
        assert told["messages"] == submitted
        assert told["lost"] == 0
        assert told["twice"] == 0
        assert told["were unknown"] <= 4 * KILLS, "each kill leaves at most what two modems had in flight"


def _count_first_octets(built: Lab) -> list[bytes]:
    octets: list[bytes] = []

    def first_octet(device: Device, pdu: bytes) -> None:
        octets.append(pdu)

    for modem in built.modems.values():
        modem.device.first_octet_hooks.append(first_octet)
    return octets


async def _submit(daemon: Daemon, before: int, count: int) -> int:
    """Submit so many more; how many there are then."""
    numbers = range(before, before + count)
    rows = [(f"+33612{number:06d}", f"message {number}", "transactional") for number in numbers]
    done = await off_loop(daemon.cli, "send", "--csv", "-", text=csv(rows))
    assert done.returncode == 0, done.stderr
    return before + count
