"""What a family of modems says and does, read from `families/*.toml`.

These files are the emulator's own belief about real devices, each fact with its source beside it. They are never
derived from the daemon's driver files, so that one wrong belief cannot sit in both.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from modemd.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Identity:
    """`+CGMI`, `+CGMM`, `+CGMR`; `type_allocation` is the 8 digit start of its IMEIs."""

    manufacturer: str
    model: str
    revision: str
    type_allocation: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """How it talks. `usb`: a reset takes the port away. `keeps_settings`: AT&W survives a restart.

    `cell` ends `+CREG` at level 2: area, cell and, where the family tells it, access technology. `sim_removed` and
    `sim_inserted` are said when a SIM goes or comes while it runs. `text_mode_sending` answers what PDU mode asks
    for (a length, a status by number) while text mode is on.
    """

    unknown: str = "ERROR"
    prompt_latency_s: float = 0.1
    send_latency_s: tuple[float, ...] = (2.0, 6.0)
    text_mode_at_start: bool = False
    text_mode_sending: str = "+CMS ERROR: 305"
    keeps_settings: bool = False
    usb: bool = True
    cell: str = '"1A2B","0C3D4E5F",7'
    sim_removed: tuple[str, ...] = ()
    sim_inserted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Commands:
    """Command names it does not know, and ones it never answers. Names as typed: `+CCID`."""

    unsupported: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Storage:
    """Message memories in order of `+CPMS=?`, the number of the first slot, and the answer about an empty one.

    `SM` is on the SIM, `ME` and `SR` (reports) are in the device, `MT` is `SM` and `ME` as one. `lists_unmarked`:
    a second parameter of 1 lets `+CMGL` and `+CMGR` leave what is unread unread.
    """

    memories: tuple[str, ...] = ("SM", "ME")
    index_base: int = 0
    device_capacity: int = 23
    report_capacity: int = 20
    lists_unmarked: bool = False
    empty_slot: str = "+CMS ERROR: 321"
    full_notice: str = ""


@dataclass(frozen=True, slots=True)
class Notify:
    """`+CNMI`: what `=?` offers, what is taken for each of mode, mt, bm, ds, bfr, and where `+CDSI` says reports are.

    `offered` is said; the lists are obeyed: some firmware offers what it refuses.
    """

    offered: str
    mode: tuple[int, ...] = (0, 1, 2)
    mt: tuple[int, ...] = (0, 1, 2, 3)
    bm: tuple[int, ...] = (0, 2)
    ds: tuple[int, ...] = (0, 1, 2)
    bfr: tuple[int, ...] = (0, 1)
    refused: str = "+CMS ERROR: 303"
    report_memory: str = "SM"
    acknowledge_within_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Line:
    """A line it says by itself: once `after_s` seconds after power-on, or every `every_s` seconds.

    `{utc:...}` in it is filled in with the time, its parts named as strftime names them.
    """

    say: str
    after_s: float = 0.0
    every_s: float = 0.0

    def at(self, utc: datetime) -> str:
        """The line as said at this time."""
        return self.say.format(utc=utc)


@dataclass(frozen=True, slots=True)
class Boot:
    """Seconds from power-on until it answers, reads its SIM and is registered; `gone_s`: port away at a reset (USB)."""

    answers_s: float = 0.0
    sim_ready_s: float = 1.0
    registered_s: float = 2.0
    gone_s: float = 3.0
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Chatter:
    """Lines said again and again while a host listens, until the command `silenced_by` (none: for ever)."""

    silenced_by: str = ""
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Family:
    """One family. `replies` maps a command as typed to the lines before its OK, with `{imei}`, `{iccid}`, `{imsi}`
    and `{number}` filled in; `refusals` maps one to its final result. `source` says where each section comes from."""

    name: str
    identity: Identity
    notify: Notify
    source: Mapping[str, str]
    dialogue: Dialogue = field(default_factory=Dialogue)
    commands: Commands = field(default_factory=Commands)
    storage: Storage = field(default_factory=Storage)
    boot: Boot = field(default_factory=Boot)
    chatter: Chatter = field(default_factory=Chatter)
    replies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refusals: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Family:
        """Read one file. ConfigError names file and key of each mistake; OSError when it cannot be read."""
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError([f"{path}: {error}"]) from error
        return _Reader(path).family(document)


_SECTIONS: Mapping[str, type] = {
    "identity": Identity,
    "dialogue": Dialogue,
    "commands": Commands,
    "storage": Storage,
    "notify": Notify,
    "boot": Boot,
    "chatter": Chatter,
}


class _Reader:
    """Builds the dataclasses from TOML tables and collects every mistake."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._problems: list[str] = []

    def family(self, document: dict[str, Any]) -> Family:
        values: dict[str, Any] = {"name": self._path.stem}
        for key, table in document.items():
            if key in _SECTIONS:
                values[key] = self._section(_SECTIONS[key], key, table)
            elif key == "replies":
                values[key] = {
                    command: tuple(lines)
                    for command, lines in self._table(key, table).items()
                    if self._holds(f"{key}.{command}", lines, "tuple[str, ...]")
                }
            elif key in {"refusals", "source"}:
                values[key] = {
                    name: text
                    for name, text in self._table(key, table).items()
                    if self._holds(f"{key}.{name}", text, "str")
                }
            else:
                self._wrong(key, f"unknown; allowed: {', '.join([*_SECTIONS, 'replies', 'refusals', 'source'])}")
        for key in ("identity", "notify", "source"):
            if key not in document:
                self._wrong(key, "missing")
        sourced = set(values.get("source", ()))
        for key in document:
            if key != "source" and key not in sourced:
                self._wrong(f"source.{key}", "missing: say where the facts of this section come from")
        if self._problems:
            raise ConfigError(self._problems)
        return Family(**values)

    def _wrong(self, key: str, what: str) -> None:
        self._problems.append(f"{self._path}: {key}: {what}")

    def _table(self, key: str, value: object) -> dict[str, Any]:
        if isinstance(value, dict):
            return cast(dict[str, Any], value)
        self._wrong(key, "must be a table")
        return {}

    def _section(self, kind: type, where: str, table: object) -> object:
        known = {one.name: one for one in fields(kind)}
        values: dict[str, Any] = {}
        for key, value in self._table(where, table).items():
            if key not in known:
                self._wrong(f"{where}.{key}", f"unknown; allowed: {', '.join(known)}")
            elif str(known[key].type) == "tuple[Line, ...]":
                values[key] = self._lines(f"{where}.{key}", value)
            elif self._holds(f"{where}.{key}", value, str(known[key].type)):
                values[key] = tuple(value) if isinstance(value, list) else value
        missing = [one.name for one in known.values() if one.default is MISSING and one.name not in values]
        for name in missing:
            self._wrong(f"{where}.{name}", "missing")
        return None if missing else kind(**values)

    def _lines(self, where: str, value: object) -> tuple[Line, ...]:
        if not isinstance(value, list):
            self._wrong(where, "must be a list of tables")
            return ()
        built = [self._section(Line, f"{where}[{number}]", table) for number, table in enumerate(value)]
        return tuple(line for line in built if isinstance(line, Line))

    def _holds(self, where: str, value: object, wanted: str) -> bool:
        fits = {
            "str": lambda: isinstance(value, str),
            "bool": lambda: isinstance(value, bool),
            "int": lambda: type(value) is int,
            "float": lambda: type(value) in (int, float),
            "tuple[str, ...]": lambda: isinstance(value, list) and all(isinstance(one, str) for one in value),
            "tuple[int, ...]": lambda: isinstance(value, list) and all(type(one) is int for one in value),
            "tuple[float, ...]": lambda: isinstance(value, list) and all(type(one) in (int, float) for one in value),
        }[wanted]()
        if not fits:
            self._wrong(where, f"must be {wanted.replace('tuple[', 'a list of ').replace(', ...]', '')}")
        return fits


class FamilyFolder(Mapping[str, Family]):
    """The families of a folder by name, each read at first use. KeyError lists the names there are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: dict[str, Family] = {}

    def __getitem__(self, name: str) -> Family:
        if name not in self._loaded:
            if name not in set(self):
                raise KeyError(f"no modem family {name!r}; there are {', '.join(self)}")
            self._loaded[name] = Family.load(self._folder / f"{name}.toml")
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(path.stem for path in self._folder.glob("*.toml")))

    def __len__(self) -> int:
        return sum(1 for _ in self)


families = FamilyFolder(Path(__file__).parent / "families")
"""The families that come with modemd."""
