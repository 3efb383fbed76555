"""How busy the radio is: sends × latency / (modems × time). What is missing is what modemd adds."""

from __future__ import annotations

from pathlib import Path

from benchmarks.figures import figure
from benchmarks.house import daemon, until

# Modems, latency in seconds, target.
CASES = ((1, 0.3, 0.99), (8, 0.3, 0.99), (64, 0.3, 0.97), (8, 2.5, 0.998))


def measure(base: Path | None, where: str, sends: int = 40) -> None:
    """Each modem sends so many parts; the first of all, which waits for its boot, is not counted."""
    for count, latency_s, target in CASES:
        each = sends if latency_s < 1 else max(sends // 4, 6)
        fraction = busy(base, count, latency_s, each)
        figure(f"busy fraction, {count} modems, latency {latency_s} s, {where}", fraction, least=target)


def busy(base: Path | None, count: int, latency_s: float, each: int) -> float:
    """From the moment at which all modems send until the first could run dry."""
    with daemon(base, count, latency_s=latency_s, messages=count * (each + 4)) as running:
        until(lambda: len(running.modems.asked()) >= count, "all modems send", 60)
        until(lambda: len(running.modems.accepted()) >= count * each, "most is sent", 60 + 3 * each * latency_s)
        accepted = running.modems.accepted()
    # The network takes a part when its latency is over. From the moment at which every modem has ended one.
    window = accepted[count - 1 : count * each]
    return (len(window) - 1) * latency_s / (count * (window[-1] - window[0]))
