"""How busy the radio is: sends × latency / (modems × time). What is missing is what modemd adds, and what the emulator takes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import bare_modems
from benchmarks.daemon_process import daemon, until
from benchmarks.figures import figure, say

# Modems, latency in seconds, target.
CASES = ((1, 0.3, 0.99), (8, 0.3, 0.99), (64, 0.3, 0.97), (8, 2.5, 0.998))
# What is queued lasts as if the first modem sent for so long, with all others, before the last one is set up.
SET_UP_S = 20.0


@dataclass(frozen=True, slots=True)
class Busy:
    """`fraction` of the time in which modems sent, of `window_s` seconds that begin `ready_s` after the daemon was started.
    `own`: the same by the time that the emulated modems took, which are some milliseconds late with their answers themselves."""

    fraction: float
    own: float
    window_s: float
    ready_s: float


def measure_bare(sends: int = 40) -> None:
    """A loop that does nothing else, on one modem: above that no software can come."""
    for latency_s in dict.fromkeys(latency_s for _, latency_s, _ in CASES):
        fraction = bare_modems.busy(latency_s, _sends(sends, latency_s))
        figure(f"busy fraction, 1 modem, latency {latency_s} s, a bare loop", fraction)


def measure(base: Path | None, where: str, sends: int = 40) -> None:
    """Each modem sends about so many parts while it is looked at; 12 of those that take long."""
    for count, latency_s, target in CASES:
        found = busy(base, count, latency_s, _sends(sends, latency_s))
        figure(f"busy fraction, {count} modems, latency {latency_s} s, {where}", found.fraction, least=target)
        figure("  by the time that the modems took", found.own, least=target)
        say(f"  in {found.window_s:.1f} s from {found.ready_s:.1f} s after the start, when all modems had sent one")


def _sends(sends: int, latency_s: float) -> int:
    return sends if latency_s < 1 else min(sends, 12)


def busy(base: Path | None, count: int, latency_s: float, each: int) -> Busy:
    """From the moment at which every modem has ended one, for the time of `each` sends.

    Modems that are set up early take more than their share until then, and what is queued is for all of them: so there is
    enough of it. RuntimeError where it ran out all the same: then the figure would say nothing.
    """
    window_s = each * latency_s
    messages = count * (each + 5 + int(SET_UP_S / latency_s))
    with daemon(base, count, latency_s=latency_s, messages=messages) as running:
        began = time.monotonic()
        until(lambda: running.modems.sending() == count, "all modems send", SET_UP_S + latency_s, every_s=0.2)
        time.sleep(
            window_s + latency_s + 0.5
        )  # until what is on the air when the window closes has ended; nobody looks on
        sends, air = running.modems.accepted_by(), running.modems.air()
    opens = max(times[0] for times in sends.values())
    closes = opens + window_s
    if sum(map(len, sends.values())) > messages - count:
        raise RuntimeError(f"there was nothing left to send: {messages} messages were not enough")
    on_air = sum(_within(end - latency_s, end, opens, closes) for times in sends.values() for end in times)
    taken = sum(_within(begin, end, opens, closes) for times in air.values() for begin, end in times)
    return Busy(on_air / (count * window_s), taken / (count * window_s), window_s, opens - began)


def _within(begin: float, end: float, opens: float, closes: float) -> float:
    """How much of a send lies in the window: one that its end cuts counts for what is inside."""
    return max(min(end, closes) - max(begin, opens), 0.0)
