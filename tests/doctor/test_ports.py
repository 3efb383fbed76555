"""What the doctor says before a port is open: who has it, who may have it, and what is no modem yet."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import pytest

from modemd.doctor import Code, Severity
from modemd.doctor.ports import check_port, open_failure
from modemd.doctor.processes import Process, processes_holding, processes_named
from modemd.doctor.rights import User
from modemd.emulator.usb.bus import STICK, UsbDevice
from modemd.errors import PortGone
from modemd.modem.discovery.devices import UsbDevice as Listed
from tests.doctor.bench import STRANGER, Bench, codes, found
from tests.doctor.conftest import Doctor
from tests.sim.modems.found_modems import CD_ROM, GNSS, KEYBOARD, ROUTER
from tests.sim.world.usb_bus import SilentLink

AUTO = {"modems": "auto"}
BRIDGE = UsbDevice(vendor_id=0x1A86, product_id=0x7523, interfaces=STICK.interfaces[:1])
LOADER = UsbDevice(vendor_id=0x1199, product_id=0x901E, interfaces=STICK.interfaces[:1])


def test_no_modem(doctor: Doctor) -> None:
    """Nothing is plugged in: the advice begins with the cable."""

    async def visit(bench: Bench) -> None:
        report = await bench.examine()
        assert "lsusb" in found(report, Code.NO_MODEM).remedy
        assert not report.modem_ready

    doctor(visit, **AUTO)


@pytest.mark.parametrize("device", [KEYBOARD, GNSS], ids=["a keyboard", "a GNSS receiver"])
def test_what_is_no_modem_is_none(doctor: Doctor, device: UsbDevice) -> None:
    """And is not mentioned."""

    async def visit(bench: Bench) -> None:
        bench.bus.plug("2-1", device, link := SilentLink())
        report = await bench.examine()
        assert found(report, Code.NO_MODEM)
        assert [finding for finding in report.findings if finding.subject == "2-1"] == []
        assert not link.opened

    doctor(visit, **AUTO)


@pytest.mark.parametrize(
    ("device", "silent_port", "code", "words"),
    [
        pytest.param(CD_ROM, False, Code.NEEDS_MODESWITCH, "usb_modeswitch", id="a CD-ROM"),
        pytest.param(ROUTER, False, Code.NETWORK_MODE, "network mode", id="network mode"),
        pytest.param(STICK, False, Code.NO_DRIVER, "modprobe option", id="no kernel driver"),
        pytest.param(LOADER, False, Code.BOOTLOADER, "power off and on", id="a bootloader"),
        pytest.param(BRIDGE, True, Code.BRIDGE_NOT_ASKED, "--port", id="a serial bridge"),
    ],
)
def test_a_stick_that_is_no_modem_yet(
    doctor: Doctor, device: UsbDevice, silent_port: bool, code: Code, words: str
) -> None:
    """Its ids and what helps; nothing is written to it."""
    link = SilentLink() if silent_port else None

    async def visit(bench: Bench) -> None:
        bench.bus.plug("2-1", device, link)
        report = await bench.examine()
        finding = found(report, code)
        assert f"{device.vendor_id:04x}:{device.product_id:04x}" in finding.what
        assert words in finding.remedy
        assert not report.modem_ready
        assert link is None or not link.opened

    doctor(visit, **AUTO)


def test_a_stick_without_an_at_port(doctor: Doctor) -> None:
    """All its ports are for something else."""

    async def visit(bench: Bench) -> None:
        ids, interface = next(
            (name, entry.other[0])
            for name, entry in bench.world.profiles.usb_table.items()
            if entry.kind == "modem" and entry.other and not name.endswith("*")
        )
        vendor, product = (int(part, 16) for part in ids.split(":"))
        port = bench.folder / "diagnostics"
        port.touch()
        bench.links[str(port)] = SilentLink()

        class OneDiagnosticsPort:
            async def devices(self) -> list[Listed]:
                from modemd.modem.discovery.devices import UsbPort

                return [Listed("2-1", vendor, product, "", (UsbPort(str(port), int(interface, 16), 255, 255, 255),))]

            def watch(self, changed: object) -> object:
                raise AssertionError("nobody waits here")

        bench.change(ports=OneDiagnosticsPort())
        assert found(await bench.examine(), Code.NO_AT_PORT).subject == "2-1"

    doctor(visit, **AUTO)


def test_a_found_modem_is_asked(doctor: Doctor, tmp_path: Path) -> None:
    """On the port that is for AT; its other ports are left alone."""

    async def visit(bench: Bench) -> None:
        bench.plug_as_files()
        report = await bench.examine()
        assert report.modem_ready
        assert found(report, Code.MODEM_ANSWERS).subject == "1-1.2"
        assert not any(link.opened for link in bench.links.values() if isinstance(link, SilentLink))

    doctor(visit, family="quectel_ec25", **AUTO)


def test_a_found_modem_that_is_not_configured(doctor: Doctor) -> None:
    """With `finding.others: false` a daemon would leave it alone: its IMEI is told, to be named."""

    async def visit(bench: Bench) -> None:
        bench.plug_as_files()
        report = await bench.examine()
        assert bench.device.imei in found(report, Code.NOT_USABLE).what
        assert not report.modem_ready

    doctor(visit, family="quectel_ec25", modems=[{"name": "west", "imei": "490154203237518"}])


def test_a_port_that_is_not_there(doctor: Doctor) -> None:
    """Pulled out, or a slip in its name."""

    async def visit(bench: Bench) -> None:
        bench.file.unlink()
        report = await bench.examine()
        assert found(report, Code.PORT_ABSENT).what == f"{bench.port} does not exist"
        assert not report.modem_ready

    doctor(visit)


def test_no_permission(doctor: Doctor) -> None:
    """The advice is the command, with the port's group and one's own name; the port is not tried."""

    async def visit(bench: Bench) -> None:
        bench.change(user=STRANGER)
        bench.file.chmod(0o660)
        finding = found(report := await bench.examine(), Code.PORT_NO_PERMISSION)
        assert f"sudo usermod -aG {bench.file.group()} visitor" in finding.remedy
        assert not report.modem_ready

    doctor(visit)


@pytest.mark.parametrize(
    ("groups", "mode", "may_read", "may_write"),
    [
        pytest.param(set(), 0o660, False, False, id="a stranger"),
        pytest.param({os.getgid()}, 0o660, True, True, id="in the group"),
        pytest.param({os.getgid()}, 0o640, True, False, id="the group may only read"),
        pytest.param({os.getgid()}, 0o606, False, False, id="the group may less than others"),
        pytest.param(set(), 0o666, True, True, id="everybody may"),
    ],
)
def test_the_mode_says_who_may(tmp_path: Path, groups: set[int], mode: int, may_read: bool, may_write: bool) -> None:
    """As the kernel judges it: the first of owner, group and others that fits decides."""
    file = tmp_path / "port"
    file.touch()
    file.chmod(mode)
    visitor = User("visitor", 64321, frozenset(groups))
    assert (visitor.may_read(file), visitor.may_write(file)) == (may_read, may_write)


def test_modemmanager_has_the_port(doctor: Doctor) -> None:
    """By its name and number, with how to keep it off."""

    async def visit(bench: Bench) -> None:
        bench.process(812, "ModemManager", bench.port)
        report = await bench.examine()
        finding = found(report, Code.PORT_MODEMMANAGER)
        assert finding.what == f"ModemManager (process 812) has {bench.port} open"
        assert "systemctl disable --now ModemManager" in finding.remedy
        assert found(report, Code.MODEMMANAGER_RUNS)
        assert not report.modem_ready

    doctor(visit)


def test_modemmanager_that_runs_is_mentioned(doctor: Doctor) -> None:
    """Where it has nothing open now: the next modem may be its own."""

    async def visit(bench: Bench) -> None:
        bench.process(812, "ModemManager")
        report = await bench.examine()
        assert "process 812" in found(report, Code.MODEMMANAGER_RUNS).what
        assert report.modem_ready

    doctor(visit)


def test_another_program_has_the_port(doctor: Doctor) -> None:
    """By its name and number, whatever name it opened the port by."""

    async def visit(bench: Bench) -> None:
        other_name = bench.folder / "by-id"
        other_name.symlink_to(bench.port)
        bench.process(4711, "minicom", str(other_name))
        report = await bench.examine()
        assert "minicom (process 4711)" in found(report, Code.PORT_BUSY).what
        assert not report.modem_ready

    doctor(visit)


def test_the_program_behind_a_virtual_port_is_no_fault(doctor: Doctor) -> None:
    """socat, or an emulator, has its pseudo terminal open itself: that is said, and the modem is asked all the same."""

    async def visit(bench: Bench) -> None:
        master, slave = os.openpty()
        try:
            path = os.ttyname(slave)
            bench.links[path] = bench.link
            bench.process(4711, "socat", path)
            report = await bench.examine(port=path)
        finally:
            os.close(master)
            os.close(slave)
        assert "socat (process 4711)" in found(report, Code.PORT_SHARED).what
        assert found(report, Code.PORT_SHARED).severity is Severity.WARNING
        assert Code.REGISTERED in codes(report)
        assert report.modem_ready

    doctor(visit)


def test_a_busy_port_whose_holder_is_not_seen(doctor: Doctor) -> None:
    """Another user's program: root would see its name."""

    async def visit(bench: Bench) -> None:
        bench.link.open()
        report = await bench.examine()
        assert "end that program" in found(report, Code.PORT_BUSY).remedy
        assert not report.modem_ready

    doctor(visit)


