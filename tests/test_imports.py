"""Laws of the house: who may import whom, what a name means, how the tests mirror the code, and who may ask for the time."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "modemd"

# A room is a module or package directly under modemd/. `errors`, `light_dataclass` and the version in modemd/__init__ are open
# to all.
# What stands behind a room is all it may import from modemd, itself apart.
ROOMS: dict[str, set[str]] = {
    "light_dataclass": set(),
    "errors": set(),
    "accounts": set(),
    "client_work": set(),
    "clock": set(),
    "controls": set(),
    "logs": {"controls"},
    "memory": set(),
    "resources": set(),
    "programs": set(),
    "http": {"logs", "accounts", "client_work"},
    "connector": set(),
    "pdu": set(),
    "at": set(),
    "smpp": {"pdu"},
    "profiles": {"resources"},
    "rules": set(),
    # Settings are checked by the rules that use them.
    "config": {"accounts", "rules"},
    "store": {"rules", "accounts", "client_work"},
    # A client of companies on the Internet; what the daemon knows is handed to it.
    "providers": {"controls", "logs", "rules", "smpp"},
    "modem": {"connector", "programs", "at", "pdu", "profiles", "clock", "logs"},
    "service": {"connector", "programs", "modem", "profiles", "pdu", "rules", "store", "config", "clock", "logs"}
    | {"client_work"},
    # The words of the trade (classes, states) are the rules'; faces may name them.
    "api": {"service", "rules", "controls", "http"},
    "doctor": {"modem", "at", "pdu", "profiles", "config", "store", "rules", "service", "accounts"},
    "sd_notify": {"logs"},
    "installation": {"resources", "profiles"},
    "second_door": {"config", "http", "logs", "service"},
    "emulator": {"pdu", "resources", "http", "smpp"},
    # A client of the API, and of a service without daemon; it starts the daemon, and the emulator; it records a port.
    "cli": {
        *("api", "service", "rules", "pdu", "profiles", "daemon", "emulator", "config", "resources", "logs", "http"),
        *("modem", "installation"),
        *("doctor", "controls", "accounts"),
    },
    "__main__": {"cli"},
}
# Floors within a room, the lowest first: a module or package imports only those of lower floors, never one of its own floor.
FLOORS: dict[str, tuple[str, ...]] = {
    "service": (
        "store_retry views pages rules_in_force texts named_sim",
        "authorship",
        "messages dispatch consent wakeups keys",
        "inbox calendar contacts alerts changes twilio",
        "webhooks",
        "modems",
        "sims operations",
        "service",
        "optional_parts",
        "assembly",
    ),
    "store": (
        "timestamps sqlite_errors tally",
        "keyed_hashes",
        "connection",
        "rows",
        "events lanes tables",
        "transitions",
        "ending",
        "consent",
        "outbox queue",
        "inbound schedules sims modems alarms alert_texts deliveries listings retention schema writer api_keys",
        "changes",
        "files contacts webhooks twilio",
        "store",
    ),
    "modem": (
        "link status",
        "backend requests setup ussd",
        "discovery capture recovery",
        "messages",
        "polling",
        "context",
        "session",
        "modem",
    ),
    # Beside `http` and `smpp`, which have the sockets, those of a provider are pure.
    "providers": (
        "outcomes secret",
        "exchange documents reports",
        "codes",
        "http smpp twilio vonage",
    ),
    "emulator": (
        "timers identities error_codes",
        "network",
        "device smpp",
        "links capture",
        "usb",
        "lab",
        "testing",
        "plugin",
    ),
}
# Public classes of one name in several modules of the daemon, each with the reason why neither gives way: none.
TWO_MEANINGS: dict[str, str] = {}
# Test files whose subject is a room and not one of its modules.
OF_A_ROOM = {
    *(
        "checks",
        "conftest",
        "docstrings",
        "docs",
        "docs_examples",
        "imports",
        "fuzz",
        "golden",
        "package",
        "round_trips",
        "second_opinion",
        "vectors",
        "shipped",
        "tables",
    ),
    *("listings", "modems", "messages", "outbox", "settings", "message_reference", "power_cuts", "query_plans"),
}
LONGEST_FILE = 400
LARGEST_FOLDER = 20

# Builds the parts and hands each its collaborators, so it knows them all.
COMPOSITION_ROOT = "daemon"

# What a room may import from outside, where its purity is promised: nothing but the standard library, and these.
PURE: dict[str, set[str]] = {
    "light_dataclass": set(),
    "errors": set(),
    "connector": set(),
    "programs": set(),
    "client_work": set(),
    "clock": set(),
    "controls": set(),
    "logs": {"controls"},
    "memory": set(),
    "resources": set(),
    "pdu": set(),
    "at": set(),
    "smpp": set(),
    "profiles": set(),
    "rules": {"phonenumbers"},
    "providers": {"h11"},
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


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(read(path))


def imports(path: Path) -> Iterator[Mention]:
    """Every import of a file, those inside functions and under TYPE_CHECKING too; relative ones made whole."""
    package = dotted(path) if path.name == "__init__.py" else dotted(path).rpartition(".")[0]
    for node in ast.walk(parse(path)):
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
    tree = parse(path)
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


def named(path: Path, found: Iterable[Mention]) -> list[str]:
    """Where a file has these names."""
    return [f"{ids(path)}:{mention.line}: {mention.name}" for mention in found]


def is_allowed(here: str, name: str) -> bool:
    """Whether a module of the room `here` may import `name`."""
    allowed = ROOMS[here] | {here, "errors", "light_dataclass", "", "__version__"}
    return name.split(".")[0] != "modemd" or room(name) in allowed


def test_imports_point_one_way() -> None:
    """A room imports the rooms below it, as ROOMS has them, and no other."""
    wrong: list[str] = []
    for path in modules():
        here = room(dotted(path))
        if here not in ("", COMPOSITION_ROOT):
            wrong += named(path, (found for found in imports(path) if not is_allowed(here, found.name)))
    assert wrong == []


def test_pure_rooms_need_nothing_foreign() -> None:
    """Codec, dialogue and rules run wherever Python runs."""
    wrong: list[str] = []
    for path in modules():
        if (here := room(dotted(path))) in PURE:
            allowed = sys.stdlib_module_names | PURE[here] | {"modemd"}
            wrong += named(path, (found for found in imports(path) if found.name.split(".")[0] not in allowed))
    assert wrong == []


def test_what_is_of_one_provider_has_no_sockets() -> None:
    """What makes requests and reads answers runs without a network; the clients of HTTP and SMPP are handed to others."""
    network = {"asyncio", "socket", "ssl", "select", "http", "urllib.request", "h11"}
    wrong: list[str] = []
    for path in modules():
        if ids(path).startswith("providers/") and not ids(path).startswith(("providers/http/", "providers/smpp/")):
            wrong += named(path, (found for found in imports(path) if found.name in network))
    assert wrong == []


def test_time_is_handed_in() -> None:
    """Nobody asks the machine for the time but those who hand it out: else nothing could run in simulated time."""
    wrong: list[str] = []
    for path in modules():
        if not ids(path).startswith(MAY_ASK_THE_TIME):
            wrong += named(path, (mention for mention in mentions(path) if mention.name in WALL_CLOCK))
    assert wrong == []


def test_only_the_composition_root_makes_the_systems_clock() -> None:
    """Everyone else is handed a Clock, and cannot tell which."""
    makers = [
        ids(path)
        for path in modules()
        if any(mention.name.endswith("SystemClock") for mention in mentions(path)) and ids(path) != "clock.py"
    ]
    assert [maker for maker in makers if not maker.startswith(("daemon.py", "cli/"))] == []


def test_the_package_holidays_is_imported_in_a_process_of_its_own() -> None:
    """It would stay in the daemon's memory with 11 MiB: only the program that the daemon runs imports it."""
    program = "modemd.service.consent.quiet_hours.holiday_list"
    importers = {
        dotted(path) for path in modules() for found in imports(path) if found.name.split(".")[0] == "holidays"
    }
    assert importers == {program}
    assert [module for module, imported in arrows().items() if program in imported] == []


