"""Status reports: kept, matched, and what they do to a message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from modemd.rules.phone_numbers import is_same_number
from modemd.rules.report_matching import AttemptFacts, MatchDoubt, ReportFacts, ReportMatch, match_report
from modemd.store.inbound import status_reports
from modemd.store.inbound.status_reports import DeliveryOutcome, UnmatchedReason
from modemd.store.queue.outcomes import AttemptResult
from modemd.store.transitions import update_message_state
from tests.store.bench import ALICE, BOB, EAST, SEND_TIMEOUT, START, WEST, Bench

HOUR = timedelta(hours=1)


def unmatched(bench: Bench) -> int:
    count: int = bench.db.execute("SELECT count(*) FROM report WHERE attempt_id IS NULL").fetchone()[0]
    return count


def test_a_delivered_report_delivers(bench: Bench) -> None:
    """A message is delivered at the moment that the report of its part names."""
    message = bench.submit()
    bench.send(reference=7)
    bench.passes(seconds=9)
    arrived = START + timedelta(seconds=5)
    assert bench.report(7, discharged_at=arrived) == message
    row = bench.message(message)
    assert (row["state"], row["delivered_at"]) == ("delivered", arrived.isoformat("T", "microseconds"))
    assert row["closed_at"] is not None


def test_a_report_without_a_moment_counts_when_it_was_stored(bench: Bench) -> None:
    """Where the network's stamp is rubbish, a message was delivered when its report came."""
    message = bench.submit()
    bench.send(reference=7)
    bench.passes(seconds=9)
    bench.report(7)
    assert bench.message(message)["delivered_at"] == bench.now.isoformat("T", "microseconds")


def test_all_parts_make_a_delivered_message(bench: Bench) -> None:
    """A long message is delivered with the report of its last part, in whichever order they come."""
    message = bench.submit(parts=3)
    for reference in (1, 2, 3):
        bench.send(reference=reference)
    for reference, state in ((3, "sent"), (1, "sent"), (2, "delivered")):
        bench.report(reference)
        assert bench.state(message) == state


def test_trying_does_not_close(bench: Bench) -> None:
    """A report that the network is still trying changes nothing but the history; the final one counts."""
    message = bench.submit()
    bench.send(reference=7)
    assert bench.report(7, DeliveryOutcome.TRYING) == message
    assert (bench.state(message), bench.events(message)[-1]) == ("sent", "report trying")
    bench.report(7)
    assert bench.state(message) == "delivered"


@pytest.mark.parametrize(
    ("outcome", "reason"), [(DeliveryOutcome.PERMANENT, "status_41"), (DeliveryOutcome.STOPPED, "status_60")]
)
def test_an_error_report_ends_undelivered(bench: Bench, outcome: DeliveryOutcome, reason: str) -> None:
    """A permanent error, and a temporary one after which the centre gave up, make a message undelivered, with the status."""
    message = bench.submit()
    bench.send(reference=7)
    bench.report(7, outcome)
    row = bench.message(message)
    assert (row["state"], row["reason"], row["delivered_at"]) == ("undelivered", reason, None)


def test_a_report_that_confirms_nothing_delivers_nothing(bench: Bench) -> None:
    """Forwarded, and the service centre cannot say more: the message stays sent, with the status; a receipt may still come."""
    message = bench.submit()
    bench.send(reference=7)
    assert bench.report(7, DeliveryOutcome.UNCONFIRMED) == message
    row = bench.message(message)
    assert (row["state"], row["reason"], bench.events(message)[-1]) == ("sent", "status_01", "report unconfirmed")
    bench.report(7)
    row = bench.message(message)
    assert (row["state"], row["reason"]) == ("delivered", None)


def test_a_later_worse_report_changes_nothing(bench: Bench) -> None:
    """What was delivered stays delivered, whatever the network says afterwards."""
    message = bench.submit()
    bench.send(reference=7)
    bench.report(7)
    bench.report(7, DeliveryOutcome.PERMANENT)
    assert (bench.state(message), bench.parts(message)) == ("delivered", ["delivered"])


def test_a_repeated_report_counts_once(bench: Bench) -> None:
    """The same TPDU on the same SIM is one report, however often the modem shows it."""
    message = bench.submit()
    bench.send(reference=7)
    assert bench.report(7, tpdu=b"same") == message
    assert bench.report(7, tpdu=b"same") is None
    assert bench.db.execute("SELECT count(*) FROM report").fetchone()[0] == 1


