"""Finding modems: what is plugged in is asked who it is, and whoever answers gets the name that is its own.

A stick is known by its IMEI, whatever port or socket it is in; its ports are those of one USB device, of which one is used
and the others are left alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass

from modemd import logs
from modemd.config import ModemSettings, Settings
from modemd.errors import ModemError, PortGone
from modemd.modem.discovery.candidates import ModemCandidate, UnfitDevice, assess_device
from modemd.modem.discovery.devices import PortList, UsbDevice
from modemd.modem.discovery.probe import ProbeResult, identify_modem
from modemd.modem.link.port import OpenPort, Port
from modemd.modem.modem import Modem
from modemd.profiles import Profiles
from modemd.service.modems.found_modem import FoundModem
from modemd.service.modems.registry import ModemRegistry

log = logs.get(__name__)

# After the kernel's word: udev gives the port its rights, and its neighbours come.
SETTLE_S = 0.3
# While a modem is awaited back, ports are listed this often for a while, whether the kernel tells or not.
RETURN_SCAN_INTERVAL_S = 2.0
RETURN_SCAN_PERIOD_S = 600.0
# A stick that boots is silent for up to half a minute, and must send within 5 s of being able to.
FAST_PROBE_INTERVAL_S = 1.0
FAST_PROBES = 15
SLOW_PROBE_INTERVAL_S = 30.0
# Ports that are not known to be for AT are disturbed less.
UNCERTAIN_PROBE_INTERVAL_S = 300.0
# How often the port that is meant for AT may stay silent before its neighbours are asked.
CERTAIN_PORT_TRIES = 5
# A modem that nobody named is forgotten when it was away so long.
FORGET_AFTER_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class UnusableDevice:
    """Something that is plugged in and could be a modem, and why it cannot be used."""

    device: UsbDevice
    path: str | None
    reason: str


@dataclass(slots=True)
class _ProbedDevice:
    """A device that is plugged in. `due`: when it is asked next, on the loop's clock."""

    device: UsbDevice
    tries: int = 0
    due: float = 0.0
    task: asyncio.Task[None] | None = None
    seat: FoundModem | None = None
    path: str | None = None
    reason: str | None = None


