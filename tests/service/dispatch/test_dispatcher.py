"""Which part goes to which modem, how it is encoded, and what its ending means."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta

import pytest

from modemd import pdu
from modemd.connector import AttemptEnding, AttemptReport, Draft
from modemd.errors import StoreError
from modemd.profiles import Profile
from modemd.rules.classes import MessageClass
from modemd.rules.retry import FREED_RETRY_DELAY
from modemd.store.outbox import due as outbox_due
from modemd.store.queue.candidates import MAX_CANDIDATES
from modemd.store.timestamps import from_text
from tests.modem.scripted_port import simulated
from tests.service.bench import ALICE, BOB, EAST, WEST, Bench, sim

LONG = "long " * 90  # three parts
CAROL, DAVE = "+33612345680", "+33612345681"


def submit_of(draft: Draft) -> pdu.Submit:
    return pdu.Submit.decode(draft.tpdu)


def no_commit(action: int, argument: str | None, *_: str | None) -> int:
    """An authorizer that refuses every COMMIT."""
    refused = action == sqlite3.SQLITE_TRANSACTION and argument == "COMMIT"
    return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK


@simulated
async def test_what_one_has_chosen_the_other_does_not() -> None:
    """Chosen is reserved, though nothing is stored; let go, it may be chosen again."""
    b = Bench()
    first, second = await b.submit(ALICE), await b.submit(BOB)
    mine, theirs = await b.chosen(sim(WEST)), await b.chosen(sim(EAST))
    assert [b.one("SELECT message_id FROM part WHERE id = ?", draft.part_id)["message_id"] for draft in (mine, theirs)] == [
        first, second,
    ]  # fmt: skip
    assert await b.dispatcher.next_draft(sim(EAST)) is None
    assert b.all("SELECT 1 FROM attempt") == []
    b.dispatcher.end_reservation(mine)
    assert (await b.chosen(sim(EAST))).part_id == mine.part_id


@simulated
async def test_what_was_given_back_belongs_to_whoever_chose_it_then() -> None:
    """A modem that was slow to show its prompt takes nothing from the one that has the part now, and frees nothing of it."""
    b = Bench()
    await b.submit(ALICE)
    slow = await b.chosen(sim(WEST))
    b.dispatcher.end_reservation(slow)
    quick = await b.chosen(sim(EAST))
    assert quick.part_id == slow.part_id
    assert await b.dispatcher.claim(sim(WEST), slow, choose_next=False) is None
    b.dispatcher.end_reservation(slow)
    assert await b.dispatcher.next_draft(sim(WEST)) is None
    claimed = await b.dispatcher.claim(sim(EAST), quick, choose_next=False)
    assert claimed is not None
    assert claimed.part_id == quick.part_id


@simulated
async def test_sims_that_choose_at_the_same_moment_never_choose_the_same_part() -> None:
    """Ten readers see the same queue; each part goes to one of them, and one message to one of them."""
    b = Bench()
    for index in range(4):
        await b.submit(f"+3361234560{index}", LONG)
    drafts = await asyncio.gather(*(b.dispatcher.next_draft(sim(f"893301000000000{index:04d}")) for index in range(10)))
    parts = [draft.part_id for draft in drafts if draft is not None]
    assert len(parts) == len(set(parts)) == 4
    assert {row["seq"] for row in b.all(f"SELECT seq FROM part WHERE id IN ({', '.join(map(str, parts))})")} == {1}


@pytest.mark.parametrize(
    ("queued", "fresh"),
    [
        pytest.param(MessageClass.ALARM, False, id="an alarm goes before it"),
        pytest.param(MessageClass.TRANSACTIONAL, True, id="its equal does not"),
        pytest.param(MessageClass.MARKETING, True, id="nor does marketing"),
    ],
)
@simulated
async def test_a_draft_is_overtaken_by_higher_classes(queued: MessageClass, fresh: bool) -> None:
    """Only drafts that are out at that moment, and only until they are let go."""
    b = Bench()
    await b.submit()
    draft = await b.chosen()
    b.dispatcher.note_queued(queued)
    assert b.dispatcher.is_current(sim(), draft) is fresh
    b.dispatcher.end_reservation(draft)
    assert b.dispatcher.is_current(sim(), await b.chosen())


@simulated
async def test_what_is_over_or_withdrawn_is_ended_on_the_way() -> None:
    """More expired messages than one look takes in do not hide the one behind them."""
    b = Bench()
    gone = [await b.submit(f"+336123456{index:02d}", message_class=MessageClass.OTP) for index in range(30)]
    b.hand.passes(minutes=10)
    good = await b.submit(BOB)
    draft = await b.chosen()
    assert b.one("SELECT message_id FROM part WHERE id = ?", draft.part_id)["message_id"] == good
    assert {b.state(message) for message in gone[:MAX_CANDIDATES]} == {"expired"}


@pytest.mark.parametrize(
    ("left", "asked"),
    [
        pytest.param(timedelta(hours=24), timedelta(hours=24), id="as it is"),
        pytest.param(timedelta(hours=1, minutes=1), timedelta(hours=1, minutes=5), id="rounded up to 5 minutes"),
        pytest.param(timedelta(hours=12, minutes=1), timedelta(hours=12, minutes=30), id="beyond 12 h to 30"),
        pytest.param(timedelta(minutes=2), timedelta(minutes=5), id="at least 5 minutes"),
    ],
)
@simulated
async def test_the_service_centre_is_asked_for_what_is_left_of_the_validity(left: timedelta, asked: timedelta) -> None:
    """TP-VP counts from now, not from the submit."""
    b = Bench()
    await b.submit()
    b.hand.moment += timedelta(hours=24) - left
    validity = submit_of(await b.chosen()).validity
    assert isinstance(validity, pdu.RelativeValidity)
    assert validity.duration == asked


@simulated
async def test_a_repetition_says_so() -> None:
    """TP-RD is set on the second sending of an unknown otp, and on no first one."""
    b = Bench()
    await b.submit(message_class=MessageClass.OTP)
    first = await b.claimed()
    await b.dispatcher.close_attempt(sim(), AttemptReport(first.attempt_id, AttemptEnding.NO_ANSWER, b.clock.now()))
    b.hand.passes(seconds=21)
    await b.store.write(lambda db: outbox_due.promote_due(db, b.clock.now()))
    second = await b.claimed()
    assert [pdu.Submit.decode(tpdu).reject_duplicates for tpdu in (first.tpdu, second.tpdu)] == [False, True]


@simulated
async def test_parts_of_one_message_share_a_reference_of_8_bits() -> None:
    """And the next message to the same number takes the next one, so that sets close in time never mix."""
    b = Bench()
    await b.submit(ALICE, LONG)
    await b.submit(ALICE, LONG)
    places = []
    for _ in range(6):
        claimed = await b.claimed()
        place = pdu.Submit.decode(claimed.tpdu).concatenation
        assert place is not None
        places.append((place.reference, place.sequence, place.total, place.width))
        await b.dispatcher.close_attempt(
            sim(), AttemptReport(claimed.attempt_id, AttemptEnding.ACCEPTED, b.clock.now(), 1)
        )
    assert places == [(1, 1, 3, 8), (1, 2, 3, 8), (1, 3, 3, 8), (2, 1, 3, 8), (2, 2, 3, 8), (2, 3, 3, 8)]


@simulated
async def test_only_the_first_part_of_several_holds_the_link() -> None:
    """A lone part needs no link held, and further parts find it held."""
    b = Bench()
    await b.submit(ALICE, LONG)
    assert (await b.chosen()).is_first_of_several
    await b.submit(BOB)
    assert not (await b.chosen(sim(EAST))).is_first_of_several


@simulated
async def test_an_outcome_is_journaled_before_the_next_claim() -> None:
    """It waits for that one, and goes before it: a claim sees what became of the attempt before."""
    b = Bench()
    await b.submit(ALICE)
    await b.submit(ALICE)
    first = await b.claimed()
    draft = Draft(2, b"", is_urgent=False, is_first_of_several=False)
    b.dispatcher.close_attempt_lazily(sim(), AttemptReport(first.attempt_id, AttemptEnding.ACCEPTED, b.clock.now(), 7))
    assert await b.dispatcher.claim(sim(), draft, choose_next=False) is not None  # that number is free again
    assert [(row["outcome"], row["reference"]) for row in b.all("SELECT * FROM attempt ORDER BY id")] == [
        ("sent", 7),
        ("open", None),
    ]


@simulated
async def test_a_claim_chooses_what_follows() -> None:
    """Reserved for the SIM that claimed, encoded; nobody else chooses it."""
    b = Bench()
    for number in (ALICE, BOB, CAROL):
        await b.submit(number)
    claimed = await b.dispatcher.claim(sim(WEST), await b.chosen(sim(WEST)), choose_next=True)
    assert claimed is not None
    assert claimed.next_draft is not None
    assert claimed.next_draft.part_id == 2
    assert (await b.chosen(sim(EAST))).part_id == 3


@simulated
async def test_the_next_part_of_a_message_follows_its_first() -> None:
    """Before other messages of its class."""
    b = Bench()
    await b.submit(ALICE, "long " * 50)
    await b.submit(BOB)
    claimed = await b.dispatcher.claim(sim(), await b.chosen(), choose_next=True)
    assert claimed is not None
    assert claimed.next_draft is not None
    second = await b.dispatcher.claim(sim(), claimed.next_draft, choose_next=False)
    assert second is not None
    assert (second.message_id, second.part_id, second.tpdu) == (1, 2, claimed.next_draft.tpdu)


@simulated
async def test_claims_of_one_group_offer_different_parts() -> None:
    """The loop hears of the first only when the second has run: no part is offered twice, and no claim takes what another one
    was offered."""
    b = Bench()
    for number in (ALICE, BOB, CAROL, DAVE):
        await b.submit(number)
    west, east = await b.chosen(sim(WEST)), await b.chosen(sim(EAST))
    claims = [
        b.dispatcher.claim(sim(WEST), west, choose_next=True),
        b.dispatcher.claim(sim(EAST), east, choose_next=True),
    ]
    claimed = [claim for claim in await asyncio.gather(*claims) if claim is not None]
    following = [claim.next_draft for claim in claimed if claim.next_draft is not None]
    assert sorted([claim.part_id for claim in claimed] + [draft.part_id for draft in following]) == [1, 2, 3, 4]


@simulated
async def test_many_modems_that_choose_at_once_all_find_something() -> None:
    """What others have chosen while one was reading is passed over, however many they are; nobody goes away with nothing while
    something waits."""
    b = Bench()
    many = 2 * MAX_CANDIDATES
    for index in range(many):
        await b.submit(f"+3361234{index:04d}")
    drafts = await asyncio.gather(*(b.chosen(sim(f"89330100000000{index:05d}")) for index in range(many)))
    assert len({draft.part_id for draft in drafts}) == many


@simulated
async def test_an_alarm_that_is_given_back_presses_again() -> None:
    """East has no prompt and lets the alarm go; west, which waits for its pace and found nothing, looks again at once."""
    b = Bench()
    await b.submit(message_class=MessageClass.ALARM)
    b.dispatcher.note_queued(MessageClass.ALARM)
    draft = await b.chosen(sim(EAST))
    assert await b.dispatcher.next_draft(sim(WEST), urgent=True) is None
    assert not b.dispatcher.has_unseen_urgent(sim(WEST))
    b.dispatcher.return_draft(draft)
    assert b.dispatcher.has_unseen_urgent(sim(WEST))


@simulated
async def test_an_alarm_whose_attempt_is_withdrawn_presses_again() -> None:
    """The same where its claim was made already."""
    b = Bench()
    await b.submit(message_class=MessageClass.ALARM)
    claimed = await b.claimed(sim(EAST))
    assert await b.dispatcher.next_draft(sim(WEST), urgent=True) is None
    await b.dispatcher.close_attempt(
        sim(EAST), AttemptReport(claimed.attempt_id, AttemptEnding.WITHDRAWN, error="no prompt")
    )
    assert b.dispatcher.has_unseen_urgent(sim(WEST))


@simulated
async def test_what_follows_is_not_fresh_once_its_sim_rests() -> None:
    """Refused whoever is written to, a SIM sends nothing more: what was chosen ahead is chosen again."""
    b = Bench()
    for index in range(8):
        await b.submit(f"+3361234560{index}")
    draft: Draft | None = await b.chosen()
    while b.breakers.open_until(WEST, b.clock.now()) is None:
        assert draft is not None
        claimed = await b.dispatcher.claim(sim(), draft, choose_next=True)
        b.dispatcher.end_reservation(draft)
        assert claimed is not None
        refused = AttemptReport(
            claimed.attempt_id, AttemptEnding.REFUSED, b.clock.now(), None, 42, "+CMS ERROR: 42", 1.0
        )
        await b.dispatcher.close_attempt(sim(), refused)
        draft = claimed.next_draft
    assert draft is not None
    assert not b.dispatcher.is_current(sim(), draft)


@simulated
async def test_what_a_failing_claim_offered_is_anybodys() -> None:
    """Nothing stays reserved for nobody."""
    b = Bench()
    await b.submit(ALICE)
    await b.submit(BOB)
    draft = await b.chosen(sim(WEST))
    b.db.set_authorizer(no_commit)
    with pytest.raises(StoreError):
        await b.dispatcher.claim(sim(WEST), draft, choose_next=True)
    b.dispatcher.end_reservation(draft)
    assert b.dispatcher._reservations.reserved_parts() == set()


@simulated
async def test_a_claim_looks_at_consent_again() -> None:
    """STOP after the choice: the claim finds nothing, and the message is cancelled."""
    b = Bench()
    message = await b.submit(message_class=MessageClass.MARKETING)
    draft = await b.chosen()
    await b.stop_word(ALICE)
    assert await b.dispatcher.claim(sim(), draft, choose_next=False) is None
    assert b.state(message) == "cancelled"


@simulated
async def test_a_claim_takes_what_goes_before_the_draft_and_never_what_others_have_chosen() -> None:
    """An alarm that came after the choice is what goes out, encoded; the other modem's draft stays its own."""
    b = Bench()
    await b.submit(ALICE)
    await b.submit(BOB)
    mine, theirs = await b.chosen(sim(WEST)), await b.chosen(sim(EAST))
    alarm = await b.submit("+33612345600", "Pump 3 stands still", MessageClass.ALARM)
    claimed = await b.dispatcher.claim(sim(WEST), mine, choose_next=False)
    assert claimed is not None
    assert (claimed.message_id, pdu.Submit.decode(claimed.tpdu).text) == (alarm, "Pump 3 stands still")
    # What it had chosen is anybody's at once, not after the send: another modem may be free for it.
    b.dispatcher.end_reservation(theirs)
    other = await b.dispatcher.claim(sim(EAST), await b.chosen(sim(EAST)), choose_next=False)
    assert other is not None
    assert other.part_id == mine.part_id != theirs.part_id


