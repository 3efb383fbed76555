"""A real daemon on an emulated network, with an account for clients of Twilio's API."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modemd.emulator.lab.lab import Lab
from tests.free_port import free_port
from tests.system.processes import MODEMD, Daemon, lab, off_loop, ports, until

ALICE = "+33612345678"
NUMBERS = ["+33700000001", "+33700000002"]
QUICK_SEND_S = 0.02


@dataclass(frozen=True)
class TwilioServer:
    """The daemon, the network, and the account: its SID, its token, and the key that it is made of."""

    daemon: Daemon
    built: Lab
    base: str
    account: str
    token: str
    key: str

    def cli(self, *words: str) -> str:
        """What a command of two words prints."""
        command = [str(MODEMD), *words, "--config", str(self.daemon.config)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout


@contextlib.asynccontextmanager
async def twilio_server(folder: Path, **configured: Any) -> AsyncIterator[TwilioServer]:
    """Runs a daemon with two modems, which may call this machine."""
    async with lab(folder / "lab", send_latency_s=QUICK_SEND_S) as built:
        base = f"127.0.0.1:{free_port()}"
        settings: dict[str, Any] = {
            "country": "FR",
            "http": {"listen": base},
            "webhooks": {"private_targets": "allow"},
            "sims": {sim.iccid: {"number": sim.number} for sim in built.network.sims.values()},
        }
        daemon = Daemon(folder, ports(built), **settings | configured)
        with daemon.running():
            await until(lambda: daemon.database.with_suffix(".sock").exists(), "the daemon answers")
            await until(
                lambda: (
                    len(daemon.rows("SELECT 1 FROM sqlite_master WHERE name = 'sim'")) == 1
                    and len(daemon.rows("SELECT 1 FROM sim WHERE admitted_at IS NOT NULL")) == 2
                ),
                "both SIMs are there",
            )
            server = TwilioServer(daemon, built, f"http://{base}", "", "", "")
            made = json.loads(await off_loop(server.cli, "keys", "create", "crm", "--scope", "all", "--json"))
            yield TwilioServer(daemon, built, server.base, made["account_sid"], made["auth_token"], made["key"])
        log = daemon.log.read_text(encoding="utf-8")
        assert made["auth_token"] not in log
        assert made["key"] not in log
        assert "Traceback" not in log
