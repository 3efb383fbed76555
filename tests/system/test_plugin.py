"""The pytest plugin as another project gets it: the wheel in an environment of its own, the example out of the docs."""

from __future__ import annotations

import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "testing-your-code.md"
TESTS = 7

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]


def run(*command: str | Path, cwd: Path) -> str:
    """The standard output of a command that must succeed; its whole output is in the failure otherwise."""
    done = subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the built wheel, pytest, xdist, and what they need."""
    folder = tmp_path_factory.mktemp("elsewhere")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    wheel = next(folder.glob("*.whl"))
    run(python, "-m", "pip", "install", "--quiet", wheel, "pytest", "pytest-xdist", cwd=folder)
    return python


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The example project, file for file as the docs show it."""
    shown = re.findall(r"^`([\w.]+)`:\n\n```\w+\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert [name for name, _ in shown] == ["alarm.py", "test_alarm.py"]
    for name, content in shown:
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def test_the_example_of_the_docs_passes(python: Path, project: Path) -> None:
    """Copied out of the docs and run with nothing but `pytest`, with warnings as errors, every test passes."""
    assert f"{TESTS} passed" in run(python, "-m", "pytest", "-W", "error", cwd=project)


def test_it_passes_in_parallel(python: Path, project: Path) -> None:
    """The same in two processes at once."""
    assert f"{TESTS} passed" in run(python, "-m", "pytest", "-W", "error", "-n", "2", cwd=project)


def test_the_plugin_can_be_left_out(python: Path, project: Path) -> None:
    """It is there by itself, and absent with -p no:modemd."""
    listed = run(python, "-m", "pytest", "--fixtures", cwd=project)
    assert re.search(r"^make_modem -- .*modemd/emulator/plugin.py", listed, re.M)
    assert "make_modem" not in run(python, "-m", "pytest", "--fixtures", "-p", "no:modemd", cwd=project)


def test_the_shipped_scenarios_are_in_the_wheel(python: Path, project: Path) -> None:
    """Installed, they are found by name."""
    load = "from pathlib import Path; from modemd.emulator.lab.scenario import load; print(len(load(Path('bad_day')).modem))"
    assert run(python, "-c", load, cwd=project) == "2\n"


def test_the_code_under_test_stays_short() -> None:
    """The example is a program of some 25 lines that knows nothing of modemd."""
    code = PAGE.read_text(encoding="utf-8").split("`alarm.py`:\n\n```python\n")[1].split("```")[0]
    assert len([line for line in code.splitlines() if line.strip()]) <= 25
    assert "modemd" not in code