@simulated
async def test_a_claim_leaves_what_another_modem_has_chosen() -> None:
    """Where its own part may not go any more, nothing goes: the other part is taken, though nothing stored says so."""
    b = Bench()
    await b.submit(ALICE, message_class=MessageClass.MARKETING)
    await b.submit(BOB, message_class=MessageClass.MARKETING)
    mine, theirs = await b.chosen(sim(WEST)), await b.chosen(sim(EAST))
    await b.stop_word(ALICE)
    assert await b.dispatcher.claim(sim(WEST), mine, choose_next=False) is None
    claimed = await b.dispatcher.claim(sim(EAST), theirs, choose_next=False)
    assert claimed is not None
    assert claimed.part_id == theirs.part_id


@simulated
async def test_a_claim_carries_the_epoch_from_before_its_look() -> None:
    """Whatever moves it afterwards shows."""
    b = Bench()
    await b.submit()
    draft = await b.chosen()
    claiming = b.dispatcher.claim(sim(), draft, choose_next=False)
    b.store.write_consent(lambda db: None)
    claimed = await claiming
    assert claimed is not None
    assert (claimed.consent_epoch, b.dispatcher.consent_epoch) == (0, 1)


VENDOR = Profile("odd", errors={512: "soon", 38: "recipient"})
WRITTEN, UNWRITTEN = True, False


