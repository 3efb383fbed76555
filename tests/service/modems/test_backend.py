"""Backend of the modems: what only they need of the service."""

from __future__ import annotations

import pytest

from modemd.config import CurrentSettings
from modemd.connector import AttemptEnding, AttemptReport
from modemd.errors import NeedsPerson
from modemd.rules.classes import MessageClass
from modemd.service.modems.backend import ServiceBackend
from modemd.store import sims
from tests.modem.scripted_port import simulated
from tests.service.assembled import NOON
from tests.service.bench import EAST, WEST, Bench, identity, sim


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
    await b.backend.register_sim(identity(number=written))
    row = b.one("SELECT iccid, number, modem FROM sim")
    assert (row["iccid"], row["number"], row["modem"]) == (WEST, known_as, "351234050000017")


@simulated
async def test_policies_are_logged_once_for_a_new_sim(caplog: pytest.LogCaptureFixture) -> None:
    """Those of its country and of contracts; a SIM whose contract is noted has only the first."""

    def policies() -> list[str]:
        return [
            str(record.getMessage()) for record in caplog.records if "to be known about this SIM" in record.getMessage()
        ]

    b = Bench(sims={EAST: {"contract": "M2M 4711"}})
    await b.backend.register_sim(identity())
    assert ["policy=contract" in policies()[0], "policy=personal_numbers" in policies()[1]] == [True, True]
    await b.backend.register_sim(identity())
    assert len(policies()) == 2
    await b.backend.register_sim(identity(EAST))
    assert len(policies()) == 3
    assert "policy=personal_numbers" in policies()[2]


@simulated
async def test_a_sim_that_moves_to_another_stick_stays_the_same_sim() -> None:
    """One row, with the stick it was seen in last; a number once known stays."""
    b = Bench()
    await b.backend.register_sim(identity(number="+33799999999"))
    b.hand.passes(hours=1)
    await b.backend.register_sim(identity(imei="867959030000016"))
    row = b.one("SELECT * FROM sim")
    assert (row["modem"], row["number"]) == ("867959030000016", "+33799999999")
    assert row["first_seen"] < row["last_seen"]


@simulated
async def test_a_sim_that_tells_its_imsi_alone_is_the_one_that_told_its_iccid() -> None:
    """While it starts, or over a noisy line: its history, quotas and arrivals are not those of a new SIM."""
    imsi = "208010000000001"
    b = Bench(admit_sims="manual", sims={WEST: {}})
    assert (await b.backend.register_sim(identity(WEST, imsi=imsi))).iccid == WEST
    b.hand.passes(hours=1)
    known = await b.backend.register_sim(identity(imsi, imsi=imsi))
    assert (known.iccid, known.sender.id, known.sender.imsi) == (WEST, WEST, imsi)
    assert [row["iccid"] for row in b.all("SELECT iccid FROM sim")] == [WEST]


@simulated
async def test_a_sim_that_told_its_imsi_alone_keeps_that() -> None:
    """Also when it tells its ICCID later: what waits for it waits under its IMSI. A configured ICCID goes before."""
    imsi = "208010000000001"
    b = Bench()
    for told in (imsi, imsi, WEST, imsi):
        assert (await b.backend.register_sim(identity(told, imsi=imsi))).iccid == imsi
    configured = Bench(sims={WEST: {}})
    for told in (imsi, WEST):
        assert (await configured.backend.register_sim(identity(told, imsi=imsi))).iccid == told


@simulated
async def test_two_sims_of_one_imsi_are_two_sims() -> None:
    """Test SIMs may share one: a SIM that hides its ICCID is not that of another modem."""
    imsi = "001010000000001"
    b = Bench()
    assert (await b.backend.register_sim(identity(WEST, imsi=imsi))).iccid == WEST
    assert (await b.backend.register_sim(identity(EAST, imsi=imsi, imei="867959030000016"))).iccid == EAST
    assert (await b.backend.register_sim(identity(imsi, imsi=imsi, imei="867959030000016"))).iccid == EAST
    assert (await b.backend.register_sim(identity(imsi, imsi=imsi))).iccid == WEST


@simulated
async def test_a_part_passes_over_the_desk() -> None:
    """Chosen, fresh, claimed, closed, let go: rows and reservations are as if the dispatcher had been asked."""
    b = Bench()
    message = await b.submit()
    draft = await b.dispatcher.next_draft(sim())
    assert draft is not None
    assert b.dispatcher.is_current(sim(), draft)
    assert await b.dispatcher.next_draft(sim()) is None
    claimed = await b.dispatcher.claim(sim(), draft, choose_next=False)
    assert claimed is not None
    await b.dispatcher.close_attempt(sim(), AttemptReport(claimed.attempt_id, AttemptEnding.WITHDRAWN))
    assert await b.dispatcher.next_draft(sim()) is None, "still reserved"
    b.dispatcher.end_reservation(draft)
    assert await b.dispatcher.next_draft(sim()) is not None
    assert b.state(message) == "queued"


