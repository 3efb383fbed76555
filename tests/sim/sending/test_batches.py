"""A file of many rows: all or nothing, wherever the process ends; and nobody waits for it."""

from __future__ import annotations

import asyncio

import pytest

from modemd.service.messages.submission import MessageRequest
from tests.sim.conftest import RunScenario
from tests.sim.sending import batch_upload
from tests.sim.sending.commit_costs import cost_of_commits
from tests.sim.world.assembled import Simulation

# Of all points, some in each run; the long run tries all.
SPREAD = 5
# Instructions of SQLite's machine, some 500 for each row of a step; a file of a thousand rows in one piece takes 600,000.
LARGEST_COMMIT = 60_000


def test_a_file_takes_many_commits() -> None:
    """Thirty rows in steps of four: eight to stage, one each to begin and to accept, eight to promote, and the sending."""
    assert batch_upload.commits() > 18


@pytest.mark.parametrize("side", ["before", "after"])
def test_an_end_at_some_commits_leaves_all_or_nothing(side: str) -> None:
    """Nothing is accepted that was not staged whole, and nothing accepted is lost, or sent twice."""
    found = {
        point: violations
        for point in range(1, batch_upload.commits() + 1, SPREAD)
        if (violations := batch_upload.violations(batch_upload.upload(**{side: point})))
    }
    assert found == {}


def test_ends_before_and_behind_the_acceptance_both_occur() -> None:
    """Among the first points are such that leave nothing, and such that leave all; a client that was told is not deceived."""
    early, late = batch_upload.upload(before=3), batch_upload.upload(after=14)
    assert (early.answered, sum(early.states.values())) == (False, 0)
    assert sum(late.states.values()) == batch_upload.ROWS


@pytest.mark.system
@pytest.mark.parametrize("side", ["before", "after"])
def test_an_end_at_every_commit_leaves_all_or_nothing(side: str) -> None:
    """Each commit of the upload, before it and after it."""
    found = {
        point: violations
        for point in range(1, batch_upload.commits() + 1)
        if (violations := batch_upload.violations(batch_upload.upload(**{side: point})))
    }
    assert found == {}


@pytest.mark.parametrize("rows", [1_000, 4_000])
def test_an_alarm_does_not_wait_for_a_file(run_scenario: RunScenario, rows: int) -> None:
    """While a file is staged, accepted and promoted, and its rows are being sent, each alarm reaches its modem as soon as with a
    small file: what it waits for is a few steps of the file, counted in the database's own instructions, however many rows there
    are."""

    async def scenario(simulation: Simulation) -> None:
        costs = cost_of_commits(simulation)
        await simulation.until(
            lambda: all(modem.health == "ready" for modem in simulation.service.modems.views.list_modems()),
            within_s=60,
        )
        for device in simulation.devices:
            device.send_latency_s = 0.3
        file = "to,text,class\n" + "".join(f"+3361{row:07d},row {row},marketing\n" for row in range(rows))
        accepting = asyncio.ensure_future(simulation.service.messages.batches.accept(file.encode()))
        alarms = 0
        while not accepting.done() or simulation.all("SELECT count(*) AS n FROM staged")[0]["n"]:
            alarms += 1
            await simulation.service.messages.submission.submit(MessageRequest(f"+3367{alarms:07d}", "fire", "alarm"))
            await asyncio.sleep(1.0)
        await asyncio.sleep(5)
        waits = simulation.all(
            """SELECT (julianday(a.opened_at) - julianday(m.created_at)) * 86400 AS s
               FROM message m JOIN attempt a ON a.message_id = m.id WHERE m.class = 'alarm'"""
        )
        assert alarms >= rows / 2000
        assert len(waits) == alarms
        # The part on the air (0.3 s, and its answer), the pace of a second that an alarm does not wait for twice, the claim.
        assert max(wait["s"] for wait in waits) < 1.5
        assert max(costs) < LARGEST_COMMIT

    run_scenario(scenario)
