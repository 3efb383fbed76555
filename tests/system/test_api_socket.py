"""Hostile clients of a real daemon: a body of 300 MiB, and hundreds of connections that ask for nothing."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from modemd.http.unix import request
from tests.system.processes import Daemon, lab, off_loop, ports, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]
TO = "+33612345678"
DESCRIPTORS = 256
MOST_TRIES = 30
IDLE_CLIENTS = 600
MIB = 1024 * 1024
# What a daemon may grow by while it refuses a body, in octets: one of 32 MiB may be under way, in three copies.
GROWTH = 16 * MIB


@contextlib.contextmanager
def descriptors(soft: int) -> Iterator[None]:
    """While the block runs, this process and those that it starts may open `soft` descriptors."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def peak_octets(pid: int) -> int:
    """The most memory that a process has had so far."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def chunked(path: Path, mib: int) -> tuple[int, bytes]:
    """Sends a CSV of so many MiB without its length, for as long as the daemon reads it. Returns octets sent, and the answer."""
    sent = 0
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(path))
        client.sendall(b"POST /v1/batches HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(mib):
                client.sendall(b"100000\r\n" + b"x" * MIB + b"\r\n")
                sent += MIB
        return sent, client.recv(65536)


async def test_a_body_of_300_mib_is_refused_unread(tmp_path: Path) -> None:
    """With its length it is refused at once, and the daemon does not grow; without, as soon as it exceeds the largest."""
    async with lab(tmp_path / "lab", modems=1) as built:
        daemon = Daemon(tmp_path, ports(built))
        with daemon.running():
            sock = tmp_path / "modemd.sock"
            await until(sock.exists, "the daemon answers")
            assert (await off_loop(request, sock, "GET", "/v1/status"))[0] == 200
            before = peak_octets(daemon.pid)
            body = bytes(300 * MIB)
            for target in ("/v1/messages", "/v1/batches"):
                status, answer = await off_loop(request, sock, "POST", target, body, "text/csv")
                assert status == 413
                assert b"too_large" in answer
            assert peak_octets(daemon.pid) - before < GROWTH
            sent, answer = await off_loop(chunked, sock, 300)
            assert answer.startswith(b"HTTP/1.1 413")
            assert sent < 40 * MIB
            assert peak_octets(daemon.pid) - before < GROWTH + 40 * MIB


async def test_a_modem_that_was_pulled_is_opened_again_beside_600_idle_clients(tmp_path: Path) -> None:
    """Clients that ask for nothing never take the descriptors that a modem needs, nor fill the log."""
    async with lab(tmp_path / "lab", modems=1) as built:
        daemon = Daemon(tmp_path, ports(built))
        with descriptors(DESCRIPTORS):
            daemon.start()
        try:
            sock = tmp_path / "modemd.sock"
            await until(sock.exists, "the daemon answers")
            modem = built.modems["modem0"]
            with contextlib.ExitStack() as clients, descriptors(4 * IDLE_CLIENTS):
                modem.link.unplug()

                def hold() -> None:
                    for _ in range(IDLE_CLIENTS):
                        client = clients.enter_context(socket.socket(socket.AF_UNIX))
                        client.connect(str(sock))  # waits while the kernel's queue of clients is full

                await off_loop(hold)
                modem.link.replug()
                tries = 0
                while (sent := await off_loop(daemon.cli, "send", "--to", TO, "--text", "beside them")).returncode != 0:
                    # Clients that have just come are spared for some seconds, and then let go for others.
                    assert "too many clients" in sent.stderr
                    assert (tries := tries + 1) < MOST_TRIES
                    await asyncio.sleep(1)
                await until(lambda: bool(built.network.phone(TO).inbox), "it is sent", 30)
            log = daemon.log.read_text(encoding="utf-8")
            assert "Too many open files" not in log
            assert log.count("too many clients of the socket") == 1
            assert len(log) < 100_000
        finally:
            daemon.kill()