def test_the_daemon_has_light_dataclasses() -> None:
    """Those of the standard library take twice the memory. The emulator and its like are no part of the daemon."""
    wrong: list[str] = []
    for path in modules():
        if not ids(path).startswith(("emulator/", "light_dataclass.py")):
            wrong += named(path, (found for found in mentions(path) if found.name == "dataclasses.dataclass"))
    assert wrong == []


def test_every_room_is_there() -> None:
    """No rule for a room that does not exist."""
    assert ROOMS.keys() == {room(dotted(path)) for path in modules()} - {"", COMPOSITION_ROOT}


def test_the_rooms_have_no_circle() -> None:
    """Each room can be understood after those it imports, without itself."""
    left = {name: set(below) for name, below in ROOMS.items() if name != "cli"}
    while ready := [name for name, below in left.items() if not below & left.keys()]:
        for name in ready:
            del left[name]
    assert left == {}


def arrows() -> dict[str, set[str]]:
    """Which module imports which, for types or when called too; `from package import module` means the module."""
    known = {dotted(path) for path in modules()}
    found: dict[str, set[str]] = {}
    for path in modules():
        own = found[dotted(path)] = set()
        for node in ast.walk(parse(path)):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                whole = (f"{node.module}.{alias.name}" for alias in node.names)
                own |= {name if name in known else node.module for name in whole}
            elif isinstance(node, ast.Import):
                own |= {alias.name for alias in node.names}
        own.discard(dotted(path))
        own &= known
    return found


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """The sets of modules that reach each other."""

    def reach(start: str) -> set[str]:
        seen: set[str] = set()
        todo = [start]
        while todo:
            new = graph[todo.pop()] - seen
            seen |= new
            todo += new
        return seen

    reached = {module: reach(module) for module in graph}
    in_a_circle = [module for module in graph if module in reached[module]]
    sets = {frozenset(other for other in reached[module] if module in reached[other]) for module in in_a_circle}
    return [set(each) for each in sets]


