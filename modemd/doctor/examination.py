"""Examination of machine, daemon and modems: runs all checks in order, and decides whether a message can pass."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from modemd.accounts import user_name
from modemd.config import ModemSettings, Settings
from modemd.doctor.advice import Finding
from modemd.doctor.api_side import check_api
from modemd.doctor.codes import Code, Severity
from modemd.doctor.daemon_side import CallApi, Row, ask_daemon, modem_findings, pause_findings, policy_findings
from modemd.doctor.interview import Interview, interview
from modemd.doctor.machine import DiskSpaceOf, check_clock, check_database, check_disk, disk_space_of, read_pauses
from modemd.doctor.ports import busy, check_modem_manager, check_port, denied, open_failure, unusable_device
from modemd.doctor.processes import PROC
from modemd.doctor.rights import User
from modemd.doctor.self_message import send_directly, send_through_daemon
from modemd.errors import PortGone
from modemd.light_dataclass import dataclass
from modemd.modem.discovery.candidates import ModemCandidate, UnfitDevice, assess_device
from modemd.modem.discovery.devices import PortList, UsbDevice
from modemd.modem.discovery.probe import NO_ANSWER, ProbeResult
from modemd.modem.link.port import OPEN_ELSEWHERE, OpenPort
from modemd.modem.status import ModemHealth
from modemd.profiles import Profiles
from modemd.service.modems.names import match_configured
from modemd.service.modems.views import NOT_USABLE
from modemd.service.operations.health import CAN_SEND, NOT_READY, assess_health
from modemd.service.sims.pins import PinFiles


@dataclass(frozen=True, slots=True)
class Environment:
    """Access to the machine. `settings` is None without a usable configuration; `earlier_findings` then says why.

    `place_of` returns the USB place of a port. `text` is the text of a SIM's message to itself, unique for each run.
    """

    settings: Settings | None
    config: Path
    profiles: Profiles
    now: Callable[[], datetime]
    open_port: OpenPort
    ports: PortList
    call_api: CallApi
    user: User
    text: str
    place_of: Callable[[str], str | None] = lambda port: None
    disk_space: DiskSpaceOf = disk_space_of
    proc: Path = PROC
    credentials: Path | None = None
    earlier_findings: Sequence[Finding] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, and whether a message can pass, with the code of `service/operations/health.py`. `running`: whether this is
    the answer of a daemon; `modem_ready`: whether a message could pass if one runs."""

    findings: list[Finding]
    can_send: bool
    modem_ready: bool
    code: str
    message: str
    running: bool


async def examine(world: Environment, *, port: str | None = None, send: bool = False) -> Report:
    """Runs all checks; with `port`, of modems only the one on that port. With `send`, a SIM that can send sends to itself."""
    daemon, status = None, None
    if world.settings is not None:
        daemon, status = await ask_daemon(world.call_api, world.settings, world.config, world.user)
    examination = _ModemExamination(world, send=send)
    if status is not None:
        modems = await examination.examine_through_daemon(status, port)
    elif any(each.code is Code.CONFIG_CLOSED for each in world.earlier_findings) or (
        daemon is not None and daemon.code is not Code.DAEMON_NOT_RUNNING
    ):
        modems = []  # a daemon that does not answer, or cannot be asked, may use them
    else:
        modems = await examination.examine_directly(port)
    is_used = status is not None or (daemon is not None and daemon.code is Code.DAEMON_CLOSED)
    machine = _examine_machine(world, examination.network_time, status, running=is_used)
    paused = _find_pauses(world.settings, status) if world.settings is not None else []
    policies = policy_findings(world.settings, status) if world.settings is not None and port is None else []
    about_daemon = [daemon] if daemon is not None else []
    about_api = []
    if world.settings is not None and port is None:
        about_api = await check_api(world.settings, world.call_api, status, world.now())
    findings = [*world.earlier_findings, *about_daemon, *paused, *machine, *policies, *about_api, *modems]
    return _make_report(findings, status, port)


def _find_pauses(settings: Settings, status: Row | None) -> list[Finding]:
    """Returns what is paused, as the daemon says it; without a daemon, as the database has it."""
    if status is not None:
        return pause_findings(status.get("pauses", ()))  # an older daemon names none
    rows = [asdict(pause) for pause in read_pauses(settings.database)]
    return pause_findings([row | {"class": row["message_class"]} for row in rows])