@pytest.mark.parametrize(
    ("code", "elapsed_s", "written", "profile", "outcome", "state", "wait"),
    [
        pytest.param(300, 1, WRITTEN, None, "refused", "held", timedelta(seconds=5), id="soon"),
        pytest.param(38, 1, WRITTEN, None, "refused", "held", timedelta(minutes=1), id="later"),
        pytest.param(None, 1, WRITTEN, None, "refused", "held", timedelta(minutes=1), id="a bare ERROR is later"),
        pytest.param(21, 1, WRITTEN, None, "refused", "held", timedelta(minutes=1), id="other"),
        pytest.param(1, 1, WRITTEN, None, "refused", "failed", None, id="recipient"),
        pytest.param(304, 0, UNWRITTEN, None, "refused", "held", timedelta(seconds=5), id="message"),
        pytest.param(313, 1, WRITTEN, None, "refused", "held", timedelta(minutes=1), id="reset"),
        pytest.param(310, 0, UNWRITTEN, None, "refused", "held", timedelta(minutes=1), id="sim"),
        pytest.param(330, 1, WRITTEN, None, "refused", "held", timedelta(minutes=1), id="config"),
        pytest.param(225, 1, WRITTEN, None, "unknown", "unknown", None, id="unknown"),
        pytest.param(225, 0, UNWRITTEN, None, "refused", "held", timedelta(minutes=1), id="unknown, but never written"),
        pytest.param(197, 1, WRITTEN, None, "sent", "sent", None, id="a duplicate was accepted before"),
        pytest.param(500, 1, WRITTEN, None, "refused", "held", timedelta(minutes=1), id="ambiguous, at once"),
        pytest.param(500, 11, WRITTEN, None, "unknown", "unknown", None, id="ambiguous, too late"),
        pytest.param(512, 1, WRITTEN, VENDOR, "refused", "held", timedelta(seconds=5), id="the vendor's own number"),
        pytest.param(38, 1, WRITTEN, VENDOR, "refused", "failed", None, id="the vendor's meaning goes first"),
    ],
)
@simulated
async def test_what_a_refusal_means(
    code: int | None, elapsed_s: float, written: bool, profile: Profile | None, outcome: str, state: str,
    wait: timedelta | None,
) -> None:  # fmt: skip
    """The class of the error decides: again soon or later, never, or not known."""
    b = Bench()
    message = await b.submit()
    claimed = await b.claimed()
    written_at = b.clock.now() if written else None
    attempted = AttemptReport(
        claimed.attempt_id, AttemptEnding.REFUSED, written_at, None, code, "as it was said", elapsed_s
    )
    await b.dispatcher.close_attempt(sim(profile=profile), attempted)
    row = b.one("SELECT outcome, error FROM attempt")
    assert (row["outcome"], row["error"], b.state(message)) == (outcome, "as it was said", state)
    due = b.one("SELECT due FROM part")["due"]
    assert (from_text(due) - b.clock.now() if due else None) == wait