def test_a_report_for_nobody_is_kept(bench: Bench) -> None:
    """A report whose reference, recipient or SIM fits no attempt is stored as unmatched, and touches nothing."""
    message = bench.submit()
    bench.send(reference=7)
    assert bench.report(8) is None
    assert bench.report(7, number=BOB) is None
    assert bench.report(7, sim=EAST) is None
    assert (unmatched(bench), bench.state(message)) == (3, "sent")


def test_a_report_before_its_answer_waits(bench: Bench) -> None:
    """A report that overtakes `+CMGS` is kept, and matched when the attempt is closed."""
    message = bench.submit()
    claim = bench.claimed()
    assert bench.report(7) is None
    assert bench.state(message) == "sending"
    bench.close(claim, reference=7)
    assert bench.match_again() == {message}
    assert (bench.state(message), unmatched(bench)) == ("delivered", 0)


def test_a_report_before_its_answer_settles_an_unknown_attempt(bench: Bench) -> None:
    """Where the answer never comes the waiting report proves the attempt."""
    message = bench.submit()
    claim = bench.claimed()
    bench.report(7)
    bench.close(claim, AttemptResult.UNKNOWN)
    assert bench.match_again() == {message}
    assert bench.state(message) == "delivered"
    assert bench.attempt(claim)["reference"] == 7


def test_a_report_settles_an_unknown_attempt(bench: Bench) -> None:
    """A report that fits recipient and time, and whose reference is nobody's, proves an unknown attempt."""
    message = bench.submit()
    claim = bench.lose()
    bench.passes(seconds=30)
    assert bench.report(7, DeliveryOutcome.TRYING, accepted_at=START + timedelta(seconds=2)) == message
    assert (bench.state(message), bench.attempt(claim)["outcome"]) == ("sent", "sent")
    bench.report(7)
    assert bench.state(message) == "delivered"


def test_two_unknown_attempts_to_one_number_stay_unknown(bench: Bench) -> None:
    """Where a report could be of either of two unknown attempts it is given to neither."""
    first, second = bench.submit(), bench.submit()
    bench.lose()
    bench.lose()
    assert bench.report(7) is None
    assert (bench.state(first), bench.state(second), unmatched(bench)) == ("unknown", "unknown", 1)


def test_a_clock_that_was_set_back_hides_no_attempt(bench: Bench) -> None:
    """By its time the owner of the reference was written after its report, which is its own all the same."""
    first, second = bench.submit(), bench.submit()
    bench.lose()
    bench.passes(seconds=30)
    bench.send(reference=7)
    bench.passes(seconds=-20)
    assert bench.report(7, accepted_at=bench.now) == second
    assert (bench.state(first), bench.state(second)) == ("unknown", "delivered")


def test_a_wrapped_reference_is_told_by_time(bench: Bench) -> None:
    """When a SIM's references have come round, the attempt in time owns the report."""
    old = bench.submit()
    bench.send(reference=7)
    bench.passes(hours=2)
    young = bench.submit()
    bench.send(reference=7)
    assert bench.report(7, accepted_at=bench.now) == young
    assert bench.report(7, accepted_at=START) == old


def test_looking_again_asks_the_rule_in_order_of_arrival(bench: Bench) -> None:
    """Unmatched reports are offered to the rule oldest first, those of other SIMs not at all."""
    for reference in (1, 2, 3):
        bench.report(reference, number=ALICE, sim=WEST)
    bench.report(4, sim=EAST)
    asked: list[int] = []

    def nobody(told: ReportFacts, attempts: object) -> None:
        asked.append(told.reference)

    assert status_reports.rematch_reports(bench.db, WEST, nobody, bench.now) == set()
    assert asked == [1, 2, 3]


def test_the_recipient_may_be_spelt_the_national_way(bench: Bench) -> None:
    """A network that reports 0612345678 means +33612345678."""
    message = bench.submit(ALICE)
    bench.send(reference=7)
    assert bench.report(7, number="0612345678") == message


