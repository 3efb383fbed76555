"""The front desk: what a modem tells the service, and where it ends up."""

from __future__ import annotations

import pytest

from modemd.modem.desk import Attempted, Ending
from tests.modem.script import simulated
from tests.service.bench import WEST, Bench, sim


@pytest.mark.parametrize(
    ("configured", "written", "known_as"),
    [
        pytest.param("+33700000001", "+33799999999", "+33700000001", id="the configured number goes before"),
        pytest.param(None, "+33799999999", "+33799999999", id="the one written on it"),
        pytest.param(None, None, None, id="neither"),
    ],
)
@simulated
async def test_a_sim_is_known_by_its_number(configured: str | None, written: str | None, known_as: str | None) -> None:
    """With the stick it sits in."""
    b = Bench(sims={WEST: {"number": configured}} if configured else {})
    await b.desk.met(sim(number=written))
    row = b.one("SELECT iccid, number, modem FROM sim")
    assert (row["iccid"], row["number"], row["modem"]) == (WEST, known_as, "351234050000017")


@simulated
async def test_a_sim_that_moves_to_another_stick_stays_the_same_sim() -> None:
    """One row, with the stick it was seen in last; a number once known stays."""
    b = Bench()
    await b.desk.met(sim(number="+33799999999"))
    b.hand.passes(hours=1)
    await b.desk.met(sim(imei="867959030000016"))
    row = b.one("SELECT * FROM sim")
    assert (row["modem"], row["number"]) == ("867959030000016", "+33799999999")
    assert row["first_seen"] < row["last_seen"]


@simulated
async def test_a_part_passes_over_the_desk() -> None:
    """Chosen, fresh, claimed, closed, let go: rows and reservations are as if the dispatcher had been asked."""
    b = Bench()
    message = await b.submit()
    draft = await b.desk.choose(sim())
    assert draft is not None
    assert b.desk.fresh(draft)
    assert await b.desk.choose(sim()) is None
    claimed = await b.desk.claim(sim(), draft, None)
    assert claimed is not None
    await b.desk.close(sim(), Attempted(claimed.attempt_id, Ending.WITHDRAWN))
    assert await b.desk.choose(sim()) is None, "still reserved"
    b.desk.release(draft)
    assert await b.desk.choose(sim()) is not None
    assert b.state(message) == "queued"


@simulated
async def test_a_modem_that_became_ready_wakes_whoever_waits_for_one() -> None:
    """Once for each time."""
    b = Bench()
    b.desk.ready()
    assert b.times_ready == 1


@simulated
async def test_the_desk_shows_the_epoch_of_the_store() -> None:
    """A modem compares it at the last moment."""
    b = Bench()
    before = b.desk.consent_epoch
    await b.stop_word("+33612345678")
    assert b.desk.consent_epoch == before + 1
