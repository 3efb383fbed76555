"""The server: ports, control API and journal in a folder, and nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import stat
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from modemd.emulator.lab.lab import Lab, LabOptions, ModemPlan, OperatorPlan, SimPlan, UsbPlan
from modemd.emulator.lab.requests.faults import fault_kinds
from modemd.emulator.lab.server import serve
from modemd.emulator.usb.bus import STICK
from modemd.errors import ConfigError
from tests.emulator.bench import ALICE, HELLO, becomes
from tests.emulator.links.test_pty import Opened

DEADLINE_S = 10.0


def quick(directory: Path, modems: int = 1) -> LabOptions:
    """Modems without latency and idle talk."""
    return LabOptions(
        directory, modems, send_latency_s=0, prompt_latency_s=0, delivery_latency_s=0, boot_factor=0, chatty=False
    )


def _names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


class Control:
    """A client of the control API: one request a connection, JSON both ways."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def __call__(self, method: str, route: str, body: object = None) -> tuple[int, Any]:
        head, payload = await self.ask(method, route, body)
        return int(head.split()[1]), json.loads(payload)

    async def ask(self, method: str, route: str, body: object = None) -> tuple[bytes, bytes]:
        content = b"" if body is None else json.dumps(body).encode()
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        try:
            writer.write(
                f"{method} {route} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n".encode()
                + content
            )
            async with asyncio.timeout(DEADLINE_S):
                answer = await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()
        head, _, payload = answer.partition(b"\r\n\r\n")
        return head, payload


class Running:
    """A served lab, seen from outside and from inside."""

    def __init__(self, options: LabOptions) -> None:
        self.options = options
        self.lines: list[str] = []
        self._labs: list[Lab] = []
        self.control = Control(options.directory / "control.sock")
        self._ready = asyncio.Event()

    @property
    def lab(self) -> Lab:
        """The lab inside."""
        return self._labs[0]

    def prepare(self, lab: Lab) -> None:
        self._labs.append(lab)

    def ready(self, line: str) -> None:
        self.lines.append(line)
        if len(self.lines) == self.options.modems:
            self._ready.set()

    async def wait(self) -> None:
        async with asyncio.timeout(DEADLINE_S):
            await self._ready.wait()


@contextlib.asynccontextmanager
async def served(options: LabOptions) -> AsyncIterator[Running]:
    """Serve until the block ends, then stop by SIGTERM."""
    running = Running(options)
    async with asyncio.timeout(3 * DEADLINE_S):
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(serve(options, running.ready, prepare=running.prepare))
            try:
                await running.wait()
                yield running
            finally:
                os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """Two quick modems."""
    async with served(quick(tmp_path, 2)) as running:
        yield running


async def _dialogue(host: Opened) -> None:
    for command, ending in ((b"ATE0\r", b"OK\r\n"), (b"AT+CMGF=0\r", b"OK\r\n"), (b"AT+CMGS=18\r", b"> ")):
        host.write(command)
        await host.until(ending)
    host.write(HELLO.encode() + b"\x1a")
    await host.until(b"OK\r\n")


async def test_a_lab_comes_up_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """One line a modem; links and a 0660 socket while it runs; after SIGTERM only the journal is left."""
    async with served(quick(tmp_path, 3)) as running:
        lab = running.lab
        fields = [line.split() for line in running.lines]
        assert [(name, family, number) for name, _, family, number, _, _ in fields] == [
            ("modem0", "huawei_e3372", "+33700000001"),
            ("modem1", "sim800", "+33700000002"),
            ("modem2", "huawei_e3372", "+33700000003"),
        ]
        for name, port, _, _, imei, iccid in fields:
            assert port == str(tmp_path / name)
            assert os.readlink(port).startswith("/dev/pts/")
            assert (imei, iccid) == (lab.modems[name].device.imei, lab.modems[name].sim.iccid)
        mode = (tmp_path / "control.sock").stat().st_mode
        assert (stat.S_ISSOCK(mode), stat.S_IMODE(mode)) == (True, 0o660)
    assert _names(tmp_path) == ["journal.jsonl"]


