"""Estimates for people: parts, duration and cost, in a few lines."""

from __future__ import annotations

import sys
from datetime import tzinfo
from typing import Any

from modemd.cli.output import echo, print_json, print_warnings
from modemd.cli.show.times import format_time

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def print_estimate(estimate: dict[str, Any], zone: tzinfo) -> None:
    """Prints an estimate: messages and parts, and why not fewer; until about when; what it costs."""
    parts = f"{_count(estimate['messages'], 'message')}, {_count(estimate['parts'], 'part')}"
    if estimate["extra_parts"]:
        named = [f"“{_show(each['character'])}” in {each['messages']}" for each in estimate["characters"]]
        parts += f": {estimate['extra_parts']} more because of {', '.join(named)}"
    echo(parts)
    sims = _count(estimate["sims"], "SIM")
    if estimate["ends_at"] is not None:
        until = format_time(estimate["ends_at"], zone)
        ahead = f", after {_count(estimate['ahead'], 'part')} waiting already" if estimate["ahead"] else ""
        took = format_duration(estimate["duration_s"])
        echo(f"done about {until} (in {took}) at the pace and limits of {sims}{ahead}")
    elif estimate["sims"]:
        echo(f"when it is done is not known: {sims} would take more than 31 days, or are paused")
    else:
        echo("when it is done is not known: no SIM was seen yet that may send it")
    if estimate["cost"] is not None:
        echo(f"cost {estimate['cost']:.2f}")
    if estimate["expiring"]:
        lost = _count(estimate["expiring"], "part")
        echo(f"warning: about {lost} will expire before they can go out; --valid says how long they may wait", err=True)


def print_preview(preview: dict[str, Any], zone: tzinfo, *, as_json: bool) -> None:
    """Prints what would become of messages. Exits with 1 if none would be sent."""
    print_warnings(preview["warnings"])
    if as_json:
        print_json(preview)
    else:
        others = (("refused", "refused by consent"), ("again", "known by their key"), ("left_out", "left out"))
        named = [f"{preview[key]} {words}" for key, words in others if preview[key]]
        if named:
            echo(f"not sent: {', '.join(named)}")
        print_estimate(preview["estimate"], zone)
        echo("nothing was sent or stored (--dry-run)")
    if not preview["estimate"]["messages"]:
        sys.exit(1)


def format_duration(seconds: int) -> str:
    """Returns seconds in the two largest units that fit, rounded down: `1 h 20 min`."""
    for place, (size, unit) in enumerate(_UNITS):
        if seconds >= size:
            smaller, its_unit = _UNITS[min(place + 1, len(_UNITS) - 1)]
            rest = seconds % size // smaller
            return f"{seconds // size} {unit}" + (f" {rest} {its_unit}" if rest and size > 1 else "")
    return "0 s"


def _count(amount: int, noun: str) -> str:
    return f"{amount} {noun}{'' if amount == 1 else 's'}"


def _show(character: str) -> str:
    """Returns a character, or its code if nobody would see it."""
    return character if character.isprintable() and not character.isspace() else f"U+{ord(character):04X}"
