"""What modemd weighs: processor time, memory, the processor while nothing happens, bytes on the disk."""

from __future__ import annotations

import time

from benchmarks.daemon_process import MEMORY, Daemon, daemon, until
from benchmarks.figures import figure, say

IDLE_S = 20.0
SD_CARD = 10e12  # bytes that a card of 10 TB endurance takes
A_DAY = (1_000, 10_000)
# A network takes seconds to report: long enough that the outcome has had its commit before.
REPORT_S = 1.0


def measure(parts: int = 600, alone: int = 60) -> None:
    """On the real disk where bytes are counted."""
    for count, report in ((1, False), (1, True), (8, False), (8, True)):
        with daemon(MEMORY, count, latency_s=0.0, messages=parts, report=report) as running:
            until(lambda running=running: running.modems.sent() >= parts // 10, "it sends")  # type: ignore[misc]
            began, sent = running.cpu_s(), running.modems.sent()
            until(lambda running=running: running.modems.sent() >= parts, "all is sent")  # type: ignore[misc]
            each = (running.cpu_s() - began) / (parts - sent)
            wish = "with" if report else "without"
            figure(f"CPU seconds per 1,000 parts, {count} modems, {wish} reports", each * 1000, "s", most=0.9)
            rss = running.rss_mib()
    figure("resident memory of modemd run", rss, "MiB", most=75)
    with daemon(MEMORY, 8, latency_s=0.0) as running:
        until(lambda: running.rss_mib() > 30, "it is there")
        time.sleep(8)  # modems are set up
        began_s = running.cpu_s()
        time.sleep(IDLE_S)
        figure("idle CPU with 8 modems", (running.cpu_s() - began_s) / IDLE_S * 100, "% of a core", most=0.1)
    written_alone(alone)
    written_under_load(parts)


def written_alone(times: int) -> None:
    """Messages that come and go one at a time, each with its report before the next: each has its commits to itself.

    Of what SQLite moves from the log into the file now and then, the figure has its share from some sixty messages on.
    """
    with daemon(None, 1, latency_s=0.0, report_latency_s=REPORT_S) as running:
        _goes(running, "+33612345678", 1)
        began = running.written()
        for index in range(times):
            _goes(running, f"+336{index:08d}", index + 2)
        told("alone", (running.written() - began) / times)


def _goes(running: Daemon, number: str, count: int) -> None:
    """Send a message, the `count`-th; its report is kept when this returns."""
    running.cli("send", "--to", number, "--text", "Your order is ready.")
    until(lambda: running.rows(_DELIVERED) == [(count,)], "it is delivered, and that is kept", every_s=0.1)


_DELIVERED = "SELECT count(*) FROM message WHERE state = 'delivered'"


def written_under_load(parts: int) -> None:
    """Eight modems at full speed: commits are shared."""
    with daemon(None, 8, latency_s=0.0, messages=parts) as running:
        until(lambda: running.modems.sent() >= parts // 10, "it sends")
        began, sent = running.written(), running.modems.sent()
        until(lambda: running.modems.sent() >= parts, "all is sent")
        time.sleep(1)
        told("under load", (running.written() - began) / (parts - sent))


def told(how: str, each: float) -> None:
    """A figure, and what it makes of a card."""
    figure(f"bytes written per message {how}, submit to report", each / 1024, "KiB", most=64)
    if each:
        years = " and ".join(f"{SD_CARD / each / a_day / 365:,.0f} years of {a_day:,} a day" for a_day in A_DAY)
        say(f"  an SD card of 10 TB endurance takes {SD_CARD / each / 1e6:,.0f} million messages: {years}")
