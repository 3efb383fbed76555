"""Our link at a message centre that is not ours: npm's smpp."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from modemd.providers.secret import Secret
from modemd.providers.smpp.endpoint import SmppEndpoint
from modemd.providers.smpp.link import NotBound, SmppLink
from modemd.smpp.events import RequestAnswered, RequestUnknown
from modemd.smpp.limits import SessionLimits
from modemd.smpp.message_operations import SubmitSmResp
from modemd.smpp.receipts import SmscState, read_receipt
from modemd.smpp.statuses import CommandStatus
from tests.emulator.smpp.bench import make_submit
from tests.free_port import free_port
from tests.providers.smpp.test_link import Handler, Journal

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("node") is None or shutil.which("npm") is None, reason="node or npm is missing"),
]
WRONG = Secret("wrong")
SOURCE = Path(__file__).with_name("smpp_node")


@pytest.fixture(scope="module")
def package() -> Path:
    """The folder with the centre and the package, installed by npm as package-lock.json has it: once for each lock file."""
    folder, lock = Path(sys.prefix) / "smpp-node", (SOURCE / "package-lock.json").read_bytes()
    installed = folder / "installed.json"
    if not installed.exists() or installed.read_bytes() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(SOURCE, folder)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=240)
        installed.write_bytes(lock)
    shutil.copy(SOURCE / "centre.js", folder)
    return folder


@asynccontextmanager
async def centre(package: Path) -> AsyncIterator[tuple[SmppEndpoint, asyncio.StreamReader]]:
    """Runs the centre. Yields where it is, and what it prints: a line for each message."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        "node", "centre.js", str(port), cwd=package, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 30) == b"listening\n"
        limits = SessionLimits(window=5, response_s=1.0)
        yield SmppEndpoint("127.0.0.1", port, "modemd", Secret("secret"), limits=limits), process.stdout
    finally:
        process.kill()
        await process.wait()


async def take(printed: asyncio.StreamReader) -> Any:
    return json.loads(await asyncio.wait_for(printed.readline(), 10))


async def test_a_foreign_centre_takes_our_messages(package: Path) -> None:
    """In each alphabet, with the sender; the answer has its identifier, and the receipt comes back."""
    handler = Handler()
    async with centre(package) as (endpoint, printed):
        link = await SmppLink.open(endpoint, handler)
        for text, coding in (("Hi @ {all}", 0), ("Привет", 8)):
            (body,) = make_submit(text, sender="ChezPaul")
            answer = await link.submit(body, Journal().note)
            assert isinstance(answer, RequestAnswered)
            assert isinstance(answer.body, SubmitSmResp)
            assert (answer.is_taken, answer.body.message_id) == (True, "7f")
            assert await take(printed) == {"text": text, "from": "ChezPaul", "to": "33612345678", "coding": coding}
        while len(handler.deliveries) < 2:
            handler.came.clear()
            await asyncio.wait_for(handler.came.wait(), 10)
        receipt = read_receipt(handler.deliveries[0].body)  # type: ignore[union-attr]
        assert receipt is not None
        assert (receipt.message_id, receipt.state, receipt.is_final) == ("7f", SmscState.DELIVERED, True)
        await link.close(5)
        assert link.ended_because == "unbound"


async def test_a_foreign_centre_that_fails_is_understood(package: Path) -> None:
    """A refusal is a refusal, silence and a cut are unknown, and a wrong password is told."""
    async with centre(package) as (endpoint, _):
        with pytest.raises(NotBound) as refused:
            await SmppLink.open(replace(endpoint, password=WRONG), Handler())
        assert refused.value.status == CommandStatus.INVALID_PASSWORD
        link = await SmppLink.open(endpoint, Handler())
        busy = await link.submit(make_submit("busy")[0], Journal().note)
        assert isinstance(busy, RequestAnswered)
        assert (busy.is_taken, busy.status) == (False, CommandStatus.THROTTLED)
        for text in ("silent", "destroy"):
            assert isinstance(await link.submit(make_submit(text)[0], Journal().note), RequestUnknown)
        await link.close(1)
