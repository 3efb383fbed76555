"""Parts back into a whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from modemd.errors import DecodeError
from modemd.pdu import (
    Deliver,
    Ending,
    Reassembler,
    ReassemblyKey,
    Timestamp,
    UserData,
    compose_data,
    compose_deliver,
    join,
)

START = datetime(2025, 3, 11, 9, 15, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEXT = "one two three four five €uro " * 14


def parts(text: str = TEXT, sender: str = "+447700900456", reference: int = 7) -> list[Deliver]:
    return compose_deliver(sender, text, Timestamp.of(START), reference=reference)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_any_order(order: tuple[int, ...]) -> None:
    """A set is whole with its last missing part, whatever the order."""
    collected, sent = Reassembler(), parts()
    results = [collected.add(sent[number], START) for number in order]
    assert results[:2] == [[], []]
    (whole,) = results[2]
    assert (whole.text, whole.complete, len(whole.parts)) == (TEXT, True, 3)


def test_repeated_parts_change_nothing() -> None:
    """A part that comes again, before or after the set is whole, adds nothing."""
    collected, sent = Reassembler(), parts()
    done = [whole for part in [*sent[:2], *sent[:2], sent[2], *sent] for whole in collected.add(part, START)]
    assert [whole.text for whole in done] == [TEXT]
    assert len(collected) == 1
    assert collected.expire(START + 72 * HOUR) == []
    assert len(collected) == 0


def test_a_conflicting_part_begins_a_new_set() -> None:
    """A sender that uses a reference again does not get two texts mixed, and both can still be completed."""
    collected, first, second = Reassembler(), parts(), parts("six seven eight nine ten " * 18)
    assert collected.add(first[0], START) == []
    assert collected.add(second[0], START) == []
    assert collected.add(second[1], START) == []
    (whole,) = collected.add(second[2], START)
    assert whole.text == "six seven eight nine ten " * 18
    (late,) = [done for part in first[1:] for done in collected.add(part, START + HOUR)]
    assert late.text == TEXT


def test_the_same_text_sent_again_is_another_message() -> None:
    """A sender with one reference for all, and one text for all, is heard each time."""
    collected, later = Reassembler(), Timestamp.of(START + HOUR)
    again = [replace(part, timestamp=later) for part in parts()]
    done = [whole for part in parts() + again for whole in collected.add(part, START + HOUR)]
    assert [whole.text for whole in done] == [TEXT, TEXT]


def test_a_reference_used_again_after_a_whole_set() -> None:
    """A new set with the key of a whole one is collected by itself."""
    collected, second = Reassembler(), parts("six seven eight nine ten " * 18)
    done = [whole for part in parts() + second for whole in collected.add(part, START)]
    assert [whole.text for whole in done] == [TEXT, "six seven eight nine ten " * 18]


def test_an_incomplete_set_is_handed_out_when_its_time_is_over() -> None:
    """What came is given, marked as incomplete; a late part then begins a set of its own."""
    collected, sent = Reassembler(keep=72 * HOUR), parts()
    collected.add(sent[0], START)
    collected.add(sent[2], START + HOUR)
    assert collected.expire(START + 71 * HOUR) == []
    (rest,) = collected.expire(START + 72 * HOUR)
    assert (rest.complete, rest.ending, rest.first_received) == (False, Ending.EXPIRED, START)
    assert rest.text == join([sent[0], sent[2]])
    assert collected.add(sent[1], START + 73 * HOUR) == []


def test_time_passes_when_parts_arrive() -> None:
    """A part's arrival ends the sets whose time is over."""
    collected = Reassembler(keep=HOUR)
    collected.add(parts()[0], START)
    (rest,) = collected.add(parts(sender="12345")[0], START + 2 * HOUR)
    assert rest.ending is Ending.EXPIRED


def test_what_is_kept_is_limited() -> None:
    """Whoever sends first parts without end crowds out the oldest sets, and memory stays bounded."""
    collected = Reassembler(most_sets=10)
    done = [whole for reference in range(200) for whole in collected.add(parts(reference=reference)[0], START)]
    assert len(collected) == 10
    assert len(done) == 190
    assert {whole.ending for whole in done} == {Ending.CROWDED}
    assert [whole.key.reference for whole in done[:3]] == [0, 1, 2]


def test_a_message_of_its_own_is_not_a_part() -> None:
    """A message without concatenation has no key and is not collected."""
    (alone,) = parts("short")
    assert ReassemblyKey.of(alone) is None
    with pytest.raises(ValueError, match="not part of a set"):
        Reassembler().add(alone, START)


def test_keys_tell_sets_apart() -> None:
    """Sender, width, reference and total make the key."""
    keys = {
        ReassemblyKey.of(part)
        for part in (
            parts()[0],
            parts()[1],
            parts(sender="12345")[0],
            parts(reference=8)[0],
            parts(TEXT * 2)[0],
            compose_deliver("+447700900456", TEXT, Timestamp.of(START), reference=7, reference_width=16)[0],
        )
    }
    assert len(keys) == 5


def test_pairs_cut_in_two_are_joined() -> None:
    """Septets and code units are joined before they are read."""
    gsm, ucs2 = parts()[:2], parts("Ж" * 80)
    cut_escape = [
        replace(gsm[0], user_data=UserData(b"a\x1b", gsm[0].user_data.header)),
        replace(gsm[1], user_data=UserData(b"\x65b", gsm[1].user_data.header)),
    ]
    cut_pair = [
        replace(ucs2[0], user_data=UserData(b"\xd8\x3d", ucs2[0].user_data.header)),
        replace(ucs2[1], user_data=UserData(b"\xde\x00", ucs2[1].user_data.header)),
    ]
    assert (join(cut_escape), join(cut_pair)) == ("a€b", "😀")


def test_data_is_not_text() -> None:
    """A set of 8-bit data has no text."""
    with pytest.raises(DecodeError, match="not text"):
        join(compose_data("12345", bytes(200)))


@pytest.mark.parametrize("apart", [timedelta(hours=40), timedelta(days=1)], ids=str)
def test_a_reference_that_is_used_again_later_joins_nothing(apart: timedelta) -> None:
    """Of yesterday's message the end was lost; today's under the same reference comes in any order, whole and alone."""
    collected, old = Reassembler(), parts()
    stamp = Timestamp.of(START + apart)
    new = [replace(part, timestamp=stamp) for part in parts("six seven eight nine ten " * 18)]
    for part in old[:2]:
        assert collected.add(part, START) == []
    done = [whole for part in (new[2], new[0], new[1]) for whole in collected.add(part, START + apart)]
    assert [whole.text for whole in done] == ["six seven eight nine ten " * 18]
    assert [whole.complete for whole in collected.expire(START + 73 * HOUR)] == [False]


def test_a_stamp_that_cannot_be_read_separates_nothing() -> None:
    """Some service centres send rubbish; then place and alphabet alone tell sets apart."""
    collected, sent = Reassembler(), parts()
    rubbish = replace(sent[0], timestamp=Timestamp(b"\xff" * 7))
    done = [whole for part in (rubbish, *sent[1:]) for whole in collected.add(part, START)]
    assert [whole.text for whole in done] == [TEXT]


def test_an_alphabet_is_part_of_the_key() -> None:
    """Parts of one message have one alphabet."""
    collected, other = Reassembler(), parts("текст " * 30)
    assert len(other) == 3
    assert [collected.add(part, START) for part in (parts()[0], other[1], other[2])] == [[], [], []]
    (whole,) = collected.add(other[0], START)
    assert whole.text == "текст " * 30
