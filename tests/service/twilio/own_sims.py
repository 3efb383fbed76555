"""Two SIMs of this installation, and what happens to messages at them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from modemd.rules.report_matching import ReportFacts, make_owner_finder
from modemd.rules.send_decision import SendDecision, SendVerdict
from modemd.store import sims
from modemd.store.inbound import inbox, status_reports
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.queue import claims, outcomes
from modemd.store.queue.outcomes import AttemptOutcome, AttemptResult
from tests.service.assembled import AssembledService
from tests.service.bench import delivered, sim

WEST, EAST, UNMET = "8933010000000000010", "8933010000000000028", "8933010000000000036"
WEST_NUMBER, EAST_NUMBER = "+33700000001", "+33700000002"
ALICE, BOB = "+33612345678", "+33612345679"
# The number of one SIM is configured, the other tells its own.
CONFIGURED: dict[str, Any] = {"country": "FR", "sims": {WEST: {"number": WEST_NUMBER, "name": "front desk"}}}


async def meet_sims(assembled: AssembledService) -> None:
    """Both SIMs were in modems, and one that waits for a person."""
    now = assembled.clock.now()
    await assembled.store.write(lambda db: sims.record_sim(db, WEST, None, None, "490154203237518", now))
    await assembled.store.write(lambda db: sims.record_sim(db, EAST, None, EAST_NUMBER, "490154203237526", now))
    await assembled.store.write(
        lambda db: sims.record_sim(db, UNMET, None, "+33700000003", "490154203237534", now, admit=False)
    )


async def try_next(
    assembled: AssembledService,
    sim: str = WEST,
    result: AttemptResult = AttemptResult.SENT,
    reference: int | None = 7,
    error: str | None = None,
) -> None:
    """The next message of a SIM goes on the air, and ends so."""

    def change(db: Any) -> None:
        now = assembled.clock.now()
        claim = claims.claim(db, sim, "stick", lambda facts: SendDecision(SendVerdict.SEND), now)
        assert claim is not None
        outcomes.close_attempt(db, AttemptOutcome(claim.attempt_id, result, now, reference, error), now)

    await assembled.store.write(change)


async def report(assembled: AssembledService, reference: int = 7, status: int = 0, number: str = ALICE) -> None:
    """A status report comes in."""
    outcome = status_reports.DeliveryOutcome.DELIVERED if status == 0 else status_reports.DeliveryOutcome.PERMANENT
    now = assembled.clock.now()
    told = ReportFacts(reference, number, now)
    new = status_reports.NewReport(WEST, bytes([reference, status]), told, outcome, status, now)
    await assembled.store.write(
        lambda db: status_reports.record_report(db, new, make_owner_finder(timedelta(seconds=60)), now)
    )


async def arrive(assembled: AssembledService, sender: str = ALICE, text: str = "hi", sim: str = WEST) -> int:
    """A text comes in. Returns its id."""
    now = assembled.clock.now()
    arrival = Arrival(sim, f"{now}{sender}{text}".encode(), sender, "text", text, now)
    whole = await assembled.store.write(lambda db: inbox.store_arrival(db, arrival, lambda _: ("text", text), now))
    assert whole is not None
    return whole.inbox_id


async def arrive_as_pdu(assembled: AssembledService, sender: str, text: str) -> int:
    """A text comes in by a modem, so that words of consent are applied. Returns its id."""
    for octets in delivered(sender, text):
        await assembled.service.inbox.store_arrival(sim(WEST), octets)
    return await assembled.store.read(lambda db: db.execute("SELECT max(id) AS id FROM inbox").fetchone()["id"])
