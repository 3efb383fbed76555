"""Shapes of answers that no table holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from modemd.clock import Clock
from modemd.config import CurrentSettings, Settings
from modemd.modem.link.wire_log import WireLine
from modemd.modem.modem import Modem
from modemd.modem.status import ModemHealth, ModemStatus
from modemd.rules.sim_breaker import SimBreakers
from modemd.service.modems.discovery import Discovery, UnusableDevice
from modemd.service.modems.registry import ModemRegistry


class ModemViews:
    """Modems as the faces show them. It waits for nothing, not even for the database.

    `balance` returns what a SIM has left, by its ICCID, if that is known.
    """

    def __init__(
        self,
        registry: ModemRegistry,
        discovery: Discovery,
        settings: CurrentSettings,
        breakers: SimBreakers,
        clock: Clock,
        *,
        balance: Callable[[str], dict[str, Any] | None],
    ) -> None:
        self._registry = registry
        self._discovery = discovery
        self._settings = settings
        self._breakers = breakers
        self._clock = clock
        self._balance = balance

    def list_modems(self) -> list[dict[str, Any]]:
        """Returns the modems, what is known of each now; and what is plugged in and cannot be used."""
        return [
            *(self._view(modem) for modem in self._registry.modems),
            *map(unusable_view, self._discovery.unusable_devices()),
        ]

    def list_wire_lines(self, name: str) -> list[dict[str, Any]]:
        """Returns the last lines between host and modem, oldest first, without personal data. Raises Refused (`no_modem`)."""
        return [wire_view(line) for line in self._registry.find_by_name(name).list_wire_lines()]

    def _view(self, modem: Modem) -> dict[str, Any]:
        identity = modem.status.identity
        balance = self._balance(identity.iccid) if identity is not None else None
        paused = self._breakers.open_until(identity.iccid, self._clock.now()) if identity is not None else None
        return modem_view(modem, self._settings.current(), paused) | {"balance": balance}


def modem_view(modem: Modem, settings: Settings, rest: tuple[datetime, str] | None = None) -> dict[str, Any]:
    """One modem: as configured, who answered, how it is, and until when its SIM rests, with what it was refused."""
    now, identity = modem.status, modem.status.identity
    sim = settings.sims.get(identity.iccid) if identity else None
    return {
        "name": modem.line.name,
        "port": now.port or modem.line.port or None,
        "place": now.usb_location,
        "health": now.health.value,
        "can_send": can_send(now, rests=rest is not None),
        "reason": now.reason if rest is None else f"the SIM was refused too often: {rest[1]}",
        "rests_until": rest[0].isoformat(timespec="microseconds") if rest is not None else None,
        "driver": identity.profile.name if identity else None,
        "manufacturer": identity.manufacturer if identity else None,
        "model": identity.model if identity else None,
        "firmware": identity.firmware if identity else None,
        "imei": identity.imei if identity else None,
        "sim": identity.iccid if identity else None,
        "imsi": identity.imsi if identity else None,
        "number": (sim.number if sim else None) or (identity.number if identity else None),
        "registration": now.registration.name.lower(),
        "signal_dbm": now.signal_dbm,
        "sent": now.sent,
        "operator": now.operator,
        "smsc": now.smsc,
        "storage": f"{now.storage.used}/{now.storage.total}" if now.storage is not None else None,
        "remarks": list(now.remarks.values()),
        "recovery": asdict(modem.recovery_status),
    }


MODEM_KEYS = (
    *("name", "port", "place", "health", "can_send", "reason", "rests_until"),
    *("driver", "manufacturer", "model", "firmware", "imei", "sim", "imsi", "number"),
    *("registration", "signal_dbm", "sent", "operator", "smsc", "storage", "remarks", "recovery", "balance"),
)


NOT_USABLE = "not usable"
"""The health of what is no modem yet."""


def unusable_view(found: UnusableDevice) -> dict[str, Any]:
    """Something that is plugged in and cannot be used, with the reason: the keys are a modem's, and `name` is its place."""
    known: dict[str, Any] = {
        "name": found.device.location,
        "port": found.path,
        "place": found.device.location,
        "health": NOT_USABLE,
        "can_send": False,
        "reason": found.reason,
        "model": found.device.product or None,
        "registration": "unknown",
        "sent": 0,
        "remarks": [],
    }
    return {key: known.get(key) for key in MODEM_KEYS}


def wire_view(line: WireLine) -> dict[str, Any]:
    """A line of the wire log: `way` is `>` to the modem, `<` from it."""
    return {"at": line.at.isoformat(timespec="milliseconds"), "way": line.direction, "text": line.text}


def can_send(status: ModemStatus, *, rests: bool) -> bool:
    """Whether a message can pass through a modem now. `rests`: its SIM was refused too often. Without a service centre nothing
    leaves, though the modem is registered."""
    lacks_service_centre = status.smsc is None and "smsc" in status.remarks
    return status.health is ModemHealth.READY and not rests and not lacks_service_centre
