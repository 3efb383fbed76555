"""Software we did not write, unmodified from Debian, sends and receives through the emulator over a real pty.

Each does the same: a short message out and a long one of three parts, one in, and a report where it asks for any.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import shutil
import signal
import socket
import subprocess
import threading
import warnings
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import pytest

from modemd.emulator import Phone
from modemd.emulator.lab.lab import Lab
from modemd.emulator.testing import Network as EmulatedNetwork
from tests.system.processes import lab, off_loop, ports, until

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its docstrings hold invalid escapes, of which Python 3.12 warns
    from gsmmodem.modem import GsmModem

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

PHONE = "+447700900123"
SHORT = "Hello from elsewhere"
LONG = "a long way to go " * 20  # 340 septets: three parts
BACK = "Hello back"


def _missing(*programs: str) -> pytest.MarkDecorator:
    absent = [program for program in programs if _path(program) is None]
    return pytest.mark.skipif(bool(absent), reason=f"not installed: {' '.join(absent)}; see .ci/packages")


def _path(program: str) -> str | None:
    return shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin")


@contextlib.contextmanager
def _running(folder: Path, *command: str) -> Iterator[None]:
    """A foreign daemon, ended by SIGTERM; its output is in the folder, and shown where the block fails."""
    program = _path(command[0])
    assert program is not None
    output = folder / f"{command[0]}.out"
    with output.open("wb") as file:
        process = subprocess.Popen([program, *command[1:]], stdout=file, stderr=file, cwd=folder)
    try:
        yield
        assert process.poll() is None, output.read_text(errors="replace")[-2000:]
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _config(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


async def _both_arrive(phone: Phone) -> None:
    """The short message and the long one, whole, each once, in either order."""
    await until(lambda: len(phone.inbox) == 2, "both messages arrive", 90)
    received = sorted((got.text, got.parts) for got in phone.inbox)
    assert received == sorted([(SHORT, 1), (LONG.strip(), 3)]) or received == sorted([(SHORT, 1), (LONG, 3)])


def _reports_wanted(built: Lab) -> int:
    return sum(entry.tpdu[0] & 0x20 != 0 for entry in built.network.journal)


@_missing("gammu")
@pytest.mark.parametrize("family", ["generic", "huawei_e3372", "sim800"])
async def test_gammu(tmp_path: Path, family: str) -> None:
    """gammu identifies the modem, sends both messages and reads the SIM."""
    async with lab(tmp_path / "lab", modems=1, families=(family,), boot_factor=0.0) as built:
        (modem,) = built.modems.values()
        config = _config(tmp_path / "gammurc", f"[gammu]\ndevice={ports(built)[0]}\nconnection=at115200\n")

        async def gammu(*arguments: str) -> str:
            done: subprocess.CompletedProcess[str] = await off_loop(_run, "gammu", "-c", str(config), *arguments)
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        assert modem.device.imei in await gammu("identify")
        phone = built.network.phone(PHONE)
        await gammu("sendsms", "TEXT", PHONE, "-report", "-text", SHORT)
        await gammu("sendsms", "TEXT", PHONE, "-len", str(len(LONG)), "-text", LONG)
        await _both_arrive(phone)
        phone.send(modem.sim.number, BACK)
        await until(lambda: modem.sim.memory.used > 0, "the message is on the SIM")
        listed = await gammu("getallsms")
        assert BACK in listed
        assert PHONE in listed


def _run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = _path(program)
    assert path is not None
    return subprocess.run([path, *arguments], capture_output=True, text=True, timeout=90, check=False)


@pytest.mark.parametrize(("family", "report"), [("generic", True), ("huawei_e3372", True), ("sim800", False)])
async def test_python_gsmmodem_in_text_mode(tmp_path: Path, family: str, report: bool) -> None:
    """python-gsmmodem-new in text mode sends a short message and is told of its report and of one that comes in.

    SIM800 hands reports over as +CDS, of which this client reads the PDU form only.
    """
    received: queue.Queue[tuple[str, str]] = queue.Queue()
    async with lab(tmp_path / "lab", modems=1, families=(family,), boot_factor=0.0, report_latency_s=1.0) as built:
        (modem,) = built.modems.values()
        client: Any = GsmModem(
            str(ports(built)[0]), smsReceivedCallbackFunc=lambda sms: received.put((sms.number, sms.text))
        )
        await off_loop(client.connect)
        try:
            await off_loop(setattr, client, "smsTextMode", True)
            phone = built.network.phone(PHONE)
            sent = await off_loop(client.sendSms, PHONE, SHORT, waitForDeliveryReport=report, deliveryTimeout=30)
            assert sent.status == (sent.DELIVERED if report else sent.ENROUTE)
            await until(lambda: len(phone.inbox) == 1, "it arrives")
            assert phone.inbox[0].text == SHORT
            phone.send(modem.sim.number, BACK)
            assert await asyncio.wait_for(off_loop(received.get), 20) == (PHONE, BACK)
            # It deletes what it read in a thread of its own, which must be done before the port goes.
            await until(lambda: modem.device.memory("MT").used == 0, "the message is deleted")
            assert await off_loop(getattr, client, "signalStrength") == modem.device.signal
        finally:
            await off_loop(client.close)


@_missing("gammu-smsd", "gammu-smsd-inject")
@pytest.mark.parametrize("family", ["huawei_e3372", "sim800"])
async def test_gammu_smsd(tmp_path: Path, family: str) -> None:
    """gammu-smsd with files: both messages go, the reply is in the inbox, and the report is in the log."""
    async with lab(tmp_path / "lab", modems=1, families=(family,), boot_factor=0.0) as built:
        (modem,) = built.modems.values()
        for name in ("in", "out", "sent", "error"):
            (tmp_path / name).mkdir()
        log = tmp_path / "smsd.log"
        config = _config(
            tmp_path / "smsdrc",
            f"""[gammu]
