"""The one-way imports: who may call whom, and who may ask the machine for the time."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "modemd"

# A room is a module or package directly under modemd/. `errors` and the version in modemd/__init__ are open to all.
# What stands behind a room is all it may import from modemd, itself apart.
ROOMS: dict[str, set[str]] = {
    "errors": set(),
    "connector": set(),
    "clock": set(),
    "logs": set(),
    "resources": set(),
    "pdu": set(),
    "at": set(),
    "profiles": {"resources"},
    "rules": set(),
    "config": set(),
    "store": {"rules"},
    "modem": {"connector", "at", "pdu", "profiles", "clock", "logs"},
    "service": {"connector", "modem", "profiles", "pdu", "rules", "store", "config", "clock", "logs"},
    # The words of the trade (classes, states) are the rules'; faces may name them.
    "api": {"service", "rules"},
    "doctor": {"modem", "at", "pdu", "profiles", "config", "store", "rules", "service"},
    "http": set(),
    "sd_notify": {"logs"},
    "installation": {"resources", "profiles"},
    "web": {"service"},
    "fleet": {"service"},
    "emulator": {"pdu", "resources", "http"},
    # A client of the API, and of a service without daemon; it starts the daemon, and the emulator; it records a port.
    "cli": {
        *("api", "service", "rules", "pdu", "profiles", "daemon", "emulator", "config", "resources", "logs", "http"),
        *("modem", "installation"),
        "doctor",
    },
    "__main__": {"cli"},
}
# Builds the parts and hands each its collaborators, so it knows them all.
COMPOSITION_ROOT = "daemon"

# What a room may import from outside, where its purity is promised: nothing but the standard library, and these.
PURE: dict[str, set[str]] = {
    "errors": set(),
    "connector": set(),
    "clock": set(),
    "logs": set(),
    "resources": set(),
    "pdu": set(),
    "at": set(),
    "profiles": set(),
    "rules": {"phonenumbers"},
    "store": {"sqlite_utils"},
    "config": {"yaml", "pydantic", "pydantic_core", "phonenumbers"},
}

WALL_CLOCK = {
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.monotonic_ns",
    "time.perf_counter",
    "time.sleep",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
}
# The composition root and the clock it hands out; what a person waits for at a prompt; and the emulator's own process, which
# has no part of the daemon to be handed a clock by.
MAY_ASK_THE_TIME = ("clock.py", "daemon.py", "cli/", "emulator/lab/server.py", "emulator/links", "emulator/timers.py")


@dataclass(frozen=True)
class Mention:
    """A name, whole and dotted, and the line it stands in."""

    name: str
    line: int


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(module: str) -> str:
    """The room of a dotted name within modemd: modemd.at.channel is in `at`; modemd itself is no room."""
    return f"{module}.".split(".")[1]


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> Iterator[Mention]:
    """Every import of a file, those inside functions and under TYPE_CHECKING too; relative ones made whole."""
    package = dotted(path) if path.name == "__init__.py" else dotted(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (Mention(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            whole = ".".join(part for part in (base, node.module) if part)
            # `from modemd import rules` names a room only in what it imports.
            names = [f"{whole}.{alias.name}" for alias in node.names] if whole == "modemd" else [whole]
            yield from (Mention(name, node.lineno) for name in names)


def mentions(path: Path) -> Iterator[Mention]:
    """Every dotted name that a file uses, called or not, with its imports' own names put in."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    meant: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            meant |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            meant |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            first, *rest = ast.unparse(node).split(".")
            yield Mention(".".join((meant.get(first, first), *rest)), node.lineno)