@pytest.mark.parametrize(
    ("ending", "outcome", "state", "tries", "settled"),
    [
        (AttemptEnding.ACCEPTED, "sent", "sent", 1, 0),
        (AttemptEnding.NO_ANSWER, "unknown", "unknown", 1, 1),
        (AttemptEnding.WITHDRAWN, "withdrawn", "queued", 0, 1),
    ],
)
@simulated
async def test_what_the_other_endings_mean(
    ending: AttemptEnding, outcome: str, state: str, tries: int, settled: int
) -> None:
    """A withdrawn attempt costs no try; whatever may be due again is told."""
    b = Bench()
    message = await b.submit()
    claimed = await b.claimed()
    await b.dispatcher.close_attempt(sim(), AttemptReport(claimed.attempt_id, ending, b.clock.now(), 9))
    await asyncio.sleep(0)
    assert (b.one("SELECT outcome FROM attempt")["outcome"], b.state(message)) == (outcome, state)
    assert b.one("SELECT tries FROM part")["tries"] == tries
    assert b.settled == settled


@simulated
async def test_a_late_acceptance_settles_what_was_unknown() -> None:
    """Closed once as unknown, then as accepted: sent. A third word changes nothing."""
    b = Bench()
    message = await b.submit()
    claimed = await b.claimed()
    for ending, code in ((AttemptEnding.NO_ANSWER, None), (AttemptEnding.ACCEPTED, None), (AttemptEnding.REFUSED, 1)):
        await b.dispatcher.close_attempt(sim(), AttemptReport(claimed.attempt_id, ending, b.clock.now(), 9, code))
    assert b.state(message) == "sent"