@pytest.mark.parametrize(("uid", "said"), [(1000, "`sudo modemd doctor` shows its name"), (0, "cannot be seen here")])
def test_root_is_not_sent_to_root(monkeypatch: pytest.MonkeyPatch, uid: int, said: str) -> None:
    """Only who is not root is told that root would see the name of the program."""
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    error = PortGone("busy")
    error.__cause__ = OSError(errno.EBUSY, "busy")
    assert said in open_failure("/dev/ttyUSB0", "west", STRANGER, error).what


def test_a_port_that_cannot_be_opened(doctor: Doctor) -> None:
    """For a reason of its own, which is told."""

    async def visit(bench: Bench) -> None:
        async def fails(path: str) -> None:
            raise PortGone(f"{path}: Input/output error")

        bench.change(open_port=fails)
        assert "Input/output error" in found(await bench.examine(), Code.PORT_FAILS).what

    doctor(visit)


def test_ports_that_cannot_be_listed(doctor: Doctor) -> None:
    """In a container without /sys, say."""

    async def visit(bench: Bench) -> None:
        class Blind:
            async def devices(self) -> list[Listed]:
                raise PortGone("the ports cannot be listed: no such file")

            def watch(self, changed: object) -> object:
                raise AssertionError("nobody waits here")

        bench.change(ports=Blind())
        report = await bench.examine()
        assert codes(report)[-2:] == [Code.PORTS_UNLISTED, Code.NO_MODEM]

    doctor(visit, **AUTO)