def test_no_circle_of_files() -> None:
    """Each file can be understood after those that it imports."""
    assert circles(arrows()) == []


def test_a_circle_would_be_seen() -> None:
    """Two files that import each other are one, whatever lies between."""
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}
    assert circles(graph) == [{"a", "b", "c"}]
    assert circles({"a": {"b"}, "b": set()}) == []


@pytest.mark.parametrize("room_name", FLOORS)
def test_floors_within_a_room(room_name: str) -> None:
    """Within a room, imports go down by floors; between two of the same floor there is none."""
    floor = {name: number for number, names in enumerate(FLOORS[room_name]) for name in names.split()}
    here = f"modemd.{room_name}."
    wrong = []
    for module, imported in arrows().items():
        for other in imported:
            if not (module.startswith(here) and other.startswith(here)):
                continue
            upper, lower = (name.removeprefix(here).split(".")[0] for name in (module, other))
            assert {upper, lower} <= floor.keys(), f"modemd/{room_name} has no floor for {upper} or {lower}"
            if upper != lower and floor[lower] >= floor[upper]:
                wrong.append(f"{module} imports {other}")
    assert wrong == []


def test_a_class_name_means_one_thing() -> None:
    """A public class is defined once in the daemon; the emulator and the doctor have words of their own."""
    homes: dict[str, list[str]] = {}
    for path in modules():
        if room(dotted(path)) in ("emulator", "doctor"):
            continue
        for node in parse(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(ids(path))
    doubled = {name: found for name, found in homes.items() if len(found) > 1}
    assert doubled.keys() <= TWO_MEANINGS.keys(), doubled
    assert doubled.keys() == TWO_MEANINGS.keys(), "an exception that is none any more"


def test_a_file_has_one_subject() -> None:
    """A file of more than 400 lines asks whether it has two."""
    assert [ids(path) for path in modules() if len(read(path).splitlines()) > LONGEST_FILE] == []


def test_every_folder_has_its_tests() -> None:
    """Beside each folder of the code stands one of the tests."""
    folders = {path.parent.relative_to(PACKAGE) for path in modules()}
    assert [folder for folder in folders if not list((PACKAGE.parent / "tests" / folder).glob("test_*.py"))] == []


# What runs on a thread of the store.
STORE_CALLS = {"write", "write_lazily", "write_consent", "read", "read_hot"}


def carried_selves(source: str) -> list[str]:
    """The calls of the store whose change or query takes `self` along: an object that the loop changes."""
    found = []
    tree = ast.parse(source)
    nested = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.col_offset > 4]
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in STORE_CALLS):
            continue
        for work in call.args[:1]:
            bodies: list[ast.AST] = [work] if isinstance(work, ast.Lambda) else []
            if isinstance(work, ast.Name):
                bodies += [function for function in nested if function.name == work.id]
            elif isinstance(work, ast.Call) and ast.unparse(work.func) == "partial":
                bodies.append(work.args[0])  # the others are values of this moment
            names = [node.id for body in bodies for node in ast.walk(body) if isinstance(node, ast.Name)]
            if "self" in names:
                found.append(f"line {call.lineno}: {ast.unparse(work)[:60]}")
    return found


