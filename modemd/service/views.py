"""Shapes of answers that no table holds."""

from __future__ import annotations

from typing import Any

from modemd.config import Settings
from modemd.modem.modem import Modem


def modem_view(modem: Modem, settings: Settings) -> dict[str, Any]:
    """One modem: as configured, who answered, and how it is."""
    status, identity = modem.status, modem.status.identity
    sim = settings.sims.get(identity.iccid) if identity else None
    return {
        "name": modem.line.name,
        "port": modem.line.port,
        "health": status.health.value,
        "reason": status.reason,
        "driver": identity.profile.name if identity else None,
        "manufacturer": identity.manufacturer if identity else None,
        "model": identity.model if identity else None,
        "firmware": identity.firmware if identity else None,
        "imei": identity.imei if identity else None,
        "sim": identity.iccid if identity else None,
        "imsi": identity.imsi if identity else None,
        "number": (sim.number if sim else None) or (identity.number if identity else None),
        "registration": status.registration.name.lower(),
        "signal_dbm": status.signal_dbm,
        "sent": status.sent,
    }
