"""The database held against the truth journal, after real processes have ended."""

from __future__ import annotations

from collections import Counter

from modemd.emulator.lab.lab import Lab
from tests.system.processes import Daemon


def accepted(built: Lab) -> Counter[tuple[str, str | None]]:
    """What the network took: how often each text went to each recipient."""
    return Counter((entry.recipient, entry.text) for entry in built.network.journal.accepted)


def judge(built: Lab, daemon: Daemon) -> dict[str, int]:
    """Counts. Lost: said to be sent and never accepted, or never said to be tried."""
    took = accepted(built)
    messages = daemon.rows("SELECT number, text, state FROM message")
    never_taken = [row for row in messages if (row["number"], row["text"]) not in took]
    ever_unknown = daemon.rows("SELECT DISTINCT message_id FROM event WHERE what = 'lost'")
    return {
        "messages": len(messages),
        "lost": sum(row["state"] != "unknown" for row in never_taken),
        "twice": sum(times - 1 for times in took.values()),
        "were unknown": len(ever_unknown),
        "still unknown": sum(row["state"] == "unknown" for row in messages),
        "unknown and never taken": sum(row["state"] == "unknown" for row in never_taken),
    }
