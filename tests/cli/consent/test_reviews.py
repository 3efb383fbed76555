"""`modemd consent reviews` and `review`, without a daemon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modemd.store.connection import connect
from modemd.store.consent import reviews
from modemd.store.consent.reviews import ReviewKind, ReviewText
from tests.cli.shell import Modemd
from tests.service.assembled import NOON

ALICE = "+33612345678"


@pytest.fixture
def review(modemd: Modemd, tmp_path: Path) -> str:
    """The id of an open item."""
    connection = connect(tmp_path / "modemd.db")
    new = ReviewText(ALICE, ReviewKind.AMBIGUOUS, "the bus stop")
    review = reviews.open_item(connection, new, NOON.replace(day=24), NOON)
    connection.close()
    return str(review)


def test_reviews_are_listed_and_decided(modemd: Modemd, review: str) -> None:
    """Then nothing is open any more."""
    listed = modemd("consent", "reviews", "--config", "FILE")
    assert (listed.status, ALICE in listed.out, "the bus stop" in listed.out) == (0, True, True)
    decided = modemd("consent", "review", "--config", "FILE", review, "--dismiss", "--why", "a bus", "--by", "anna")
    assert (decided.status, decided.out) == (0, f"review {review} of {ALICE} changes nothing\n")
    assert modemd("consent", "reviews", "--config", "FILE").out == "no open reviews\n"
    (item,) = json.loads(modemd("consent", "reviews", "--config", "FILE", "--all", "--json").out)
    assert (item["resolution"], item["by"], item["why"]) == ("dismissed", "anna", "a bus")


def test_a_decision_has_to_be_named(modemd: Modemd, review: str) -> None:
    """There is none by default."""
    ended = modemd("consent", "review", "--config", "FILE", review, "--why", "a bus")
    assert (ended.status, "--opt-out" in ended.err) == (2, True)


def test_an_opt_out_shows_where_the_number_stands(modemd: Modemd, review: str) -> None:
    """With the review as its channel."""
    modemd("consent", "review", "--config", "FILE", review, "--opt-out", "--why", "asked")
    shown = modemd("consent", "show", "--config", "FILE", ALICE)
    assert shown.out.startswith(f"{ALICE} has opted out")
    assert "review" in shown.out


def test_the_status_tells_of_open_reviews(modemd: Modemd, review: str) -> None:
    """Until they are decided: nobody looks for what they do not know of."""
    line = "1 reviews wait for a decision: modemd consent reviews"
    assert line in modemd("status", "--config", "FILE").out
    modemd("consent", "review", "--config", "FILE", review, "--dismiss", "--why", "a bus")
    assert line not in modemd("status", "--config", "FILE").out