async def test_a_message_from_port_to_phone_and_journal(running: Running) -> None:
    """What is sent on a port is on the phone, at the control API and in the journal's file."""
    host = Opened(running.options.directory / "modem0")
    await _dialogue(host)
    host.close()
    await becomes(lambda: bool(running.lab.network.phone(ALICE).inbox))
    _, (received,) = await running.control("GET", f"/phones/{ALICE}/inbox")
    assert (received["from"], received["text"], received["parts"]) == ("+33700000001", "Hello", 1)
    _, journal = await running.control("GET", "/journal")
    (line,) = (running.options.directory / "journal.jsonl").read_text().splitlines()
    assert journal == [json.loads(line)]
    assert await running.control("GET", "/journal?after=1") == (200, [])


async def test_a_phone_writes_to_a_sim(running: Running) -> None:
    """POST /phones/N/send ends in the SIM's memory."""
    status, told = await running.control("POST", f"/phones/{ALICE}/send", {"to": "+33700000002", "text": "STOP"})
    assert (status, told) == (200, {"from": ALICE, "to": "+33700000002"})
    await becomes(lambda: running.lab.modems["modem1"].sim.memory.used == 1)
    assert (await running.control("GET", "/modems/modem1"))[1]["stored"] == 1


async def test_phones_and_modems_are_shown(running: Running) -> None:
    """Power, lists and health."""
    assert await running.control("GET", "/healthz") == (200, {"status": "ok", "modems": 2})
    off = {"number": ALICE, "operator": "20801", "on": False, "received": 0}
    assert await running.control("POST", f"/phones/{ALICE}/power", {"on": False}) == (200, off)
    assert await running.control("GET", "/phones") == (200, [off])
    assert (await running.control("POST", f"/phones/{ALICE}/power", {"on": True}))[1]["on"] is True
    assert (await running.control("GET", f"/phones/{ALICE}"))[1]["on"] is True
    _, modems = await running.control("GET", "/modems")
    assert [(modem["name"], modem["number"], modem["registration"], modem["capacity"]) for modem in modems] == [
        ("modem0", "+33700000001", 1, 50),
        ("modem1", "+33700000002", 1, 50),
    ]


async def test_the_network_can_be_kind_or_not(running: Running) -> None:
    """`kind` comes before the other values; a lab in Python is kind to begin with."""
    assert (await running.control("GET", "/network"))[1]["kind"] is True
    _, unkind = await running.control("PATCH", "/network", {"kind": False, "reports_twice": 0.5})
    assert (unkind["kind"], unkind["report_loss"], unkind["reports_national"], unkind["reports_twice"]) == (
        False,
        0.1,
        0.1,
        0.5,
    )
    assert 0 < abs(unkind["clock_off_s"]) <= 600
    _, kind = await running.control("PATCH", "/network", {"kind": True})
    assert [kind[key] for key in ("kind", "report_loss", "reports_national", "reports_twice", "clock_off_s")] == [
        True,
        0,
        0,
        0,
        0,
    ]


@pytest.mark.parametrize(
    ("options", "kind", "report_loss"),
    [
        pytest.param({}, True, 0.0, id="kind"),
        pytest.param({"kind": False}, False, 0.1, id="unkind"),
        pytest.param({"kind": False, "report_loss": 0.0}, False, 0.0, id="unkind but for one thing"),
        pytest.param({"report_loss": 0.5}, False, 0.5, id="kind but for one thing"),
    ],
)
async def test_a_lab_is_as_kind_as_it_was_made(
    tmp_path: Path, options: dict[str, Any], kind: bool, report_loss: float
) -> None:
    """What is said of the losses stands above what is usual."""
    async with served(replace(quick(tmp_path), **options)) as running:
        network = running.lab.network
        assert (network.kind, network.report_loss) == (kind, report_loss)
        assert (network.unkind.clock_off != timedelta()) == ("kind" in options)


