"""Reload of the configuration: applies the keys that a running daemon can change, and lists those that need a restart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modemd.config.settings import Settings, SimSettings

RELOADED_KEYS = (
    *("log_level", "stop_grace_s", "brand", "country", "report", "validity"),
    *("admit_sims", "calls", "marketing_while_roaming", "sims"),
)
"""Keys that are read each time they are used."""
SIM_RESTART_KEYS = ("pin_file", "balance", "limits", "prefixes", "price", "timezone")
"""Keys of a SIM that are read only at the start, though the other keys of `sims` are applied at once."""


@dataclass(frozen=True, slots=True)
class ReloadResult:
    """Keys that differ: those that were `applied`, and those that are `pending` until a restart."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]


def reload(current: Settings, new: Settings) -> ReloadResult:
    """Changes `current` to `new`, as far as that takes effect in a running daemon. Both must be valid settings."""
    differing = [name for name in Settings.model_fields if getattr(current, name) != getattr(new, name)]
    applied = [name for name in differing if name in RELOADED_KEYS]
    pending = [name for name in differing if name not in RELOADED_KEYS]
    pending += _changed_sim_keys(current, new)
    for name in applied:
        # All parts of the daemon share this one object, and only this function changes it.
        object.__setattr__(current, name, getattr(new, name))
    return ReloadResult(tuple(applied), tuple(pending))


def _changed_sim_keys(current: Settings, new: Settings) -> Iterator[str]:
    default = SimSettings()
    for iccid in sorted({*current.sims, *new.sims}):
        before, after = current.sims.get(iccid, default), new.sims.get(iccid, default)
        yield from (f"sims.{iccid}.{key}" for key in SIM_RESTART_KEYS if getattr(before, key) != getattr(after, key))
