"""`modems: auto` with real processes: an emulator in one, the daemon in another, and sticks that are pulled and moved."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from modemd.http.unix import request
from tests.system.processes import MODEMD, Daemon, off_loop, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]
TO = "+33612345678"
GOAL_S = 5.0
# The emulator's own time on the air, and for a look at what came of it.
AIR_S = 1.0


class Emulator:
    """`modemd emulate` as a process, and its control API."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        families = ("--families", "huawei_e3372,quectel_ec25", "--send-latency", "0.05")
        command = (MODEMD, "emulate", "--kind", "--modems", "2", "--dir", folder, *families)
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def ask(self, method: str, target: str, document: Any = None) -> Any:
        body = json.dumps(document).encode() if document is not None else None
        status, answer = request(self.folder / "control.sock", method, target, body)
        assert status == 200, answer
        return json.loads(answer)

    def is_up(self) -> bool:
        with contextlib.suppress(OSError):
            return bool(self.ask("GET", "/modems"))
        return False

    def modem(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"/modems/{name}")
        return found

    def inbox(self) -> list[str]:
        return [got["text"] for got in self.ask("GET", f"/phones/{TO}/inbox")]

    def end(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(20)


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    running = Emulator(tmp_path / "lab")
    yield running
    running.end()


def wait_until(condition: Callable[[], bool], within_s: float) -> None:
    """`until`, off the loop."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


async def test_sticks_are_found_and_stay_who_they_are(tmp_path: Path, emulator: Emulator) -> None:
    """No modem is configured: both are found; pulled and plugged in elsewhere each keeps its name, and sends within 5 s."""
    await until(partial(emulator.is_up), "the emulator answers")
    lab = str(emulator.folder)
    daemon = Daemon(tmp_path, [], modems="auto", finding={"emulator": lab})
    west, east = (f"modem-{emulator.modem(name)['imei'][-6:]}" for name in ("modem0", "modem1"))

    async def listed() -> dict[str, dict[str, Any]]:
        return {row["name"]: row for row in await off_loop(daemon.json, "modems")}

    async def both_ready() -> None:
        def are() -> bool:
            return {row["name"]: row["health"] for row in daemon.json("modems")} == {west: "ready", east: "ready"}

        await off_loop(wait_until, are, 60.0)

    with daemon.running():
        await until(daemon.folder.joinpath("modemd.sock").exists, "the daemon answers")
        await both_ready()
        assert [(await listed())[name]["place"] for name in (west, east)] == ["1-1.1", "1-1.2"]

        await off_loop(emulator.ask, "POST", "/modems/modem1/fault", {"kind": "unplug"})
        for turn, (place, to) in enumerate([("1-1.1", "1-4"), ("1-4", "2-1.3"), ("2-1.3", "1-1.1")]):
            await off_loop(emulator.ask, "POST", "/usb/move", {"place": place, "to": to})
            await off_loop(daemon.cli, "send", "--to", TO, "--text", f"moved {turn}")
            await until(lambda: emulator.modem("modem0")["registration"] == 1, "it is registered")
            await until(lambda turn=turn: f"moved {turn}" in emulator.inbox(), "it sends", GOAL_S + AIR_S)  # type: ignore[misc]
            assert (await listed())[west]["place"] == to
        assert "not plugged in" in (await listed())[east]["reason"]

        await off_loop(emulator.ask, "POST", "/modems/modem1/fault", {"kind": "replug"})
        await both_ready()
        rows = await listed()
        assert sorted(rows) == sorted((west, east))
        assert rows[west]["sent"] == 3
    assert sorted(emulator.inbox()) == ["moved 0", "moved 1", "moved 2"]
