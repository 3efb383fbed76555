"""Measures the rules on unseen_texts.csv: python -m tests.rules.consent.words.unseen

The texts were written by somebody who had seen neither the words nor the rules. A wish is `stop`, `other`, or `unclear`: a person
could read it either way, and it counts as neither.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import click

from modemd.rules import phone_numbers
from modemd.rules.consent.words.decision import ConsentState, InboundAction, decide
from modemd.rules.consent.words.matching import Words

TEXTS = Path(__file__).parent / "unseen_texts.csv"
_READ_AS = {InboundAction.OPT_OUT: "out", InboundAction.REVIEW: "review"}


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of a measurement. `counts`: texts by their wish and by what was read in them (out, review, none)."""

    counts: Counter[tuple[str, str]]
    misses: list[str]

    @property
    def recall(self) -> float:
        """Share of the wishes to stop that are obeyed at once."""
        return self.counts["stop", "out"] / sum(count for (wish, _), count in self.counts.items() if wish == "stop")

    @property
    def precision(self) -> float:
        """Share of the texts obeyed at once that are a wish to stop."""
        return self.counts["stop", "out"] / (self.counts["stop", "out"] + self.counts["other", "out"])


def measure(words: Words) -> Figures:
    """Returns the figures of some words. A miss is a wish to stop that is not obeyed at once, or another text that is."""
    counts: Counter[tuple[str, str]] = Counter()
    misses = []
    with TEXTS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            number = row["number"]
            match = words.match(row["text"], country=phone_numbers.find_country(number), number=number)
            decision = decide(match, ConsentState.OPTED_IN)
            read_as = _READ_AS.get(decision.action, "none")
            counts[row["wish"], read_as] += 1
            if (row["wish"], read_as == "out") in (("stop", False), ("other", True)):
                misses.append(f"{row['wish']} read as {read_as}: {row['text']!r} ({number}): {decision.because}")
    return Figures(counts, misses)


if __name__ == "__main__":
    figures = measure(Words.load())
    click.echo(f"recall {figures.recall:.3f}, precision {figures.precision:.3f}")
    for (wish, read_as), count in sorted(figures.counts.items()):
        click.echo(f"{wish} read as {read_as}: {count}")
    for miss in figures.misses:
        click.echo(miss)
