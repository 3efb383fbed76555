"""Views of modems: what the faces show of modems, of devices that cannot be used, and of the wire log."""

from __future__ import annotations

from collections.abc import Callable

from modemd.clock import Clock
from modemd.config import CurrentSettings, Settings
from modemd.modem.link.wire_log import WireLine as WireLine  # faces speak to the service, not to a modem
from modemd.modem.modem import Modem
from modemd.modem.status import ModemHealth, ModemStatus
from modemd.rules.sim_breaker import SimBreakers
from modemd.service.modems.discovery import Discovery
from modemd.service.modems.probed_device import UnusableDevice
from modemd.service.modems.registry import ModemRegistry
from modemd.service.views import BalanceView, ModemAvailability, ModemView

NO_DAEMON = "no daemon runs"
"""Reason why no modem is used, in a process that only reads the database."""


class ModemViews:
    """Modems as the faces show them. Nothing here waits, not even for the database.

    `balance` returns what a SIM has left, by its ICCID, if that is known."""

    def __init__(
        self,
        registry: ModemRegistry,
        discovery: Discovery,
        settings: CurrentSettings,
        breakers: SimBreakers,
        clock: Clock,
        *,
        balance: Callable[[str], BalanceView | None],
    ) -> None:
        self._registry = registry
        self._discovery = discovery
        self._settings = settings
        self._breakers = breakers
        self._clock = clock
        self._balance = balance

    def list_modems(self) -> list[ModemView]:
        """Returns the modems, with what is known of each now, then the devices that are plugged in and cannot be used."""
        return [
            *(self._view(modem) for modem in self._registry.modems),
            *map(unusable_view, self._discovery.unusable_devices()),
        ]

    def list_availability(self) -> list[ModemAvailability]:
        """Returns what of `list_modems` decides whether a message can pass; it is asked for every few seconds."""
        return [
            *(self._assess(modem) for modem in self._registry.modems),
            *map(unusable_availability, self._discovery.unusable_devices()),
        ]

    def list_ready_sims(self) -> frozenset[str]:
        """Returns the ICCIDs of the SIMs whose modems are ready: what comes for them, such as a report, comes at once."""
        statuses = (modem.status for modem in self._registry.modems)
        return frozenset(
            each.identity.iccid for each in statuses if each.health is ModemHealth.READY and each.identity is not None
        )

    def list_names(self) -> dict[str, str]:
        """Returns the names of the modems that have answered, by IMEI."""
        identities = ((modem.line.name, modem.status.identity) for modem in self._registry.modems)
        return {identity.imei: name for name, identity in identities if identity is not None and identity.imei}

    def list_wire_lines(self, name: str) -> list[WireLine]:
        """Returns the last lines between host and modem, oldest first, without personal data. Raises Refused (`no_modem`)."""
        return list(self._registry.find_by_name(name).list_wire_lines())

    def _view(self, modem: Modem) -> ModemView:
        identity = modem.status.identity
        balance = self._balance(identity.iccid) if identity is not None else None
        return modem_view(modem, self._settings.current(), self._assess(modem), balance)

    def _assess(self, modem: Modem) -> ModemAvailability:
        status, name = modem.status, modem.line.name
        if not self._registry.has_started and status.health is ModemHealth.OPENING:
            return ModemAvailability(name, ModemHealth.STOPPED, can_send=False, reason=NO_DAEMON)
        sim = status.identity.iccid if status.identity is not None else None
        breaker = self._breakers.open_until(sim, self._clock.now()) if sim is not None else None
        return ModemAvailability(
            name,
            status.health,
            can_send(status, is_refused=breaker is not None),
            sim,
            status.reason if breaker is None else f"the SIM was refused too often: {breaker[1]}",
            tuple(status.remarks.values()),
            breaker[0] if breaker is not None else None,
        )


def modem_view(
    modem: Modem, settings: Settings, availability: ModemAvailability, balance: BalanceView | None = None
) -> ModemView:
    """Returns one modem: as configured, what answered, and its state."""
    now, identity = modem.status, modem.status.identity
    sim = settings.sims.get(identity.iccid) if identity else None
    return ModemView(
        name=modem.line.name,
        port=now.port or modem.line.port or None,
        place=now.usb_location,
        health=availability.health,
        can_send=availability.can_send,
        reason=availability.reason,
        rests_until=availability.rests_until,
        driver=identity.profile.name if identity else None,
        manufacturer=identity.manufacturer if identity else None,
        model=identity.model if identity else None,
        firmware=identity.firmware if identity else None,
        imei=identity.imei if identity else None,
        sim=identity.iccid if identity else None,
        imsi=identity.imsi if identity else None,
        number=(sim.number if sim else None) or (identity.number if identity else None),
        registration=now.registration.name.lower(),
        signal_dbm=now.signal_dbm,
        sent=now.sent,
        operator=now.operator,
        smsc=now.smsc,
        storage=f"{now.storage.used}/{now.storage.total}" if now.storage is not None else None,
        remarks=availability.remarks,
        recovery=modem.recovery_status,
        balance=balance,
    )


NOT_USABLE = "not usable"
"""Health of a device that cannot be used."""


def unusable_availability(found: UnusableDevice) -> ModemAvailability:
    """Returns that no message can pass through a device that is plugged in and cannot be used."""
    return ModemAvailability(found.device.location, NOT_USABLE, can_send=False, reason=found.reason)


def unusable_view(found: UnusableDevice) -> ModemView:
    """Returns a device that is plugged in and cannot be used, with the reason; `name` is its place."""
    return ModemView(
        name=found.device.location,
        port=found.path,
        place=found.device.location,
        health=NOT_USABLE,
        can_send=False,
        reason=found.reason,
        model=found.device.product or None,
    )


def can_send(status: ModemStatus, *, is_refused: bool) -> bool:
    """True if a message can pass through a modem now. `is_refused`: its SIM is paused by refusals. Without a service centre
    nothing leaves, though the modem is registered."""
    lacks_service_centre = status.smsc is None and "smsc" in status.remarks
    return status.health is ModemHealth.READY and not is_refused and not lacks_service_centre