device = {ports(built)[0]}
connection = at115200
[smsd]
service = files
logfile = {log}
debuglevel = 1
deliveryreport = log
commtimeout = 1
receivefrequency = 1
loopsleep = 1
inboxpath = {tmp_path}/in/
inboxformat = standard
outboxpath = {tmp_path}/out/
sentsmspath = {tmp_path}/sent/
errorsmspath = {tmp_path}/error/
""",
        )
        phone = built.network.phone(PHONE)
        with _running(tmp_path, "gammu-smsd", "-c", str(config)):
            for wishes in (("-report", "-text", SHORT), ("-len", str(len(LONG)), "-text", LONG)):
                done = await off_loop(_run, "gammu-smsd-inject", "-c", str(config), "TEXT", PHONE, *wishes)
                assert done.returncode == 0, done.stderr
            await _both_arrive(phone)
            assert _reports_wanted(built) >= 1
            await until(lambda: f"Delivered to {PHONE}" in log.read_text(errors="replace"), "the report is told of")
            phone.send(modem.sim.number, BACK)
            await until(lambda: _holds(tmp_path / "in", BACK), "the reply is in the inbox")
        assert list((tmp_path / "error").iterdir()) == []


def _holds(folder: Path, text: str) -> bool:
    return any(text in path.read_text(errors="replace") for path in folder.iterdir())


@_missing("smsd")
@pytest.mark.parametrize("family", ["sim800", "huawei_e3372"])
async def test_smstools(tmp_path: Path, family: str) -> None:
    """smsd of SMS Server Tools: both messages go, the reply comes in, and so do the reports."""
    async with lab(tmp_path / "lab", modems=1, families=(family,), boot_factor=0.0) as built:
        (modem,) = built.modems.values()
        for name in ("incoming", "outgoing", "checked", "sent", "failed"):
            (tmp_path / name).mkdir()
        notify = "2,1,0,1,0" if family == "sim800" else "2,1,0,2,0"
        config = _config(
            tmp_path / "smsd.conf",
            f"""devices = GSM1
logfile = {tmp_path}/smsd.log
infofile = {tmp_path}/smsd.working
pidfile = {tmp_path}/smsd.pid
incoming = {tmp_path}/incoming
outgoing = {tmp_path}/outgoing
checked = {tmp_path}/checked
sent = {tmp_path}/sent
failed = {tmp_path}/failed
delaytime = 1
delaytime_mainprocess = 1
errorsleeptime = 1
autosplit = 3
[GSM1]
device = {ports(built)[0]}
init = AT+CNMI={notify}
incoming = yes
report = yes
rtscts = no
baudrate = 115200
""",
        )
        phone = built.network.phone(PHONE)
        with _running(tmp_path, "smsd", "-t", "-c", str(config)):
            for name, text in (("short", SHORT), ("long", LONG)):
                (tmp_path / "outgoing" / name).write_text(f"To: {PHONE[1:]}\nReport: yes\n\n{text}")
            await _both_arrive(phone)
            phone.send(modem.sim.number, BACK)
            await until(lambda: _holds(tmp_path / "incoming", BACK), "the reply is there", 90)
            await until(lambda: _holds(tmp_path / "incoming", "Status: 0,Ok"), "a report is there", 90)
        assert sorted(path.name for path in (tmp_path / "sent").iterdir()) == ["long", "short"]
        assert list((tmp_path / "failed").iterdir()) == []


class _Sink(BaseHTTPRequestHandler):
    """Keeps the queries it is asked."""

    def do_GET(self) -> None:
        assert isinstance(self.server, _Sinks)
        self.server.queries.append(parse_qs(urlsplit(self.path).query))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the test's output."""


class _Sinks(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Sink)
        self.queries: list[dict[str, list[str]]] = []


@contextlib.contextmanager
def _sink() -> Iterator[_Sinks]:
    with _Sinks() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


