"""The configuration file: read at the start, and again at a reload; checked whole, handed on as settings that
nobody else changes.

`load` is the way in; the other names are the parts of what it returns. Nothing here opens a port, a socket or a
database: a configuration can be checked on another machine than the one it is for.
"""

from __future__ import annotations

from modemd.config.limits import Limits
from modemd.config.loader import load
from modemd.config.reloading import RELOADED, SIM_RESTART, Reloaded, reload
from modemd.config.settings import Balance, Consent, Finding, Modem, Settings, Sim, Validity

__all__ = [
    "RELOADED",
    "SIM_RESTART",
    "Balance",
    "Consent",
    "Finding",
    "Limits",
    "Modem",
    "Reloaded",
    "Settings",
    "Sim",
    "Validity",
    "load",
    "reload",
]