class Discovery:
    """Keeps the found modems' seats. Its task is `run`; what is asked of it from elsewhere changes nothing."""

    def __init__(
        self, settings: Settings, ports: PortList, profiles: Profiles, open_port: OpenPort, crew: ModemRegistry
    ) -> None:
        self._settings = settings
        self._ports = ports
        self._profiles = profiles
        self._open_port = open_port
        self._crew = crew
        self._loop = asyncio.get_running_loop()
        self._poked = asyncio.Event()
        self._changed = False
        self._prospects: dict[str, _ProbedDevice] = {}
        self._modems: dict[FoundModem, Modem] = {}
        self._last_trouble: str | None = None
        self._lookers: list[asyncio.Future[None]] = []
        self._named = [modem for modem in settings.modems if modem.port is None]
        for modem in self._named:
            self._seated(modem)

    def unusable(self) -> list[UnusableDevice]:
        """What was found and cannot be used, in the order of the places."""
        return [
            UnusableDevice(prospect.device, prospect.path, prospect.reason)
            for _, prospect in sorted(self._prospects.items())
            if prospect.seat is None and prospect.reason is not None
        ]

    async def run(self) -> None:
        """Find for ever."""
        end_watch = self._ports.watch(self._hinted)
        try:
            while True:
                scanned_at = self._loop.time()
                lookers, self._lookers = self._lookers, []
                await self._scan()
                for looker in lookers:
                    if not looker.done():
                        looker.set_result(None)
                while not self._changed and (wait := self._next_scan(scanned_at) - self._loop.time()) > 0:
                    self._poked.clear()
                    self._ask_who_is_due()
                    await self._wait(min(wait, self._next_due() - self._loop.time()))
                if self._changed:
                    await asyncio.sleep(SETTLE_S)
                self._changed = False
        finally:
            end_watch()
            for prospect in self._prospects.values():
                if prospect.task is not None:
                    prospect.task.cancel()

    # What is there

    async def look(self) -> None:
        """Until what is plugged in has been listed anew."""
        looker: asyncio.Future[None] = self._loop.create_future()
        self._lookers.append(looker)
        self._hinted()
        await looker

    def _hinted(self) -> None:
        self._changed = True
        self._poked.set()

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            try:
                async with asyncio.timeout(seconds):
                    await self._poked.wait()
            except TimeoutError:
                return

    def _next_scan(self, scanned_at: float) -> float:
        awaited = any(
            seat.place is None and seat.imei is not None and scanned_at < seat.away_since + RETURN_SCAN_PERIOD_S
            for seat in self._modems
        )
        rescan_s = self._settings.finding.rescan.total_seconds()
        return scanned_at + (min(rescan_s, RETURN_SCAN_INTERVAL_S) if awaited else rescan_s)

    def _next_due(self) -> float:
        return min((p.due for p in self._prospects.values() if p.seat is None and p.task is None), default=float("inf"))

    async def _scan(self) -> None:
        """Take note of what has come and gone."""
        try:
            devices = {device.place: device for device in await self._ports.devices()}
        except PortGone as error:
            if str(error) != self._last_trouble:
                log.warning("modems cannot be looked for", error=str(error))
            self._last_trouble = str(error)
            return
        self._last_trouble = None
        for place, prospect in list(self._prospects.items()):
            if _is_replaced(prospect, devices.get(place)):
                del self._prospects[place]
                self._gone(prospect, devices.values())
        configured = self._configured_paths()
        for place, device in devices.items():
            if not configured.isdisjoint(_real_path(port.path) for port in device.ports):
                continue  # the configuration says what to do with this stick
            if place in self._prospects:
                self._prospects[place].device = device
            else:
                self._prospects[place] = _ProbedDevice(device)
        self._forget()

    def _configured_paths(self) -> set[str]:
        ports = (modem.port for modem in self._settings.modems)
        return {_real_path(port) for port in ports if port is not None and "://" not in port}

    def _gone(self, prospect: _ProbedDevice, devices: Iterable[UsbDevice]) -> None:
        if prospect.task is not None:
            prospect.task.cancel()
        if (seat := prospect.seat) is None:
            return
        name, place = seat.settings.name, prospect.device.place
        for device in devices:
            alike = device.ids == prospect.device.ids and device.place not in self._prospects
            if alike and any(port.path == seat.path for port in device.ports):
                # Replugged between two looks: the modem may have its port again already, which is then not ours to ask. If it
                # is another stick with the same port name, that shows as the modem opens it.
                log.info("modem replugged", modem=name, place=device.place, before=place)
                seat.follow(device.place)
                self._prospects[device.place] = _ProbedDevice(device, seat=seat)
                return
        log.info("modem unplugged", modem=name, place=place)
        seat.leave()

    def _forget(self) -> None:
        """Modems that nobody named and nobody has seen for long."""
        for seat, modem in list(self._modems.items()):
            away = seat.place is None and self._loop.time() > seat.away_since + FORGET_AFTER_S
            if away and seat.settings not in self._named:
                del self._modems[seat]
                self._crew.dismiss(modem)

    # Who it is

    def _ask_who_is_due(self) -> None:
        for prospect in self._prospects.values():
            if prospect.seat is not None or prospect.task is not None or prospect.due > self._loop.time():
                continue
            finding = self._settings.finding
            named = any(modem.usb == prospect.device.place for modem in self._named)
            verdict = assess_device(prospect.device, self._profiles, probe_bridges=finding.probe_bridges, named=named)
            if isinstance(verdict, ModemCandidate):
                name = f"who is in {prospect.device.place}"
                prospect.task = self._loop.create_task(self._ask(prospect, verdict), name=name)
            else:
                self._tell(prospect, verdict.reason if isinstance(verdict, UnfitDevice) else None)
                prospect.due = float("inf")

    async def _ask(self, prospect: _ProbedDevice, candidate: ModemCandidate) -> None:
        try:
            reason = await self._place(prospect, candidate)
        except ModemError as error:
            reason = str(error)
        except Exception as error:
            log.exception("asking a port failed", place=prospect.device.place, error=repr(error))
            reason = f"internal error: {error!r}"
        prospect.tries += 1
        pause = SLOW_PROBE_INTERVAL_S if candidate.certain else UNCERTAIN_PROBE_INTERVAL_S
        prospect.due = self._loop.time() + (FAST_PROBE_INTERVAL_S if prospect.tries < FAST_PROBES else pause)
        prospect.task = None
        self._tell(prospect, reason)
        self._poked.set()

    def _tell(self, prospect: _ProbedDevice, reason: str | None) -> None:
        if reason is not None and reason != prospect.reason:
            log.warning("found, and not usable", place=prospect.device.place, reason=reason)
        prospect.reason = reason

    async def _place(self, prospect: _ProbedDevice, candidate: ModemCandidate) -> str | None:
        """Ask port after port until one answers, and seat whoever it is. Why that could not be; None: it is seated."""
        ports = candidate.certain
        if not ports or prospect.tries >= CERTAIN_PORT_TRIES:
            ports += candidate.possible
        reason = None
        for listed in ports:
            prospect.path = listed.path
            with contextlib.ExitStack() as unless_seated:
                port = await self._open_port(
                    listed.path
                )  # busy or forbidden: its neighbours are that other program's too
                unless_seated.callback(port.close)
                try:
                    found = await self._who(prospect.device.place, candidate.driver, port)
                except ModemError as error:
                    reason = reason or f"{listed.path}: {error}"
                    continue
                seat = self._seat_for(found, prospect.device.place)
                if isinstance(seat, str):
                    return seat
                unless_seated.pop_all()
                for other in self._prospects.values():
                    if other.seat is seat:  # it was thought to be there: whoever is, is asked
                        other.seat, other.tries, other.due = None, 0, 0.0
                seat.sit(prospect.device.place, listed.path, port, found.imei)
                prospect.seat = seat
                name = seat.settings.name
                log.info("modem found", modem=name, imei=found.imei, place=prospect.device.place, port=listed.path)
                return None
        return reason

    async def _who(self, place: str, driver: str | None, port: Port) -> ProbeResult:
        pinned = next((modem.driver for modem in self._named if modem.usb == place and modem.driver), None)
        wants_iccid = any(modem.iccid is not None for modem in self._named)
        return await identify_modem(port, self._profiles, pinned or driver, wants_iccid=wants_iccid)

    def _seat_for(self, found: ProbeResult, place: str) -> FoundModem | str:
        """Whose seat it is; or why it can have none."""
        named = match_configured(self._named, found, place)
        if found.imei in self._crew.imeis():
            return f"answers with the IMEI {found.imei}, which is that of a modem whose port is configured"
        if named is None:
            seat = next((seat for seat in self._modems if seat.imei == found.imei and self._is_nobodys(seat)), None)
        else:
            seat = next(seat for seat in self._modems if seat.settings is named)
        if seat is None:
            if not self._settings.takes_others:
                return f"its IMEI is {found.imei}: it is not among the modems, and finding.others is false"
            name = make_name(found.imei, {*(s.name for s in self._settings.modems), *self._names()})
            seat = self._seated(ModemSettings(name=name, imei=found.imei))
        elif seat.place is not None and self._modems[seat].is_open:
            return f"answers as {seat.settings.name} does (IMEI {found.imei}), which is in {seat.place}: two cannot be told apart"
        return seat

    def _is_nobodys(self, seat: FoundModem) -> bool:
        return not any(seat.settings is named for named in self._named)

    def _names(self) -> Iterable[str]:
        return (seat.settings.name for seat in self._modems)

    def _seated(self, settings: ModemSettings) -> FoundModem:
        seat: FoundModem = FoundModem(
            settings, open_port=self._open_port, ask=self._who_again, look=self.look, astray=self._hinted
        )
        modem = self._modems[seat] = self._crew.hire(settings, seat.open)
        seat.occupy(modem)
        return seat

    async def _who_again(self, port: Port) -> ProbeResult:
        return await identify_modem(port, self._profiles, None, wants_iccid=False)


