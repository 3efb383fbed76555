"""Parts of long messages: they join, in any order, what they belong to and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from modemd.rules.classes import Kind
from modemd.store import listings
from modemd.store.inbound import inbox, reassembly
from tests.store.bench import EAST, START, Bench
from tests.store.inbound.bench import keep, part, shown


@pytest.mark.parametrize("apart", [timedelta(hours=40), timedelta(days=1), -timedelta(hours=40)], ids=str)
def test_a_reference_that_is_used_again_later_joins_nothing(bench: Bench, apart: timedelta) -> None:
    """A sender uses its references again: parts whose stamps are too far apart are of two messages, in any order."""
    hour = timedelta(hours=1)
    for text, stamp in (("old", START), ("new", START + apart)):
        for seq in (1, 2):
            keep(bench, replace(part(seq, f"{text} {seq} "), sent_at=stamp, spread=hour))
    whole = keep(bench, replace(part(3, "new 3"), sent_at=START + apart, spread=hour))
    assert whole is not None
    assert whole.text == "new 1 new 2 new 3"
    late = keep(bench, replace(part(3, "old 3"), sent_at=START + hour, spread=hour))
    assert late is not None
    assert late.text == "old 1 old 2 old 3"


def test_a_set_whose_first_stamp_is_rubbish_takes_the_next(bench: Bench) -> None:
    """A stamp that cannot be read proves nothing; the first that can be read holds for the set."""
    hour = timedelta(hours=1)
    keep(bench, replace(part(1, "one "), sent_at=None, spread=hour))
    keep(bench, replace(part(2, "two "), sent_at=START, spread=hour))
    assert keep(bench, replace(part(3, "far"), sent_at=START + 2 * hour, spread=hour)) is None
    whole = keep(bench, replace(part(3, "near"), sent_at=START + hour, spread=hour))
    assert whole is not None
    assert whole.text == "one two near"


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))), ids=lambda order: "".join(map(str, order)))
def test_parts_join_in_any_order(bench: Bench, order: tuple[int, ...]) -> None:
    """A long message is whole with its last part, in the order of their numbers; before that it is not shown."""
    texts = {1: "one ", 2: "two ", 3: "three"}
    for seq in order[:-1]:
        assert keep(bench, part(seq, texts[seq])) is None
        assert shown(bench) == []
    whole = keep(bench, part(order[-1], texts[order[-1]]))
    assert whole is not None
    assert (whole.text, shown(bench)) == ("one two three", [("one two three", True)])


def test_a_repeated_part_counts_once(bench: Bench) -> None:
    """A part that the network hands over twice does not stand for a missing one."""
    for seq in (1, 1, 2, 2):
        assert keep(bench, part(seq, str(seq))) is None
    assert keep(bench, part(3, "3")) is not None


def test_a_conflicting_part_begins_a_new_set(bench: Bench) -> None:
    """Another part with a number that is taken belongs to another message under the same reference."""
    keep(bench, part(1, "old "))
    keep(bench, part(1, "new "))
    keep(bench, part(2, "middle "))
    whole = keep(bench, part(3, "end"))
    assert whole is not None
    assert whole.text == "new middle end"
    assert shown(bench) == [("new middle end", True)]


def test_sets_are_told_apart(bench: Bench) -> None:
    """Parts of another reference or another SIM never mix."""
    keep(bench, part(1, "a", key="alice/8/1/2"))
    assert keep(bench, part(2, "b", key="alice/8/2/2")) is None
    assert keep(bench, part(2, "c", key="alice/8/1/2", sim=EAST)) is None
    assert keep(bench, part(2, "d", key="alice/8/1/2")) is not None


def test_a_reference_may_be_used_again(bench: Bench) -> None:
    """A complete set takes no more parts: the same reference begins a new message."""
    for text in ("first", "second"):
        keep(bench, part(1, text, key="alice/8/1/2"))
        assert keep(bench, part(2, text, key="alice/8/1/2")) is not None
    assert len(shown(bench)) == 2


def test_incomplete_sets_are_shown_after_72_hours(bench: Bench) -> None:
    """A set that stays incomplete is shown, marked as such, when its newest part is 72 hours old; a part that comes later
    begins a new one."""
    keep(bench, part(1, "one "))
    bench.passes(hours=1)
    keep(bench, part(3, "three"))
    bench.passes(hours=71, minutes=59)
    assert reassembly.show_incomplete(bench.db, bench.now) == 0
    bench.passes(minutes=1)
    assert reassembly.show_incomplete(bench.db, bench.now) == 1
    assert shown(bench) == [("one three", False)]
    assert reassembly.show_incomplete(bench.db, bench.now) == 0
    assert keep(bench, part(2, "two ")) is None
    assert shown(bench) == [("one three", False)]


def test_what_a_set_is_shows_when_it_is_whole(bench: Bench) -> None:
    """The first part of a picture's notification is data; all of them are a notification."""

    def notification(tpdus: Sequence[bytes]) -> tuple[Kind, str]:
        return ("mms", "a picture") if len(tpdus) == 2 else ("data", "00")

    for seq in (1, 2):
        half = replace(part(seq, "x", key="mmsc/8/1/2"), kind="data")
        whole = inbox.store_arrival(bench.db, half, notification, bench.now)
    assert whole is not None
    assert (whole.kind, whole.text) == ("mms", "a picture")
    assert [row.kind for row in listings.list_inbox(bench.db)] == ["mms"]