async def test_operators_are_shown_and_turned(tmp_path: Path) -> None:
    """Each with its values; a wrong code is told."""
    operators = (OperatorPlan("20801", "One"), OperatorPlan("23415", "Two", smsc="+447785016005", country_code="44"))
    planned = (ModemPlan("modem0", "generic", SimPlan("+447700900001", "23415")),)
    async with served(replace(quick(tmp_path), planned=planned, operators=operators)) as running:
        _, shown = await running.control("GET", "/operators")
        assert [(one["code"], one["name"], one["country_code"]) for one in shown] == [
            ("20801", "One", "33"),
            ("23415", "Two", "44"),
        ]
        assert (await running.control("GET", "/modems/modem0"))[1]["operator"] == "23415"
        knobs = {"parts_per_s": 2, "refusals": {"38": 0.5}}
        status, turned = await running.control("PATCH", "/operators/23415", knobs)
        assert (status, turned["parts_per_s"], turned["refusals"], turned["name"]) == (200, 2, {"38": 0.5}, "Two")
        assert running.lab.network.operators["23415"].refusals == {38: 0.5}
        reject = {"recipient": ALICE, "cause": 21, "operator": "20801"}
        assert (await running.control("POST", "/network/reject", reject))[0] == 200
        assert running.lab.network.operators["20801"].rejected == {ALICE: 21}
        assert running.lab.network.operators["23415"].rejected == {}


async def test_fates_and_the_next_report(running: Running) -> None:
    """Both are orders to the network; all fates are answered."""
    assert await running.control("POST", "/network/fate", {"recipient": ALICE, "status": 0x45}) == (200, {ALICE: 69})
    assert running.lab.network.fates == {ALICE: 0x45}
    assert await running.control("POST", "/network/fate", {"recipient": ALICE}) == (200, {})
    order = {"comes": "late", "seconds": 5}
    assert (await running.control("POST", "/network/next-report", order))[0] == 200
    assert [(one.oddity, one.sim, one.seconds) for one in running.lab.network._reports._planned] == [("late", None, 5)]


@pytest.mark.parametrize(
    ("content", "octets"),
    [
        pytest.param({"text": "Hi", "class": 0}, "00 10", id="flash"),
        pytest.param({"text": "Hi", "silent": True}, "40 00", id="silent"),
        pytest.param({"text": "Hi", "replace": 2}, "42 00", id="replacing"),
        pytest.param({"binary": "0102", "ports": [2948, 9200]}, "00 04", id="binary"),
        pytest.param({"mms": "http://mmsc/x1"}, "00 04", id="mms"),
        pytest.param({"voicemail": 2}, "00 C8", id="voicemail"),
        pytest.param({"voicemail": 2, "text": "2 new"}, "00 D8", id="voicemail with text"),
        pytest.param({"raw": "040C914477009400657FF699999999999999 00".replace(" ", "")}, "7F F6", id="raw"),
    ],
)
async def test_contents_of_every_kind_are_sent(running: Running, content: dict[str, Any], octets: str) -> None:
    """What arrives on the SIM has the TP-PID and TP-DCS of its kind."""
    sim = running.lab.modems["modem0"].sim
    route = "/phones/+447700900456/send"
    assert (await running.control("POST", route, {"to": sim.number, **content}))[0] == 200
    await becomes(lambda: sim.memory.used == 1)
    ((_, stored),) = sim.memory
    assert stored.tpdu[9:11] == bytes.fromhex(octets)


