"""Batches in the database: staged, accepted, promoted, cleared away; and what others meet of them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from modemd.errors import Refused
from modemd.rules.classes import MessageClass
from modemd.store.outbox import accept, batches
from modemd.store.outbox.batches import FileIdentity, FileRow
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.rows import BatchRow
from tests.store.bench import ALICE, BOB, Bench

CAROL = "+33612345670"


def row(
    bench: Bench, to: str, text: str = "row", key: str | None = None, at: datetime | None = None
) -> OutboundMessage:
    return OutboundMessage(to, text, MessageClass.TRANSACTIONAL, 1, bench.now + timedelta(days=1), key=key, at=at)


def no_judge(at: datetime, now: datetime) -> None:
    """Every start time is right."""


def staged(bench: Bench, *rows: OutboundMessage, key: str | None = None) -> int:
    """A batch of which nothing is accepted yet."""
    batch = batches.begin_staging(bench.db, FileIdentity(key, b"digest"), bench.now)
    lines = [FileRow(line, new) for line, new in enumerate(rows, start=2)]
    batches.stage_rows(bench.db, batch, lines, bench.rules, no_judge, bench.now)
    return batch


def accepted(bench: Bench, *rows: OutboundMessage) -> int:
    batch = staged(bench, *rows)
    batches.accept_batch(bench.db, batch, bench.now)
    return batch


def promoted(bench: Bench, batch: int, limit: int = 50) -> None:
    batches.promote(bench.db, batch, bench.rules, bench.now, limit)


def view(bench: Bench, batch: int) -> BatchRow:
    found = batches.read_batch(bench.db, batch)
    assert found is not None
    return found


def messages(bench: Bench) -> list[tuple[int, str]]:
    rows = bench.db.execute("SELECT id, text FROM message ORDER BY id").fetchall()
    return [(each["id"], each["text"]) for each in rows]


def test_what_is_staged_is_no_message(bench: Bench) -> None:
    """Until its acceptance nobody sends, lists or counts a row; then its messages have the ids that were set aside for them."""
    bench.submit(ALICE)
    batch = staged(bench, row(bench, ALICE, "one"), row(bench, BOB, "two"))
    assert (len(messages(bench)), batches.next_accepted(bench.db)) == (1, None)
    batches.accept_batch(bench.db, batch, bench.now)
    later = bench.submit(CAROL)
    assert (view(bench, batch).first_message, view(bench, batch).last_message, later) == (2, 3, 4)
    promoted(bench, batch)
    assert [id for id, _ in messages(bench)] == [1, 2, 3, 4]
    assert view(bench, batch).state == "promoted"


def test_promotion_goes_on_where_it_was(bench: Bench) -> None:
    """Step by step, in the order of the rows; the last step says that the batch is done."""
    batch = accepted(bench, *(row(bench, f"+3361234560{index}", str(index)) for index in range(5)))
    for amount in (2, 4, 5):
        promoted(bench, batch, limit=2)
        assert [text for _, text in messages(bench)] == ["0", "1", "2", "3", "4"][:amount]
        assert view(bench, batch).promoted == amount
    assert batches.next_accepted(bench.db) is None


def test_a_message_stands_behind_rows_that_were_accepted_before(bench: Bench) -> None:
    """To one number what was accepted first goes first, though it is still staged; the rest of the batch stays where it is."""
    batch = accepted(bench, row(bench, BOB, "bob"), row(bench, ALICE, "first"))
    bench.submit(ALICE, text="second")
    assert [text for _, text in messages(bench)] == ["first", "second"]
    assert bench.claimed().candidate.text == "first"
    promoted(bench, batch)
    assert [text for _, text in messages(bench)] == ["bob", "first", "second"]


def test_a_message_says_when_its_batch_was_accepted(bench: Bench) -> None:
    """Its age counts from the acceptance, not from the promotion."""
    batch = accepted(bench, row(bench, ALICE))
    at = bench.now
    bench.passes(minutes=5)
    promoted(bench, batch)
    created = datetime.fromisoformat(bench.message(1)["created_at"])
    assert created == at


def test_a_stop_binds_what_is_staged(bench: Bench) -> None:
    """Who opts out while a batch is promoted is refused by the rows that come then."""
    offer = OutboundMessage(ALICE, "offer", MessageClass.MARKETING, 1, bench.now + timedelta(days=1))
    batch = accepted(bench, offer)
    bench.says(ALICE)
    promoted(bench, batch)
    assert (bench.state(1), bench.message(1)["reason"]) == ("refused", "opted_out")


def test_what_was_left_behind_is_cleared_away_in_steps(bench: Bench) -> None:
    """A batch that was never accepted goes, a few rows at a time; one that was accepted stays."""
    kept = accepted(bench, row(bench, ALICE))
    left = staged(bench, *(row(bench, BOB, str(index)) for index in range(5)))
    steps = 0
    while batches.discard_unaccepted(bench.db, limit=2):
        steps += 1
    assert steps == 4
    assert batches.read_batch(bench.db, left) is None
    assert bench.db.execute("SELECT count(*) FROM staged").fetchone()[0] == 1
    assert view(bench, kept).state == "accepted"


def test_rows_with_known_keys_make_no_second_message(bench: Bench) -> None:
    """A key that a message, a row of this file or of an accepted batch has already is answered by that one."""
    bench.submit(ALICE, text="row", key="a")
    accepted(bench, row(bench, BOB, key="b"))
    batch = accepted(
        bench,
        row(bench, ALICE, key="a"),
        row(bench, BOB, key="b"),
        row(bench, CAROL, key="c"),
        row(bench, CAROL, key="c"),
    )
    assert (view(bench, batch).rows, view(bench, batch).again) == (4, 3)
    for _ in range(2):
        following = batches.next_accepted(bench.db)
        assert following is not None
        promoted(bench, following)
    assert len(messages(bench)) == 3


@pytest.mark.parametrize("where", ["message", "staged"])
def test_a_key_with_other_content_refuses_the_batch(bench: Bench, where: str) -> None:
    """Whether it belongs to a message or to a row that is not one yet."""
    if where == "message":
        bench.submit(ALICE, text="other", key="a")
    else:
        accepted(bench, row(bench, ALICE, "other", key="a"))
    with pytest.raises(Refused, match="'a' belongs to"):
        staged(bench, row(bench, ALICE, key="a"))


def test_a_submit_under_the_key_of_a_row_is_that_row(bench: Bench) -> None:
    """A row of an accepted batch becomes its message there and then, and is the answer."""
    accepted(bench, row(bench, BOB), row(bench, ALICE, key="a"))
    again = bench.submitted(ALICE, text="row", key="a")
    assert (again.id, again.is_repetition) == (2, True)
    with pytest.raises(Refused, match="'a' belongs to message 2"):
        bench.submitted(ALICE, text="other", key="a")


def test_a_submit_goes_before_a_batch_that_is_not_accepted(bench: Bench) -> None:
    """It takes the key: with the same content the row is known, with another the batch is refused."""
    same, other = staged(bench, row(bench, ALICE, key="a")), staged(bench, row(bench, BOB, key="b"))
    assert not bench.submitted(ALICE, text="row", key="a").is_repetition
    assert not bench.submitted(BOB, text="other", key="b").is_repetition
    batches.accept_batch(bench.db, same, bench.now)
    assert view(bench, same).again == 1
    with pytest.raises(Refused, match="'b' was taken"):
        batches.accept_batch(bench.db, other, bench.now)


def test_a_file_is_known_by_its_key(bench: Bench) -> None:
    """Once accepted it is answered again; before, it is told so; another file under that key is refused."""
    batch = staged(bench, row(bench, ALICE), key="file")
    with pytest.raises(Refused, match="not accepted yet"):
        batches.find_by_key(bench.db, FileIdentity("file", b"digest"))
    batches.accept_batch(bench.db, batch, bench.now)
    assert batches.find_by_key(bench.db, FileIdentity("file", b"digest")) == batch
    with pytest.raises(Refused, match="another file"):
        batches.find_by_key(bench.db, FileIdentity("file", b"other"))
    with pytest.raises(Refused, match="taken a moment ago"):
        batches.begin_staging(bench.db, FileIdentity("file", b"digest"), bench.now)


def test_ids_that_were_set_aside_are_nobody_elses(bench: Bench) -> None:
    """Messages that come while a batch is promoted get ids behind its own, also in an empty database."""
    batch = accepted(bench, row(bench, ALICE), row(bench, BOB))
    assert bench.submit(CAROL) == 3
    assert accept.submit(bench.db, row(bench, "+33612345671"), bench.rules, bench.now).id == 4
    promoted(bench, batch)
    assert [id for id, _ in messages(bench)] == [1, 2, 3, 4]