def test_a_short_code_is_told_whole(bench: Bench) -> None:
    """A number of five digits has no end that tells: it is looked for among all."""
    bench.submit(ALICE)
    bench.send(reference=7)
    message = bench.submit("36111")
    bench.send(reference=7)
    assert bench.report(7, number="36111") == message
    assert bench.report(7, number="6111") is None


def test_what_others_were_sent_costs_a_report_no_look(bench: Bench) -> None:
    """Of a thousand attempts in a month with one reference, it looks at those to its own number."""
    for index in range(50):
        bench.submit(f"+3361234{index:04d}")
        bench.send(reference=7)
    message = bench.submit(ALICE)
    bench.send(reference=7)
    asked: list[str] = []

    def nobody(told: ReportFacts, attempts: Sequence[AttemptFacts]) -> None:
        asked.extend(tried.number for tried in attempts)

    new = status_reports.NewReport(
        WEST, b"1", ReportFacts(7, "0612345678", bench.now), DeliveryOutcome.DELIVERED, 0, None
    )
    assert status_reports.record_report(bench.db, new, nobody, bench.now) is None
    assert asked == [ALICE]
    assert bench.report(7) == message


def test_old_unmatched_reports_cost_no_look(bench: Bench) -> None:
    """A report that nobody claimed within a day is not offered again; it stays listed."""
    bench.report(1)
    bench.passes(hours=24)
    bench.report(2)
    asked: list[int] = []

    def nobody(told: ReportFacts, attempts: object) -> None:
        asked.append(told.reference)

    status_reports.rematch_reports(bench.db, WEST, nobody, bench.now)
    assert asked == [2]
    assert unmatched(bench) == 2


def rule(told: ReportFacts, attempts: Sequence[AttemptFacts]) -> ReportMatch:
    """The rule of evidence, as the service hands it in."""
    return match_report(told, attempts, is_same_number, SEND_TIMEOUT)


def test_an_unmatched_report_says_why(bench: Bench) -> None:
    """Each report that belongs to nobody tells what stands against it, as it was known when it came."""
    bench.submit()
    bench.send(reference=7)
    bench.report(8)
    bench.report(7, number=BOB)
    bench.passes(hours=1)
    bench.submit(BOB)
    bench.lose()  # nothing that is written after a report can have been meant by it
    assert [status_reports.explain_unmatched(bench.db, number, rule) for number in (1, 2)] == [
        MatchDoubt.NOBODY,
        MatchDoubt.NOBODY,
    ]


def test_an_early_report_says_that_the_answer_is_awaited(bench: Bench) -> None:
    """A report that overtakes `+CMGS` waits for it; one that would fit by now, but did not within its day, says so."""
    bench.submit()
    claim = bench.claimed()
    bench.report(7)
    assert status_reports.explain_unmatched(bench.db, 1, rule) is UnmatchedReason.ANSWER_AWAITED
    bench.close(claim, reference=7)
    assert status_reports.explain_unmatched(bench.db, 1, rule) is UnmatchedReason.NOT_THEN


def test_a_rival_whose_message_is_over_is_a_rival_still(bench: Bench) -> None:
    """Two attempts to a number are unknown, and a report fits both. That one of their messages failed meanwhile makes the report
    no proof of the other: it may be the failed one's."""
    kept_unknown, failing = bench.submit(), bench.submit(parts=2)
    bench.lose()
    bench.lose()
    bench.close(bench.claimed(), AttemptResult.REFUSED)
    assert bench.state(failing) in ("failed", "unknown")
    bench.db.execute("UPDATE part SET state = 'failed' WHERE message_id = ?", (failing,))
    update_message_state(bench.db, failing, bench.now)
    assert bench.report(99) is None
    assert bench.match_again() == set()
    assert (bench.state(kept_unknown), bench.state(failing), unmatched(bench)) == ("unknown", "failed", 1)


def two_to_alice(bench: Bench, references: tuple[int | None, int | None]) -> tuple[int, int]:
    """Two messages to one number, half a minute apart, accepted under these references."""
    messages = []
    for reference in references:
        messages.append(bench.submit(ALICE))
        bench.close(bench.claimed(), reference=reference)
        bench.passes(seconds=30)
    return messages[0], messages[1]


