"""Collection of all families, found by USB id or by what a modem answers: the shipped drivers, replaced by a user's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from modemd.errors import ProfileError
from modemd.profiles import usb
from modemd.profiles.profile import GENERIC, Profile
from modemd.profiles.reading import read_profile
from modemd.profiles.usb import UNKNOWN, UsbEntry, UsbRole, UsbTable

USB = "usb"
"""`usb.toml` is in the folder of the families, but is not one."""
_NO_GENERIC = "no generic.toml among the drivers; reinstall modemd"


class Profiles:
    """All families, and the table of USB devices."""

    def __init__(self, profiles: Mapping[str, Profile], devices: UsbTable | None = None) -> None:
        if GENERIC not in profiles:
            raise ProfileError(_NO_GENERIC)
        self._profiles = dict(profiles)
        self._devices = dict(devices or {})
        # An id in a family's file replaces its row of the table, so a user's file need not repeat the table.
        for profile in self._profiles.values():
            for identity in profile.usb:
                self._devices[identity] = UsbEntry(family=profile.name, model=profile.title, at=profile.at_interface)

    @classmethod
    def load(cls, folders: Iterable[Path]) -> Profiles:
        """Reads every `*.toml` of `folders`. A file replaces the file of the same name in an earlier folder as a whole.
        ProfileError with the first mistake."""
        profiles, problems = cls.load_with_errors(folders)
        if profiles is None or problems:
            raise problems[0]
        return profiles

    @classmethod
    def load_with_errors(cls, folders: Iterable[Path]) -> tuple[Profiles | None, list[ProfileError]]:
        """Loads as `load`, but returns the files that can be read, and every mistake. None if generic.toml cannot be read."""
        files = {path.stem: path for folder in folders if folder.is_dir() for path in sorted(folder.glob("*.toml"))}
        table = files.pop(USB, None)
        problems: list[ProfileError] = []
        try:
            if GENERIC not in files:
                raise ProfileError(_NO_GENERIC)
            generic = read_profile(files.pop(GENERIC), Profile(GENERIC))
        except ProfileError as error:
            return None, [error]
        found = {GENERIC: generic}
        for name, path in files.items():
            try:
                found[name] = read_profile(path, generic)
            except ProfileError as error:
                problems.append(error)
        devices: UsbTable = {}
        if table is not None:
            try:
                devices = usb.read_usb(table)
                for identity, entry in devices.items():
                    if entry.family is not None and entry.family not in {*found, *files}:
                        problems.append(ProfileError(f"{table}: {identity}: family: there is no {entry.family!r}"))
            except ProfileError as error:
                problems.append(error)
        return cls(found, devices), problems

    def __iter__(self) -> Iterator[Profile]:
        return iter(self._profiles.values())

    def find_by_name(self, name: str) -> Profile:
        """Returns the profile of that name. ProfileError, with the names there are, if there is none."""
        if name not in self._profiles:
            raise ProfileError(f"no driver {name!r}; there are {', '.join(sorted(self._profiles))}")
        return self._profiles[name]

    def match(self, manufacturer: str, model: str) -> Profile:
        """Returns the family of a modem by its manufacturer and model; `generic` if none fits."""
        fitting = [p for p in self._profiles.values() if p.name != GENERIC and p.is_match_for(manufacturer, model)]
        # If two fit, the one with the longer model pattern is the more specific.
        return max(fitting, key=lambda p: (len(p.model), p.name), default=self._profiles[GENERIC])

    def usb_role(
        self,
        vendor_id: int,
        product_id: int,
        interface_number: int | None,
        interface_class: int | None = None,
        interface_subclass: int | None = None,
        interface_protocol: int | None = None,
    ) -> UsbRole:
        """Returns the role of a USB interface. Pass None for a value that the system does not give. `UsbKind.UNKNOWN`: leave it
        alone."""
        entry = self._devices.get(f"{vendor_id:04x}:{product_id:04x}") or self._devices.get(f"{vendor_id:04x}:*")
        if entry is None:
            return UNKNOWN
        return usb.find_role(
            entry,
            self._profiles.get(entry.family or ""),
            interface_number=interface_number,
            interface_class=interface_class,
            subclass=interface_subclass,
            protocol=interface_protocol,
        )

    @property
    def usb_table(self) -> UsbTable:
        """Known USB devices by id, including the ids in the files of families."""
        return MappingProxyType(self._devices)

    def usb_ids(self, name: str) -> list[str]:
        """Returns the ids that lead to a family, such as `12d1:1506` and `12d1:*`."""
        return sorted(identity for identity, entry in self._devices.items() if entry.family == name)
