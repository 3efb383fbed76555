"""Holder of the settings in force: a reload applies the keys that a running daemon can change, and lists the others."""

from __future__ import annotations

from collections.abc import Iterator

from modemd.config.settings import Settings, SimSettings
from modemd.light_dataclass import dataclass

RELOADED_KEYS = (
    *("log_level", "stop_grace_s", "brand", "country", "report", "validity"),
    *("admit_sims", "calls", "marketing_while_roaming", "sims", "quiet_hours"),
)
"""Keys that are read each time they are used."""
SIM_RESTART_KEYS = ("pin_file", "balance", "limits", "prefixes", "price", "timezone")
"""Keys of a SIM that are read only at the start, though the other keys of `sims` are applied at once."""


@dataclass(frozen=True, slots=True)
class ReloadResult:
    """Keys that differ: those `applied` at once, and those `pending` until a restart."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]


class CurrentSettings:
    """Holder of the settings in force. Call `current()` for each use: a reload replaces the settings, which never change."""

    def __init__(self, settings: Settings) -> None:
        self._at_start = settings
        self._settings = settings

    def current(self) -> Settings:
        """Returns the settings in force now."""
        return self._settings

    def reload(self, new: Settings) -> ReloadResult:
        """Applies those keys of `new` that a running daemon can change. Both settings must be valid."""
        old = self._settings
        differing = [name for name in Settings.model_fields if getattr(old, name) != getattr(new, name)]
        applied = [name for name in differing if name in RELOADED_KEYS]
        pending = [name for name in differing if name not in RELOADED_KEYS]
        pending += _changed_sim_keys(self._at_start, new)
        self._settings = old.model_copy(update={name: getattr(new, name) for name in applied})
        return ReloadResult(tuple(applied), tuple(pending))


def _changed_sim_keys(old: Settings, new: Settings) -> Iterator[str]:
    unset = SimSettings()
    for iccid in sorted({*old.sims, *new.sims}):
        before, after = old.sims.get(iccid, unset), new.sims.get(iccid, unset)
        yield from (f"sims.{iccid}.{key}" for key in SIM_RESTART_KEYS if getattr(before, key) != getattr(after, key))