@pytest.mark.parametrize("fast_s", [-30, 0, 30])
@pytest.mark.parametrize(
    "references",
    [
        pytest.param((None, None), id="none is given"),
        pytest.param((0, 0), id="one for all"),
        pytest.param((10, 11), id="one too low"),
        pytest.param((None, 12), id="the first is garbled"),
        pytest.param((11, None), id="the second is garbled"),
    ],
)
def test_a_report_of_untrusted_references_names_no_wrong_message(
    bench: Bench, references: tuple[int | None, int | None], fast_s: int
) -> None:
    """The network has lost the first of two messages to a number, and the report of the second has the true reference 12, or 0.
    Whatever the modem gave, and with a centre's clock that is wrong by half a minute, the first is not told as delivered."""
    first, second = two_to_alice(bench, references)
    true = 0 if references == (0, 0) else 12
    stamp = bench.now - timedelta(seconds=30 - fast_s)
    assert bench.report(true, accepted_at=stamp) in (None, second)
    assert bench.state(first) == "sent"


def test_a_report_of_wrong_references_names_no_wrong_message(bench: Bench) -> None:
    """The network has lost the first of two messages to a number; the second has the true reference 12, which the modem gave to
    the first. The stamp contradicts the reference, and nobody is told as delivered."""
    first, second = two_to_alice(bench, (12, 13))
    assert bench.report(12, accepted_at=bench.now - timedelta(seconds=30)) is None
    assert (bench.state(first), bench.state(second)) == ("sent", "sent")
    bench.submit(BOB)
    bench.send(reference=14)
    bench.report(14, number=BOB)  # the modem's references are true after all: the centre's clock is wrong
    bench.submit(BOB)
    bench.send(reference=15)
    assert bench.match_again() == {first}


def test_a_report_that_may_be_anothers_proves_no_references(bench: Bench) -> None:
    """Each answer has the reference of the next message, and the first message is lost. The report of the second is given to the
    first, because no stamp tells otherwise; that is no proof: the next report whose stamp contradicts it is nobody's."""
    first, _ = two_to_alice(bench, (12, 13))
    bench.passes(minutes=5)
    assert bench.report(12, accepted_at=bench.now) == first
    bench.passes(minutes=60)
    third, _ = two_to_alice(bench, (14, 15))
    assert bench.report(14, accepted_at=bench.now - timedelta(seconds=30)) is None
    assert bench.state(third) == "sent"


def test_a_message_without_a_reference_is_settled_by_recipient_and_time(bench: Bench) -> None:
    """A modem that gives no reference: the report is of the only message to that number in that time."""
    bench.submit(BOB)
    bench.close(bench.claimed())
    message = bench.submit(ALICE)
    claim = bench.claimed()
    bench.close(claim)
    assert bench.report(77) == message
    assert (bench.state(message), bench.attempt(claim)["reference"]) == ("delivered", None)


def test_one_reference_for_all_is_settled_one_after_the_other(bench: Bench) -> None:
    """A modem that gives each message the same reference: a report that comes before the next message is written is certain."""
    for _ in range(2):
        message = bench.submit(ALICE)
        bench.send(reference=0)
        bench.passes(seconds=3)
        assert bench.report(0) == message
        assert bench.state(message) == "delivered"
        bench.passes(seconds=3)


def test_the_first_report_of_a_modem_proves_the_later_ones(bench: Bench) -> None:
    """Once a report had the reference that a modem gave, its references tell two messages to one number apart."""
    bench.submit(BOB)
    bench.send(reference=11)
    bench.report(11, number=BOB)
    first, second = two_to_alice(bench, (12, 13))
    assert bench.report(13) == second
    assert (bench.state(first), bench.state(second)) == ("sent", "delivered")


def test_the_reports_of_all_parts_prove_each_other(bench: Bench) -> None:
    """A long message is a modem's first, and the centre's clock is a second fast: the last of its reports tells that the
    references are true, and all count."""
    message = bench.submit(parts=3)
    for reference in (1, 2, 3):
        bench.send(reference=reference)
        bench.passes(seconds=1)
    stamps = {reference: START + timedelta(seconds=reference) for reference in (1, 2, 3)}  # a second after its part
    for reference in (2, 1):
        assert bench.report(reference, accepted_at=stamps[reference]) is None
    assert bench.parts(message) == ["sent"] * 3
    assert bench.report(3, accepted_at=stamps[3]) == message
    assert (bench.state(message), unmatched(bench)) == ("delivered", 0)
