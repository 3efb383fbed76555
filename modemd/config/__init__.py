"""Configuration file: read at the start and at a reload, checked as a whole, and returned as immutable settings.

`load` reads a file; the other names are parts of its result. Nothing here opens a port, a socket or a database, so a
configuration can be checked on another machine.
"""

from __future__ import annotations

from modemd.config.consent import ConsentSettings
from modemd.config.current import RELOADED_KEYS, SIM_RESTART_KEYS, CurrentSettings, ReloadResult
from modemd.config.limits import LimitSettings
from modemd.config.loader import load
from modemd.config.settings import (
    BalanceSettings,
    DiscoverySettings,
    ModemSettings,
    Settings,
    SimSettings,
    ValiditySettings,
)

__all__ = [
    "RELOADED_KEYS",
    "SIM_RESTART_KEYS",
    "BalanceSettings",
    "ConsentSettings",
    "CurrentSettings",
    "DiscoverySettings",
    "LimitSettings",
    "ModemSettings",
    "ReloadResult",
    "Settings",
    "SimSettings",
    "ValiditySettings",
    "load",
]
