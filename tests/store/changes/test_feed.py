"""The change feed: everything that changes, once and in order, from any position in it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modemd.errors import Refused
from modemd.rules.changes.kinds import EventKind
from modemd.rules.classes import MessageClass
from modemd.rules.pauses import Pause
from modemd.store import alarms, events, retention
from modemd.store.changes import feed
from modemd.store.changes.feed import Change, ConsentChange, Cursor, FeedPage
from modemd.store.events import Authorship
from modemd.store.inbound import inbox, reassembly
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.inbound.status_reports import DeliveryOutcome
from modemd.store.queue import pauses
from modemd.store.rows import AlarmRow, InboxRow, MessageRow, ReportRow
from tests.store.bench import ALICE, BOB, START, WEST, Bench


def changes(bench: Bench, cursor: Cursor | None = None, limit: int = 1000) -> tuple[Change, ...]:
    return feed.read_changes(bench.db, cursor or Cursor(), limit).changes


def kinds(bench: Bench, cursor: Cursor | None = None) -> list[str]:
    return [change.kind.value for change in changes(bench, cursor)]


def arrive(bench: Bench, tpdu: bytes = b"1", *, key: str | None = None, seq: int = 1, total: int = 1) -> None:
    arrival = Arrival(WEST, tpdu, BOB, "text", "hello", bench.now, key, seq, total)
    inbox.store_arrival(bench.db, arrival, lambda tpdus: ("text", "long"), bench.now)


def test_a_message_is_told_of_at_each_state(bench: Bench) -> None:
    """From its acceptance to its delivery; each change has the message as it is now."""
    message = bench.submit()
    bench.send(reference=7)
    bench.report(7)
    found = changes(bench)
    assert [change.kind.value for change in found] == [
        "message.accepted", "message.sending", "message.sent", "report.received", "message.delivered",
    ]  # fmt: skip
    assert [change.message_id for change in found] == [message] * 5
    assert isinstance(found[0].data, MessageRow)
    assert found[0].data.state == "delivered"
    assert isinstance(found[3].data, ReportRow)
    assert found[3].data.outcome == "delivered"


def test_acceptance_is_one_kind_whatever_the_first_state(bench: Bench) -> None:
    """Held or queued; what is refused was never accepted."""
    bench.submit(at=START + timedelta(hours=1))
    bench.submit(BOB)
    bench.says(ALICE)
    bench.submit(ALICE, MessageClass.MARKETING)
    bench.passes(hours=2)
    bench.promote()
    assert [kind for kind in kinds(bench) if kind.startswith("message.")] == [
        "message.accepted", "message.accepted", "message.refused", "message.queued",
    ]  # fmt: skip


def test_a_long_inbound_message_is_told_of_when_its_last_part_is_there(bench: Bench) -> None:
    """Its id is older than that of a short one that came in between; a position behind that one misses nothing."""
    arrive(bench, b"1", key="k", seq=1, total=2)
    arrive(bench, b"2")
    first = changes(bench)
    assert [change.detail for change in first] == [{"inbox": 2}]
    arrive(bench, b"3", key="k", seq=2, total=2)
    (second,) = changes(bench, first[0].cursor)
    assert (second.kind, second.detail) == (EventKind.INBOX_RECEIVED, {"inbox": 1})
    assert isinstance(second.data, InboxRow)
    assert second.data.text == "long"


def test_what_stays_incomplete_is_told_of_when_it_is_shown(bench: Bench) -> None:
    """So is a missed call."""
    arrive(bench, b"1", key="k", seq=1, total=2)
    bench.passes(days=4)
    reassembly.show_incomplete(bench.db, bench.now)
    inbox.store_missed_call(bench.db, WEST, ALICE, bench.now)
    found = changes(bench)
    assert [change.kind for change in found] == [EventKind.INBOX_RECEIVED] * 2
    assert [isinstance(change.data, InboxRow) and change.data.complete for change in found] == [False, True]


def test_alarms_reports_pauses_and_consent_are_told_of(bench: Bench) -> None:
    """Each with the row that it is about; two sources in the order of time."""
    alarms.raise_alarm(bench.db, "none_ready", "", "no modem is ready", bench.now)
    bench.passes(seconds=1)
    bench.says(ALICE)
    bench.passes(seconds=1)
    alarms.clear(bench.db, "none_ready", "", bench.now)
    bench.passes(seconds=1)
    bench.report(99, DeliveryOutcome.PERMANENT)
    pauses.pause(bench.db, Pause(MessageClass.MARKETING), Authorship("alice", "a test"), bench.now)
    found = changes(bench)
    assert [change.kind.value for change in found] == [
        "alarm.raised", "consent.opted_out", "alarm.cleared", "report.unmatched", "sending.paused",
    ]  # fmt: skip
    raised, opted_out, *_, paused = found
    assert isinstance(raised.data, AlarmRow)
    assert raised.data.text == "no modem is ready"
    assert isinstance(opted_out.data, ConsentChange)
    assert (opted_out.data.number, opted_out.data.event.word) == (ALICE, "stop")
    assert (paused.data, paused.detail["by"]) == (None, "alice")


def walked(bench: Bench, limit: int) -> list[str]:
    """The ids of all changes, read page by page, the position handed on as text."""
    found, cursor, more = [], Cursor(), True
    while more:
        page: FeedPage = feed.read_changes(bench.db, feed.parse_cursor(str(cursor)), limit)
        assert len(page.changes) <= limit
        found += [change.id for change in page.changes]
        cursor, more = page.cursor, page.has_more
    return found


@pytest.fixture
def full(bench: Bench) -> Bench:
    """A feed of both sources, with times that the clock gave twice, and one that was set back."""
    for number in range(5):
        bench.submit(BOB)
        bench.says(ALICE, opts_in=bool(number % 2))
        bench.send(reference=number)
        if number == 3:
            bench.now -= timedelta(minutes=1)
        elif number != 1:
            bench.passes(seconds=1)
    return bench


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_of_any_size_make_one_feed(full: Bench, limit: int) -> None:
    """Nothing is missed and nothing comes twice, though a clock was set back."""
    assert sorted(walked(full, limit)) == sorted(walked(full, 1000))
    assert len(set(walked(full, limit))) == len(walked(full, limit))


def test_each_change_is_a_place_to_go_on_from(full: Bench) -> None:
    """Behind any of them, all the others come, in the same order."""
    whole = changes(full)
    for index, change in enumerate(whole):
        assert [each.id for each in changes(full, change.cursor)] == [each.id for each in whole[index + 1 :]]


def test_a_filter_moves_the_position_all_the_same(full: Bench) -> None:
    """What was left out is not read again."""
    page = feed.read_changes(full.db, Cursor(), 1000, {EventKind.MESSAGE_SENT})
    assert {change.kind for change in page.changes} == {EventKind.MESSAGE_SENT}
    assert page.cursor == feed.find_end(full.db)


def test_a_change_is_found_by_its_id(full: Bench) -> None:
    """The same change; none if its row is gone, or is another's by now."""
    for change in changes(full):
        found = feed.read_change(full.db, change.id)
        assert found is not None
        assert (found.id, found.kind, found.data) == (change.id, change.kind, change.data)
    number, stamp = changes(full)[0].id.split("-")
    assert feed.read_change(full.db, f"{number}-{int(stamp, 16) + 1:x}") is None
    assert feed.read_change(full.db, f"e999-{stamp}") is None


