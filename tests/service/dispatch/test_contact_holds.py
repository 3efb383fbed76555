"""Holds for a contact's sake in the running service."""

from __future__ import annotations

from modemd.rules.classes import MessageClass
from modemd.service.dispatch.contact_holds import ContactHolds
from modemd.store.outbox import due
from tests.modem.scripted_port import simulated
from tests.service.bench import ALICE, Bench


@simulated
async def test_a_change_of_the_rules_is_noticed() -> None:
    """What is held is decided again once for each change, the first time at the start."""
    b, changes = Bench(quiet_hours={"enabled": True}), []
    holds = ContactHolds(b.store, b.rules, b.clock, lambda: changes.append(1))
    await holds.check()
    await holds.check()
    assert len(changes) == 1
    await b.submit(ALICE, message_class=MessageClass.MARKETING)
    b.db.execute("UPDATE message SET state = 'held', reason = 'quiet_hours'")
    b.db.execute("UPDATE part SET state = 'held', due = '2030-01-01T00:00:00.000000+00:00'")
    b.rules.add_sims([])
    await holds.check()
    assert len(changes) == 1
    b.rules._made_of = None
    await holds.check()
    assert len(changes) == 2
    assert due.promote_due(b.db, b.clock.now()) == {1}
