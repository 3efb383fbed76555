"""What is held for its contact's sake, when the rules change."""

from __future__ import annotations

from datetime import timedelta

from modemd.rules.classes import MessageClass
from modemd.rules.consent.caps import FrequencyCap, FrequencyCaps
from modemd.rules.sending_rules import SendingRules
from modemd.store.outbox import contact_holds, due
from modemd.store.timestamps import to_text
from tests.store.bench import ALICE, BOB, Bench

CAPPED = SendingRules(caps=FrequencyCaps((FrequencyCap(1, timedelta(hours=20)),)))


def decide_all(bench: Bench, rules: SendingRules) -> list[str]:
    """The numbers at which a step ended."""
    ends, number = [], contact_holds.decide_again(bench.db, rules, "", bench.now)
    while number is not None:
        ends.append(number)
        number = contact_holds.decide_again(bench.db, rules, number, bench.now)
    return ends


def test_what_the_new_rules_let_go_is_due_now(bench: Bench) -> None:
    """A cap that is lifted holds nothing more; what waits for its own time waits on."""
    bench.rules = CAPPED
    bench.submit(ALICE, MessageClass.MARKETING)
    bench.send()
    held = bench.submit(ALICE, MessageClass.MARKETING)
    later = bench.submit(BOB, MessageClass.MARKETING, at=bench.now + timedelta(hours=1))
    assert (bench.state(held), bench.message(held)["reason"]) == ("held", "frequency_cap")
    assert decide_all(bench, SendingRules())
    assert due.promote_due(bench.db, bench.now) == {held}
    assert (bench.state(held), bench.state(later)) == ("queued", "held")


def test_stricter_rules_hold_it_longer(bench: Bench) -> None:
    """Until when the new rules say, without a detour through the queue."""
    bench.rules = CAPPED
    bench.submit(ALICE, MessageClass.MARKETING)
    bench.send()
    held = bench.submit(ALICE, MessageClass.MARKETING, valid=timedelta(days=10))
    decide_all(bench, SendingRules(caps=FrequencyCaps((FrequencyCap(1, timedelta(days=7)),))))
    assert [bench.part(held)["due"]] == [to_text(bench.now + timedelta(days=7))]