def test_ids_of_a_restored_database_are_no_ids_of_before(bench: Bench) -> None:
    """A position of before leads to the restore: what came since then is told."""
    events.add_event(bench.db, None, bench.now, "restored")
    (restored,) = changes(bench)
    lost = Cursor(99, 0, restored.cursor.stamp)
    other = Cursor(1, 0, feed.make_stamp("2026-01-01T00:00:00.000000+00:00"))
    for before in (lost, other):
        again = feed.check_cursor(bench.db, before)
        assert [change.kind for change in changes(bench, again)] == [EventKind.DATABASE_RESTORED]
    assert feed.check_cursor(bench.db, restored.cursor) == restored.cursor
    assert feed.check_cursor(bench.db, Cursor()) == Cursor()


def test_retention_gives_no_id_a_second_time(bench: Bench) -> None:
    """When the newest event was deleted, the next one still comes behind whoever has read it."""
    alarms.raise_alarm(bench.db, "none_ready", "", "no modem is ready", bench.now)
    end = feed.find_end(bench.db)
    bench.passes(days=500)
    days = timedelta(days=400)
    ages = retention.RetentionAges(days, days, days, days, days)
    while retention.run_step(bench.db, ages, bench.now):
        pass
    alarms.clear(bench.db, "none_ready", "", bench.now)
    assert feed.check_cursor(bench.db, end).event == end.event
    assert [change.kind for change in changes(bench, end)] == [EventKind.ALARM_CLEARED]


@pytest.mark.parametrize("text", ["", "x", "1", "1.2", "1.2.g", "-1.2.0", "9999999999999999999.0.0", "1.2.3.4"])
def test_what_is_no_position_is_refused(text: str) -> None:
    """With its code."""
    with pytest.raises(Refused) as refused:
        feed.parse_cursor(text)
    assert refused.value.code == "bad_cursor"
