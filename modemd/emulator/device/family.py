"""Families of modems: how each behaves and answers, read from `families/*.toml`.

These files are the emulator's own knowledge of real devices, each fact with its source. They are never derived from the
driver files of the daemon, so that one wrong belief is not in both.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modemd.emulator.device.family_sections import (
    Boot,
    Chatter,
    Commands,
    Dialogue,
    Identity,
    Line,
    Notify,
    PinEntry,
    Storage,
    Ussd,
    Voice,
)
from modemd.emulator.device.family_tables import TableReader
from modemd.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Family:
    """A family of modems.

    `replies` maps a command as typed to the lines before its OK, with `{imei}`, `{iccid}`, `{ef_iccid}` (as it lies on
    the SIM), `{imsi}`, `{number}`, `{smsc}`, `{pin_tries}`, `{puk_tries}` and, of a switch, `{set}` filled in;
    `refusals` maps one to its final result. `switches` maps what is typed before a value (`#QSS`, or
    `+QINDCFG="smsfull"`) to the allowed values, the first after power-on; a `needs` names the whole command with its
    value. `causes` maps the number of a `+CMS ERROR` to the one that the family uses instead. `source` is the source of
    each section.
    """

    name: str
    identity: Identity
    notify: Notify
    source: Mapping[str, str]
    dialogue: Dialogue = field(default_factory=Dialogue)
    commands: Commands = field(default_factory=Commands)
    storage: Storage = field(default_factory=Storage)
    boot: Boot = field(default_factory=Boot)
    pin: PinEntry = field(default_factory=PinEntry)
    ussd: Ussd = field(default_factory=Ussd)
    voice: Voice = field(default_factory=Voice)
    chatter: Chatter = field(default_factory=Chatter)
    causes: Mapping[str, str] = field(default_factory=dict)
    replies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refusals: Mapping[str, str] = field(default_factory=dict)
    switches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def receives(self) -> bool:
        """True if a host can get at messages: they are stored, or handed over."""
        return bool(self.storage.memories) or 2 in self.notify.mt

    @property
    def reports(self) -> bool:
        """True if a host can get at status reports."""
        return bool({1, 2} & set(self.notify.ds))

    def switched(self, flags: Mapping[str, str], needs: str) -> bool:
        """Returns whether the switch that something `needs` has this value in `flags`; True if `needs` is empty."""
        if not needs:
            return True
        name, value = switch_of(needs)
        return flags.get(name, self.switches[name][0]) == value

    @classmethod
    def load(cls, path: Path) -> Family:
        """Reads one file. Raises ConfigError with file and key of each mistake; OSError if the file cannot be read."""
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError([f"{path}: {error}"]) from error
        return _family(path, document)


def switch_of(typed: str) -> tuple[str, str]:
    """Splits a command as typed into a switch and its value, at the last `=` or `,`."""
    end = max(typed.rfind("="), typed.rfind(","))
    return typed[:end], typed[end + 1 :]


_SECTIONS: Mapping[str, type] = {
    "identity": Identity,
    "dialogue": Dialogue,
    "commands": Commands,
    "storage": Storage,
    "notify": Notify,
    "boot": Boot,
    "pin": PinEntry,
    "ussd": Ussd,
    "voice": Voice,
    "chatter": Chatter,
}


def _family(path: Path, document: dict[str, Any]) -> Family:
    reader = TableReader(path, {"Line": Line})
    values: dict[str, Any] = {"name": path.stem}
    for key, table in document.items():
        if key in _SECTIONS:
            values[key] = reader.section(_SECTIONS[key], key, table)
        elif key in {"replies", "switches"}:
            values[key] = reader.lists(key, table)
        elif key in {"causes", "refusals", "source"}:
            values[key] = reader.strings(key, table)
        else:
            allowed = ", ".join([*_SECTIONS, "causes", "replies", "switches", "refusals", "source"])
            reader.wrong(key, f"unknown; allowed: {allowed}")
    for key in ("identity", "notify", "source"):
        if key not in document:
            reader.wrong(key, "missing")
    sourced = set(values.get("source", ()))
    for key in document:
        if key != "source" and key not in sourced:
            reader.wrong(f"source.{key}", "missing: say where the facts of this section come from")
    if reader.problems:
        raise ConfigError(reader.problems)
    return Family(**values)


class FamilyFolder(Mapping[str, Family]):
    """The families in a folder by name, each read at first use. The KeyError for an unknown name lists the known ones."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._loaded: dict[str, Family] = {}

    def __getitem__(self, name: str) -> Family:
        if name not in self._loaded:
            if name not in set(self):
                raise KeyError(f"no modem family {name!r}; there are {', '.join(self)}")
            self._loaded[name] = Family.load(self.folder / f"{name}.toml")
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(path.stem for path in self.folder.glob("*.toml")))

    def __len__(self) -> int:
        return sum(1 for _ in self)


families = FamilyFolder(Path(__file__).parents[1] / "families")
"""The families that are part of modemd."""
