"""What contacts have said, and its effect."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from modemd.errors import Refused
from modemd.rules.classes import MessageClass
from modemd.rules.consent.policy import Marketing
from modemd.store.consent import statements
from modemd.store.consent.statements import ConsentEffect, ConsentStatement
from modemd.store.events import Authorship
from modemd.store.queue.outcomes import AttemptResult
from tests.store.bench import ALICE, BOB, Bench

HOUR = timedelta(hours=1)
MARKETING = MessageClass.MARKETING


def events(bench: Bench, number: str = ALICE) -> list[str]:
    rows = bench.db.execute("SELECT action FROM consent_event WHERE number = ? ORDER BY id", (number,))
    return [row["action"] for row in rows]


def test_a_stop_withdraws_what_waits(bench: Bench) -> None:
    """An opt-out cancels queued and held marketing to that number, whole, with the reason; nothing else."""
    queued = bench.submit(ALICE, MARKETING, parts=2)
    held = bench.submit(ALICE, MARKETING, at=bench.now + HOUR)
    order, other = bench.submit(ALICE), bench.submit(BOB, MARKETING)
    assert bench.says(ALICE) == ConsentEffect(has_changed=True, needs_confirmation=True, withdrawn_messages=2)
    assert [bench.state(message) for message in (queued, held, order, other)] == [
        "cancelled",
        "cancelled",
        "queued",
        "queued",
    ]
    assert {bench.message(message)["reason"] for message in (queued, held)} == {"opted_out"}


def test_a_stop_in_the_middle_withdraws_the_rest(bench: Bench) -> None:
    """The part on the air stays; what waits behind it does not go, and the message ends cancelled with what was sent."""
    message = bench.submit(ALICE, MARKETING, parts=3)
    bench.send()
    claim = bench.claimed()
    assert bench.says(ALICE).withdrawn_messages == 1
    assert bench.parts(message) == ["sent", "sending", "cancelled"]
    assert bench.state(message) == "sending"
    bench.close(claim, reference=2)
    assert (bench.parts(message), bench.state(message)) == (["sent", "sent", "cancelled"], "cancelled")


def test_a_stop_reaches_a_rest_that_is_backing_off(bench: Bench) -> None:
    """Held parts of a started message are withdrawn like the others."""
    message = bench.submit(ALICE, MARKETING, parts=2)
    bench.close(bench.claimed(), AttemptResult.REFUSED, error="+CMS ERROR: 38", retry=lambda *_: bench.now + HOUR)
    assert bench.says(ALICE).withdrawn_messages == 1
    assert (bench.state(message), bench.next_due()) == ("cancelled", None)


def test_a_stop_said_again_is_noted_and_not_answered(bench: Bench) -> None:
    """The second STOP leaves its event, changes nothing, and gets no second confirmation."""
    bench.says(ALICE)
    assert bench.says(ALICE) == ConsentEffect(has_changed=False, needs_confirmation=False)
    assert events(bench) == ["opt_out", "opt_out"]


def test_start_counts_only_after_stop(bench: Bench) -> None:
    """START of somebody who never said anything opts in; after STOP it opts in again; said twice it changes nothing."""
    assert bench.says(ALICE, opts_in=True) == ConsentEffect(has_changed=True, needs_confirmation=True)
    assert bench.says(ALICE, opts_in=True) == ConsentEffect(has_changed=False, needs_confirmation=False)
    assert (statements.read_marketing(bench.db, ALICE), events(bench)) == (Marketing.OPTED_IN, ["opt_in"])
    bench.says(ALICE)
    assert statements.read_marketing(bench.db, ALICE) is Marketing.OPTED_OUT
    assert bench.says(ALICE, opts_in=True) == ConsentEffect(has_changed=True, needs_confirmation=True)
    assert statements.read_marketing(bench.db, ALICE) is Marketing.OPTED_IN
    assert events(bench) == ["opt_in", "opt_out", "opt_in"]


def test_start_in_doubtful_digits_is_no_new_consent(bench: Bench) -> None:
    """A number that the sender's digits can mean, too, is not opted in by START."""
    assert bench.says(ALICE, opts_in=True, channel=statements.READING) == ConsentEffect(
        has_changed=False, needs_confirmation=False
    )
    assert (statements.read_marketing(bench.db, ALICE), events(bench)) == (Marketing.UNKNOWN, [])


def test_start_brings_nothing_withdrawn_back(bench: Bench) -> None:
    """What a STOP cancelled stays cancelled."""
    message = bench.submit(ALICE, MARKETING)
    bench.says(ALICE)
    bench.says(ALICE, opts_in=True)
    assert bench.state(message) == "cancelled"


def test_an_entry_by_hand_is_not_answered_by_sms(bench: Bench) -> None:
    """An opt-out that staff enters counts like any, and sends nobody a message."""
    bench.submit(ALICE, MARKETING)
    assert bench.says(ALICE, channel="phone call") == ConsentEffect(
        has_changed=True, needs_confirmation=False, withdrawn_messages=1
    )


@pytest.mark.parametrize(("first", "second", "kept"), [("fr", "es", "es"), ("fr", None, "fr"), (None, "de", "de")])
def test_the_language_last_spoken_is_known(bench: Bench, first: str | None, second: str | None, kept: str) -> None:
    """A contact's language is that of the last word that had one."""
    assert statements.read_language(bench.db, ALICE) is None
    statements.apply_statement(
        bench.db, ConsentStatement(ALICE, False, "stop", first, "sms", stated_at=bench.now), bench.now
    )
    statements.apply_statement(
        bench.db, ConsentStatement(ALICE, True, "start", second, "sms", stated_at=bench.now), bench.now
    )
    assert statements.read_language(bench.db, ALICE) == kept


def test_a_stop_from_a_stranger_is_kept(bench: Bench) -> None:
    """Somebody who was never written to can opt out, and is refused from then on."""
    bench.says(BOB)
    assert bench.state(bench.submit(BOB, MARKETING)) == "refused"


def test_a_person_undoes_what_was_meant_for_another_number(bench: Bench) -> None:
    """The other reading is free again, as it was before; the number that said STOP stays bound."""
    word = Authorship("alice", "she wrote from the other number")
    stop = statements.ConsentStatement(ALICE, opts_in=False, keyword="STOP", language="en", channel="sms")
    statements.apply_statement(bench.db, stop, bench.now)
    statements.apply_statement(bench.db, replace(stop, number=BOB, channel=statements.READING), bench.now)
    statements.undo_reading(bench.db, BOB, word, bench.now)
    assert statements.read_marketing(bench.db, BOB) is Marketing.UNKNOWN
    for number, code in ((ALICE, "own_opt_out"), (BOB, "not_found")):
        with pytest.raises(Refused) as refused:
            statements.undo_reading(bench.db, number, word, bench.now)
        assert refused.value.code == code
    assert statements.read_marketing(bench.db, ALICE) is Marketing.OPTED_OUT


def test_nobody_undoes_what_a_number_said_before(bench: Bench) -> None:
    """A number that said STOP itself is bound, though another's STOP could mean it later."""
    stop = statements.ConsentStatement(BOB, opts_in=False, keyword="STOP", language="en", channel="sms")
    statements.apply_statement(bench.db, stop, bench.now)
    statements.apply_statement(bench.db, replace(stop, channel=statements.READING), bench.now)
    with pytest.raises(Refused):
        statements.undo_reading(bench.db, BOB, Authorship("alice", "a try"), bench.now)
