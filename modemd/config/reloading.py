"""What a running daemon takes over from a changed file, and what waits for the next start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from modemd.config.settings import Settings, SimSettings

RELOADED_KEYS = (
    *("log_level", "stop_grace_s", "brand", "country", "report", "validity"),
    *("admit_sims", "calls", "marketing_while_roaming", "sims"),
)
"""Keys that are looked at anew each time they matter."""
SIM_RESTART_KEYS = ("pin_file", "balance", "limits", "prefixes", "price", "timezone")
"""Keys of a SIM that are read at the start, though the others of `sims` are taken over."""


@dataclass(frozen=True, slots=True)
class ReloadResult:
    """The keys that differ: those `taken` over, and those that `wait` for a restart."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]


def reload(current: Settings, new: Settings) -> ReloadResult:
    """Make `current` say what `new` says, as far as that takes effect in a daemon that runs. Both are whole and right."""
    differing = [name for name in Settings.model_fields if getattr(current, name) != getattr(new, name)]
    taken = [name for name in differing if name in RELOADED_KEYS]
    waiting = [name for name in differing if name not in RELOADED_KEYS]
    waiting += _changed_sim_keys(current, new)
    for name in taken:
        # Everybody holds this one object, and nobody else may change it.
        object.__setattr__(current, name, getattr(new, name))
    return ReloadResult(tuple(taken), tuple(waiting))


def _changed_sim_keys(current: Settings, new: Settings) -> Iterator[str]:
    unsaid = SimSettings()
    for iccid in sorted({*current.sims, *new.sims}):
        before, after = current.sims.get(iccid, unsaid), new.sims.get(iccid, unsaid)
        yield from (f"sims.{iccid}.{key}" for key in SIM_RESTART_KEYS if getattr(before, key) != getattr(after, key))
