"""Order and fairness with a campaign of 100,000 in front. Truth is the network's journal."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.lanes import ANY, Lane
from modemd.rules.queue_place import QueuePlace
from modemd.store.lanes import ensure_lane
from tests.sim.conftest import RunScenario
from tests.sim.sending.test_sending import ready, submit
from tests.sim.sending.test_sim_selection import NUMBERS, iccid
from tests.sim.world.assembled import Simulation

CAMPAIGN = 100_000
UNBRAKED: dict[str, Any] = {"limits": {"marketing_per_hour": "unlimited"}, "validity": {"marketing": "441d"}}
AIR_S = 3.0
PACE_S = 1.0
# The disk, the loop and the modem's echo and prompt, of this simulation.
OWN_TIME = timedelta(seconds=0.5)


def campaign(simulation: Simulation, count: int = CAMPAIGN, lane: Lane = ANY) -> None:
    """So many marketing messages, accepted at once and queued: as promotion leaves them."""
    first = simulation.all("SELECT coalesce(max(id), 0) AS id FROM message")[0]["id"] + 1
    now, later = simulation.clock.now().isoformat(timespec="microseconds"), "2027-01-01T00:00:00.000000+00:00"
    series = f"WITH RECURSIVE n (i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {first + count - 1})"
    number = "printf('+3367%07d', i)"
    db = simulation.database
    db.execute("BEGIN")
    db.execute(f"{series} INSERT INTO contact (number) SELECT {number} FROM n")
    db.execute(
        f"""{series} INSERT INTO message (id, number, text, class, state, parts, report, created_at, expires_at)
            SELECT i, {number}, 'offer', 'marketing', 'queued', 1, 0, ?, ? FROM n""",
        (now, later),
    )
    db.execute(
        f"""{series} INSERT INTO part (message_id, seq, state, number, rank, started, lane, expires_at, queued_at)
            SELECT i, 1, 'queued', {number}, ?, ?, ?, ?, ? FROM n""",
        (*QueuePlace(MessageClass.MARKETING).columns, ensure_lane(db, lane), later, now),
    )
    db.execute("COMMIT")


def waited(simulation: Simulation, text: str, since: Any) -> timedelta:
    """How long after `since` the first octet of a text went out."""
    (entry,) = (each for each in simulation.network.journal.accepted if each.text == text)
    waits: timedelta = entry.first_octet_at - since
    return waits


@pytest.mark.parametrize("message_class", ["alarm", "otp", "transactional"])
def test_the_bound_behind_a_campaign(run_scenario: RunScenario, message_class: str) -> None:
    """With 100,000 marketing messages in front, at whichever moment it comes: an alarm, an otp and an order wait for one part's
    air time and one pace interval at most."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        campaign(simulation)
        simulation.devices[0].send_latency_s = AIR_S
        simulation.service.modems.registry.wake()
        await asyncio.sleep(60)
        assert simulation.network.journal.accepted, "the campaign is under way"
        longest = timedelta()
        for index in range(25):
            await asyncio.sleep(7 + simulation.chance.uniform(0, 5))
            since = simulation.clock.now()
            await submit(simulation, f"{index}", NUMBERS[index], message_class)
            text = f"{index}"
            await simulation.until(
                lambda text=text: text in [e.text for e in simulation.network.journal.accepted],  # type: ignore[misc]
                within_s=30,
            )
            longest = max(longest, waited(simulation, text, since))
        assert longest <= timedelta(seconds=AIR_S + PACE_S) + OWN_TIME
        assert longest > timedelta(seconds=AIR_S / 2), "some came while a part was on the air"

    run_scenario(scenario, modems=1, families=("generic",), **UNBRAKED)


def test_nobody_starves(run_scenario: RunScenario) -> None:
    """Beside what every SIM may send, what is pinned to one and what belongs to one's contacts goes in the order of acceptance;
    nothing is passed over."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        own = iccid(simulation)
        campaign(simulation, 40)
        campaign(simulation, 40, lane=Lane.of_sender(own))
        campaign(simulation, 40, lane=ANY.preferring(own))
        campaign(simulation, 40)
        simulation.service.modems.registry.wake()
        await simulation.until(lambda: len(simulation.network.journal) == 160, within_s=900)
        order = [
            int(entry.recipient[5:])
            for entry in simulation.network.journal.accepted
            if entry.sender == simulation.sims[0].number
        ]
        assert order == sorted(order), "on its SIM nothing is passed over"
        quarters = Counter((number - 1) // 40 for number in order)
        assert quarters[1] == 40, "what is pinned went by its SIM"
        assert len(order) < 160, "the other SIM had its share"

    run_scenario(scenario, families=("generic",), **UNBRAKED)


def test_first_attempts_keep_their_order_on_many_modems(run_scenario: RunScenario) -> None:
    """Three modems of different speed, ten numbers, three classes: within number and class nothing overtakes."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        for latency, device in zip((0.3, 2.0, 7.0), simulation.devices, strict=True):
            device.send_latency_s = latency
        for index in range(150):
            message_class = simulation.chance.choice(("transactional", "conversational", "otp"))
            await submit(
                simulation, f"{index:03} {message_class}", NUMBERS[simulation.chance.randrange(10)], message_class
            )
            await asyncio.sleep(simulation.chance.uniform(0, 0.5))
        await simulation.until(lambda: len(simulation.network.journal) == 150, within_s=1200)
        seen: dict[tuple[str, str], list[str]] = defaultdict(list)
        for entry in sorted(simulation.network.journal.accepted, key=lambda entry: entry.first_octet_at):
            number, message_class = (entry.text or "").split()
            seen[entry.recipient, message_class].append(number)
        assert all(order == sorted(order) for order in seen.values())
        assert len(seen) == 30

    run_scenario(scenario, modems=3, validity={"otp": "1h"})