def match_configured(named: Iterable[ModemSettings], found: ProbeResult, place: str) -> ModemSettings | None:
    """Which of the configured modems it is: by IMEI before SIM before place."""
    tests: tuple[Callable[[ModemSettings], bool], ...] = (
        # The 15th digit is a check digit, which some firmware leaves out (3GPP TS 23.003 6.2.1).
        lambda modem: modem.imei is not None and modem.imei[:14] == found.imei[:14],
        lambda modem: modem.iccid is not None and modem.iccid == found.iccid,
        lambda modem: modem.usb is not None and modem.usb == place,
    )
    modems = list(named)
    return next((modem for fits in tests for modem in modems if fits(modem)), None)


def make_name(imei: str, taken: Container[str]) -> str:
    """A name that stays with the stick: `modem-` and the last six digits of its IMEI, or more of them where that is taken."""
    names = (f"modem-{imei[-digits:]}" for digits in range(6, len(imei) + 1))
    return next((name for name in names if name not in taken), f"modem-{imei}-2")


def _is_replaced(prospect: _ProbedDevice, device: UsbDevice | None) -> bool:
    """Whether what was there is not there any more."""
    if device is None or device.ids != prospect.device.ids:
        return True
    if prospect.seat is not None:
        return prospect.seat.path not in {port.path for port in device.ports}
    return device.ports != prospect.device.ports


def _real_path(path: str) -> str:
    return os.path.realpath(path)
