"""What a person decides: only where it is allowed, with who and why, and with the effects that are promised."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from modemd.errors import Refused
from modemd.rules.classes import MessageClass
from modemd.rules.sending_rules import SendingRules
from modemd.store.events import Authorship
from modemd.store.inbound.status_reports import DeliveryOutcome
from modemd.store.outbox import decisions, due
from modemd.store.outbox.accept import Submitted
from modemd.store.outbox.decisions import Settlement
from modemd.store.queue.outcomes import AttemptResult
from tests.store.bench import ALICE, BOB, EAST, Bench

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WORD = Authorship("ann", "the phone shows it")


def settle(bench: Bench, message: int, verdict: Settlement, part: int | None = None) -> None:
    decisions.settle(bench.db, message, verdict, WORD, bench.now, part=part)


def cancel(bench: Bench, message: int) -> None:
    decisions.cancel(bench.db, message, WORD, bench.now)


def resend(bench: Bench, message: int) -> Submitted:
    return decisions.resend(bench.db, message, WORD, lambda name: 2 * HOUR, bench.rules, bench.now)


def told(bench: Bench, message: int, what: str) -> list[dict[str, Any]]:
    """The details of the events of that name."""
    rows = bench.db.execute("SELECT detail FROM event WHERE message_id = ? AND what = ? ORDER BY id", (message, what))
    return [json.loads(row["detail"]) for row in rows]


def put_off(bench: Bench) -> None:
    bench.close(bench.claimed(), AttemptResult.REFUSED, error="+CMS ERROR: 38", retry=lambda *_: bench.now + HOUR)


def test_settled_as_sent_waits_for_its_report(bench: Bench) -> None:
    """A person says that it was sent: the message is sent, who and why are kept, and a later report still delivers it."""
    message = bench.submit()
    bench.lose()
    settle(bench, message, Settlement.SENT)
    assert (bench.state(message), bench.message(message)["reason"]) == ("sent", None)
    assert told(bench, message, "settled sent") == [{"part": 1, "by": "ann", "why": "the phone shows it"}]
    assert bench.report(7) == message
    assert bench.state(message) == "delivered"


def test_a_report_of_failure_counts_after_sent(bench: Bench) -> None:
    """And one that says that the network gave up makes it undelivered."""
    message = bench.submit()
    bench.lose()
    settle(bench, message, Settlement.SENT)
    bench.report(7, DeliveryOutcome.PERMANENT)
    assert bench.state(message) == "undelivered"


def test_settled_as_not_sent_has_failed_for_good(bench: Bench) -> None:
    """A person says that it was not sent: failed, final, and nothing sends it again by itself."""
    message = bench.submit(message_class=MessageClass.ALARM)
    bench.lose()
    settle(bench, message, Settlement.NOT_SENT)
    row = bench.message(message)
    assert (row["state"], row["reason"], row["closed_at"] is not None) == ("failed", "by_hand", True)
    assert told(bench, message, "settled not sent") == [{"part": 1, "by": "ann", "why": "the phone shows it"}]
    bench.passes(minutes=2)
    assert (bench.promote(), bench.claim()) == (set(), None)


def test_a_report_against_a_persons_word_is_told_and_changes_nothing(bench: Bench) -> None:
    """Who said `not sent` was wrong: the history shows it, the final state stays, and no other message gets the report."""
    message, other = bench.submit(), bench.submit()
    bench.lose()
    settle(bench, message, Settlement.NOT_SENT)
    assert bench.report(7) == message
    assert (bench.state(message), bench.events(message)[-1]) == ("failed", "report delivered")
    bench.lose()
    assert bench.state(other) == "unknown"


def test_a_persons_word_makes_no_report_certain(bench: Bench) -> None:
    """With two unknown attempts to a number, `not sent` of one does not give the report to the other."""
    first, second = bench.submit(), bench.submit()
    bench.lose()
    bench.lose()
    settle(bench, first, Settlement.NOT_SENT)
    assert bench.report(7) is None
    assert bench.state(second) == "unknown"


def test_a_late_answer_after_a_word_changes_nothing(bench: Bench) -> None:
    """A late `+CMGS` finds the part settled."""
    message = bench.submit()
    claim = bench.lose()
    settle(bench, message, Settlement.NOT_SENT)
    bench.close(claim, AttemptResult.SENT, reference=7)
    assert bench.state(message) == "failed"


def test_one_part_is_settled_alone(bench: Bench) -> None:
    """Where a part is named the others stay as they are; without a name all unknown ones are settled."""
    message = bench.submit(parts=3)
    bench.lose()
    bench.send()
    bench.lose()
    settle(bench, message, Settlement.SENT, part=3)
    assert (bench.parts(message), bench.state(message)) == (["unknown", "sent", "sent"], "unknown")
    settle(bench, message, Settlement.SENT)
    assert bench.state(message) == "sent"


def test_not_sent_fails_the_rest_that_waits(bench: Bench) -> None:
    """A message that lacks a part says nothing: what waits of it is not sent."""
    message = bench.submit(parts=3)
    bench.lose()
    settle(bench, message, Settlement.NOT_SENT)
    assert (bench.parts(message), bench.claim()) == (["failed", "failed", "failed"], None)


def test_not_sent_repeats_no_other_part(bench: Bench) -> None:
    """Another unknown part of a failed alarm stays unknown, and is not repeated, planned or queued."""
    message = bench.submit(parts=3, message_class=MessageClass.ALARM)
    bench.lose()
    bench.passes(seconds=30)
    bench.lose()
    bench.lose()
    bench.passes(seconds=30)
    bench.promote()
    assert bench.parts(message) == ["queued", "unknown", "unknown"]
    settle(bench, message, Settlement.NOT_SENT, part=2)
    assert bench.parts(message) == ["unknown", "failed", "unknown"]
    bench.passes(minutes=5)
    assert bench.promote() == set()


def sent(bench: Bench) -> int:
    message = bench.submit()
    bench.send()
    return message


def repeating(bench: Bench) -> int:
    message = bench.submit(message_class=MessageClass.OTP)
    bench.lose()
    bench.passes(seconds=20)
    bench.promote()
    return message


def closed(bench: Bench) -> int:
    message = bench.submit(valid=HOUR)
    bench.lose()
    bench.passes(hours=26)
    due.close_overdue(bench.db, bench.now)
    return message


@pytest.mark.parametrize(
    ("make", "part", "code"),
    [
        pytest.param(lambda bench: bench.submit(), None, "not_unknown", id="queued"),
        pytest.param(sent, None, "not_unknown", id="sent"),
        pytest.param(repeating, None, "not_unknown", id="its repeat is queued"),
        pytest.param(sent, 1, "not_unknown", id="a part that is sent"),
        pytest.param(sent, 2, "no_part", id="no such part"),
        pytest.param(closed, None, "closed", id="closed, keeping its name"),
        pytest.param(lambda bench: 99, None, "not_found", id="no such message"),
    ],
)
def test_only_what_is_unknown_can_be_settled(
    bench: Bench, make: Callable[[Bench], int], part: int | None, code: str
) -> None:
    """Anything else is refused, and stays as it is."""
    message = make(bench)
    before = bench.db.execute("SELECT * FROM message").fetchall(), bench.db.execute("SELECT * FROM part").fetchall()
    for verdict in Settlement:
        with pytest.raises(Refused) as refused:
            settle(bench, message, verdict, part)
        assert refused.value.code == code
    assert (
        bench.db.execute("SELECT * FROM message").fetchall(),
        bench.db.execute("SELECT * FROM part").fetchall(),
    ) == before


@pytest.mark.parametrize(
    "wait",
    [
        pytest.param(lambda bench: bench.submit(), id="queued"),
        pytest.param(lambda bench: bench.submit(parts=3, at=bench.now + HOUR), id="scheduled"),
    ],
)
def test_what_waits_can_be_cancelled(bench: Bench, wait: Callable[[Bench], int]) -> None:
    """Nothing of it goes out; who and why are kept."""
    message = wait(bench)
    cancel(bench, message)
    row = bench.message(message)
    assert (row["state"], row["reason"], row["closed_at"] is not None) == ("cancelled", "by_hand", True)
    assert told(bench, message, "cancelled")[0] == {"part": 1, "by": "ann", "why": "the phone shows it"}
    bench.passes(hours=2)
    assert (bench.promote(), bench.claim()) == (set(), None)


def test_what_was_refused_or_withdrawn_can_be_cancelled(bench: Bench) -> None:
    """An attempt that the network refused, or that never wrote an octet, has sent nothing."""
    refused = bench.submit(ALICE)
    put_off(bench)
    withdrawn = bench.submit(BOB)
    bench.close(bench.claimed(EAST), AttemptResult.WITHDRAWN)
    for message in (refused, withdrawn):
        cancel(bench, message)
        assert bench.state(message) == "cancelled"


def test_what_a_modem_was_given_cannot_be_cancelled(bench: Bench) -> None:
    """On the air, sent in part, sent, unknown, or final: too late, and nothing changes."""
    message = bench.submit(parts=2)
    claim = bench.claimed()
    for ending in (None, AttemptResult.SENT, AttemptResult.UNKNOWN):
        if ending is AttemptResult.UNKNOWN:
            claim = bench.claimed()
        if ending is not None:
            bench.close(claim, ending)
        before = bench.parts(message)
        with pytest.raises(Refused, match="cannot be called back") as refused:
            cancel(bench, message)
        assert (refused.value.code, bench.parts(message)) == ("too_late", before)
    settle(bench, message, Settlement.NOT_SENT)
    with pytest.raises(Refused, match=f"message {message} is failed already"):
        cancel(bench, message)


def test_a_resent_message_is_a_new_one(bench: Bench) -> None:
    """It has recipient, text and class of the old one and a validity of its own; each tells of the other, with who and why."""
    old = bench.submit(BOB, MessageClass.CONVERSATIONAL, parts=2, text="long", valid=HOUR)
    bench.lose()
    bench.lose()
    bench.passes(hours=3)
    new = resend(bench, old)
    first, second = bench.message(old), bench.message(new.id)
    same = ("number", "text", "class", "parts", "report")
    assert [first[key] for key in same] == [second[key] for key in same]
    assert (first["state"], second["state"], new.is_repetition) == ("unknown", "queued", False)
    assert second["expires_at"] == (bench.now + 2 * HOUR).isoformat("T", "microseconds")
    assert told(bench, old, "resent") == [{"message": new.id, "by": "ann", "why": "the phone shows it"}]
    assert told(bench, new.id, "resend") == [{"message": old, "by": "ann", "why": "the phone shows it"}]


def test_resending_twice_sends_once(bench: Bench) -> None:
    """Whoever says it again because the answer was lost gets the first answer, also while that one is on its way; the new
    message can be sent again when it has ended in its turn."""
    old = sent(bench)
    new = resend(bench, old)
    assert resend(bench, old) == Submitted(new.id, new.state, None, is_repetition=True)
    assert len(told(bench, old, "resent")) == 1
    with pytest.raises(Refused, match="goes out by itself"):
        resend(bench, new.id)
    bench.send()
    assert resend(bench, new.id).id == new.id + 1


def test_consent_binds_a_resent_message(bench: Bench) -> None:
    """Marketing to somebody who has said STOP meanwhile is refused, and kept as such."""
    old = bench.submit(message_class=MessageClass.MARKETING)
    bench.send()
    bench.says(ALICE)
    new = resend(bench, old)
    assert (new.state, new.reason, bench.claim()) == ("refused", "opted_out", None)
    bench.rules = SendingRules()
    bench.says(ALICE, opts_in=True)
    assert resend(bench, old).state == "queued"


def held(bench: Bench) -> int:
    message = bench.submit()
    put_off(bench)
    return message


def sending(bench: Bench) -> int:
    message = bench.submit()
    bench.claimed()
    return message


def repeat_planned(bench: Bench) -> int:
    message = bench.submit(message_class=MessageClass.ALARM)
    bench.lose()
    return message


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        pytest.param(lambda bench: bench.submit(), "on_its_way", "goes out by itself; wait .* or cancel", id="queued"),
        pytest.param(held, "on_its_way", "goes out by itself; wait .* or cancel", id="backing off"),
        pytest.param(sending, "on_its_way", "goes out by itself; wait .* or cancel", id="on the air"),
        pytest.param(repeat_planned, "on_its_way", "is sent once more by itself at 2026-", id="a repeat is planned"),
        pytest.param(
            lambda bench: bench.submit(message_class=MessageClass.SYSTEM), "bad_class", "go out once", id="our own"
        ),
        pytest.param(lambda bench: 99, "not_found", "no message 99", id="no such message"),
    ],
)
def test_what_is_on_its_way_is_not_resent(bench: Bench, make: Callable[[Bench], int], code: str, words: str) -> None:
    """A message that modemd itself may still send is refused, with what to do instead."""
    message = make(bench)
    count = bench.db.execute("SELECT count(*) FROM message").fetchone()[0]
    with pytest.raises(Refused, match=words) as refused:
        resend(bench, message)
    assert refused.value.code == code
    assert bench.db.execute("SELECT count(*) FROM message").fetchone()[0] == count
