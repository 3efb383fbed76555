"""Lists of subscribers: what a STOP closes and a START opens, for one list and for all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.consent.double_opt_in import OptInError, OptInEvent
from modemd.rules.consent.policy import Marketing
from modemd.store.consent import ledger, lists, opt_in_requests, statements
from modemd.store.consent.ledger import ConsentAction, ConsentEvent
from modemd.store.consent.opt_in_requests import OpenRequest
from modemd.store.contacts import erasure
from modemd.store.events import Authorship
from tests.store.bench import ALICE, BOB, Bench

PROMO, NEWS = "promo", "news"


def subscribe(bench: Bench, list_name: str | None = PROMO, number: str = ALICE) -> None:
    entry = ConsentEvent(number, ConsentAction.OPT_IN, "paper", list_name=list_name)
    lists.change(bench.db, OptInEvent.RECORDED, entry, bench.now)


def ask(bench: Bench, list_name: str | None = PROMO, number: str = ALICE) -> int:
    """A request that waits: its message."""
    message = bench.submit(number, MessageClass.SYSTEM)
    entry = ConsentEvent(number, ConsentAction.REQUEST, "form", list_name=list_name, messages=(message,))
    lists.change(bench.db, OptInEvent.REQUESTED, entry, bench.now)
    expires_at = bench.now + timedelta(days=30)
    opt_in_requests.add(bench.db, OpenRequest(number, list_name, bench.now, expires_at, None, (message,), None))
    return message


def states(bench: Bench, number: str = ALICE) -> dict[str, str]:
    return {each.list_name: each.state.value for each in lists.list_subscriptions(bench.db, number)}


def test_a_list_that_was_never_spoken_of_is_unknown(bench: Bench) -> None:
    """And stays so for other numbers."""
    subscribe(bench)
    assert lists.read_state(bench.db, ALICE, NEWS) is Marketing.UNKNOWN
    assert lists.read_state(bench.db, BOB, PROMO) is Marketing.UNKNOWN
    assert lists.read_state(bench.db, ALICE, PROMO) is Marketing.OPTED_IN


def test_stop_to_a_list_ends_this_list_alone(bench: Bench) -> None:
    """Marketing of this list that waits is cancelled at once; that of others, and of none, goes on."""
    subscribe(bench, PROMO)
    subscribe(bench, NEWS)
    promo, news, none = (bench.submit(ALICE, MessageClass.MARKETING, list_name=name) for name in (PROMO, NEWS, None))
    later = bench.submit(ALICE, MessageClass.MARKETING, list_name=PROMO, at=bench.now + timedelta(hours=1))
    bench.passes(minutes=1)
    effect = bench.says(ALICE, list_name=PROMO)
    assert (effect.has_changed, effect.withdrawn_messages) == (True, 2)
    assert [bench.state(each) for each in (promo, later, news, none)] == ["cancelled", "cancelled", "queued", "queued"]
    assert bench.message(promo)["reason"] == "list_opted_out"
    assert states(bench) == {NEWS: "opted_in", PROMO: "opted_out"}
    assert statements.read_marketing(bench.db, ALICE) is Marketing.UNKNOWN


def test_a_general_stop_ends_every_list(bench: Bench) -> None:
    """A person who says STOP does not know of lists."""
    subscribe(bench, PROMO)
    subscribe(bench, NEWS)
    promo = bench.submit(ALICE, MessageClass.MARKETING, list_name=PROMO)
    bench.says(ALICE)
    assert bench.state(promo) == "cancelled"
    assert states(bench) == {NEWS: "opted_out", PROMO: "opted_out"}


def test_start_opens_what_the_general_stop_has_closed(bench: Bench) -> None:
    """A list that was left by itself before stays left."""
    subscribe(bench, PROMO)
    subscribe(bench, NEWS)
    bench.says(ALICE, list_name=NEWS)
    bench.passes(hours=1)
    bench.says(ALICE)
    bench.passes(hours=1)
    assert bench.says(ALICE, opts_in=True).has_changed
    assert states(bench) == {NEWS: "opted_out", PROMO: "opted_in"}


def test_start_to_a_list_ends_its_opt_out_alone(bench: Bench) -> None:
    """It counts only after one, and only if it was said later."""
    assert not bench.says(ALICE, opts_in=True, list_name=PROMO).has_changed
    bench.passes(hours=1)
    bench.says(ALICE, list_name=PROMO)
    stale = statements.ConsentStatement(
        ALICE, True, "start", "en", "sms", stated_at=bench.now - timedelta(minutes=1), list_name=PROMO
    )
    assert not statements.apply_statement(bench.db, stale, bench.now).has_changed
    bench.passes(minutes=1)
    assert bench.says(ALICE, opts_in=True, list_name=PROMO).needs_confirmation
    assert states(bench) == {PROMO: "opted_in"}


def test_the_ledger_says_which_list(bench: Bench) -> None:
    """A statement about all marketing names none."""
    bench.says(ALICE, list_name=PROMO)
    bench.says(ALICE)
    rows = bench.db.execute("SELECT action, list FROM consent_event ORDER BY id")
    assert [tuple(row) for row in rows] == [("opt_out", PROMO), ("opt_out", None)]


def test_a_stop_to_a_list_does_not_stand_against_a_general_start(bench: Bench) -> None:
    """They are about different things."""
    bench.says(ALICE)
    bench.passes(minutes=1)
    said_at = bench.now
    bench.passes(minutes=1)
    bench.says(ALICE, list_name=PROMO)
    start = statements.ConsentStatement(ALICE, True, "start", "en", "sms", stated_at=said_at)
    assert statements.apply_statement(bench.db, start, bench.now).has_changed


@pytest.mark.parametrize("list_name", [PROMO, None])
def test_a_stop_answers_an_open_request_with_no(bench: Bench, list_name: str | None) -> None:
    """The request is cancelled if it has not left, and nothing is open any more."""
    request = ask(bench, list_name)
    bench.says(ALICE, list_name=list_name)
    assert (bench.state(request), bench.message(request)["reason"]) == ("cancelled", "opted_out")
    assert opt_in_requests.list_of(bench.db, ALICE) == []
    state = lists.read_state(bench.db, ALICE, PROMO) if list_name else statements.read_marketing(bench.db, ALICE)
    assert state is Marketing.OPTED_OUT


def test_a_general_stop_answers_every_open_request(bench: Bench) -> None:
    """START does not open what was only asked for."""
    ask(bench, PROMO)
    ask(bench, NEWS)
    bench.says(ALICE)
    assert opt_in_requests.list_of(bench.db, ALICE) == []
    bench.passes(minutes=1)
    bench.says(ALICE, opts_in=True)
    assert states(bench) == {NEWS: "opted_out", PROMO: "opted_out"}


def test_a_word_about_one_list_leaves_the_request_of_another(bench: Bench) -> None:
    """Only confirmations that have become wrong are cancelled."""
    request, confirmation = ask(bench, PROMO), bench.submit(ALICE, MessageClass.SYSTEM)
    bench.says(ALICE, list_name=NEWS)
    assert (bench.state(request), bench.state(confirmation)) == ("queued", "cancelled")


def test_an_expiry_leaves_nothing(bench: Bench) -> None:
    """The contact is as if it had never been asked."""
    ask(bench)
    expiry = ConsentEvent(ALICE, ConsentAction.EXPIRE, "timetable", list_name=PROMO)
    assert lists.change(bench.db, OptInEvent.EXPIRED, expiry, bench.now) is Marketing.UNKNOWN
    assert states(bench) == {}


def test_a_change_that_is_not_in_the_table_changes_nothing(bench: Bench) -> None:
    """Nor is it in the ledger."""
    entry = ConsentEvent(ALICE, ConsentAction.CONFIRM, "sms", list_name=PROMO)
    with pytest.raises(OptInError):
        lists.change(bench.db, OptInEvent.CONFIRMED, entry, bench.now)
    assert bench.db.execute("SELECT count(*) FROM consent_event").fetchone()[0] == 0


def test_requests_do_not_count_as_words(bench: Bench) -> None:
    """A person who was asked three times today is still answered."""
    for name in ("a", "b", "c"):
        ledger.add(bench.db, ConsentEvent(ALICE, ConsentAction.REQUEST, "form", list_name=name), bench.now)
    assert bench.says(ALICE).needs_confirmation


def test_erasure_keeps_the_opt_out_of_a_list_alone(bench: Bench) -> None:
    """A subscription and an open request are deleted with the number; who left a list stays off it."""
    subscribe(bench, NEWS)
    request = ask(bench, "third")
    bench.says(ALICE, list_name=PROMO)
    erasure.finish(bench.db, [ALICE], Authorship("anna", "asked for it"), bench.now)
    assert (states(bench), bench.state(request)) == ({}, "cancelled")
    assert lists.read_state(bench.db, ALICE, PROMO) is Marketing.OPTED_OUT
    assert lists.read_state(bench.db, ALICE, NEWS) is Marketing.UNKNOWN
    assert opt_in_requests.list_of(bench.db, ALICE) == []