@simulated
async def test_a_clock_that_is_not_trusted_holds_marketing_back() -> None:
    """Marketing waits as it is, and nothing that is over is ended; others go, behind it or not."""
    b = Bench()
    b.dispatcher._is_clock_trusted = lambda: False
    held_back = await b.submit(ALICE, message_class=MessageClass.MARKETING)
    assert await b.dispatcher.next_draft(sim()) is None
    over = await b.submit(BOB, message_class=MessageClass.OTP)
    b.hand.passes(minutes=10)
    assert (await b.claimed()).message_id == over
    assert await b.dispatcher.next_draft(sim()) is None
    assert b.state(held_back) == "queued"


@simulated
async def test_what_waits_for_a_clock_that_is_trusted_hides_nothing_behind_it() -> None:
    """A message with a window waits as it is; one without, of the same class and accepted later, goes."""
    b = Bench()
    for number in (ALICE, CAROL):
        await b.submit(number)
    await b.store.write(lambda db: db.execute("UPDATE message SET window = '09:00-18:00 Europe/Paris'"))
    free = await b.submit(BOB)
    b.dispatcher._is_clock_trusted = lambda: False
    assert (await b.claimed()).message_id == free


@simulated
async def test_a_refusal_without_network_uses_up_no_try() -> None:
    """Where the modem has lost its network the part is due again soon, for every SIM, as if it had not been tried."""
    b = Bench()
    message = await b.submit()
    claimed = await b.claimed()
    lost = AttemptReport(
        claimed.attempt_id,
        AttemptEnding.REFUSED,
        b.clock.now(),
        None,
        331,
        "+CMS ERROR: 331",
        1.0,
        is_without_network=True,
    )
    await b.dispatcher.close_attempt(sim(), lost)
    part = b.one("SELECT p.tries, l.kind AS lane, p.due FROM part p JOIN lane l ON l.id = p.lane")
    assert (part["tries"], part["lane"], b.state(message)) == (0, "any", "held")
    assert from_text(part["due"]) - b.clock.now() == FREED_RETRY_DELAY