# A modem by AT2. What differs between modems is filled in.
AT2 = """group = smsc
smsc = at
smsc-id = one
modemtype = auto
device = {port}
my-number = {number}
speed = 115200
sim-buffering = true

group = modems
id = emulated
name = Emulated
detect-string = {detect}
init-string = "AT+CNMI={notify}"
"""
# A message centre by SMPP.
SMPP = """group = smsc
smsc = smpp
smsc-id = one
host = {host}
port = {port}
transceiver-mode = true
smsc-username = {system_id}
smsc-password = {password}
system-type = ""
enquire-link-interval = 1
"""


@contextlib.asynccontextmanager
async def _kannel(folder: Path, smsc: str, sink: _Sinks) -> AsyncIterator[int]:
    """Kannel with one way out. Yields the port at which it takes messages; what comes in is told to the sink."""
    admin, boxes, sendsms = _free_ports(3)
    config = _config(
        folder / "kannel.conf",
        f"""group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = secret
smsbox-port = {boxes}
smsbox-interface = 127.0.0.1
box-allow-ip = 127.0.0.1
dlr-storage = internal

{smsc}
group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = user
password = secret
max-messages = 5
concatenation = true

group = sms-service
keyword = default
catch-all = true
get-url = "http://127.0.0.1:{sink.server_port}/in?from=%p&text=%a"
max-messages = 0
""",
    )
    with _running(folder, "bearerbox", str(config)):
        await until(lambda: _listens(boxes), "bearerbox listens")
        with _running(folder, "smsbox", str(config)):
            await until(lambda: _listens(sendsms), "smsbox listens")
            yield sendsms


@_missing("bearerbox", "smsbox")
@pytest.mark.parametrize(
    ("family", "detect", "notify"),
    [("generic", "Generic", "2,1,0,1,0"), ("sim800", "SIM800", "2,1,0,1,0"), ("huawei_e3372", "huawei", "2,1,0,2,0")],
    ids=["generic", "sim800", "huawei_e3372"],
)
async def test_kannel(tmp_path: Path, family: str, detect: str, notify: str) -> None:
    """Kannel's AT2: both messages go, the reply and the final report reach an HTTP server."""
    async with lab(tmp_path / "lab", modems=1, families=(family,), boot_factor=0.0) as built:
        (modem,) = built.modems.values()
        phone = built.network.phone(PHONE)
        smsc = AT2.format(port=ports(built)[0], number=modem.sim.number, detect=detect, notify=notify)
        with _sink() as sink:
            async with _kannel(tmp_path, smsc, sink) as sendsms:
                for text in (SHORT, LONG):
                    await off_loop(_kannel_send, sendsms, sink.server_port, modem.sim.number, text)
                await _both_arrive(phone)
                phone.send(modem.sim.number, BACK)
                await until(lambda: {"from": [PHONE], "text": [BACK]} in sink.queries, "the reply is handed on")
                await until(lambda: {"type": ["1"]} in sink.queries, "delivery is told of")


@_missing("bearerbox", "smsbox")
async def test_kannel_by_smpp(tmp_path: Path) -> None:
    """Kannel's SMPP at the emulated message centre: both messages go, from a number and from a name, and after a cut Kannel is
    back; the reply and the final receipts reach an HTTP server."""
    with EmulatedNetwork() as network, _sink() as sink:
        centre, phone = network.message_centre(senders=("Chez Paul",)), network.phone(PHONE)
        smsc = SMPP.format(host=centre.host, port=centre.port, system_id=centre.system_id, password=centre.password)
        async with _kannel(tmp_path, smsc, sink) as sendsms:
            await until(lambda: centre.bound == 1, "it is bound")
            for text, sender in ((SHORT, centre.number), (LONG, "Chez Paul")):
                await off_loop(_kannel_send, sendsms, sink.server_port, sender, text)
            await until(lambda: len(phone.inbox) == 2, "both messages are there")
            shown = {(each.text, each.sender) for each in phone.inbox}
            assert shown == {(SHORT, centre.number), (LONG, "Chez Paul")}
            phone.send(centre.number, BACK)
            await until(lambda: {"from": [PHONE], "text": [BACK]} in sink.queries, "the reply is handed on")
            await until(
                lambda: sink.queries.count({"type": ["1"]}) == 2, "the delivery of both is told of"
            )  # once for a text
            centre.cut()
            await until(lambda: centre.bound == 0, "it is gone")
            await until(lambda: centre.bound == 1, "it is back", 60)
            await off_loop(_kannel_send, sendsms, sink.server_port, centre.number, "once more")
            await until(lambda: phone.inbox[-1].text == "once more", "the next message is there")
        assert len(phone.inbox) == 3


def _kannel_send(port: int, sink_port: int, sender: str, text: str) -> None:
    query = urlencode(
        {
            "username": "user",
            "password": "secret",
            "from": sender,
            "to": PHONE,
            "text": text,
            "dlr-mask": 3,
            "dlr-url": f"http://127.0.0.1:{sink_port}/report?type=%d",
        }
    )
    with urlopen(f"http://127.0.0.1:{port}/cgi-bin/sendsms?{query}", timeout=30) as answer:
        assert answer.status == 202
