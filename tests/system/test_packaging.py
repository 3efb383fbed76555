"""The package as users get it: built, installed into an empty environment, asked for its data."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import modemd
from modemd import resources

ROOT = Path(__file__).resolve().parents[2]
ASK = "from modemd import resources; print('\\n'.join(str(resources.folder(name)) for name in resources.SHIPPED))"

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]


def run(*command: str | Path, cwd: Path) -> str:
    """The standard output of a command that must succeed; its whole output is in the failure otherwise."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done.stdout


def environment(folder: Path) -> Path:
    """The Python of a new virtual environment that holds pip and nothing else."""
    venv.create(folder, with_pip=True)
    return folder / "bin" / "python"


def content(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel made from that sdist, as a release is built."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


def test_the_wheel_is_the_same_with_and_without_the_sdist(built: Path, tmp_path: Path) -> None:
    """A wheel built from the sdist holds what a wheel built from the checkout holds: the sdist lost nothing."""
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT, cwd=tmp_path)
    assert content(next(tmp_path.glob("*.whl"))) == content(next(built.glob("*.whl")))


def test_the_sdist_carries_no_environment_and_no_caches(built: Path) -> None:
    """The source archive holds the project and nothing that a build or a test left behind."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = archive.getnames()
    stray = [name for name in names if {".venv", "__pycache__", ".git", "dist"} & set(Path(name).parts)]
    assert stray == []
    assert any(name.endswith("/LICENSE") for name in names)


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment into which the wheel was installed, with what it needs and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    python = environment(folder / "env")
    run(python, "-m", "pip", "install", "--quiet", next(built.glob("*.whl")), cwd=folder)
    return python


def test_an_installed_wheel_runs(installed: Path, tmp_path: Path) -> None:
    """The command is there after the installation, and knows its version."""
    assert modemd.__version__ in run(installed.parent / "modemd", "--version", cwd=tmp_path)


def test_an_installed_wheel_finds_its_data(installed: Path, tmp_path: Path) -> None:
    """Every data folder is inside the package, whole, and the lists that lie beside modules came along."""
    found = [Path(line) for line in run(installed, "-c", ASK, cwd=tmp_path).splitlines()]
    assert [path.name for path in found] == list(resources.SHIPPED)
    assert all(path.exists() and path.parent.name == "_data" for path in found)
    for path in found[:5]:
        assert files(path) == files(ROOT / path.name)
    load = "from modemd.rules.consent.words.matching import Words; from modemd import config, resources;"
    load += "Words.load(); print(config.load(resources.folder('config.example.yaml')).database)"
    assert run(installed, "-c", load, cwd=tmp_path).strip() == "/var/lib/modemd/modemd.db"


def test_an_editable_install_reads_the_checkout(tmp_path: Path) -> None:
    """Installed editable, the data are the checkout's own files, not a copy that goes stale."""
    python = environment(tmp_path / "env")
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--editable", ROOT, cwd=tmp_path)
    assert run(python, "-c", ASK, cwd=tmp_path).splitlines() == [str(ROOT / name) for name in resources.SHIPPED]


def test_a_checkout_needs_no_install_to_find_its_data() -> None:
    """Run from the repository root with no install at all (-S hides the editable one), the data are found there."""
    assert run(sys.executable, "-S", "-c", ASK, cwd=ROOT).splitlines() == [
        str(ROOT / name) for name in resources.SHIPPED
    ]
