"""The official SDK of Twilio for Node, unmodified, sends and is called by a real daemon on an emulated network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.free_port import free_port
from tests.system.http.twilio_server import ALICE, NUMBERS, twilio_server
from tests.system.processes import off_loop

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("node") is None or shutil.which("npm") is None, reason="node or npm is missing"),
]
# As at Twilio. Only the SDK since version 6, which Debian 12 has no Node for, says by `messageIntent` what is marketing.
STOP_IS_ALL = {"transactional_after_stop": {"+33": "refuse"}}
CLIENT = Path(__file__).with_name("twilio_node")


@pytest.fixture(scope="module")
def sdk() -> Path:
    """The folder with the client and the SDK, installed by npm as package-lock.json has it: once for each lock file."""
    folder, lock = Path(sys.prefix) / "twilio-node", (CLIENT / "package-lock.json").read_bytes()
    installed = folder / "installed.json"
    if not installed.exists() or installed.read_bytes() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(CLIENT, folder)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=240)
        installed.write_bytes(lock)
    shutil.copy(CLIENT / "client.js", folder)
    return folder


async def test_the_sdk_of_node_does_its_work(tmp_path: Path, sdk: Path) -> None:
    """It sends, is told of each status with a valid signature, lists, redacts, deletes, answers, and is refused as by Twilio."""
    port = free_port()
    async with twilio_server(tmp_path, consent=STOP_IS_ALL) as server:
        phone = server.built.network.phone(ALICE)
        answers = {"ask me": "where is it?", "stop me": "STOP"}
        phone.on_received.append(lambda got: phone.send(got.sender, answers[got.text]) if got.text in answers else None)
        added = ("webhooks", "add", f"http://127.0.0.1:{port}/sms", "--events", "inbox.received", "--format", "twilio")
        await off_loop(server.cli, *added, "--key", "1")
        plan = {
            "base": server.base, "account": server.account, "token": server.token, "key": server.key, "port": port,
            "phone": ALICE, "numbers": NUMBERS,
        }  # fmt: skip
        done = await off_loop(
            subprocess.run, ["node", "client.js", json.dumps(plan)], cwd=sdk, capture_output=True, text=True,
            timeout=200, check=False, env={**os.environ, "NO_PROXY": "127.0.0.1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        texts = [each.text for each in phone.inbox]
        assert texts.count("hello") == 1
        assert {"x" * 160 + "✋" + "y" * 160, '"smart"', "It is at the door ✋"} <= set(texts)
        assert "later" not in texts
        assert "buy" not in texts