async def test_the_port_list_is_told(tmp_path: Path) -> None:
    """What `list_ports.comports()` would say of the modems on the bus; unplugged, they are gone from it."""
    stick = UsbPlan("1-1.2", STICK, 1)
    planned = (
        ModemPlan("modem0", "generic", SimPlan("+33700000001"), usb=stick),
        ModemPlan("modem1", "sim800", SimPlan("+33700000002")),
    )
    async with served(replace(quick(tmp_path, 2), planned=planned)) as running:
        _, (port, bridge) = await running.control("GET", "/usb")
        assert (bridge["device"], bridge["vid"], bridge["location"]) == (str(tmp_path / "modem1"), 0x10C4, "1-1.1")
        assert (port["device"], port["vid"], port["pid"]) == (str(tmp_path / "modem0"), 0x12D1, 0x1506)
        assert (port["location"], port["interface"]) == ("1-1.2:1.1", "PCUI")
        assert port["hwid"] == running.lab.usb.comports()[0].hwid
        assert (Path(port["usb_interface_path"]) / "bInterfaceProtocol").read_text() == "02\n"
        await running.control("POST", "/modems/modem0/fault", {"kind": "unplug"})
        assert await running.control("GET", "/usb") == (200, [bridge])
    assert _names(tmp_path) == ["journal.jsonl"]


async def test_a_device_is_moved_on_the_bus(tmp_path: Path) -> None:
    """Pulled here and plugged in there, it is listed in its new place; what is not there, or taken, is refused."""
    async with served(quick(tmp_path, 2)) as running:

        async def move(place: str, to: str) -> tuple[int, Any]:
            status, told = await running.control("POST", "/usb/move", {"place": place, "to": to})
            return status, told

        status, ports = await move("1-1.1", "1-4")
        assert (status, [port["location"] for port in ports]) == (200, ["1-1.2", "1-4:1.1"])
        assert not (tmp_path / "usb" / "1-1.1").exists()
        assert (await move("1-1.1", "1-5"))[1]["code"] == "no_device"
        assert (await move("1-1.2", "1-4"))[1]["code"] == "taken"
        assert (await move("1-1.2", "../x"))[0] == 422


async def test_a_phone_calls_a_modem(running: Running) -> None:
    """A call rings the modem's port; the phone hangs up, and its calls tell of it."""
    host = Opened(running.options.directory / "modem0")
    order = {"to": "+33700000001", "for_s": None}
    made = {"from": ALICE, "to": "+33700000001", "state": "ringing"}
    assert await running.control("POST", f"/phones/{ALICE}/call", order) == (200, made)
    await host.until(b"\r\nRING\r\n")
    ended = [made | {"state": "hung_up"}]
    assert await running.control("POST", f"/phones/{ALICE}/hang-up") == (200, ended)
    await host.until(b"\r\nNO CARRIER\r\n")
    assert await running.control("GET", f"/phones/{ALICE}/calls") == (200, ended)
    host.close()


async def test_what_a_code_is_answered_with(running: Running) -> None:
    """*100# is there from the start; others are set, replaced and forgotten; what cannot be is refused."""
    menu = {"text": "1 Balance", "menu": {"1": {"text": "12.50", "after_s": 0}}, "after_s": 0}
    known = ["*100#", "*123#"]
    assert await running.control("POST", "/network/ussd", {"code": "*123#", "answer": menu}) == (200, known)
    assert running.lab.network.ussd["*123#"].menu["1"].text == "12.50"
    assert await running.control("POST", "/network/ussd", {"code": "*123#"}) == (200, ["*100#"])
    for wrong in ({"menu": {"1": {"text": "x"}}}, {"ends": "done"}, {"text": ""}):
        status, error = await running.control("POST", "/network/ussd", {"code": "*123#", "answer": wrong})
        assert (status, error["code"]) == (422, "invalid")
    assert (await running.control("POST", "/network/ussd", {"code": "balance"}))[0] == 422


