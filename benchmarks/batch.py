"""100,000 rows are staged, accepted and promoted, while alarms come: how long each waits until a modem is asked to send it."""

from __future__ import annotations

import subprocess
import time

from benchmarks.daemon_process import MODEMD, Daemon, daemon, until
from benchmarks.figures import figure, say, times
from modemd.http.unix import request

ROWS = 100_000
LATENCY_S = 0.1


def measure(rows: int = ROWS) -> None:
    """Beside it the same alarms on a daemon that has nothing else to do."""
    with daemon(None, 2, latency_s=LATENCY_S) as running:
        until((running.folder / "modemd.sock").exists, "the daemon listens", 30)
        alarm(running, 0)
        until(lambda: running.modems.sent() == 1, "the first is sent")
        alone = [claimed_after(running, index) for index in range(1, 16)]
        times("alarm, accepted to claimed, nothing else to do", alone, median=50, p95=100)
        file = running.folder / "rows.csv"
        lines = (f"+336{row:08d},Offer {row},marketing\n" for row in range(rows))
        file.write_text("to,text,class\n" + "".join(lines), encoding="utf-8")
        began = time.monotonic()
        command = [str(MODEMD), "send", "--config", str(running.config), "--csv", str(file)]
        sending = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        meanwhile: list[float] = []
        accepted_s = 0.0
        while sending.poll() is None or not promoted(running):
            if sending.poll() is not None and not accepted_s:
                accepted_s = time.monotonic() - began
            meanwhile.append(claimed_after(running, 100 + len(meanwhile)))
            time.sleep(0.1)
        figure(f"{rows:,} rows accepted after", accepted_s, "s")
        figure(f"{rows:,} rows promoted after", time.monotonic() - began, "s")
        # An alarm may find both modems busy with a part, and waits until the first is free.
        times(
            "alarm, accepted to claimed, meanwhile", meanwhile, median=LATENCY_S * 1000 + 50, p95=LATENCY_S * 1000 + 150
        )
        say(f"  the longest of {len(meanwhile)}: {max(meanwhile) * 1000:.0f} ms")


def alarm(running: Daemon, index: int) -> int:
    """Its id."""
    body = f'{{"to": "+3369{index:07d}", "text": "alarm {index}", "class": "alarm"}}'.encode()
    status, answer = request(running.folder / "modemd.sock", "POST", "/v1/messages", body)
    if status != 202:
        raise RuntimeError(answer.decode())
    return int(answer.decode().partition('"id":')[2].partition(",")[0])


def claimed_after(running: Daemon, index: int) -> float:
    """Seconds from the acceptance of an alarm to its claim, as the database tells them."""
    id = alarm(running, index)
    until(lambda: bool(running.rows(_TRIED, id)), "it is claimed")
    return float(running.rows(_WAITED, id)[0][0])


_TRIED = "SELECT 1 FROM attempt WHERE message_id = ?"
_WAITED = """SELECT (julianday(a.opened_at) - julianday(m.created_at)) * 86400
             FROM message m JOIN attempt a ON a.message_id = m.id WHERE m.id = ? LIMIT 1"""


def promoted(running: Daemon) -> bool:
    return not running.rows("SELECT 1 FROM batch WHERE state <> 'promoted' LIMIT 1")
