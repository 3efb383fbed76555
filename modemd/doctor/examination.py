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
    ask: CallApi
    who: User
    text: str
    place_of: Callable[[str], str | None] = lambda port: None
    room: DiskSpaceOf = disk_space_of
    proc: Path = PROC
    credentials: Path | None = None
    before: Sequence[Finding] = field(default_factory=tuple)


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
        daemon, status = await ask_daemon(world.ask, world.settings, world.config, world.who)
    at_the_modems = _ModemExamination(world, send=send)
    if status is not None:
        modems = await at_the_modems.of_daemon(status, port)
    elif daemon is not None and daemon.code is not Code.DAEMON_NOT_RUNNING:
        modems = []  # somebody may be at them who does not tell
    else:
        modems = await at_the_modems.by_ourselves(port)
    machine = _examine_machine(world, at_the_modems.network, running=status is not None)
    findings = [*world.before, *([daemon] if daemon is not None else []), *machine, *modems]
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
        found.append(check_disk(settings.database, world.room))
        found.append(check_database(settings, world.who, running=running, proc=world.proc))
    manager = check_modem_manager(world.proc)
    return [*found, manager] if manager is not None else found


class _ModemExamination:
    """`network`: the network's time, where a modem has told it."""

    def __init__(self, world: Environment, *, send: bool) -> None:
        self._world = world
        self._send = send
        self.network: datetime | None = None

    # Where a daemon runs

    async def of_daemon(self, status: Row, port: str | None) -> list[Finding]:
        """What the daemon says of its modems, and what can be seen from outside of those that it cannot use."""
        rows: list[Row] = status["modems"]
        if port is not None:
            rows = [row for row in rows if row["port"] is not None and _is_same_port(row["port"], port)]
            if not rows:
                return await self._beside_daemon(status["modems"], port)
        if not rows:
            return [Finding.of(Code.NO_MODEM)]
        devices, unlisted = await self._devices() if any(row["health"] == NOT_USABLE for row in rows) else ([], [])
        found = [*unlisted, *chain.from_iterable(self._of_row(row, devices) for row in rows)]
        if self._send and (able := [row for row in rows if row["can_send"]]):
            found += await send_through_daemon(self._world.ask, able[0], self._world.text)
        return found

    def _of_row(self, row: Row, devices: Sequence[UsbDevice]) -> list[Finding]:
        world = self._world
        if row["health"] in (ModemHealth.GONE, NOT_USABLE):
            seen = check_port(row["port"], row["name"], world.who, world.proc) if row["port"] else None
            # What the daemon has just found on a port says more than that it is not there any more.
            if seen is not None and (row["health"] == ModemHealth.GONE or seen.code is not Code.PORT_ABSENT):
                return [seen]
            device = next((device for device in devices if device.place == row["place"]), None)
            weighed = self._weigh(device) if device is not None else None
            if device is not None and isinstance(weighed, UnfitDevice):
                return [unusable_device(device, world.profiles, weighed.reason)]
        return modem_findings(row)

    async def _beside_daemon(self, rows: Sequence[Row], port: str) -> list[Finding]:
        """A port that is not among the daemon's: asked, unless it is of a stick that the daemon uses."""
        place = self._world.place_of(port)
        owner = next((row for row in rows if place is not None and place == self._place(row)), None)
        if owner is not None and owner["health"] != NOT_USABLE:
            return [Finding.of(Code.PORT_OF_DAEMON, port, port=port, modem=owner["name"])]
        return await self._one(port, port, None)

    def _place(self, row: Row) -> str | None:
        place: str | None = row["place"]
        return place if place is not None or row["port"] is None else self._world.place_of(row["port"])

    # Where none runs

    async def by_ourselves(self, port: str | None) -> list[Finding]:
        """Every port that a daemon would use, all at a time."""
        settings = self._world.settings
        configured = [modem for modem in settings.modems if modem.port is not None] if settings is not None else []
        if port is not None:
            known = next((modem for modem in configured if _is_same_port(modem.port or "", port)), None)
            return await self._one(port, known.name if known else port, known.driver if known else None)
        asked = [self._one(modem.port or "", modem.name, modem.driver) for modem in configured]
        unlisted: list[Finding] = []
        if settings is None or settings.finds:
            devices, unlisted = await self._devices()
            ours = {_real(modem.port or "") for modem in configured}
            asked += [
                self._device(device) for device in devices if not ours & {_real(each.path) for each in device.ports}
            ]
        found = [*unlisted, *chain.from_iterable(await asyncio.gather(*asked))]
        if not any(finding.code not in (Code.BRIDGE_NOT_ASKED, Code.PORTS_UNLISTED) for finding in found):
            found.append(Finding.of(Code.NO_MODEM))
        return found

    async def _devices(self) -> tuple[list[UsbDevice], list[Finding]]:
        try:
            return await self._world.ports.devices(), []
        except PortGone as error:
            return [], [Finding.of(Code.PORTS_UNLISTED, reason=error)]

    def _weigh(self, device: UsbDevice) -> ModemCandidate | UnfitDevice | None:
        settings = self._world.settings
        return assess_device(
            device,
            self._world.profiles,
            probe_bridges=settings is not None and settings.finding.probe_bridges,
            named=self._named_place(device) is not None,
        )

    def _named_place(self, device: UsbDevice) -> ModemSettings | None:
        settings = self._world.settings
        modems = settings.modems if settings is not None else ()
        return next((modem for modem in modems if modem.usb == device.place), None)

    async def _device(self, device: UsbDevice) -> list[Finding]:
        """The port that is for AT; if it stays silent, those that may answer it too."""
        weighed = self._weigh(device)
        if weighed is None:
            return []
        if isinstance(weighed, UnfitDevice):
            return [unusable_device(device, self._world.profiles, weighed.reason)]
        pinned = self._named_place(device)
        name, driver = (pinned.name, pinned.driver) if pinned is not None else (device.place, None)
        found: list[Finding] = []
        for candidate in (*weighed.certain, *weighed.possible):
            said = await self._one(candidate.path, name, driver or weighed.driver, device.place)
            if not found or said[0].code is not Code.MODEM_SILENT:
                found = said
            if found[0].code is not Code.MODEM_SILENT:
                break
        return found

    async def _one(self, path: str, subject: str, driver: str | None, place: str | None = None) -> list[Finding]:
        """One port: before it is opened, and what the modem behind it says."""
        world = self._world
        if (denied := check_port(path, subject, world.who, world.proc)) is not None:
            return [denied]
        try:
            port = await world.open_port(path)
        except PortGone as error:
            return [open_failure(path, subject, world.who, error)]
        try:
            files = PinFiles(world.settings, world.credentials) if world.settings is not None else None
            told = await interview(port, path, subject, world.profiles, driver, files)
            self.network = told.network or self.network
            return [*told.findings, *self._wanted(told, subject, place), *await self._to_itself(told, subject)]
        finally:
            port.close()

    def _wanted(self, told: Interview, subject: str, place: str | None) -> list[Finding]:
        """A modem that was found, and that a daemon with this configuration would leave alone."""
        settings, identity = self._world.settings, told.identity
        if place is None or identity is None or settings is None or settings.takes_others:
            return []
        named = [modem for modem in settings.modems if modem.port is None]
        if match_configured(named, ProbeResult(identity.imei, identity.iccid), place) is not None:
            return []
        reason = f"its IMEI is {identity.imei}: it is not among the modems, and finding.others is false"
        return [Finding.of(Code.NOT_USABLE, subject, reason=reason)]

    async def _to_itself(self, told: Interview, subject: str) -> list[Finding]:
        identity = told.identity
        if not self._send or identity is None or not may_send(told.findings):
            return []
        sim = self._world.settings.sims.get(identity.iccid) if self._world.settings is not None else None
        number = (sim.number if sim is not None else None) or identity.number
        return await send_directly(told.dialogue, identity, number, subject, self._world.text)


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
