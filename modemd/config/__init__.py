"""The configuration file: read at the start, and again at a reload; checked whole, handed on as settings that
nobody else changes.

`load` is the way in; the other names are the parts of what it returns. Nothing here opens a port, a socket or a
database: a configuration can be checked on another machine than the one it is for.
"""

from __future__ import annotations

from modemd.config.current import RELOADED_KEYS, SIM_RESTART_KEYS, CurrentSettings, ReloadResult
from modemd.config.limits import LimitSettings
from modemd.config.loader import load
from modemd.config.settings import (
    BalanceSettings,
    ConsentSettings,
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
