"""What is held for its contact's sake, when the rules change."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.consent.caps import FrequencyCap, FrequencyCaps
from modemd.rules.quiet_hours.holidays import Holidays
from modemd.rules.quiet_hours.quiet_hours import QuietHours
from modemd.rules.quiet_hours.table import HoursTable
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


NIGHTS = SendingRules(quiet_hours=QuietHours(HoursTable.load(), Holidays()))
LONDON = "+447700900001"


@pytest.mark.parametrize("rules", [NIGHTS, SendingRules()], ids=["the same rules", "no quiet hours any more"])
def test_what_is_planned_for_later_never_goes_before_its_time(bench: Bench, rules: SendingRules) -> None:
    """Its time is a quiet hour in a week. Now is none; and the next start decides again about everything that is held."""
    night = (bench.now + timedelta(days=7)).replace(hour=3)
    bench.rules = NIGHTS
    held = bench.submit(LONDON, MessageClass.MARKETING, at=night, valid=timedelta(days=10))
    assert bench.message(held)["reason"] == "quiet_hours"
    until = bench.part(held)["due"]
    decide_all(bench, rules)
    assert bench.part(held)["due"] == (until if rules is NIGHTS else to_text(night))
    assert bench.message(held)["reason"] == ("quiet_hours" if rules is NIGHTS else "scheduled")
    assert due.promote_due(bench.db, bench.now) == set()
