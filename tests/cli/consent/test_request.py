"""`modemd consent request`, without a daemon."""

from __future__ import annotations

from pathlib import Path

from tests.cli.shell import Modemd

ALICE = "+33612345678"
ASK = (
    "consent",
    "request",
    "--config",
    "FILE",
    "0612345678",
    "--list",
    "promo",
    "--channel",
    "form",
    "--evidence",
    "17",
)


def test_a_number_is_asked_once(modemd: Modemd, config: Path) -> None:
    """And the command says by which message."""
    text = config.read_text(encoding="utf-8")
    lists = "brand: Chez Paul\nconsent: {lists: {promo: {title: Offers, frequency: weekly}}}\n"
    config.write_text(text + lists, encoding="utf-8")
    asked = modemd(*ASK)
    # Now, or when the hours of the number allow it: that depends on the hour in which this test runs.
    assert (asked.status, asked.out.startswith(f"{ALICE} is asked to confirm by message 1, ")) == (0, True)
    again = modemd(*ASK)
    assert (again.status, "has not answered yet" in again.err) == (1, True)


def test_a_list_has_to_be_configured(modemd: Modemd) -> None:
    """Else nobody could say what it is."""
    ended = modemd(*ASK)
    assert (ended.status, "no list 'promo'" in ended.err) == (1, True)