async def refused(b: Bench, code: int, to: str, iccid: str = WEST) -> int:
    """A message to a number of its own is refused."""
    message = await b.submit(to)
    claimed = await b.claimed(sim(iccid))
    attempted = AttemptReport(
        claimed.attempt_id, AttemptEnding.REFUSED, b.clock.now(), None, code, f"+CMS ERROR: {code}", 1.0
    )
    await b.dispatcher.close_attempt(sim(iccid), attempted)
    return message


@simulated
async def test_five_refusals_across_recipients_are_the_sims_own() -> None:
    """The fifth is not held against its message, which is free for every SIM in 5 s; the SIM is given nothing until it has
    rested, and is woken then."""
    b = Bench()
    messages = [await refused(b, 42, f"+3361234560{index}") for index in range(5)]
    tries = [row["tries"] for row in b.all("SELECT tries FROM part ORDER BY id")]
    assert (tries, {b.state(message) for message in messages}) == ([1, 1, 1, 1, 0], {"held"})
    await b.submit(BOB)
    assert await b.dispatcher.next_draft(sim(WEST)) is None
    assert b.breakers.open_until(WEST, b.clock.now()) == (
        b.clock.now() + timedelta(minutes=1),
        "+CMS ERROR: 42",
    )
    woken = b.settled
    b.hand.passes(minutes=1)
    await asyncio.sleep(61)
    assert b.settled == woken + 1
    assert await b.dispatcher.next_draft(sim(WEST)) is not None


