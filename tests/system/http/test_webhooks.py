"""Webhooks of a real daemon that is killed, to a real receiver that fails now and then; and the event stream beside them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from modemd.http.unix import request
from tests.system.processes import Daemon, csv, lab, off_loop, ports, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

MESSAGES, KILLS = 60, 8
OPEN = "SELECT 1 FROM message WHERE state IN ('held', 'queued', 'sending')"
WAITING = "SELECT 1 FROM webhook_delivery WHERE state = 'waiting'"


@dataclass
class Receiver:
    """A receiver. `heard`: the ids of the events that it took, and of which messages they are; `fails`: it answers 500."""

    heard: list[tuple[str, int]] = field(default_factory=list)
    fails: bool = False
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")
            )
            told = json.loads(await reader.readexactly(length))
            if not self.fails:
                self.heard.append((told["id"], told["data"]["id"]))
            writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % (500 if self.fails else 204))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the daemon was killed
        finally:
            writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()


def ask(daemon: Daemon, method: str, target: str, document: Any = None) -> bytes:
    body = json.dumps(document).encode() if document is not None else None
    status, answer = request(daemon.database.with_suffix(".sock"), method, target, body)
    assert status < 300, answer
    return answer


def told_by_stream(daemon: Daemon) -> dict[int, list[str]]:
    """The ids of the events of each message, in the order of the event stream."""
    found: dict[int, list[str]] = {}
    for line in ask(daemon, "GET", "/v1/events?after=0&follow=false&kinds=message.*").decode().splitlines():
        if line.startswith("data: "):
            event = json.loads(line.removeprefix("data: "))
            found.setdefault(event["data"]["id"], []).append(event["id"])
    return found


async def test_kills_and_failures_lose_no_event_and_keep_their_order(tmp_path: Path) -> None:
    """Each event of the stream comes to the receiver at least once; the events of a message come in their order."""
    chance = Random(17)
    async with lab(tmp_path / "lab", send_latency_s=0.2) as built, receiving() as receiver:
        daemon = Daemon(tmp_path, ports(built), webhooks={"private_targets": "allow"})
        daemon.start()
        await until(daemon.database.with_suffix(".sock").exists, "the daemon listens")
        url = f"http://127.0.0.1:{receiver.port}/sms"
        await off_loop(ask, daemon, "POST", "/v1/webhooks", {"url": url, "events": ["message.*"]})
        rows = [(f"+33612{number:06d}", f"message {number}", "transactional") for number in range(MESSAGES)]
        done = await off_loop(daemon.cli, "send", "--csv", "-", text=csv(rows))
        assert done.returncode == 0, done.stderr
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.5, 3.0))
            receiver.fails = not receiver.fails
            await asyncio.sleep(chance.uniform(0.1, 1.0))
            await off_loop(daemon.kill)
            daemon.start()
        receiver.fails = False
        await until(lambda: not daemon.rows(OPEN), "nothing waits to be sent", 120)
        await asyncio.sleep(2)  # the last reports
        await until(lambda: not daemon.rows(WAITING), "nothing waits to be told", 240)
        told = await off_loop(told_by_stream, daemon)
        heard: dict[int, list[str]] = {}
        for id, message in dict.fromkeys(receiver.heard):
            heard.setdefault(message, []).append(id)
        assert len(told) == MESSAGES
        assert heard == told
        await off_loop(daemon.kill)
        events, tries = sum(map(len, told.values())), len(receiver.heard)
        print(f"{events} events, told {tries} times, {KILLS} kills")  # noqa: T201 - figures, with -s
