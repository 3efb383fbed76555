"""Parts a second where the modem takes no time, beside clients that keep less: what the software itself costs."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from shutil import which
from typing import Any

from benchmarks.daemon_process import MEMORY, daemon, folder, until
from benchmarks.figures import figure, say
from benchmarks.modem_process import Modems, modems

TARGETS = {1: 0.8, 8: 0.6}
# Daemons that look into folders now and then are slow by design: so few parts of theirs make a figure, and they get so long.
ENOUGH = 20
PATIENCE_S = 60.0


def measure(parts: int = 400) -> None:
    """All in one run, one behind the other."""
    for count, target in TARGETS.items():
        for reports in (False, True):
            wish = "with" if reports else "without"
            bare = rate_of(partial(bare_client, count, parts, reports=reports))
            figure(f"python-gsmmodem-new, {count} modems, {wish} reports, keeps nothing", bare, "parts/s")
            for base, where in ((None, "on disk"), (MEMORY, "in memory")):
                ours = rate_of(partial(modemd, base, count, parts, reports=reports))
                figure(f"modemd, {count} modems, {wish} reports, {where}", ours, "parts/s")
                figure(f"  beside python-gsmmodem-new, {where}", ours / bare, least=target)
    for name, program, run in (("gammu-smsd", "gammu-smsd", gammu), ("smstools", "smsd", smstools)):
        if which(program) is None:
            say(f"{name}: not installed")
        else:
            figure(f"{name}, 1 modem, with reports", rate_of(run), "parts/s")


def rate_of(run: Callable[[], list[float]]) -> float:
    """Parts a second between the first tenth, while all begin, and the last. RuntimeError where they are too few to tell."""
    accepted = run()
    window = accepted[len(accepted) // 10 :]
    if len(window) < ENOUGH:
        raise RuntimeError(f"{len(accepted)} parts were sent; that is no figure")
    return (len(window) - 1) / (window[-1] - window[0])


def modemd(base: Path | None, count: int, parts: int, *, reports: bool) -> list[float]:
    with daemon(base, count, latency_s=0.0, messages=parts * min(count, 4), report=reports) as running:
        until(lambda: running.modems.sent() >= parts * min(count, 4), "all is sent", 180)
        return running.modems.accepted()


def bare_client(count: int, parts: int, *, reports: bool) -> list[float]:
    """A thread a modem, each sending one part after the other; all in one process, which is not that of the modems.

    modemd is one process with one interpreter too: several would measure how many processors there are.
    """
    with folder() as made, modems(made / "lab", count, latency_s=0.0) as built:
        each = parts * min(count, 4) // count
        command = [sys.executable, "-m", "benchmarks.throughput", str(each), str(int(reports)), *map(str, built.ports)]
        subprocess.run(command, check=True, timeout=180, stderr=subprocess.DEVNULL)
        accepted = built.accepted()
    if len(accepted) != each * count:
        raise RuntimeError(f"the bare loop sent {len(accepted)} parts of {each * count}")
    return accepted


def loop(port: str, parts: int, reports: bool) -> None:
    """What somebody writes who needs no more: connect, then send in a loop.

    python-gsmmodem-new asks for a report with each part, whatever is wished; without reports the modem is told to keep them to
    itself. With them they come as +CDS. As +CDSI, which is its own wish, it would read them from the modem in another thread,
    whose commands get between AT+CMGS and the PDU: at this speed no run of some hundred parts came to its end.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its docstrings hold invalid escapes, of which Python 3.12 warns
        from gsmmodem.modem import GsmModem
    notify = "2,1,0,1,0" if reports else "2,1,0,0,0"
    client: Any = GsmModem(port, 115200, smsStatusReportCallback=lambda report: None, AT_CNMI=notify)
    client.connect()
    for index in range(parts):
        client.sendSms(f"+336{index:08d}", f"Your order is ready. Number {index}")
    client.close()


def gammu() -> list[float]:
    """gammu-smsd over its folders."""
    with folder() as made, modems(made / "lab", 1, latency_s=0.0) as built:
        for name in ("in", "out", "sent", "error"):
            (made / name).mkdir()
        config = made / "smsdrc"
        config.write_text(
            f"[gammu]\ndevice = {built.ports[0]}\nconnection = at115200\n[smsd]\nservice = files\nlogfile = {made}/log\n"
            f"deliveryreport = log\nloopsleep = 1\ninboxpath = {made}/in/\noutboxpath = {made}/out/\n"
            f"sentsmspath = {made}/sent/\nerrorsmspath = {made}/error/\n",
            encoding="ascii",
        )
        for index in range(60):
            name = f"OUTC20260101_000000_{index:02d}_+336{index:08d}_sms0.txtd"  # d: a report is wanted
            (made / "out" / name).write_text(f"Your order is ready. Number {index}")
        return _ran(built, "gammu-smsd", "-c", str(config))


def smstools() -> list[float]:
    """smsd of SMS Server Tools over its folders."""
    with folder() as made, modems(made / "lab", 1, latency_s=0.0) as built:
        folders = ("incoming", "outgoing", "checked", "sent", "failed")
        for name in folders:
            (made / name).mkdir()
        config = made / "smsd.conf"
        config.write_text(
            f"devices = GSM1\nlogfile = {made}/log\ninfofile = {made}/working\npidfile = {made}/pid\n"
            + "".join(f"{name} = {made}/{name}\n" for name in folders)
            + "delaytime = 1\ndelaytime_mainprocess = 1\n"
            + f"[GSM1]\ndevice = {built.ports[0]}\ninit = AT+CNMI=2,1,0,2,0\nincoming = yes\nreport = yes\nrtscts = no\n"
            + "baudrate = 115200\n",
            encoding="ascii",
        )
        for index in range(200):
            (made / "outgoing" / f"m{index:03d}").write_text(
                f"To: 336{index:08d}\n\nYour order is ready. Number {index}"
            )
        return _ran(built, "smsd", "-t", "-c", str(config))


def _ran(built: Modems, *command: str) -> list[float]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with contextlib.suppress(TimeoutError):
            until(lambda: built.sent() > ENOUGH * 1.2, "it sends enough", PATIENCE_S, every_s=0.5)
        return built.accepted()
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()


if __name__ == "__main__":
    each, wants, *ports = sys.argv[1:]
    with ThreadPoolExecutor(len(ports)) as threads:
        for done in [threads.submit(loop, port, int(each), wants == "1") for port in ports]:
            done.result()