@simulated
async def test_what_one_sim_will_not_do_another_is_asked_for() -> None:
    """CMS 21 leaves the part to the SIM that asked lately, soon and without a try; that one passes."""
    b = Bench()
    assert await b.dispatcher.next_draft(sim(EAST)) is None
    message = await refused(b, 21, ALICE)
    part = b.one("SELECT tries, due FROM part")
    assert (part["tries"], from_text(part["due"]) - b.clock.now()) == (0, FREED_RETRY_DELAY)
    b.hand.passes(seconds=5)
    await b.store.write(lambda db: outbox_due.promote_due(db, b.clock.now()))
    assert await b.dispatcher.next_draft(sim(WEST)) is None
    claimed = await b.claimed(sim(EAST))
    await b.dispatcher.close_attempt(
        sim(EAST), AttemptReport(claimed.attempt_id, AttemptEnding.ACCEPTED, b.clock.now(), 1)
    )
    assert b.state(message) == "sent"


@simulated
async def test_where_no_sim_will_do_it_the_part_backs_off() -> None:
    """When the last of them has said no, each may try again after a minute."""
    b = Bench()
    assert await b.dispatcher.next_draft(sim(EAST)) is None
    await refused(b, 21, ALICE)
    b.hand.passes(seconds=5)
    await b.store.write(lambda db: outbox_due.promote_due(db, b.clock.now()))
    claimed = await b.claimed(sim(EAST))
    await b.dispatcher.close_attempt(
        sim(EAST),
        AttemptReport(claimed.attempt_id, AttemptEnding.REFUSED, b.clock.now(), None, 21, "+CMS ERROR: 21", 1.0),
    )
    assert from_text(b.one("SELECT due FROM part")["due"]) - b.clock.now() == timedelta(minutes=1)
    b.hand.passes(minutes=1)
    await b.store.write(lambda db: outbox_due.promote_due(db, b.clock.now()))
    assert await b.dispatcher.next_draft(sim(WEST)) is not None


@pytest.mark.parametrize("code", [1, 28])
@simulated
async def test_five_permanent_refusals_across_recipients_fail_nobody(code: int) -> None:
    """A modem that says 1 or 28 to everybody: the SIM rests, and what had failed in that run is queued again as if untouched."""
    b = Bench()
    messages = [await refused(b, code, f"+3361234560{index}") for index in range(4)]
    assert {b.state(message) for message in messages} == {"failed"}
    last = await refused(b, code, BOB)
    assert b.breakers.open_until(WEST, b.clock.now()) == (b.clock.now() + timedelta(minutes=1), f"+CMS ERROR: {code}")
    assert [b.state(message) for message in (*messages, last)] == ["queued"] * 4 + ["held"]
    assert {(row["tries"], row["state"]) for row in b.all("SELECT * FROM part")} == {(0, "queued"), (0, "held")}
    assert b.all("SELECT 1 FROM message WHERE closed_at IS NOT NULL OR sim IS NOT NULL") == []


