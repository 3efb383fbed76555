"""How long a message and an arrival wait for modemd, on an idle modem. One clock for all processes.

Beside them, in the same run, the bare round trip of `AT` over the same kind of pty: what no software can go below.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from benchmarks import bare_modems
from benchmarks.daemon_process import Daemon, daemon, until
from benchmarks.figures import times


def measure(count: int = 60) -> None:
    """`created_at` is taken just before the commit, so that the commit is in the figure. An arrival is durable before its
    modem is told to delete it: that, one command later, is what the modem sees of it."""
    times("bare round trip of AT over a pty", bare_modems.round_trips(count))
    with daemon(None, 1, latency_s=0.0) as running:
        running.cli("send", "--to", "+33612345678", "--text", "first", "--no-report")
        until(lambda: running.modems.sent() == 1, "the modem is ready, and the first is sent", 30)
        times("commit to AT+CMGS on an idle modem", to_cmgs(running, count), median=20, p95=50)
        times("inbound notice to committed (to AT+CMGD)", to_cmgd(running, count), median=5, p95=15)


def to_cmgs(running: Daemon, count: int) -> list[float]:
    """Seconds from the acceptance of each message to its AT+CMGS; the next comes when the modem has nothing to do."""
    wall = time.time() - time.monotonic()
    running.modems.forget()
    (last,) = running.rows("SELECT max(id) FROM message")[0]
    for index in range(count):
        running.cli("send", "--to", f"+336{index:08d}", "--text", f"number {index}", "--no-report")
        until(_reaches(running.modems.sent, index + 1), "it is sent")
    accepted = running.rows("SELECT created_at FROM message WHERE id > ? ORDER BY id", last)
    pairs = zip(running.modems.asked(), accepted, strict=True)
    return [asked + wall - datetime.fromisoformat(text).timestamp() for asked, (text,) in pairs]


def to_cmgd(running: Daemon, count: int) -> list[float]:
    """Seconds from the notice of each arrival to the command that deletes it."""
    running.modems.forget()
    for index in range(count):
        running.modems.phone_writes(f"arrival {index}")
        until(_reaches(lambda: len(running.modems.deleted()), index + 1), "it is kept")
    return [deleted - told for deleted, told in zip(running.modems.deleted(), running.modems.told(), strict=True)]


def _reaches(counted: Callable[[], int], wanted: int) -> Callable[[], bool]:
    return lambda: counted() == wanted
