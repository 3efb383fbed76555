"""The configuration file: read once, checked whole, handed on as frozen settings.

`load` is the way in; the other names are the parts of what it returns. Nothing here opens a port, a socket or a
database: a configuration can be checked on another machine than the one it is for.
"""

from __future__ import annotations

from modemd.config.loader import load
from modemd.config.sending import Limits
from modemd.config.settings import Consent, Modem, Settings, Sim, Validity

__all__ = ["Consent", "Limits", "Modem", "Settings", "Sim", "Validity", "load"]