async def test_a_fault_of_a_sim_wants_one(running: Running) -> None:
    """Without a SIM there is nothing to ask a PIN for."""
    await running.control("POST", "/modems/modem0/fault", {"kind": "remove_sim"})
    for kind in ({"kind": "ask_pin"}, {"kind": "ask_puk"}, {"kind": "lose_smsc"}, {"kind": "report", "comes": "late"}):
        status, answer = await running.control("POST", "/modems/modem0/fault", kind)
        assert (status, answer["code"]) == (409, "no_sim")


async def test_the_network_can_be_turned(running: Running) -> None:
    """PATCH /network changes what is named; a rejected recipient is rejected until it no longer is."""
    network = running.lab.network
    status, shown = await running.control("PATCH", "/network", {"report_loss": 0.25, "delivery_latency_s": 2})
    assert (status, shown["report_loss"], shown["delivery_latency_s"]) == (200, 0.25, 2)
    assert (network.report_loss, network.delivery_latency_s, network.report_latency_s) == (0.25, 2, 0.5)
    assert (await running.control("GET", "/network"))[1] == shown
    host = Opened(running.options.directory / "modem0")
    await running.control("POST", "/network/reject", {"recipient": ALICE, "cause": 21})
    for command, ending in ((b"ATE0\r", b"OK\r\n"), (b"AT+CMGS=18\r", b"> "), (HELLO.encode() + b"\x1a", b": 21\r\n")):
        host.write(command)
        await host.until(ending)
    await running.control("POST", "/network/reject", {"recipient": ALICE, "cause": None})
    await _dialogue(host)
    host.close()


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "lose_answer"},
        {"kind": "late_answer", "seconds": 5},
        {"kind": "lose_prompt"},
        {"kind": "refuse", "cause": 38},
        {"kind": "deaf", "seconds": 0.5},
        {"kind": "wedge"},
        {"kind": "restart"},
        {"kind": "unplug"},
        {"kind": "replug"},
        {"kind": "coverage", "state": 2},
        {"kind": "notice", "line": "^RSSI:9"},
        {"kind": "remove_sim"},
        {"kind": "insert_sim"},
        {"kind": "insert_sim", "number": "+33700000002"},
        {"kind": "noise", "lost": 0.5},
        {"kind": "interrupt", "line": "^RSSI:9"},
        {"kind": "forget_settings"},
        {"kind": "no_blanks"},
        {"kind": "error_in_words"},
        {"kind": "wrong_length"},
        {"kind": "short_smsc"},
        {"kind": "fill_memory"},
        {"kind": "stick_slot", "index": 3},
        {"kind": "free_slot", "index": 3},
        {"kind": "stick_send"},
        {"kind": "answer", "command": "+cpin?", "result": "+CME ERROR: 14", "times": 2},
        {"kind": "hang", "command": "+CMGL", "seconds": 60},
        {"kind": "ask_pin"},
        {"kind": "ask_puk"},
        {"kind": "lose_smsc"},
        {"kind": "clock", "seconds": -600},
        {"kind": "report", "comes": "never"},
        {"kind": "trickle"},
        {"kind": "lose_notice"},
        {"kind": "flood", "line": "^RSSI:9", "times": 3},
    ],
    ids=lambda fault: fault["kind"],
)
async def test_every_fault_is_taken(running: Running, fault: dict[str, Any]) -> None:
    """Each kind of fault is applied and answered with the modem as it then is."""
    device = running.lab.modems["modem0"].device
    device.settings.echo = False
    sim = running.lab.modems["modem0"].sim
    device.faults.stuck = {("SM", 3)} if fault["kind"] == "free_slot" else set()
    status, modem = await running.control("POST", "/modems/modem0/fault", fault)
    assert (status, modem["name"]) == (200, "modem0")
    seen: dict[str, Callable[[], bool]] = {
        "lose_answer": lambda: device.faults.answers_lost == 1,
        "late_answer": lambda: list(device.faults.answers_late) == [5],
        "lose_prompt": lambda: device.faults.prompts_lost == 1,
        "refuse": lambda: list(device.faults.refusals) == [38],
        "deaf": lambda: device.is_deaf,
        "wedge": lambda: device.is_wedged,
        "restart": lambda: not modem["plugged"],
        "unplug": lambda: not modem["plugged"] and modem["registration"] == 0,
        "replug": lambda: modem["plugged"],
        "coverage": lambda: modem["registration"] == 2,
        "notice": lambda: modem["plugged"],
        "remove_sim": lambda: (modem["number"], modem["stored"], modem["registration"]) == (None, None, 0),
        "insert_sim": lambda: modem["number"] == fault.get("number", "+33700000001"),
        "noise": lambda: device.host.distort is not None,
        "interrupt": lambda: list(device.faults.interruptions) == ["^RSSI:9"],
        "forget_settings": lambda: device.settings.echo,
        "no_blanks": lambda: device.host.leaves_blanks_out,
        "error_in_words": lambda: device.words_for_unknown == "ERROR: Command not supported",
        "wrong_length": lambda: device.counted == "all",
        "short_smsc": lambda: device.has_short_smsc,
        "fill_memory": lambda: modem["stored"] == modem["capacity"] == 50,
        "stick_slot": lambda: device.faults.stuck == {("SM", 3)},
        "free_slot": lambda: not device.faults.stuck,
        "stick_send": lambda: device.faults.sends_stuck == 1,
        "answer": lambda: list(device.faults.scripted["+CPIN?"]) == ["+CME ERROR: 14"] * 2,
        "hang": lambda: list(device.faults.hangs["+CMGL"]) == [60],
        "ask_pin": lambda: (device.unlocked, sim.pin, sim.pin_tries) == (False, "1234", 3),
        "ask_puk": lambda: (device.unlocked, sim.pin_tries) == (False, 0),
        "lose_smsc": lambda: not sim.smsc,
        "clock": lambda: device.clock_shift == timedelta(minutes=-10),
        "report": lambda: modem[
            "plugged"
        ],  # the order is the network's; tests/emulator/lab/requests/test_faults.py sees it
        "trickle": lambda: device.host.carry is not None,
        "lose_notice": lambda: device.host.notices_lost == 1,
        "flood": lambda: modem["plugged"],
    }
    assert seen[fault["kind"]]()