def ids(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", modules(), ids=ids)
def test_imports_point_one_way(path: Path) -> None:
    """A room imports the rooms below it and no other."""
    here = room(dotted(path))
    if here in ("", COMPOSITION_ROOT):
        return
    assert here in ROOMS, f"modemd/{here} is no room of the house: give it a place in ROOMS"
    allowed = ROOMS[here] | {here, "errors", "", "__version__"}
    wrong = [
        f"line {found.line}: {found.name}"
        for found in imports(path)
        if found.name.split(".")[0] == "modemd" and room(found.name) not in allowed
    ]
    assert wrong == [], f"modemd/{here} may import {sorted(ROOMS[here])}"


@pytest.mark.parametrize("path", [path for path in modules() if room(dotted(path)) in PURE], ids=ids)
def test_pure_rooms_need_nothing_foreign(path: Path) -> None:
    """Codec, dialogue and rules run wherever Python runs."""
    allowed = sys.stdlib_module_names | PURE[room(dotted(path))] | {"modemd"}
    wrong = [f"line {found.line}: {found.name}" for found in imports(path) if found.name.split(".")[0] not in allowed]
    assert wrong == []


@pytest.mark.parametrize("path", modules(), ids=ids)
def test_time_is_handed_in(path: Path) -> None:
    """Nobody asks the machine for the time but those who hand it out: else nothing could run in simulated time."""
    if path.relative_to(PACKAGE).as_posix().startswith(MAY_ASK_THE_TIME):
        return
    assert [f"line {mention.line}: {mention.name}" for mention in mentions(path) if mention.name in WALL_CLOCK] == []


def test_only_the_composition_root_makes_the_systems_clock() -> None:
    """Everyone else is handed a Clock, and cannot tell which."""
    makers = [
        ids(path)
        for path in modules()
        if any(mention.name.endswith("SystemClock") for mention in mentions(path)) and ids(path) != "clock.py"
    ]
    assert [maker for maker in makers if not maker.startswith(("daemon.py", "cli/"))] == []


def test_the_rooms_have_no_circle() -> None:
    """Each room can be understood after those it imports, without itself."""
    left = {name: set(below) for name, below in ROOMS.items() if name != "cli"}
    while ready := [name for name, below in left.items() if not below & left.keys()]:
        for name in ready:
            del left[name]
    assert left == {}


@pytest.mark.parametrize(
    ("source", "module"),
    [
        pytest.param("import modemd.store.schema", "modemd.store.schema", id="whole"),
        pytest.param("from modemd import store", "modemd.store", id="from the package"),
        pytest.param("from modemd.store import schema", "modemd.store", id="from the room"),
        pytest.param("from ..store import schema", "modemd.store", id="relative, upward"),
        pytest.param("from .channel import Channel", "modemd.at.channel", id="relative, beside"),
        pytest.param("def f():\n    import modemd.store", "modemd.store", id="inside a function"),
        pytest.param("if TYPE_CHECKING:\n    from modemd import store", "modemd.store", id="for types only"),
    ],
)
def test_no_spelling_hides_an_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, module: str) -> None:
    """Whichever way an import is written, it is seen."""
    path = tmp_path / "modemd" / "at" / "results.py"
    path.parent.mkdir(parents=True)
    path.write_text(source, encoding="utf-8")
    monkeypatch.setattr("tests.test_imports.PACKAGE", tmp_path / "modemd")
    assert module in [found.name for found in imports(path)]


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.time()",
        "import time as t\nt.sleep(1)",
        "from time import monotonic\nmonotonic()",
        "from datetime import datetime\ndatetime.now(UTC)",
        "import datetime\ndatetime.datetime.now()",
        "import datetime as dt\ndt.date.today()",
        "import time\nfield(default_factory=time.time)",
    ],
)
def test_no_spelling_hides_a_clock(tmp_path: Path, source: str) -> None:
    """Whichever way the machine is asked for the time, it is seen."""
    path = tmp_path / "module.py"
    path.write_text(source, encoding="utf-8")
    assert WALL_CLOCK & {mention.name for mention in mentions(path)}


# Floors of the store, from the ground: a file imports those below it, never another name of its own floor. A folder is one name.
STORE_FLOORS: tuple[set[str], ...] = (
    {"timestamps", "sqlite_errors", "connection", "tables"},
    {"journal", "lanes", "writer", "schema"},
    {"ending", "alarms", "retention", "sims", "listings"},
    {"outbox", "queue", "consent"},
    {"inbound", "schedules", "files"},
    {"store"},
)


def files_imported(path: Path) -> Iterator[str]:
    """The modules of modemd that a file imports, by their dotted names; of `from package import module` the module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("modemd."))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("modemd."):
            for alias in node.names:
                whole = PACKAGE.parent.joinpath(*f"{node.module}.{alias.name}".split("."))
                is_module = whole.with_suffix(".py").exists() or (whole / "__init__.py").exists()
                yield f"{node.module}.{alias.name}" if is_module else str(node.module)


@pytest.mark.parametrize("path", sorted((PACKAGE / "store").rglob("*.py")), ids=ids)
def test_the_store_has_floors(path: Path) -> None:
    """A file of the store imports from the floors below its own, and within its folder."""
    floors = {name: floor for floor, names in enumerate(STORE_FLOORS) for name in names}
    here = [*dotted(path).split("."), ""][2]
    if not here:  # the package itself hands out `Store`
        return
    assert here in floors, f"modemd/store/{here} has no floor: give it a place in STORE_FLOORS"
    inside = [found.split(".")[2] for found in files_imported(path) if found.startswith("modemd.store.")]
    assert [name for name in inside if name != here and floors[name] >= floors[here]] == []


@pytest.mark.parametrize("room", ["store", "rules"])
def test_no_circle_of_files(room: str) -> None:
    """No file imports another that imports it, however many stand between; imports for types count too."""
    graph = {dotted(path): set(files_imported(path)) - {dotted(path)} for path in (PACKAGE / room).rglob("*.py")}
    list(TopologicalSorter(graph).static_order())  # CycleError names the files
