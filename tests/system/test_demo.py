"""`modemd demo` as a newcomer runs it: what it shows, how it ends, and that it leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

PATIENCE_S = 60
LOOK_EVERY_S = 0.05

# What each step says, after its number and its time.
STEPS = [
    r"network +up, two modems on ptys: huawei_e3372 .* sim800 .*",
    r"daemon +up, both modems ready: west and east",
    r"short +transactional message 1 to \+447700900001 accepted, 1 part",
    r"short +arrived on \+447700900001: “Your parcel .*”",
    r"short +report back: message 1 is delivered",
    r"long +transactional message 2 to \+447700900002 accepted, 3 parts",
    r"long +arrived on \+447700900002 in 3 parts, joined: “Dear customer.*",
    r"long +3 reports back: message 2 is delivered",
    r"emoji +transactional message 3 to \+447700900003 accepted, 1 part",
    r"emoji +arrived on \+447700900003: “.*🎉.*👋”",
    r"emoji +report back: message 3 is delivered",
    r"STOP +\+447700900001 answers STOP to \+44770090010[12]",
    r"STOP +\+447700900001 is opted out",
    r"STOP +confirmed on \+447700900001: “You will get no more offers from us\. .*”",
    r"offer +marketing message 5 to \+447700900001 refused: opted_out",
    r"reminder +transactional message 6 to \+447700900004 accepted, 1 part",
    r"reminder +arrived on \+447700900004: “Your appointment .*”",
    r"reminder +report back: message 6 is delivered",
    r"silence +\+447700900001 got nothing more after its confirmation",
]


class Demo:
    """A running `modemd demo`, and the children it had when it was asked."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [Path(sys.executable).parent / "modemd", "demo", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=os.environ | {"TMPDIR": str(folder)},
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._output, self._errors = self.process.stdout, self.process.stderr
        self._read: list[str] = []

    def read_until(self, words: str) -> None:
        """Read its lines up to one that holds `words`."""
        for line in self._output:
            self._read.append(line)
            if words in line:
                return
        raise AssertionError(f"it ended before {words!r}: {''.join(self._read)}")

    def children(self) -> dict[str, int]:
        """Its child processes by their command, `run` and `emulate`."""
        found = {}
        for status in Path("/proc").glob("[0-9]*/status"):
            with suppress(OSError):  # it ended while we looked
                if re.search(rf"^PPid:\t{self.process.pid}$", status.read_text(), re.MULTILINE):
                    words = (status.parent / "cmdline").read_bytes().decode().split("\0")
                    found[words[words.index("modemd") + 1]] = int(status.parent.name)
        return found

    def ended(self) -> tuple[int, str, str]:
        """Its exit status, all of its output, and its errors."""
        self._read += self._output
        errors = self._errors.read()
        return self.process.wait(PATIENCE_S), "".join(self._read), errors


@contextmanager
def running(*options: str) -> Iterator[Demo]:
    # Not pytest's own folder: the path of a Unix socket has at most 107 characters.
    with tempfile.TemporaryDirectory(prefix="modemd-test-") as folder:
        demo = Demo(Path(folder), *options)
        with demo.process:  # closes its pipes, and waits for it
            try:
                yield demo
            finally:
                demo.process.kill()


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be asked for its status does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def becomes_true(condition: Callable[[], bool]) -> bool:
    """Whether a condition comes true in time."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(LOOK_EVERY_S)
    return True


def test_every_step_happens_and_nothing_is_left() -> None:
    """A message of each kind goes round, STOP binds, and however short --seconds is, all of it is shown."""
    with running("--seconds", "1") as demo:
        demo.read_until("both modems ready")
        children = demo.children()
        status, out, err = demo.ended()
        assert (status, err) == (0, "")
        lines = [line for line in out.splitlines() if re.match(r" ?\d+ ", line)]
        for number, (line, step) in enumerate(zip(lines, STEPS, strict=True), start=1):
            assert re.fullmatch(rf"{number:2} +\d+\.\d s  {step}", line)
        assert out.endswith("The demo has ended. Every step happened.\n")
        assert sorted(children) == ["emulate", "run"]
        assert [name for name, pid in children.items() if alive(pid)] == []
        assert list(demo.folder.iterdir()) == []


@pytest.mark.parametrize(("child", "name"), [("run", "daemon"), ("emulate", "emulator")])
def test_a_child_that_dies_fails_it(child: str, name: str) -> None:
    """Without its daemon or its network it ends with one line that says so, and takes the other child along."""
    with running("--seconds", "60") as demo:
        demo.read_until("short ")
        children = demo.children()
        os.kill(children[child], signal.SIGKILL)
        status, _, err = demo.ended()
        assert status == 1
        assert re.fullmatch(
            rf"modemd: demo: the {name} has ended by SIGKILL.*; logs and database are kept in .*\n", err
        )
        assert [name for name, pid in children.items() if alive(pid)] == []
        kept = {path.name for path in demo.folder.glob("*/*")}
        assert kept >= {"daemon.log", "emulator.log", "modemd.db"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_the_end_is_no_success(number: signal.Signals) -> None:
    """Stopped in the middle it says so in one line, with the status of the signal, and leaves nothing behind."""
    with running() as demo:
        demo.read_until("short ")
        children = demo.children()
        demo.process.send_signal(number)
        status, _, err = demo.ended()
        assert (status, err) == (128 + number, "modemd: demo: stopped before every step was shown\n")
        assert [name for name, pid in children.items() if alive(pid)] == []
        assert list(demo.folder.iterdir()) == []


def test_it_stays_until_ctrl_c() -> None:
    """Without --seconds it runs on after its steps, says what can be tried, and Ctrl-C then is a good end."""
    with running() as demo:
        demo.read_until("The demo runs until Ctrl-C")
        demo.read_until("inbox --config")
        children = demo.children()
        demo.process.send_signal(signal.SIGINT)
        status, out, err = demo.ended()
        assert (status, err) == (0, "")
        assert out.endswith("The demo has ended. Every step happened.\n")
        assert [name for name, pid in children.items() if alive(pid)] == []


def test_children_do_not_survive_a_kill() -> None:
    """Even where it is killed outright and can end nobody, the kernel ends its children."""
    with running() as demo:
        demo.read_until("short ")
        children = demo.children()
        demo.process.kill()
        assert sorted(children) == ["emulate", "run"]
        assert becomes_true(lambda: not any(map(alive, children.values())))
