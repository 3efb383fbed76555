"""The examination: what is looked at, in which order, and whether a message can pass by what was found."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from modemd.config import ModemSettings, Settings
from modemd.doctor.advice import Finding
from modemd.doctor.codes import Code, Severity
from modemd.doctor.daemon_side import CallApi, Row, ask_daemon, modem_findings
from modemd.doctor.interview import Interview, interview
from modemd.doctor.machine import DiskSpaceOf, check_clock, check_database, check_disk, disk_space_of
from modemd.doctor.ports import check_modem_manager, check_port, open_failure, unusable_device
from modemd.doctor.processes import PROC
from modemd.doctor.rights import User
from modemd.doctor.self_message import send_directly, send_through_daemon
from modemd.errors import PortGone
from modemd.modem.discovery.candidates import ModemCandidate, UnfitDevice, assess_device
from modemd.modem.discovery.devices import PortList, UsbDevice
from modemd.modem.discovery.probe import ProbeResult
from modemd.modem.link.port import OpenPort
from modemd.modem.status import ModemHealth
from modemd.profiles import Profiles
from modemd.service.modems.discovery import match_configured
from modemd.service.modems.views import NOT_USABLE
from modemd.service.sims.pins import PinFiles


@dataclass(frozen=True, slots=True)
class Environment:
    """What the doctor is handed. `settings` None: there is no configuration that can be used, as `before` says.
    `place_of` tells the USB place of a port; `text` is that of a message to itself, another one each time."""

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
    """All that was found, and what it comes to. `running`: a daemon said so."""

    findings: list[Finding]
    can_send: bool
    message: str
    running: bool


async def examine(world: Environment, *, port: str | None = None, send: bool = False) -> Report:
    """Look at everything; `port` narrows to one port. With `send`, a SIM that can writes to itself."""
    daemon, status = None, None
    if world.settings is not None:
        daemon, status = await ask_daemon(world.call_api, world.settings, world.config, world.user)
    at_the_modems = _ModemExamination(world, send=send)
    if status is not None:
        modems = await at_the_modems.examine_through_daemon(status, port)
    elif daemon is not None and daemon.code is not Code.DAEMON_NOT_RUNNING:
        modems = []  # somebody may be at them who does not tell
    else:
        modems = await at_the_modems.examine_directly(port)
    machine = _examine_machine(world, at_the_modems.network_time, running=status is not None)
    findings = [*world.earlier_findings, *([daemon] if daemon is not None else []), *machine, *modems]
    return _make_report(findings, status, port)


def may_send(findings: Iterable[Finding]) -> bool:
    """Whether a message could pass, where no daemon says so: nothing about the machine stands in the way, and there is a modem in
    the network against which nothing stands."""
    found = list(findings)
    blocked = {finding.subject for finding in found if finding.severity is Severity.BLOCKS}
    able = {finding.subject for finding in found if finding.code in (Code.REGISTERED, Code.ROAMING, Code.MODEM_READY)}
    return None not in blocked and bool(able - blocked)


def _make_report(findings: list[Finding], status: Row | None, port: str | None) -> Report:
    """The daemon's own verdict goes before ours, unless a single port was asked about, or a message was not sent after all."""
    if status is None:
        can = may_send(findings)
        words = "a message can pass once a daemon runs" if can else "no message can pass"
        return Report(findings, can, words, running=False)
    not_sent = any(finding.code is Code.SELF_NOT_SENT for finding in findings)
    can = status["can_send"] and not not_sent if port is None else may_send(findings) and status["trouble"] is None
    told = status["message"] if port is None else "a message can pass by it" if can else "no message can pass by it"
    return Report(findings, can, "a message was not sent" if not_sent else told, running=True)


def _examine_machine(world: Environment, network: datetime | None, *, running: bool) -> list[Finding]:
    settings = world.settings
    found = [check_clock(settings, world.now(), network)]
    if settings is not None:
        found.append(check_disk(settings.database, world.disk_space))
        found.append(check_database(settings, world.user, running=running, proc=world.proc))
    manager = check_modem_manager(world.proc)
    return [*found, manager] if manager is not None else found


