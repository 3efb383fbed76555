"""minicom, unmodified from Debian, in a terminal of its own, with its script interpreter on an emulated modem."""

from __future__ import annotations

import asyncio
import os
import pty
import shutil
from pathlib import Path

import pytest

from tests.system.processes import lab, off_loop, ports, until

PROGRAMS = ("minicom", "runscript")
ABSENT = [program for program in PROGRAMS if shutil.which(program) is None]
PHONE = "+447700900123"
# runscript's own language: it reads the modem, and writes to it with a CR behind.
SCRIPT = """\
timeout 30
verbose on
send "AT"
expect "OK"
send "AT+CGMI"
expect "Generic"
expect "OK"
send "AT+CMGF=1"
expect "OK"
send "AT+CMGS=\\"+447700900123\\""
expect ">"
send "Hello from minicom^Z\\c"
expect {
  "+CMGS:" goto sent
  "ERROR" exit 1
}
sent:
expect "OK"
! touch %s
exit 0
"""

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(60),
    pytest.mark.skipif(bool(ABSENT), reason=f"not installed: {' '.join(ABSENT)}; see .ci/packages"),
]


async def test_minicom(tmp_path: Path) -> None:
    """A script sends a message in text mode; minicom shows what the modem says, until a person leaves it."""
    done = tmp_path / "done"
    script = tmp_path / "send.script"
    script.write_text(SCRIPT % done, encoding="ascii")
    captured = tmp_path / "captured"
    async with lab(tmp_path / "lab", modems=1, families=("generic",), boot_factor=0.0) as built:
        arguments = [
            "minicom",
            "-o",
            "-D",
            str(ports(built)[0]),
            "-b",
            "115200",
            "-S",
            str(script),
            "-C",
            str(captured),
        ]
        child, terminal = await off_loop(_in_a_terminal, arguments, tmp_path)
        shown = bytearray()
        asyncio.get_running_loop().add_reader(terminal, _read, terminal, shown)
        try:
            await until(done.exists, "the script is through", 40)
            phone = built.network.phone(PHONE)
            await until(lambda: len(phone.inbox) == 1, "the message arrives", 10)
            assert phone.inbox[0].text == "Hello from minicom"
            os.write(terminal, b"\x01x")  # Ctrl-A X: leave minicom
            await asyncio.sleep(0.5)
            os.write(terminal, b"\r")  # yes
            _, status = await off_loop(os.waitpid, child, 0)
            assert os.waitstatus_to_exitcode(status) == 0
            child = 0
        finally:
            asyncio.get_running_loop().remove_reader(terminal)
            if child:
                os.kill(child, 9)
                await off_loop(os.waitpid, child, 0)
            os.close(terminal)
    assert "+CMGS:" in captured.read_text(encoding="ascii", errors="replace"), bytes(shown)


def _in_a_terminal(arguments: list[str], home: Path) -> tuple[int, int]:
    """The process and the terminal that it believes to be a person's."""
    child, terminal = pty.fork()
    if child == 0:
        environment = {**os.environ, "TERM": "vt100", "HOME": str(home), "LANG": "C", "LC_ALL": "C"}
        os.execvpe(arguments[0], arguments, environment)  # noqa: S606 - no shell is wanted
    return child, terminal


def _read(terminal: int, shown: bytearray) -> None:
    try:
        shown += os.read(terminal, 4096)
    except OSError:  # minicom has left
        asyncio.get_running_loop().remove_reader(terminal)
