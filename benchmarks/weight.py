"""What modemd weighs: processor time, memory, the processor while nothing happens, bytes on the disk."""

from __future__ import annotations

import time

from benchmarks.figures import figure, say
from benchmarks.house import MEMORY, daemon, until

IDLE_S = 20.0
SD_CARD = 10e12  # bytes that a card of 10 TB endurance takes


def measure(parts: int = 600) -> None:
    """With reports, as it comes; on the real disk where bytes are counted."""
    with daemon(MEMORY, 1, latency_s=0.0, messages=parts) as running:
        until(lambda: len(running.modems.accepted()) >= parts // 10, "it sends")
        began, sent = running.cpu_s(), len(running.modems.accepted())
        until(lambda: len(running.modems.accepted()) >= parts, "all is sent")
        each = (running.cpu_s() - began) / (parts - sent)
        figure("CPU seconds per 1,000 parts, with reports", each * 1000, "s", most=0.9)
        figure("resident memory of modemd run", running.rss_mib(), "MiB", most=75)
    with daemon(MEMORY, 8, latency_s=0.0) as running:
        until(lambda: running.rss_mib() > 30, "it is there")
        time.sleep(8)  # modems are set up
        began_s = running.cpu_s()
        time.sleep(IDLE_S)
        figure("idle CPU with 8 modems", (running.cpu_s() - began_s) / IDLE_S * 100, "% of a core", most=0.1)
    written_alone()
    written_under_load(parts)


def written_alone(times: int = 20) -> None:
    """Messages that come and go one at a time: each has its commits to itself."""
    with daemon(None, 1, latency_s=0.0) as running:
        running.cli("send", "--to", "+33612345678", "--text", "first")
        until(lambda: len(running.modems.accepted()) == 1, "the first is sent")
        time.sleep(1)
        began = running.written()
        for index in range(times):
            running.cli("send", "--to", f"+336{index:08d}", "--text", f"number {index}")
            until(lambda index=index: len(running.modems.accepted()) == index + 2, "it is sent")  # type: ignore[misc]
        time.sleep(1)  # reports
        told("alone", (running.written() - began) / times)


def written_under_load(parts: int) -> None:
    """Eight modems at full speed: commits are shared."""
    with daemon(None, 8, latency_s=0.0, messages=parts) as running:
        until(lambda: len(running.modems.accepted()) >= parts // 10, "it sends")
        began, sent = running.written(), len(running.modems.accepted())
        until(lambda: len(running.modems.accepted()) >= parts, "all is sent")
        time.sleep(1)
        told("under load", (running.written() - began) / (parts - sent))


def told(how: str, each: float) -> None:
    """A figure, and what it makes of a card."""
    figure(f"bytes written per message {how}, submit to report", each / 1024, "KiB", most=64)
    if each:
        say(f"  an SD card of 10 TB endurance takes {SD_CARD / each / 1e6:,.0f} million messages: "
            f"{SD_CARD / each / 10_000 / 365:,.0f} years of 10,000 a day")  # fmt: skip
