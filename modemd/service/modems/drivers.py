"""Drivers that the daemon has read, as the faces list them."""

from __future__ import annotations

from modemd.errors import ErrorCode, ProfileError, Refused
from modemd.light_dataclass import dataclass
from modemd.profiles import Profile, Profiles
from modemd.profiles.writing import as_toml


@dataclass(frozen=True, slots=True)
class DriverView:
    """Driver of a family. `usb_ids`: how many it knows; `verified`: whether it was written from a capture or a manual; `file`:
    where it was read."""

    name: str
    title: str
    usb_ids: int
    verified: bool
    file: str


@dataclass(frozen=True, slots=True)
class DriverFile:
    """Driver with its text in TOML, complete: values from generic.toml included."""

    driver: DriverView
    text: str


class Drivers:
    """Drivers in force."""

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles

    def list_drivers(self) -> list[DriverView]:
        """Returns the drivers, by name."""
        return [self._view(each) for each in sorted(self._profiles, key=lambda profile: profile.name)]

    def describe(self, name: str) -> DriverFile:
        """Returns a driver with its text. Raises Refused (`not_found`)."""
        try:
            profile = self._profiles.find_by_name(name)
        except ProfileError:
            raise Refused(
                ErrorCode.NOT_FOUND, f"there is no driver {name[:40]!r}; GET /v1/drivers lists them"
            ) from None
        return DriverFile(self._view(profile), as_toml(profile))

    def _view(self, profile: Profile) -> DriverView:
        usb_ids = len(self._profiles.usb_ids(profile.name))
        return DriverView(profile.name, profile.title, usb_ids, not profile.unverified, str(profile.path))
