"""What a person decides about a whole batch: what has not begun is cancelled, paused and resumed; the rest goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from modemd.errors import Refused
from modemd.rules.pauses import BATCH_PAUSED
from modemd.store import listings
from modemd.store.events import Authorship
from modemd.store.files import restore
from modemd.store.outbox import batch_decisions, batches, due
from modemd.store.outbox.batch_decisions import CANCELLING, BatchStep
from tests.store.bench import ALICE, BOB, Bench
from tests.store.outbox.test_batches import CAROL, accepted, promoted, row, staged, view

WORD = Authorship("ann", "wrong price")


def run(step: Callable[..., BatchStep], limit: int = 2) -> int:
    """Makes steps until the last; how many messages they have changed."""
    changed, after = 0, 0
    while True:
        done = step(after=after, limit=limit)
        changed += done.changed
        if done.last is None:
            return changed
        after = done.last


def cancel(bench: Bench, batch: int) -> int:
    batch_decisions.hold(bench.db, batch, CANCELLING, WORD, bench.now)
    step = partial(batch_decisions.cancel, bench.db, batch, authorship=WORD, rules=bench.rules, now=bench.now)
    return run(step)


def pause(bench: Bench, batch: int) -> int:
    batch_decisions.hold(bench.db, batch, BATCH_PAUSED, WORD, bench.now)
    return run(partial(batch_decisions.pause, bench.db, batch, authorship=WORD, now=bench.now))


def resume(bench: Bench, batch: int) -> int:
    batch_decisions.begin_resume(bench.db, batch, WORD, bench.now)
    return run(partial(batch_decisions.resume, bench.db, batch, authorship=WORD, now=bench.now))


def states(bench: Bench) -> list[tuple[str, str | None]]:
    rows = bench.db.execute("SELECT state, reason FROM message ORDER BY id").fetchall()
    return [(each["state"], each["reason"]) for each in rows]


def large(bench: Bench) -> int:
    """A batch of five rows, of which two are messages already."""
    numbers = (ALICE, BOB, CAROL, "+33612345671", "+33612345672")
    batch = accepted(bench, *(row(bench, number) for number in numbers))
    promoted(bench, batch, limit=2)
    return batch


def test_a_batch_is_cancelled_with_the_rows_that_are_no_messages_yet(bench: Bench) -> None:
    """Promoted or not, nothing of it is sent; the author is kept with each message."""
    batch = large(bench)
    assert cancel(bench, batch) == 5
    assert states(bench) == [("cancelled", "by_hand")] * 5
    assert (view(bench, batch).state, view(bench, batch).reason) == ("promoted", None)
    assert bench.claim() is None
    found = bench.db.execute(
        "SELECT count(message_id), count(*) FROM event WHERE detail LIKE '%wrong price%'"
    ).fetchone()
    assert tuple(found) == (5, 6)  # and the batch


def test_rows_that_are_no_messages_yet_are_counted(bench: Bench) -> None:
    """What is accepted waits, promoted or not, paused or not; what is only staged does not."""
    staged(bench, row(bench, ALICE))
    batch = large(bench)
    assert listings.read_counts(bench.db).in_batches == 3
    pause(bench, batch)
    assert listings.read_counts(bench.db).in_batches == 3
    cancel(bench, batch)
    assert listings.read_counts(bench.db).in_batches == 0


def test_what_a_modem_was_given_is_not_cancelled(bench: Bench) -> None:
    """A message on the air goes on; the others of its batch end. A second time there is nothing to do."""
    batch = large(bench)
    bench.send()
    assert cancel(bench, batch) == 4
    assert [state for state, _ in states(bench)] == ["sent", *["cancelled"] * 4]
    assert cancel(bench, batch) == 0


def test_nobody_promotes_a_batch_that_is_being_cancelled(bench: Bench) -> None:
    """Between two steps, and after a crash, its rows stay rows; a release after a restore does not free them."""
    batch = large(bench)
    batch_decisions.hold(bench.db, batch, CANCELLING, WORD, bench.now)
    batch_decisions.cancel(bench.db, batch, 0, WORD, bench.rules, bench.now, 2)
    assert (view(bench, batch).state, view(bench, batch).reason, batches.next_accepted(bench.db)) == (
        "held", CANCELLING, None,
    )  # fmt: skip
    assert restore.release_batches(bench.db, bench.now, by="ann", why="x") == 0


def test_a_paused_batch_waits_until_it_is_resumed(bench: Bench) -> None:
    """Nothing of it is claimed or promoted, whatever comes due; then it goes on where it was."""
    batch = large(bench)
    assert pause(bench, batch) == 2
    bench.passes(hours=2)
    due.promote_due(bench.db, bench.now)
    assert (states(bench), bench.claim(), batches.next_accepted(bench.db)) == ([("held", BATCH_PAUSED)] * 2, None, None)
    assert restore.release_messages(bench.db, bench.now, by="ann", why="x") == 0
    assert resume(bench, batch) == 2
    due.promote_due(bench.db, bench.now)
    assert [state for state, _ in states(bench)] == ["queued"] * 2
    assert (batches.next_accepted(bench.db), view(bench, batch).reason) == (batch, None)


def test_a_batch_whose_rows_are_all_messages_tells_that_it_is_paused(bench: Bench) -> None:
    """Its state stays what it is; the reason comes with the pause, and goes with it."""
    batch = accepted(bench, row(bench, ALICE))
    promoted(bench, batch)
    pause(bench, batch)
    assert (view(bench, batch).state, view(bench, batch).reason) == ("promoted", BATCH_PAUSED)
    resume(bench, batch)
    assert (view(bench, batch).state, view(bench, batch).reason) == ("promoted", None)


def test_a_message_that_is_planned_for_later_keeps_its_time(bench: Bench) -> None:
    """A pause takes its time away, and the end of the pause gives it back."""
    batch = accepted(bench, row(bench, ALICE, at=bench.now + timedelta(hours=5)))
    promoted(bench, batch)
    pause(bench, batch)
    resume(bench, batch)
    due.promote_due(bench.db, bench.now)
    assert states(bench) == [("held", "scheduled")]
    bench.passes(hours=5)
    due.promote_due(bench.db, bench.now)
    assert [state for state, _ in states(bench)] == ["queued"]


def test_a_message_that_has_begun_is_not_paused(bench: Bench) -> None:
    """What is on the air is finished."""
    batch = large(bench)
    bench.claimed()
    assert pause(bench, batch) == 1
    assert [state for state, _ in states(bench)] == ["sending", "held"]


def test_a_paused_message_still_expires(bench: Bench) -> None:
    """The validity goes on counting."""
    batch = large(bench)
    pause(bench, batch)
    bench.passes(days=2)
    due.expire_overdue(bench.db, bench.now)
    assert [state for state, _ in states(bench)] == ["expired"] * 2


def test_a_paused_batch_can_be_cancelled(bench: Bench) -> None:
    """A person who has paused it looks at it, and ends it."""
    batch = large(bench)
    pause(bench, batch)
    assert cancel(bench, batch) == 5
    assert [state for state, _ in states(bench)] == ["cancelled"] * 5


def test_what_is_no_batch_or_not_paused_is_refused(bench: Bench) -> None:
    """Each refusal has its code."""
    batch = staged(bench, row(bench, ALICE))
    done = accepted(bench, row(bench, BOB))
    for call, code in (
        (partial(batch_decisions.hold, bench.db, 99, BATCH_PAUSED, WORD, bench.now), "not_found"),
        (partial(batch_decisions.hold, bench.db, batch, BATCH_PAUSED, WORD, bench.now), "staging"),
        (partial(batch_decisions.begin_resume, bench.db, 99, WORD, bench.now), "not_found"),
        (partial(batch_decisions.begin_resume, bench.db, done, WORD, bench.now), "not_paused"),
    ):
        with pytest.raises(Refused) as refused:
            call()
        assert refused.value.code == code


def test_a_row_that_became_a_message_early_hides_no_other(bench: Bench) -> None:
    """A submit to the number of a late row makes a message of that row, with its late id: the cancel reaches all others, too."""
    numbers = [f"+3361234{index:04}" for index in range(60)]
    batch = accepted(bench, *(row(bench, number) for number in numbers))
    promoted(bench, batch, limit=5)
    bench.submit(numbers[55])
    assert cancel(bench, batch) == 60
    of_batch = bench.db.execute("SELECT DISTINCT state FROM message WHERE batch = ?", (batch,)).fetchall()
    assert [each["state"] for each in of_batch] == ["cancelled"]
    assert (view(bench, batch).state, view(bench, batch).reason) == ("promoted", None)


def test_the_key_of_a_paused_row_is_taken(bench: Bench) -> None:
    """A submit under it would be a second message, and the row could not become one: it is refused, and nothing is stuck."""
    batch = accepted(bench, row(bench, ALICE), row(bench, BOB, key="b"))
    batch_decisions.hold(bench.db, batch, BATCH_PAUSED, WORD, bench.now)
    with pytest.raises(Refused, match="batch 1, which is held"):
        bench.submit(BOB, key="b")
    pause(bench, batch)
    resume(bench, batch)
    promoted(bench, batch)
    assert view(bench, batch).state == "promoted"


def test_a_step_of_a_decision_that_holds_no_longer_changes_nothing(bench: Bench) -> None:
    """As of the start that goes through the decisions of before, while a person decides anew."""
    batch = large(bench)
    pause(bench, batch)
    resume(bench, batch)
    resumed = states(bench)
    assert batch_decisions.pause(bench.db, batch, 0, WORD, bench.now, 10) == BatchStep(0, None)
    assert states(bench) == resumed
    pause(bench, batch)
    paused = states(bench)
    superseded = BatchStep(0, None, is_superseded=True)
    assert batch_decisions.resume(bench.db, batch, 0, WORD, bench.now, 10) == superseded
    assert batch_decisions.cancel(bench.db, batch, 0, WORD, bench.rules, bench.now, 10) == superseded
    assert states(bench) == paused