class _ModemExamination:
    """`network`: the network's time, where a modem has told it."""

    def __init__(self, world: Environment, *, send: bool) -> None:
        self._environment = world
        self._is_sending = send
        self.network_time: datetime | None = None

    # Where a daemon runs

    async def examine_through_daemon(self, status: Row, port: str | None) -> list[Finding]:
        """What the daemon says of its modems, and what can be seen from outside of those that it cannot use."""
        rows: list[Row] = status["modems"]
        if port is not None:
            rows = [row for row in rows if row["port"] is not None and _is_same_port(row["port"], port)]
            if not rows:
                return await self._examine_other_port(status["modems"], port)
        if not rows:
            return [Finding.of(Code.NO_MODEM)]
        devices, unlisted = await self._devices() if any(row["health"] == NOT_USABLE for row in rows) else ([], [])
        found = [*unlisted, *chain.from_iterable(self._examine_row(row, devices) for row in rows)]
        if self._is_sending and (able := [row for row in rows if row["can_send"]]):
            found += await send_through_daemon(self._environment.call_api, able[0], self._environment.text)
        return found

    def _examine_row(self, row: Row, devices: Sequence[UsbDevice]) -> list[Finding]:
        world = self._environment
        if row["health"] in (ModemHealth.GONE, NOT_USABLE):
            seen = check_port(row["port"], row["name"], world.user, world.proc) if row["port"] else None
            # What the daemon has just found on a port says more than that it is not there any more.
            if seen is not None and (row["health"] == ModemHealth.GONE or seen.code is not Code.PORT_ABSENT):
                return [seen]
            device = next((device for device in devices if device.location == row["place"]), None)
            weighed = self._weigh(device) if device is not None else None
            if device is not None and isinstance(weighed, UnfitDevice):
                return [unusable_device(device, world.profiles, weighed.reason)]
        return modem_findings(row)

    async def _examine_other_port(self, rows: Sequence[Row], port: str) -> list[Finding]:
        """A port that is not among the daemon's: asked, unless it is of a stick that the daemon uses."""
        place = self._environment.place_of(port)
        owner = next((row for row in rows if place is not None and place == self._usb_place(row)), None)
        if owner is not None and owner["health"] != NOT_USABLE:
            return [Finding.of(Code.PORT_OF_DAEMON, port, port=port, modem=owner["name"])]
        return await self._examine_port(port, port, None)

    def _usb_place(self, row: Row) -> str | None:
        place: str | None = row["place"]
        return place if place is not None or row["port"] is None else self._environment.place_of(row["port"])

    # Where none runs

    async def examine_directly(self, port: str | None) -> list[Finding]:
        """Every port that a daemon would use, all at a time."""
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

    def _weigh(self, device: UsbDevice) -> ModemCandidate | UnfitDevice | None:
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
        """The port that is for AT; if it stays silent, those that may answer it too."""
        weighed = self._weigh(device)
        if weighed is None:
            return []
        if isinstance(weighed, UnfitDevice):
            return [unusable_device(device, self._environment.profiles, weighed.reason)]
        pinned = self._configured_modem(device)
        name, driver = (pinned.name, pinned.driver) if pinned is not None else (device.location, None)
        found: list[Finding] = []
        for candidate in (*weighed.certain_ports, *weighed.possible_ports):
            said = await self._examine_port(candidate.path, name, driver or weighed.driver, device.location)
            if not found or said[0].code is not Code.MODEM_SILENT:
                found = said
            if found[0].code is not Code.MODEM_SILENT:
                break
        return found

    async def _examine_port(
        self, path: str, subject: str, driver: str | None, place: str | None = None
    ) -> list[Finding]:
        """One port: before it is opened, and what the modem behind it says."""
        world = self._environment
        if (denied := check_port(path, subject, world.user, world.proc)) is not None:
            return [denied]
        try:
            port = await world.open_port(path)
        except PortGone as error:
            return [open_failure(path, subject, world.user, error)]
        try:
            files = PinFiles(world.settings, world.credentials) if world.settings is not None else None
            told = await interview(port, path, subject, world.profiles, driver, files)
            self.network_time = told.network_time or self.network_time
            return [
                *told.findings,
                *self._unlisted_findings(told, subject, place),
                *await self._send_to_itself(told, subject),
            ]
        finally:
            port.close()

    def _unlisted_findings(self, told: Interview, subject: str, place: str | None) -> list[Finding]:
        """A modem that was found, and that a daemon with this configuration would leave alone."""
        settings, identity = self._environment.settings, told.identity
        if place is None or identity is None or settings is None or settings.may_use_unlisted:
            return []
        named = [modem for modem in settings.modems if modem.port is None]
        if match_configured(named, ProbeResult(identity.imei, identity.iccid), place) is not None:
            return []
        reason = f"its IMEI is {identity.imei}: it is not among the modems, and finding.others is false"
        return [Finding.of(Code.NOT_USABLE, subject, reason=reason)]

    async def _send_to_itself(self, told: Interview, subject: str) -> list[Finding]:
        identity = told.identity
        if not self._is_sending or identity is None or not may_send(told.findings):
            return []
        sim = self._environment.settings.sims.get(identity.iccid) if self._environment.settings is not None else None
        number = (sim.number if sim is not None else None) or identity.number
        return await send_directly(told.dialogue, identity, number, subject, self._environment.text)


def as_json(report: Report) -> dict[str, Any]:
    """The report for programs."""
    return {
        "can_send": report.can_send,
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