@simulated
async def test_after_its_rest_a_sim_that_is_refused_again_tries_others_next() -> None:
    """The part that was tried first after the rest backs off, so that the next try is somebody else's."""
    b = Bench()
    for index in range(5):
        await refused(b, 1, f"+3361234560{index}")
    b.hand.passes(minutes=1)
    claimed = await b.claimed(sim())
    again = AttemptReport(claimed.attempt_id, AttemptEnding.REFUSED, b.clock.now(), None, 1, "+CMS ERROR: 1", 1.0)
    await b.dispatcher.close_attempt(sim(), again)
    part = b.one(f"SELECT * FROM part WHERE id = {claimed.part_id}")
    assert (part["state"], from_text(part["due"]) - b.clock.now()) == ("held", timedelta(minutes=1))
    b.hand.passes(minutes=5)
    assert (await b.claimed(sim())).part_id != claimed.part_id


@simulated
async def test_a_malformed_message_is_tried_twice_more_before_it_fails() -> None:
    """An octet lost on the line makes a good PDU malformed: 304 fails a message at the third try, and counts from then on."""
    b = Bench()
    message = await refused(b, 304, ALICE)
    for state in ("held", "failed"):
        assert (b.state(message), from_text(b.one("SELECT due FROM part")["due"]) - b.clock.now()) == (
            "held",
            timedelta(seconds=5),
        )
        b.hand.passes(seconds=5)
        await b.store.write(lambda db: outbox_due.promote_due(db, b.clock.now()))
        claimed = await b.claimed(sim())
        again = AttemptReport(
            claimed.attempt_id, AttemptEnding.REFUSED, b.clock.now(), None, 304, "+CMS ERROR: 304", 1.0
        )
        await b.dispatcher.close_attempt(sim(), again)
        assert b.state(message) == state


@simulated
async def test_a_draft_goes_out_with_the_reference_that_its_claim_gave() -> None:
    """A long alarm to the same number began after the draft was encoded and has its reference: the draft takes the next."""
    b = Bench()
    await b.submit(ALICE, LONG)
    draft = await b.chosen(sim(EAST))
    await b.submit(ALICE, LONG, MessageClass.ALARM)
    alarm = await b.claimed(sim(WEST))
    claimed = await b.dispatcher.claim(sim(EAST), draft, choose_next=False)
    assert claimed is not None
    references = [pdu.Submit.decode(part.tpdu).concatenation for part in (alarm, claimed)]
    assert [place.reference for place in references if place is not None] == [1, 2]


@simulated
async def test_a_draft_that_is_given_back_wakes_the_others() -> None:
    """Another sender that is idle may take it at once."""
    b = Bench()
    await b.submit(ALICE)
    draft = await b.chosen(sim(WEST))
    woken = b.times_ready
    b.dispatcher.return_draft(draft)
    assert b.times_ready == woken + 1


@simulated
async def test_nothing_is_chosen_while_an_outcome_waits_for_the_disk() -> None:
    """The disk took no outcome, and may take the next claim: what is not journaled would be forgotten in a crash."""
    b = Bench()
    await b.submit(ALICE)
    draft = await b.chosen()
    b.dispatcher._outcomes._unstored.add(99)
    assert not b.dispatcher.is_current(sim(), draft)
    b.dispatcher.return_draft(draft)
    assert await b.dispatcher.next_draft(sim()) is None
    b.dispatcher._outcomes._unstored.clear()
    assert await b.dispatcher.next_draft(sim()) is not None