async def test_every_kind_of_fault_is_tried() -> None:
    """The list above leaves none out."""
    (tried,) = (mark.args[1] for mark in test_every_fault_is_taken.pytestmark)
    assert {fault["kind"] for fault in tried} == set(fault_kinds())


async def test_a_memory_without_a_sim_cannot_be_filled(running: Running) -> None:
    """A fault that cannot be is refused, and says why."""
    await running.control("POST", "/modems/modem0/fault", {"kind": "remove_sim"})
    status, answer = await running.control("POST", "/modems/modem0/fault", {"kind": "fill_memory"})
    assert (status, answer["code"]) == (409, "no_memory")
    assert answer["detail"] == "modem0: SM cannot be filled: +CMS ERROR: 310"


async def test_unplugged_and_replugged_elsewhere(running: Running) -> None:
    """A replug may name another path; the modem answers there."""
    elsewhere = running.options.directory / "elsewhere"
    await running.control("POST", "/modems/modem0/fault", {"kind": "unplug"})
    _, modem = await running.control("POST", "/modems/modem0/fault", {"kind": "replug", "path": str(elsewhere)})
    assert (modem["port"], modem["plugged"]) == (str(elsewhere), True)
    host = Opened(elsewhere)
    host.write(b"AT\r")
    await host.until(b"OK\r\n")
    host.close()


