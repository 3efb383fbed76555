"""Discovery of modems: probes what is plugged in, and attaches each modem that answers to its name in the configuration, or to a
new one.

A stick is known by its IMEI, whatever port or socket it is in; its ports are those of one USB device, of which one is used and
the others are left alone."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterable

from modemd import logs
from modemd.config import ModemSettings, Settings
from modemd.errors import ErrorCode, ModemError, PortGone, Refused, StoreError
from modemd.modem.discovery.candidates import ModemCandidate, UnfitDevice, assess_device
from modemd.modem.discovery.devices import PortList, UsbDevice
from modemd.modem.discovery.probe import ProbeResult, identify_modem
from modemd.modem.link.port import OpenPort, Port
from modemd.modem.modem import Modem
from modemd.profiles import Profiles
from modemd.service.modems.found_modem import FoundModem
from modemd.service.modems.known_modems import KnownModems
from modemd.service.modems.names import make_name, match_configured
from modemd.service.modems.probed_device import ProbedDevice, UnusableDevice, is_replaced
from modemd.service.modems.registry import ModemRegistry
from modemd.store.modems import KnownModem

log = logs.get(__name__)

# Wait after the kernel's notice: udev sets the port's access rights meanwhile, and the device's other ports appear.
SETTLE_S = 0.3
# After a modem was unplugged, ports are listed this often for this long, whether the kernel gives notice or not.
RETURN_SCAN_INTERVAL_S = 2.0
RETURN_SCAN_PERIOD_S = 600.0
# A stick that boots is silent for up to half a minute, and must send within 5 s of being able to.
FAST_PROBE_INTERVAL_S = 1.0
FAST_PROBES = 15
SLOW_PROBE_INTERVAL_S = 30.0
# Ports that are not known to be for AT are probed less often.
UNCERTAIN_PROBE_INTERVAL_S = 300.0
# How often the port that is meant for AT may stay silent before the device's other ports are probed.
CERTAIN_PORT_TRIES = 5


class Discovery:
    """Found modems, and the devices that are plugged in. Its task is `run`; other parts may call `rescan`, `forget`,
    `unusable_devices` and `silent_devices`."""

    def __init__(
        self,
        settings: Settings,
        port_list: PortList,
        profiles: Profiles,
        open_port: OpenPort,
        registry: ModemRegistry,
        known_modems: KnownModems,
    ) -> None:
        self._settings = settings
        self._port_list = port_list
        self._profiles = profiles
        self._open_port = open_port
        self._registry = registry
        self._known_modems = known_modems
        self._is_recalled = False
        self._loop = asyncio.get_running_loop()
        self._wakeup = asyncio.Event()
        self._is_changed = False
        self._devices_by_place: dict[str, ProbedDevice] = {}
        self._modems: dict[FoundModem, Modem] = {}
        self._last_error: str | None = None
        self._rescan_waiters: list[asyncio.Future[None]] = []
        self._configured = [modem for modem in settings.modems if modem.port is None]
        for modem in self._configured:
            self._create_found_modem(modem)

    def unusable_devices(self) -> list[UnusableDevice]:
        """Returns the devices that were found and cannot be used, in the order of their places."""
        return [
            UnusableDevice(probed.device, probed.path, probed.reason)
            for _, probed in sorted(self._devices_by_place.items())
            if probed.found_modem is None and probed.reason is not None
        ]

    def silent_devices(self) -> list[UnusableDevice]:
        """Returns the devices that have a port for AT at which no modem has answered, but for those in the place of a modem that
        is missing."""
        missing = {modem.last_place for modem in self._modems if modem.place is None}
        return [
            UnusableDevice(probed.device, probed.path, probed.reason)
            for place, probed in sorted(self._devices_by_place.items())
            if probed.found_modem is None and probed.is_silent and probed.reason is not None and place not in missing
        ]

    async def recall(self) -> None:
        """Expects the modems that were found before a restart, once."""
        if self._is_recalled or not self._settings.may_use_unlisted:
            return
        self._is_recalled = True
        for known in await self._known_modems.load():
            if known.name in self._taken_names() or match_configured(
                self._settings.modems, ProbeResult(known.imei), known.place
            ):
                continue  # the configuration names it by now
            settings = ModemSettings(name=known.name, imei=known.imei, usb=known.place if known.imei is None else None)
            found_modem = self._create_found_modem(settings)
            found_modem.imei, found_modem.last_place = known.imei, known.place

    async def forget(self, name: str) -> None:
        """Expects a modem no more. Raises Refused (`no_modem`; `modem_configured`: the configuration names it; `modem_here`: it
        is plugged in)."""
        modem = self._registry.find_by_name(name)
        found_modem = next((each for each, one in self._modems.items() if one is modem), None)
        if found_modem is None or not self._is_unconfigured(found_modem):
            raise Refused(ErrorCode.MODEM_CONFIGURED, f"modem {name} is in the configuration; remove it there")
        if found_modem.place is not None:
            raise Refused(ErrorCode.MODEM_HERE, f"modem {name} is plugged in, in {found_modem.place}; unplug it first")
        await self._forget(name, found_modem)

    async def _forget(self, name: str, found_modem: FoundModem | None) -> None:
        await self._known_modems.forget(name)
        if found_modem is not None and found_modem.place is None:
            modem = self._modems.pop(found_modem, None)
            if modem is not None:
                self._registry.remove(modem)

    async def _forget_configured(self) -> None:
        """Forgets each modem whose IMEI a configured modem tells: it is the same stick, and has that name now."""
        imeis = self._registry.configured_imeis()
        imeis.update(
            each.imei
            for each in self._modems
            if each.imei is not None and each.place is not None and not self._is_unconfigured(each)
        )
        for name in self._known_modems.names_of(imeis):
            found = (each for each in self._modems if each.settings.name == name and self._is_unconfigured(each))
            found_modem = next(found, None)
            if found_modem is not None and found_modem.place is not None:
                continue  # two sticks tell one IMEI
            try:
                await self._forget(name, found_modem)
            except StoreError as error:
                log.warning("a modem that the configuration names is not forgotten yet", modem=name, error=str(error))
            else:
                log.info("modem forgotten: the configuration names it", modem=name)

    async def run(self) -> None:
        """Searches for modems until it is cancelled."""
        end_watch = self._port_list.watch(self._note_change)
        try:
            while True:
                scanned_at = self._loop.time()
                waiters, self._rescan_waiters = self._rescan_waiters, []
                await self._scan()
                for waiter in waiters:
                    if not waiter.done():
                        waiter.set_result(None)
                await self._forget_configured()
                while not self._is_changed and (wait := self._next_scan(scanned_at) - self._loop.time()) > 0:
                    self._wakeup.clear()
                    self._start_due_probes()
                    await self._wait(min(wait, self._next_probe_due() - self._loop.time()))
                if self._is_changed:
                    await asyncio.sleep(SETTLE_S)
                self._is_changed = False
        finally:
            end_watch()
            for probed in self._devices_by_place.values():
                if probed.task is not None:
                    probed.task.cancel()

    # What is plugged in

    async def rescan(self) -> None:
        """Returns when the devices that are plugged in have been listed anew."""
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._rescan_waiters.append(waiter)
        self._note_change()
        await waiter

    def _note_change(self) -> None:
        self._is_changed = True
        self._wakeup.set()

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            try:
                async with asyncio.timeout(seconds):
                    await self._wakeup.wait()
            except TimeoutError:
                return

    def _next_scan(self, scanned_at: float) -> float:
        awaited = any(
            each.place is None and each.imei is not None and scanned_at < each.away_since + RETURN_SCAN_PERIOD_S
            for each in self._modems
        )
        rescan_s = self._settings.finding.rescan.total_seconds()
        return scanned_at + (min(rescan_s, RETURN_SCAN_INTERVAL_S) if awaited else rescan_s)

    def _next_probe_due(self) -> float:
        return min(
            (p.next_probe_at for p in self._devices_by_place.values() if p.found_modem is None and p.task is None),
            default=float("inf"),
        )

    async def _scan(self) -> None:
        """Lists what is plugged in, and notes what has come and gone."""
        try:
            devices = {device.location: device for device in await self._port_list.devices()}
        except PortGone as error:
            if str(error) != self._last_error:
                log.warning("modems cannot be looked for", error=str(error))
            self._last_error = str(error)
            return
        self._last_error = None
        for place, probed in list(self._devices_by_place.items()):
            if is_replaced(probed, devices.get(place)):
                del self._devices_by_place[place]
                self._handle_removed(probed, devices.values())
        configured = self._configured_paths()
        for place, device in devices.items():
            if not configured.isdisjoint(_real_path(port.path) for port in device.ports):
                continue  # the configuration names this stick's port
            if place in self._devices_by_place:
                self._devices_by_place[place].device = device
            else:
                self._devices_by_place[place] = ProbedDevice(device)

    def _configured_paths(self) -> set[str]:
        ports = (modem.port for modem in self._settings.modems)
        return {_real_path(port) for port in ports if port is not None and "://" not in port}

    def _handle_removed(self, probed: ProbedDevice, devices: Iterable[UsbDevice]) -> None:
        if probed.task is not None:
            probed.task.cancel()
        if (found_modem := probed.found_modem) is None:
            return
        name, place = found_modem.settings.name, probed.device.location
        for device in devices:
            is_same_model = device.ids == probed.device.ids and device.location not in self._devices_by_place
            if is_same_model and any(port.path == found_modem.path for port in device.ports):
                # Replugged between two scans: the modem's task may have opened its port again already, so it is not probed. If
                # it is another stick with the same port name, that shows when the modem's task opens it.
                log.info("modem replugged", modem=name, place=device.location, before=place)
                found_modem.moved(device.location)
                self._devices_by_place[device.location] = ProbedDevice(device, found_modem=found_modem)
                return
        log.info("modem unplugged", modem=name, place=place)
        found_modem.detach()

    # Which modem it is

    def _start_due_probes(self) -> None:
        for probed in self._devices_by_place.values():
            if probed.found_modem is not None or probed.task is not None or probed.next_probe_at > self._loop.time():
                continue
            finding = self._settings.finding
            named = any(modem.usb == probed.device.location for modem in self._configured)
            verdict = assess_device(probed.device, self._profiles, probe_bridges=finding.probe_bridges, named=named)
            if isinstance(verdict, ModemCandidate):
                name = f"who is in {probed.device.location}"
                probed.task = self._loop.create_task(self._probe(probed, verdict), name=name)
            else:
                self._set_reason(probed, verdict.reason if isinstance(verdict, UnfitDevice) else None)
                probed.next_probe_at = float("inf")

    async def _probe(self, probed: ProbedDevice, candidate: ModemCandidate) -> None:
        probed.is_silent = bool(candidate.certain_ports)
        try:
            reason = await self._attach_modem(probed, candidate)
        except ModemError as error:
            reason = str(error)
        except Exception as error:
            log.exception("asking a port failed", place=probed.device.location, error=repr(error))
            reason = f"internal error: {error!r}"
        probed.probes += 1
        pause = SLOW_PROBE_INTERVAL_S if candidate.certain_ports else UNCERTAIN_PROBE_INTERVAL_S
        probed.next_probe_at = self._loop.time() + (FAST_PROBE_INTERVAL_S if probed.probes < FAST_PROBES else pause)
        probed.task = None
        self._set_reason(probed, reason)
        self._wakeup.set()

    def _set_reason(self, probed: ProbedDevice, reason: str | None) -> None:
        if reason is not None and reason != probed.reason:
            log.warning("found, and not usable", place=probed.device.location, reason=reason)
        probed.reason = reason

    async def _attach_modem(self, probed: ProbedDevice, candidate: ModemCandidate) -> str | None:
        """Probes one port after the other until one answers, and attaches the modem. Returns why that could not be done; None if
        it is attached. Raises ModemError if a port cannot be opened."""
        ports = candidate.certain_ports
        if not ports or probed.probes >= CERTAIN_PORT_TRIES:
            ports += candidate.possible_ports
        reason = None
        for listed in ports:
            probed.path = listed.path
            with contextlib.ExitStack() as unless_attached:
                # If it is busy or forbidden, the other ports of the device are left to that other program, too.
                port = await self._open_port(listed.path)
                unless_attached.callback(port.close)
                try:
                    result = await self._identify(probed.device.location, candidate.driver, port)
                except ModemError as error:
                    reason = reason or f"{listed.path}: {error}"
                    continue
                probed.is_silent = False
                found_modem = self._found_modem_for(result, probed.device.location)
                if isinstance(found_modem, str):
                    return found_modem
                unless_attached.pop_all()
                for other in self._devices_by_place.values():
                    if other.found_modem is found_modem:  # it was taken for this modem: it is probed again
                        other.found_modem, other.probes, other.next_probe_at = None, 0, 0.0
                found_modem.attach(probed.device.location, listed.path, port, result.imei)
                probed.found_modem = found_modem
                name = found_modem.settings.name
                log.info("modem found", modem=name, imei=result.imei, place=probed.device.location, port=listed.path)
                if self._is_unconfigured(found_modem):
                    await self._known_modems.remember(KnownModem(name, result.imei, probed.device.location))
                return None
        return reason

    async def _identify(self, place: str, driver: str | None, port: Port) -> ProbeResult:
        pinned = next((modem.driver for modem in self._configured if modem.usb == place and modem.driver), None)
        wants_iccid = any(modem.iccid is not None for modem in self._configured)
        return await identify_modem(port, self._profiles, pinned or driver, wants_iccid=wants_iccid)

    def _found_modem_for(self, result: ProbeResult, place: str) -> FoundModem | str:
        """Returns the found modem that a probe's answer belongs to, new if need be; or why it may not be used."""
        named = match_configured(self._configured, result, place)
        if result.imei in self._registry.configured_imeis():
            return f"answers with the IMEI {result.imei}, which is that of a modem whose port is configured"
        if named is None:
            known = (
                each
                for each in self._modems
                if self._is_unconfigured(each)
                and (each.imei == result.imei if result.imei is not None else each.settings.usb == place)
            )
            found_modem = next(known, None)
        else:
            found_modem = next(found_modem for found_modem in self._modems if found_modem.settings is named)
        if found_modem is None:
            if not self._settings.may_use_unlisted:
                return (
                    f"its IMEI is {result.imei or 'not told'}: it is not among the modems, and finding.others is false"
                )
            name = make_name(result.imei or place.replace(".", "-"), self._taken_names())
            # A modem without an IMEI is known by the place that it is plugged into.
            found_modem = self._create_found_modem(
                ModemSettings(name=name, imei=result.imei, usb=place if result.imei is None else None)
            )
        elif found_modem.place is not None and self._modems[found_modem].is_open:
            name = found_modem.settings.name
            return f"answers as {name} does (IMEI {result.imei}), which is in {found_modem.place}: two cannot be told apart"
        return found_modem

    def _is_unconfigured(self, found_modem: FoundModem) -> bool:
        return not any(found_modem.settings is named for named in self._configured)

    def _taken_names(self) -> set[str]:
        return {
            named.name for named in (*self._settings.modems, *(found_modem.settings for found_modem in self._modems))
        }

    def _create_found_modem(self, settings: ModemSettings) -> FoundModem:
        found_modem = FoundModem(
            settings,
            open_port=self._open_port,
            identify=self._reidentify,
            rescan=self.rescan,
            on_lost=self._note_change,
        )
        modem = self._modems[found_modem] = self._registry.add(settings, found_modem.open)
        found_modem.set_modem(modem)
        return found_modem

    async def _reidentify(self, port: Port) -> ProbeResult:
        return await identify_modem(port, self._profiles, None, wants_iccid=False)


def _real_path(path: str) -> str:
    return os.path.realpath(path)