def may_send(findings: Iterable[Finding]) -> bool:
    """Returns whether a message could pass if a daemon runs: no other finding about the machine blocks, and at least one modem
    is registered in a network and not blocked."""
    found = [finding for finding in findings if finding.code is not Code.DAEMON_NOT_RUNNING]
    blocked = {finding.subject for finding in found if finding.severity is Severity.BLOCKS}
    usable = {finding.subject for finding in found if finding.code in (Code.REGISTERED, Code.ROAMING, Code.MODEM_READY)}
    return None not in blocked and bool(usable - blocked)


# A daemon may run, and this user cannot ask it: its configuration cannot be read, its socket refuses, or it does not answer.
_UNASKED = {
    Code.CONFIG_WRONG: "without its configuration the daemon cannot be asked",
    Code.CONFIG_CLOSED: "without its configuration the daemon cannot be asked",
    Code.DAEMON_CLOSED: "this user may not ask the daemon",
    Code.DAEMON_SILENT: "the daemon does not answer",
}


def _make_report(findings: list[Finding], status: Row | None, port: str | None) -> Report:
    """Sums the findings up. The daemon's own verdict counts, unless one port was checked, or the test message was not sent.
    Without a daemon the verdict is the one that `modemd status` has then, with what the doctor has found itself; if one port was
    checked, it is about the modem there."""
    ready = may_send(findings)
    unasked = next((each.code for each in findings if each.code in _UNASKED), None)
    if status is None and unasked is not None:
        message = f"it is not known whether a message can pass: {_UNASKED[unasked]}"
        return Report(findings, False, False, unasked, message, running=False)
    if status is None and port is not None:
        message = "a message can pass on this port once a daemon runs" if ready else "no message can pass on this port"
        return Report(findings, ready, ready, CAN_SEND if ready else NOT_READY, message, running=False)
    if status is None:
        verdict = assess_health(None, (), running=False)
        then = "a modem is ready, so start the daemon" if ready else "and if one ran, no message could pass either"
        return Report(findings, False, ready, verdict.code, f"{verdict.message}; {then}", running=False)
    not_sent = any(finding.code is Code.SELF_NOT_SENT for finding in findings)
    if port is None:
        can_send, code, message = status["can_send"] and not not_sent, status.get("code", NOT_READY), status["message"]
    else:
        can_send = ready and status["trouble"] is None
        code = CAN_SEND if can_send else NOT_READY
        message = "a message can pass on this port" if can_send else "no message can pass on this port"
    if not_sent:
        code, message = Code.SELF_NOT_SENT, "a message was not sent"
    return Report(findings, can_send, can_send, code, message, running=True)


def _examine_machine(
    world: Environment, network: datetime | None, status: Row | None, *, running: bool
) -> list[Finding]:
    """Checks the machine. What a daemon says of the clock counts: it knows the network's time. `running`: a daemon uses the
    database, so the rights of this user do not matter."""
    settings = world.settings
    distrust = status.get("clock", {}).get("because") if status is not None else None
    found = [check_clock(settings, world.now(), network, distrust)]
    if settings is not None:
        found.append(check_disk(settings.database, world.disk_space))
        found.append(check_database(settings, world.user, running=running, proc=world.proc))
    manager = check_modem_manager(world.proc)
    return [*found, manager] if manager is not None else found


