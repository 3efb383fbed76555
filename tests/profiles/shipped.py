"""The drivers that come with modemd."""

from __future__ import annotations

from functools import cache

from modemd import resources
from modemd.profiles import Profiles


@cache
def shipped_profiles() -> Profiles:
    """The drivers that come with modemd, read once."""
    return Profiles.load([resources.folder("drivers")])
