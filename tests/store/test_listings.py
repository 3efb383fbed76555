"""What the faces show."""

from __future__ import annotations

from datetime import timedelta

from modemd.rules.classes import MessageClass
from modemd.store import listings, sims
from modemd.store.inbound import inbox
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.queue.outcomes import AttemptResult
from modemd.store.rows import OptOutRow
from tests.store.bench import ALICE, BOB, START, WEST, Bench

HOUR = timedelta(hours=1)


def test_messages_are_listed_newest_first(bench: Bench) -> None:
    """The newest message comes first; a limit cuts, and 0 means all."""
    ids = [bench.submit() for _ in range(60)]
    assert [row.id for row in listings.list_messages(bench.db, limit=2)] == ids[:-3:-1]
    assert len(listings.list_messages(bench.db)) == 50
    assert [row.id for row in listings.list_messages(bench.db, limit=0)] == ids[::-1]


def test_a_message_shows_its_whole_state(bench: Bench) -> None:
    """A row has what a person asks about: parts, how many have left, times, SIM, reason, and until when it is held."""
    message = bench.submit(parts=2, key="k")
    bench.send()
    bench.close(bench.claimed(), AttemptResult.REFUSED, error="+CMS ERROR: 38", retry=lambda *_: bench.now + HOUR)
    (row,) = listings.list_messages(bench.db, id=message)
    assert (row.recipient, row.text, row.message_class, row.state) == (ALICE, "hello", "transactional", "held")
    assert (row.parts, row.parts_sent, row.sim, row.key) == (2, 1, WEST, "k")
    assert (row.reason, row.until) == ("+CMS ERROR: 38", (START + HOUR).isoformat("T", "microseconds"))
    assert row.created_at.endswith("+00:00")


def test_the_newest_in_a_state_are_of_any_class(bench: Bench) -> None:
    """Classes mix in the order of acceptance, and 0 means all."""
    ids = [bench.submit(message_class=message_class) for _ in range(2) for message_class in MessageClass]
    at = bench.submit(at=bench.now + HOUR)
    assert [row.id for row in listings.list_messages(bench.db, state="queued", limit=3)] == ids[:-4:-1]
    assert [row.id for row in listings.list_messages(bench.db, state="queued", limit=0)] == ids[::-1]
    assert [row.id for row in listings.list_messages(bench.db, state="held")] == [at]
    assert listings.list_messages(bench.db, state="queued", batch=7) == []


def test_messages_are_found_by_id_and_state(bench: Bench) -> None:
    """Conditions narrow, and together they narrow further."""
    sent = bench.submit()
    bench.send()
    queued = bench.submit()
    assert [row.id for row in listings.list_messages(bench.db, state="sent")] == [sent]
    assert [row.id for row in listings.list_messages(bench.db, id=queued)] == [queued]
    assert listings.list_messages(bench.db, id=queued, state="sent") == []


def test_events_tell_the_story_in_order(bench: Bench) -> None:
    """The history of a message begins with its acceptance, and each step says what it knew."""
    message = bench.submit()
    bench.send(reference=7)
    bench.report(7)
    story = listings.list_events(bench.db, message)
    assert [event.what for event in story] == [
        "message queued",
        "claimed",
        "message sending",
        "accepted",
        "message sent",
        "delivered",
        "message delivered",
    ]
    assert story[0].detail == {"class": "transactional"}
    assert story[3].detail == {"part": 1, "attempt": 1, "reference": 7}
    assert story[4].detail == {}


def test_an_inbound_message_is_shown_with_the_number_it_was_sent_to(bench: Bench) -> None:
    """Where the SIM's number is known it is shown, else its ICCID."""
    inbox.store_arrival(bench.db, Arrival(WEST, b"1", BOB, "text", "hi", START), lambda tpdus: ("text", ""), bench.now)
    assert listings.list_inbox(bench.db)[0].to_sim == WEST
    sims.record_sim(bench.db, WEST, None, "+33700000001", "1", bench.now)
    (row,) = listings.list_inbox(bench.db, id=1)
    assert (row.to_sim, row.sender, row.text) == ("+33700000001", BOB, "hi")
    assert listings.list_inbox(bench.db, id=2) == []


def test_opt_outs_are_listed_newest_first_with_their_word(bench: Bench) -> None:
    """Who has opted out, since when, by which word of which language; who came back is not among them."""
    bench.says(ALICE)
    bench.passes(hours=1)
    bench.says(BOB)
    bench.says("+33600000000")
    bench.says("+33600000000", opts_in=True)
    rows = listings.list_opt_outs(bench.db)
    assert [row.number for row in rows] == [BOB, ALICE]
    assert rows[0] == OptOutRow(
        number=BOB,
        since=bench.now.isoformat("T", "microseconds"),
        word="stop",
        language="en",
        channel="sms",
    )
    assert [row.number for row in listings.list_opt_outs(bench.db, limit=1)] == [BOB]


def test_counts_tell_what_waits(bench: Bench) -> None:
    """Waiting messages are counted by state and class with the age of the oldest, beside unmatched reports and opt-outs."""
    bench.submit(ALICE)
    bench.passes(hours=1)
    bench.submit(ALICE)
    bench.submit(BOB, MessageClass.ALARM, at=bench.now + HOUR)
    bench.report(99)
    bench.says(BOB)
    counts = listings.read_counts(bench.db)
    assert [(row.state, row.message_class, row.messages) for row in counts.waiting] == [
        ("held", "alarm", 1),
        ("queued", "transactional", 2),
    ]
    assert counts.waiting[1].oldest == START
    assert (counts.unmatched_reports, counts.opted_out) == (1, 1)


def test_reports_are_listed_newest_first(bench: Bench) -> None:
    """A report shows its SIM by number where that is known, and the message that it belongs to; they are narrowed by that."""
    message = bench.submit()
    bench.send(reference=7)
    sims.record_sim(bench.db, WEST, None, "+33700000001", "1", bench.now)
    bench.report(7)
    bench.report(8, number=BOB)
    stranger, own = listings.list_reports(bench.db)
    assert (own.message_id, own.part, own.sim, own.reference, own.recipient) == (
        message,
        1,
        "+33700000001",
        7,
        ALICE,
    )
    assert (stranger.message_id, stranger.recipient, stranger.stored_at) == (
        None, BOB, START.isoformat("T", "microseconds"),
    )  # fmt: skip
    assert listings.list_reports(bench.db, matched=False) == [stranger]
    assert listings.list_reports(bench.db, matched=True) == [own]
    assert listings.list_reports(bench.db, message_id=message) == [own]
    assert listings.list_reports(bench.db, limit=1) == [stranger]
    assert listings.list_reports(bench.db, limit=0) == [stranger, own]


def test_parts_and_attempts_are_listed_in_order(bench: Bench) -> None:
    """Where each part of a message stands, until when; and what each modem was given, and said."""
    message = bench.submit(parts=2)
    bench.send(reference=7)
    bench.close(bench.claimed(), AttemptResult.REFUSED, error="+CMS ERROR: 38", retry=lambda *_: bench.now + HOUR)
    until = (START + HOUR).isoformat("T", "microseconds")
    assert [(row.part, row.state, row.until) for row in listings.list_parts(bench.db, message)] == [
        (1, "sent", None),
        (2, "held", until),
    ]
    assert [
        (row.part, row.sim, row.outcome, row.reference, row.error) for row in listings.list_attempts(bench.db, message)
    ] == [(1, WEST, "sent", 7, None), (2, WEST, "refused", None, "+CMS ERROR: 38")]
