"""ModemManager, unmodified from Debian, on a bus of its own: its virtual modem is one of ours.

It takes no pty: a port of its choosing needs a name and a parent in sysfs, which a pty has not. Its own tests have a way
round that, `SetProfile` of its test interface: a modem whose ports are Unix sockets. A relay carries the octets on to the pty.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.system.processes import lab, off_loop, ports, until

PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin"
PROGRAMS = ("ModemManager", "mmcli", "dbus-daemon", "dbus-send")
ABSENT = [program for program in PROGRAMS if shutil.which(program, path=PATH) is None]
BUS = """<busconfig>
  <type>session</type>
  <listen>unix:path={socket}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
"""
PHONE = "+447700900123"
SHORT = "Hello from ModemManager"
LONG = "a long way to go " * 20
BACK = "Hello back"

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(120),
    pytest.mark.skipif(bool(ABSENT), reason=f"not installed: {' '.join(ABSENT)}; see .ci/packages"),
]


@dataclass
class Manager:
    """A running ModemManager, asked as a person would ask it."""

    environment: dict[str, str]
    log: Path

    async def run(self, *command: str) -> str:
        """The output of a command that must succeed."""
        done: subprocess.CompletedProcess[str] = await off_loop(
            subprocess.run, command, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, (
            f"{command}: {done.stdout}{done.stderr}{self.log.read_text(errors='replace')[-3000:]}"
        )
        return done.stdout

    async def mmcli(self, *arguments: str) -> str:
        return await self.run("mmcli", *arguments)

    async def says(self, words: str, *arguments: str) -> None:
        """Until mmcli's answer has these words in it."""
        async with asyncio.timeout(40):
            while words not in await self.mmcli(*arguments):  # noqa: ASYNC110 - it is another process that knows
                await asyncio.sleep(0.2)

    async def adopt(self, plugin: str, port: str) -> None:
        """Have one modem, with this plugin, on this abstract socket."""
        test = "org.freedesktop.ModemManager1.Test.SetProfile"
        target = ("--dest=org.freedesktop.ModemManager1", "/org/freedesktop/ModemManager1")
        profile = ("string:emulated", f"string:{plugin}", f"array:string:{port}")
        await self.run("dbus-send", "--system", "--print-reply", *target, test, *profile)

    async def send(self, text: str, *wishes: str) -> None:
        """Send a message to the phone."""
        said = ",".join((f"text='{text}'", f"number='{PHONE}'", *wishes))
        created = await self.mmcli("-m", "any", f"--messaging-create-sms={said}")
        (path,) = re.findall(r"/org/freedesktop/ModemManager1/SMS/\d+", created)
        await self.mmcli("-s", path, "--send", "--timeout=60")

    async def received(self, kind: str) -> str:
        """What mmcli tells of the first message of this kind that has come in, once there is one."""
        async with asyncio.timeout(20):
            while True:
                for path in re.findall(r"(\S+) \(received\)", await self.mmcli("-m", "any", "--messaging-list-sms")):
                    if f"pdu type: {kind}\n" in (told := await self.mmcli("-s", path)):
                        return told
                await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def _process(log: Path, *command: str, environment: dict[str, str]) -> AsyncIterator[None]:
    program = shutil.which(command[0], path=PATH)
    assert program is not None
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(program, *command[1:], stdout=file, stderr=file, env=environment)
    try:
        yield
    finally:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 20)  # it takes leave of its modem, which is on this loop
        except TimeoutError:
            process.kill()
            await process.wait()


@contextlib.asynccontextmanager
async def _manager(folder: Path) -> AsyncIterator[Manager]:
    """ModemManager on a bus that is made for it; neither sees the system's own."""
    socket = folder / "bus"
    config = folder / "bus.conf"
    config.write_text(BUS.format(socket=socket), encoding="utf-8")
    bus = f"unix:path={socket}"
    environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": bus, "DBUS_SESSION_BUS_ADDRESS": bus, "PATH": PATH}
    without = ("--test-no-udev", "--test-no-suspend-resume", "--test-no-qrtr", "--no-auto-scan")
    options = ("--test-session", "--test-enable", *without, "--debug")
    async with _process(
        folder / "bus.log", "dbus-daemon", f"--config-file={config}", "--nofork", environment=environment
    ):
        await until(socket.exists, "the bus listens", 10)
        log = folder / "manager.log"
        async with _process(log, "ModemManager", *options, environment=environment):
            await until(lambda: "was acquired" in log.read_text(errors="replace"), "ModemManager is there", 20)
            yield Manager(environment, log)


@contextlib.asynccontextmanager
async def _relay(name: str, port: Path) -> AsyncIterator[None]:
    """Octets between an abstract socket and a pty, as long as the other side has the socket open."""
    loop = asyncio.get_running_loop()
    open_now: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pty = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        loop.add_reader(pty, lambda: writer.write(os.read(pty, 4096)))
        try:
            while data := await reader.read(4096):
                os.write(pty, data)
        finally:
            loop.remove_reader(pty)
            os.close(pty)
            writer.close()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = loop.create_task(carry(reader, writer))
        open_now.add(task)
        task.add_done_callback(open_now.discard)

    async with await asyncio.start_unix_server(accepted, path=f"\0{name}"):
        yield
    await asyncio.gather(*open_now)


@pytest.mark.parametrize("family", ["generic", "sim800"])
async def test_modemmanager(tmp_path: Path, family: str) -> None:
    """It recognises the modem, sends a short and a long message, learns of a delivery, and takes a message in.

    All with its generic plugin: those of vendors look for a USB device, and some end the process where there is none.
    """
    name = f"abstract:modemd-{os.getpid()}-{family}"
    async with lab(tmp_path / "lab", modems=1, families=(family,), boot_factor=0.0) as built:
        (modem,) = built.modems.values()
        phone = built.network.phone(PHONE)
        async with _relay(name, ports(built)[0]), _manager(tmp_path) as manager:
            await manager.adopt("generic", name)
            await manager.says("Modem/0", "-L")
            await manager.says(modem.device.imei, "-m", "any")
            await manager.mmcli("-m", "any", "--enable", "--timeout=60")
            await manager.says("registered", "-m", "any")
            await manager.send(SHORT, "delivery-report-request='yes'")
            await manager.send(LONG)
            await until(lambda: len(phone.inbox) == 2, "both messages arrive", 30)
            assert [(got.text, got.parts) for got in phone.inbox] == [(SHORT, 1), (LONG, 3)]
            reference = built.network.journal.accepted[0].reference
            report = await manager.received("status-report")
            assert f"message reference: {reference}" in report
            assert "delivery state: completed-received" in report
            phone.send(modem.sim.number, BACK)
            told = await manager.received("deliver")
            assert BACK in told
            assert PHONE in told