class _ModemExamination:
    """Checks of the modems. `network_time`: the network's time, if a modem reported it."""

    def __init__(self, world: Environment, *, send: bool) -> None:
        self._environment = world
        self._is_sending = send
        self.network_time: datetime | None = None
        self._daemon: int | None = None  # its process id

    # If a daemon runs
    async def examine_through_daemon(self, status: Row, port: str | None) -> list[Finding]:
        """Returns findings from the daemon's list of modems; devices that the daemon cannot use are checked from outside."""
        rows: list[Row] = status["modems"]
        if port is not None:
            rows = [row for row in rows if row["port"] is not None and _is_same_port(row["port"], port)]
            if not rows:
                return await self._examine_other_port(status["modems"], port)
        if not rows:
            return [Finding.of(Code.NO_MODEM)]
        devices, unlisted = await self._devices() if any(row["health"] == NOT_USABLE for row in rows) else ([], [])
        self._daemon = status.get("pid")
        found = [*unlisted, *chain.from_iterable(self._examine_row(row, devices) for row in rows)]
        if self._is_sending and (usable := [row for row in rows if row["can_send"]]):
            found += await send_through_daemon(self._environment.call_api, usable[0], self._environment.text)
        return found

    def _examine_row(self, row: Row, devices: Sequence[UsbDevice]) -> list[Finding]:
        world = self._environment
        if row["health"] in (ModemHealth.GONE, NOT_USABLE):
            closed = self._find_why_closed(row) if row["port"] else None
            # The daemon's reason why a port is not usable says more than the later absence of that port.
            is_gone = row["health"] == ModemHealth.GONE
            if closed is not None and (is_gone or closed.code is not Code.PORT_ABSENT):
                return [closed]
            device = next((device for device in devices if device.location == row["place"]), None)
            assessed = self._assess(device) if device is not None else None
            if device is not None and isinstance(assessed, UnfitDevice):
                return [unusable_device(device, world.profiles, assessed.reason)]
        return modem_findings(row)

    def _find_why_closed(self, row: Row) -> Finding | None:
        """Returns why the daemon cannot use a port. It is the daemon that opens it: neither its own hold on the port nor the
        rights of whoever asks are a fault."""
        path, name, reason = row["port"], row["name"], row["reason"] or ""
        seen = check_port(path, name, None, self._environment.proc, self._daemon)
        if seen is not None and seen.severity is Severity.BLOCKS:
            return seen
        if OPEN_ELSEWHERE in reason:
            return busy(path, name)
        if os.strerror(errno.EACCES) in reason:
            return denied(path, name, self._daemon_user())
        if NO_ANSWER in reason:
            return Finding.of(Code.MODEM_SILENT, name, port=path)
        return None

    def _daemon_user(self) -> str:
        """Returns the name of the daemon's user, to whom its socket belongs."""
        settings = self._environment.settings
        try:
            return user_name(os.stat(settings.socket).st_uid) if settings is not None else "modemd"
        except OSError:
            return "modemd"

    async def _examine_other_port(self, rows: Sequence[Row], port: str) -> list[Finding]:
        """Checks a port that the daemon does not use; leaves it alone if it belongs to a stick that the daemon uses."""
        place = self._environment.place_of(port)
        owner = next((row for row in rows if place is not None and place == self._usb_place(row)), None)
        if owner is not None and owner["health"] != NOT_USABLE:
            return [Finding.of(Code.PORT_OF_DAEMON, port, port=port, modem=owner["name"])]
        return await self._examine_port(port, port, None)

    def _usb_place(self, row: Row) -> str | None:
        place: str | None = row["place"]
        return place if place is not None or row["port"] is None else self._environment.place_of(row["port"])

    # If no daemon runs
    async def examine_directly(self, port: str | None) -> list[Finding]:
        """Checks every port that a daemon would use, all at the same time; with `port`, only that one."""
        settings = self._environment.settings
        configured = [modem for modem in settings.modems if modem.port is not None] if settings is not None else []
        if port is not None:
            known = next((modem for modem in configured if _is_same_port(modem.port or "", port)), None)
            return await self._examine_port(port, known.name if known else port, known.driver if known else None)
        asked = [self._examine_port(modem.port or "", modem.name, modem.driver) for modem in configured]
        unlisted: list[Finding] = []
        if settings is None or settings.is_discovery_enabled:
            devices, unlisted = await self._devices()
            ours = {_real(modem.port or "") for modem in configured}
            asked += [
                self._examine_device(device)
                for device in devices
                if not ours & {_real(each.path) for each in device.ports}
            ]
        found = [*unlisted, *chain.from_iterable(await asyncio.gather(*asked))]
        if not any(finding.code not in (Code.BRIDGE_NOT_ASKED, Code.PORTS_UNLISTED) for finding in found):
            found.append(Finding.of(Code.NO_MODEM))
        return found

    async def _devices(self) -> tuple[list[UsbDevice], list[Finding]]:
        try:
            return await self._environment.ports.devices(), []
        except PortGone as error:
            return [], [Finding.of(Code.PORTS_UNLISTED, reason=error)]

    def _assess(self, device: UsbDevice) -> ModemCandidate | UnfitDevice | None:
        settings = self._environment.settings
        return assess_device(
            device,
            self._environment.profiles,
            probe_bridges=settings is not None and settings.finding.probe_bridges,
            named=self._configured_modem(device) is not None,
        )

    def _configured_modem(self, device: UsbDevice) -> ModemSettings | None:
        settings = self._environment.settings
        modems = settings.modems if settings is not None else ()
        return next((modem for modem in modems if modem.usb == device.location), None)

    async def _examine_device(self, device: UsbDevice) -> list[Finding]:
        """Checks the AT port of a device; if it stays silent, the other ports that may answer AT."""
        assessed = self._assess(device)
        if assessed is None:
            return []
        if isinstance(assessed, UnfitDevice):
            return [unusable_device(device, self._environment.profiles, assessed.reason)]
        pinned = self._configured_modem(device)
        name, driver = (pinned.name, pinned.driver) if pinned is not None else (device.location, None)
        found: list[Finding] = []
        for candidate in (*assessed.certain_ports, *assessed.possible_ports):
            of_port = await self._examine_port(candidate.path, name, driver or assessed.driver, device.location)
            if not found or of_port[0].code is not Code.MODEM_SILENT:
                found = of_port
            if found[0].code is not Code.MODEM_SILENT:
                break
        return found

    async def _examine_port(
        self, path: str, subject: str, driver: str | None, place: str | None = None
    ) -> list[Finding]:
        """Checks one port before it is opened, opens it, and asks the modem."""
        world = self._environment
        noted = check_port(path, subject, world.user, world.proc)
        if noted is not None and noted.severity is Severity.BLOCKS:
            return [noted]
        shared = [noted] if noted is not None else []
        try:
            port = await world.open_port(path)
        except PortGone as error:
            return [open_failure(path, subject, world.user, error), *shared]
        try:
            files = PinFiles(world.settings, world.credentials) if world.settings is not None else None
            result = await interview(port, path, subject, world.profiles, driver, files)
            self.network_time = result.network_time or self.network_time
            return [
                *result.findings,
                *shared,
                *self._unlisted_findings(result, subject, place),
                *await self._send_to_itself(result, subject),
            ]
        finally:
            port.close()

    def _unlisted_findings(self, result: Interview, subject: str, place: str | None) -> list[Finding]:
        """Returns a finding for a modem that a daemon with this configuration would not use."""
        settings, identity = self._environment.settings, result.identity
        if place is None or identity is None or settings is None or settings.may_use_unlisted:
            return []
        named = [modem for modem in settings.modems if modem.port is None]
        if match_configured(named, ProbeResult(identity.imei, identity.iccid), place) is not None:
            return []
        told = identity.imei or "not told"
        reason = f"the modem with the IMEI {told} is not listed under `modems`, and finding.others is false"
        return [Finding.of(Code.NOT_USABLE, subject, reason=reason)]

    async def _send_to_itself(self, result: Interview, subject: str) -> list[Finding]:
        identity = result.identity
        if not self._is_sending or identity is None or not may_send(result.findings):
            return []
        sim = self._environment.settings.sims.get(identity.iccid) if self._environment.settings is not None else None
        number = (sim.number if sim is not None else None) or identity.number
        return await send_directly(result.dialogue, identity, number, subject, self._environment.text)


def as_json(report: Report) -> dict[str, Any]:
    """Returns the report as a document for programs (`modemd doctor --json`)."""
    return {
        "can_send": report.can_send,
        "modem_ready": report.modem_ready,
        "code": report.code,
        "message": report.message,
        "running": report.running,
        "findings": [
            {
                "code": finding.code,
                "severity": finding.severity,
                "subject": finding.subject,
                "what": finding.what,
                "remedy": finding.remedy or None,
            }
            for finding in report.findings
        ],
    }


def _is_same_port(one: str, other: str) -> bool:
    return _real(one) == _real(other)


def _real(path: str) -> str:
    return path if "://" in path else os.path.realpath(path)