def test_one_port_is_checked(doctor: Doctor) -> None:
    """`--port` leaves the others alone."""

    async def visit(bench: Bench) -> None:
        other = bench.folder / "other"
        other.touch()
        bench.links[str(other)] = link = SilentLink()
        report = await bench.examine(port=bench.port)
        assert report.modem_ready
        assert not link.opened
        assert not (await bench.examine(port=str(other))).modem_ready

    doctor(visit)


async def test_the_real_proc_is_read(tmp_path: Path) -> None:
    """A process that has a file open is found by it, and by its name; this one is not told of itself."""
    file = tmp_path / "port"
    file.touch()
    with file.open():
        assert processes_holding(str(file)) == []
    with file.open() as opened:
        process = await asyncio.create_subprocess_exec("sleep", "60", stdin=opened)
    try:
        assert processes_holding(str(file)) == [Process(process.pid, "sleep")]
        assert process.pid in [each.pid for each in processes_named("sleep")]
    finally:
        process.kill()
        await process.wait()
    assert processes_holding(str(tmp_path / "nothing")) == []


def test_the_daemon_is_no_other_program(tmp_path: Path) -> None:
    """The daemon that tries to open a silent port is not told as the program that holds it; any other process is."""
    port = tmp_path / "ttyUSB0"
    port.touch()
    files = tmp_path / "proc" / "77" / "fd"
    files.mkdir(parents=True)
    (files / "3").symlink_to(port)
    (files.parent / "comm").write_text("modemd\n", encoding="utf-8")
    root = User("root", os.geteuid(), frozenset())
    busy = check_port(str(port), "west", root, tmp_path / "proc")
    assert busy is not None
    assert (busy.code, "process 77" in busy.what) == (Code.PORT_BUSY, True)
    assert check_port(str(port), "west", root, tmp_path / "proc", daemon=77) is None
