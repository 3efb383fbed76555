"""A box from nothing: the wheel in an isolated Debian tree, `modemd install`, a message out, a STOP in, an upgrade, and back.

The tree is Debian's own, made by mmdebstrap once and kept in the cache folder of whoever runs this. Each run has a fresh copy,
with processes, mounts and network of its own (unshare); no package comes from the network then. It takes root.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import modemd
from modemd.store.schema import VERSION

ROOT = Path(__file__).resolve().parents[2]
SUITE = "bookworm"
NEXT = "99.0"
STEPS = "STEPS: tuple[Step, ...] = (make_tables,)"
MIGRATION = '''
def make_later(db: sqlite_utils.Database) -> None:
    """Makes a table that only the next version knows."""
    db.execute("CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT")


STEPS: tuple[Step, ...] = (make_tables, make_later)
'''
# Mounts that a box has, in a namespace that ends with the process; the tree itself is a mount, so that it can be read-only.
ENTER = """
set -e
mount --bind "$0" "$0"
cd "$0"
mount -t proc proc proc
mount -t tmpfs tmpfs run
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -sf pts/ptmx dev/ptmx
exec chroot . /usr/bin/python3 /box_inside.py /wheels "$@"
"""

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("mmdebstrap") is None, reason="takes root, and mmdebstrap"
)
# The tree is not counted: that is a mirror's speed. The rest has three minutes.
pytestmark = [pytest.mark.system, pytest.mark.timeout(180, func_only=True), needs_root]


def run(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-4000:]}\n{done.stderr[-8000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def tree() -> Path:
    """A Debian with Python, packed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "modemd"
    packed = cache / f"{SUITE}.tar"
    if not packed.exists():
        cache.mkdir(parents=True, exist_ok=True)
        unfinished = cache / f"{SUITE}.unfinished.tar"
        run("mmdebstrap", "--variant=minbase", "--include=python3-venv", SUITE, unfinished)
        unfinished.replace(packed)
    return packed


def wheel(source: Path, folder: Path) -> None:
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source)


def next_version(folder: Path) -> Path:
    """The project as it may be one day: another version, and a schema that has gone on."""
    for name in ("modemd", "drivers", "udev", "systemd", "docs", "man"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "config.example.yaml"):
        shutil.copy(ROOT / name, folder / name)
    version, schema = folder / "modemd" / "__init__.py", folder / "modemd" / "store" / "schema.py"
    version.write_text(version.read_text().replace(f'"{modemd.__version__}"', f'"{NEXT}"'))
    assert schema.read_text().count(STEPS) == 1
    schema.write_text(schema.read_text().replace(STEPS, MIGRATION.strip()))
    return folder


@pytest.fixture(scope="module")
def seen(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """All that was seen on the box, from an empty Debian to the end."""
    folder = tmp_path_factory.mktemp("box")
    wheels, box = folder / "wheels", folder / "tree"
    wheel(ROOT, wheels)
    (this,) = wheels.glob("*.whl")
    # Debian's Python, not this one's: what is compiled must fit it.
    run(
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "-d",
        wheels,
        "--python-version=3.11",
        "--only-binary=:all:",
        this,
    )
    wheel(next_version(folder / "next"), wheels)
    box.mkdir()
    run("tar", "-xf", tree, "-C", box)
    shutil.copytree(wheels, box / "wheels")
    shutil.copy(Path(__file__).with_name("box_inside.py"), box)
    space = ("unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child")
    out = run(*space, "sh", "-c", ENTER, box, modemd.__version__, NEXT)
    yield json.loads(out)
    shutil.rmtree(folder)


def test_an_installation_does_everything_once(seen: dict[str, Any]) -> None:
    """User, folders, unit, rules, configuration; a second time there is nothing to do, and no secret is readable by all."""
    for thing in ("the user and the group modemd", "modemd.service", "70-modemd.rules", "/etc/modemd/modemd.yaml"):
        assert thing in seen["installed"]
    assert seen["again"].startswith("nothing to do")
    assert not seen["others_read_the_configuration"]


def test_the_unit_runs_as_its_user_within_its_limits(seen: dict[str, Any]) -> None:
    """As modemd, with the group of serial ports, without any capability, and no more files than the unit allows."""
    limits = seen["limits"]
    assert set(limits["Uid"].split()) != {"0"}
    assert len(set(limits["Uid"].split())) == 1
    assert limits["Groups"] == "20", "dialout, on Debian"
    assert int(limits["CapEff"], 16) == 0
    assert limits["NoNewPrivs"] == "1"
    assert seen["files"] == "4096"


def test_a_message_goes_out(seen: dict[str, Any]) -> None:
    """A member of the group who is not root has a message sent, and the phone has it."""
    assert seen["can_send"]
    assert seen["out"] == "Your table is ready"
    assert "Your table is ready" in seen["phone"]


def test_a_stop_comes_in(seen: dict[str, Any]) -> None:
    """STOP from that phone is an opt-out."""
    assert seen["optouts"] == ["+33612345678"]


def test_a_reload_takes_what_it_can_and_names_the_rest(seen: dict[str, Any]) -> None:
    """The log level changes at once, the time zone is named as one that waits; systemd is told of both ends of a reload."""
    assert any("taken=log_level" in line for line in seen["reload"])
    assert any("keys=timezone" in line for line in seen["reload"])
    assert seen["reloading"]


def test_a_stop_of_the_service_is_short_and_told(seen: dict[str, Any]) -> None:
    """SIGTERM ends it well within the 5 s that modems which answer need."""
    status, took_s = seen["ended"]
    assert status == 0
    assert took_s < 5
    assert seen["stopping"]


def test_an_upgrade_keeps_everything(seen: dict[str, Any]) -> None:
    """The next version takes the database along to its own schema, with messages and opt-outs."""
    assert seen["schema"] == VERSION
    assert seen["newer"]["schema"] == VERSION + 1
    assert seen["newer"]["version"].endswith(NEXT)
    assert "Your table is ready" in seen["newer"]["messages"]
    assert seen["newer"]["optouts"] == ["+33612345678"]


def test_a_downgrade_is_refused(seen: dict[str, Any]) -> None:
    """The older version says why it does not start, and leaves the newer database as it is."""
    assert seen["downgrade"]["status"] == 1
    assert re.search(r"written by a newer modemd \(schema \d+, this one knows \d+\)", seen["downgrade"]["log"])
    assert seen["downgrade"]["untouched"]


def test_the_backup_from_before_is_the_way_back(seen: dict[str, Any]) -> None:
    """With the backup in its place the older version runs again."""
    assert seen["restored"] == {"schema": VERSION, "optouts": ["+33612345678"]}


def test_an_uninstallation_leaves_what_a_person_may_want(seen: dict[str, Any]) -> None:
    """The unit goes, the messages stay, and it is said what is left."""
    assert seen["unit_gone"]
    assert seen["database_kept"]
    assert "rm -r /var/lib/modemd" in seen["uninstalled"]
