"""How long a message and an arrival wait for modemd, on an idle modem. One clock for all processes."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import datetime

from benchmarks.figures import times
from benchmarks.house import daemon, until


def measure(count: int = 60) -> None:
    """`created_at` is taken just before the commit, so that the commit is in the figure. An arrival is durable before its
    modem is told to delete it: that, one command later, is what the modem sees of it."""
    with daemon(None, 1, latency_s=0.0) as running:
        running.cli("send", "--to", "+33612345678", "--text", "first", "--no-report")
        until(lambda: len(running.modems.accepted()) == 1, "the modem is ready, and the first is sent", 30)
        wall = time.time() - time.monotonic()
        running.modems.forget()
        for index in range(count):
            running.cli("send", "--to", f"+336{index:08d}", "--text", f"number {index}", "--no-report")
            until(lambda index=index: len(running.modems.asked()) == index + 1, "it is sent")  # type: ignore[misc]
        with closing(sqlite3.connect(f"file:{running.folder / 'modemd.db'}?mode=ro", uri=True)) as db:
            accepted = [row[0] for row in db.execute("SELECT created_at FROM message ORDER BY id")][1:]
        asked = running.modems.asked()
        waits = [at + wall - datetime.fromisoformat(text).timestamp() for at, text in zip(asked, accepted, strict=True)]
        times("commit to AT+CMGS on an idle modem", waits, median=20, p95=50)
        running.modems.forget()
        for index in range(count):
            running.modems.phone_writes(f"arrival {index}")
            until(lambda index=index: len(running.modems.deleted()) == index + 1, "it is kept")  # type: ignore[misc]
        kept = zip(running.modems.deleted(), running.modems.told(), strict=True)
        times("inbound notice to committed (to AT+CMGD)", [deleted - told for deleted, told in kept], median=5, p95=15)