@pytest.mark.parametrize(
    ("method", "route", "body", "status", "code"),
    [
        ("GET", "/nothing", None, 404, "not_found"),
        ("GET", "/modems/modem9", None, 404, "not_found"),
        ("POST", "/healthz", None, 405, "method_not_allowed"),
        ("POST", "/modems/modem0/fault", {"kind": "gremlins"}, 422, "invalid"),
        ("POST", "/modems/modem0/fault", {"kind": "deaf"}, 422, "invalid"),
        ("POST", "/modems/modem0/fault", {"kind": "restart", "now": True}, 422, "invalid"),
        ("POST", "/modems/modem9/fault", {"kind": "restart"}, 404, "not_found"),
        ("POST", f"/phones/{ALICE}/send", {"to": "+33700000001"}, 422, "invalid"),
        ("POST", f"/phones/{ALICE}/send", {"to": "+33700000001", "text": "x" * 100_000}, 422, "impossible"),
        ("GET", "/phones/+33700000001/inbox", None, 409, "is_a_sim"),
        ("POST", "/modems/modem0/fault", {"kind": "insert_sim", "number": "+33799999999"}, 409, "no_sim"),
        ("POST", f"/phones/{ALICE}/send", {"to": "+33700000001", "mms": "http://é"}, 422, "impossible"),
        ("PATCH", "/network", {"report_loss": 2}, 422, "invalid"),
        ("POST", "/network/fate", {"recipient": ALICE, "status": 256}, 422, "invalid"),
        ("POST", "/network/next-report", {"comes": "early"}, 422, "invalid"),
        ("PATCH", "/operators/99999", {"parts_per_s": 1}, 409, "no_operator"),
        ("POST", "/network/reject", {"cause": 38, "operator": "99999"}, 409, "no_operator"),
        ("GET", "/journal?after=-1", None, 422, "invalid"),
    ],
)
async def test_every_error_has_one_shape(
    running: Running, method: str, route: str, body: object, status: int, code: str
) -> None:
    """Whatever is wrong, the answer is a problem with a code."""
    got, answer = await running.control(method, route, body)
    assert (got, answer["code"], set(answer)) == (status, code, {"type", "title", "status", "code", "detail"})
    assert answer["detail"]


async def test_a_wrong_method_names_the_right_ones(running: Running) -> None:
    """405 says in Allow all that the path takes."""
    head, _ = await running.control.ask("DELETE", "/network")
    assert b"allow: GET, PATCH" in head.splitlines()


async def test_a_folder_has_one_emulator(running: Running) -> None:
    """A second one in the same folder is refused, and the first goes on."""
    with pytest.raises(ConfigError, match="another process listens"):
        await serve(running.options, lambda line: None)
    assert (await running.control("GET", "/healthz"))[0] == 200


async def test_a_stale_folder_is_taken_over(tmp_path: Path) -> None:
    """Socket and links that a killed emulator left are replaced."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stale:
        stale.bind(str(tmp_path / "control.sock"))
    (tmp_path / "modem0").symlink_to("/dev/pts/99999")
    async with served(quick(tmp_path)) as running:
        assert (await running.control("GET", "/healthz"))[0] == 200
        Opened(tmp_path / "modem0").close()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"modems": 0}, "modems: 0"),
        ({"numbers": ("+33700000001", "+33700000002")}, "numbers: 2 given for 1"),
        ({"numbers": ("0612",)}, r"numbers: '0612' is not E\.164, as in \+33612345678"),
        ({"modems": 2, "numbers": ("+33700000002",)}, "given twice"),
        ({"families": ()}, "families: none"),
        ({"families": ("nokia",)}, "families: 'nokia'"),
        ({"send_latency_s": -1.0}, "send_latency_s: -1.0"),
        ({"report_loss": 1.5}, "report_loss: 1.5"),
    ],
)
async def test_options_that_cannot_be(tmp_path: Path, wrong: dict[str, Any], told: str) -> None:
    """ConfigError names the option; nothing is left in the folder."""
    with pytest.raises(ConfigError, match=told):
        await serve(replace(LabOptions(tmp_path), **wrong), lambda line: None)
    assert _names(tmp_path) == []