@simulated
async def test_a_modem_that_became_ready_wakes_whoever_waits_for_one() -> None:
    """Once for each time."""
    b = Bench()
    b.backend.notify_ready()
    assert b.times_ready == 1


@simulated
async def test_the_desk_shows_the_epoch_of_the_store() -> None:
    """A modem compares it at the last moment."""
    b = Bench()
    before = b.dispatcher.consent_epoch
    await b.stop_word("+33612345678")
    assert b.dispatcher.consent_epoch == before + 1


@simulated
async def test_a_new_sim_is_a_persons_to_admit() -> None:
    """With `manual`: one that is configured, or was in use before, is known; the error says what to say."""
    b = Bench(admit_sims="manual", sims={EAST: {}})
    await b.backend.register_sim(identity(EAST))
    with pytest.raises(NeedsPerson, match=f"modemd sims admit {WEST}"):
        await b.backend.register_sim(identity(WEST))
    await b.store.write(lambda db: sims.admit(db, WEST, b.clock.now()))
    await b.backend.register_sim(identity(WEST))


@pytest.mark.parametrize(
    ("everywhere", "own", "holds"),
    [
        pytest.param(False, None, True, id="by default"),
        pytest.param(True, None, False, id="allowed everywhere"),
        pytest.param(False, True, False, id="allowed for this SIM"),
        pytest.param(True, False, True, id="not for this SIM"),
    ],
)
@simulated
async def test_a_foreign_network_holds_marketing(everywhere: bool, own: bool | None, holds: bool) -> None:
    """By this SIM alone; it is looked at again when the SIM is home."""
    own_says = {} if own is None else {"marketing_while_roaming": own}
    b = Bench(marketing_while_roaming=everywhere, sims={WEST: own_says})
    b.backend.report_roaming(identity(), True)
    assert b.backend.is_marketing_held(identity()) is holds
    assert not b.backend.is_marketing_held(identity(EAST))
    await b.submit(message_class=MessageClass.MARKETING)
    assert (await b.dispatcher.next_draft(sim()) is None) is holds
    if holds:
        b.backend.report_roaming(identity(), False)
        assert b.settled == 1
        assert await b.dispatcher.next_draft(sim()) is not None


@simulated
async def test_the_service_centre_is_the_configured_one_or_the_last_known() -> None:
    """A SIM that has lost its own is given it back, also by another process; one that never had any is not helped."""
    b = Bench(sims={EAST: {"smsc": "+33609001399"}})
    await b.backend.register_sim(identity())
    assert b.backend.find_service_centre(identity(), "") is None
    assert b.backend.find_service_centre(identity(), "+33609001390") == "+33609001390"
    assert b.backend.find_service_centre(identity(), "") == "+33609001390"
    assert b.backend.find_service_centre(identity(EAST), "+33609001390") == "+33609001399"
    await b.store.write(lambda db: None)
    another = ServiceBackend(
        b.store, CurrentSettings(b.settings), b.clock, b.dispatcher, b.inbox,
        on_network_time=lambda stamp, at, source: None, on_ready=lambda: None, on_sim=b.rules.add_sims,
    )  # fmt: skip
    await another.register_sim(identity())
    assert another.find_service_centre(identity(), "") == "+33609001390"


@simulated
async def test_the_networks_time_is_of_now_or_of_some_time() -> None:
    """A fresh one is held against the clock as it is."""
    b = Bench()
    for fresh in (True, False):
        b.backend.report_network_time(NOON, fresh=fresh)
    assert b.network_times == [(NOON, b.clock.now()), (NOON, None)]


@pytest.mark.parametrize(
    ("number", "caller"),
    [("+33612345678", "+33612345678"), ("0612345678", "+33612345678"), ("", ""), ("3900", "3900")],
    ids=["international", "national", "withheld", "short"],
)
@simulated
async def test_a_call_is_kept_with_its_caller_as_contacts_are_known(number: str, caller: str) -> None:
    """When `called` returns it is in the database."""
    b = Bench(country="FR")
    await b.inbox.store_missed_call(sim(), number)
    row = b.one("SELECT sender, to_sim, kind FROM inbox")
    assert (row["sender"], row["to_sim"], row["kind"]) == (caller, WEST, "call")