def test_nothing_that_the_loop_changes_crosses_to_the_stores_threads() -> None:
    """A change or a query is made of values; it takes no object of the service along."""
    services = [path for path in modules() if room(dotted(path)) == "service"]
    assert [f"{ids(path)}: {found}" for path in services for found in carried_selves(read(path))] == []


@pytest.mark.parametrize(
    "source",
    [
        "def f(self):\n    self._store.write(lambda db: self.g(db))",
        "def f(self):\n    self._store.read(partial(self._g, now=now))",
        "class A:\n    def f(self):\n        def change(db):\n            return self._policy\n        self._store.write(change)",
    ],
)
def test_a_self_that_crosses_is_seen(source: str) -> None:
    """Whichever way it is taken along."""
    assert len(carried_selves(source)) == 1


def folders() -> list[Path]:
    trees = (PACKAGE, PACKAGE.parent / "tests")
    return sorted({path.parent for tree in trees for path in tree.rglob("*.py")})


def test_a_folder_can_be_taken_in_at_a_glance() -> None:
    """A folder of more than 20 files wants rooms."""
    sizes = {
        str(folder): len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) for folder in folders()
    }
    assert {folder: size for folder, size in sizes.items() if size > LARGEST_FOLDER} == {}


def mirrored_tests() -> list[Path]:
    tests = PACKAGE.parent / "tests"
    return sorted(
        path for path in tests.rglob("test_*.py") if path.relative_to(tests).parts[0] not in ("sim", "system")
    )


def is_mirror(path: Path) -> bool:
    """Whether a module of the folder that a test stands for has its name."""
    folder = PACKAGE / path.parent.relative_to(PACKAGE.parent / "tests")
    subject = path.stem.removeprefix("test_")
    beside = (
        {each.stem for each in folder.iterdir() if each.is_dir() or each.suffix == ".py"} if folder.is_dir() else ()
    )
    return subject in OF_A_ROOM or any(subject == name or subject.startswith(f"{name}_") for name in beside)


def test_tests_mirror_the_code() -> None:
    """tests/store/queue/test_claims.py tests modemd/store/queue/claims.py; `test_claims_ahead.py` an aspect of it."""
    assert [str(path) for path in mirrored_tests() if not is_mirror(path)] == []


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
