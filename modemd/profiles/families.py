"""All families at hand: the shipped drivers, with a user's own over them."""

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
"""`usb.toml` stands beside the families, and is none."""
_NO_GENERIC = "no generic.toml among the drivers; reinstall modemd"


class Profiles:
    """All families at hand, and what is known of USB devices."""

    def __init__(self, profiles: Mapping[str, Profile], devices: UsbTable | None = None) -> None:
        if GENERIC not in profiles:
            raise ProfileError(_NO_GENERIC)
        self._profiles = dict(profiles)
        self._devices = dict(devices or {})
        # An id in a family's own file is the narrower word: a user's file need not repeat the table.
        for profile in self._profiles.values():
            for identity in profile.usb:
                self._devices[identity] = UsbEntry(family=profile.name, model=profile.title, at=profile.at_interface)

    @classmethod
    def load(cls, folders: Iterable[Path]) -> Profiles:
        """Read every `*.toml` of `folders`; a later folder's file replaces the same name of an earlier one, whole.
        ProfileError with the first mistake."""
        profiles, problems = cls.load_with_errors(folders)
        if profiles is None or problems:
            raise problems[0]
        return profiles

    @classmethod
    def load_with_errors(cls, folders: Iterable[Path]) -> tuple[Profiles | None, list[ProfileError]]:
        """As `load`, with every mistake; what can be read, is there. None where without generic.toml there is nothing."""
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
        """The profile of that name, or a ProfileError that lists what there is."""
        if name not in self._profiles:
            raise ProfileError(f"no driver {name!r}; there are {', '.join(sorted(self._profiles))}")
        return self._profiles[name]

    def match(self, manufacturer: str, model: str) -> Profile:
        """The family of a modem by its own words; `generic` where none fits."""
        fitting = [p for p in self._profiles.values() if p.name != GENERIC and p.is_match_for(manufacturer, model)]
        # Where two fit, the one whose model pattern says more is the narrower.
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
        """What a USB interface is to modemd; None for what the system does not tell. `UsbKind.UNKNOWN`: leave it alone."""
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
        """What is known of USB devices, by id; the ids of single families among them."""
        return MappingProxyType(self._devices)

    def usb_ids(self, name: str) -> list[str]:
        """The ids that lead to a family, `12d1:*` among them."""
        return sorted(identity for identity, entry in self._devices.items() if entry.family == name)
