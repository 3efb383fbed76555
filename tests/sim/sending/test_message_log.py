"""What the log says of messages: each line names the message that it is about."""

from __future__ import annotations

import logging

import pytest

from modemd.logs import LogEvent
from modemd.service.messages.submission import MessageRequest
from tests.sim.conftest import RunScenario
from tests.sim.sending.test_sending import OTHER, TO, reaches, ready, submit
from tests.sim.world.assembled import Simulation


def events(caplog: pytest.LogCaptureFixture) -> list[LogEvent]:
    return [record.msg for record in caplog.records if isinstance(record.msg, LogEvent)]


def named(caplog: pytest.LogCaptureFixture, what: str) -> list[object]:
    """The messages that lines of this kind name, in order."""
    return [event.fields.get("message") for event in events(caplog) if event.message == what]


def test_every_line_about_a_message_names_it(run_scenario: RunScenario, caplog: pytest.LogCaptureFixture) -> None:
    """Accepted and refused, sent, refused by the network, without an answer, and answered late."""
    caplog.set_level(logging.INFO)

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        first = await submit(simulation)
        await reaches(simulation, first, "delivered")
        simulation.network.reject(OTHER, 38)
        refused = await submit(simulation, to=OTHER)
        await reaches(simulation, refused, "held")
        simulation.network.phone(TO).switch_off()
        simulation.devices[0].lose_next_answer()
        lost = await submit(simulation, "lost")
        await reaches(simulation, lost, "unknown", within_s=300)
        again = MessageRequest(TO, "once", key="k")
        known = [await simulation.service.messages.submission.submit(again) for _ in range(2)]
        assert named(caplog, "message accepted") == [first, refused, lost, known[0].message.id]
        ended = named(caplog, "attempt ended")
        assert ended[:3] == [first, refused, lost]
        assert named(caplog, "part not answered") == [lost]
        about = [event for event in events(caplog) if {"attempt", "part"} & event.fields.keys()]
        assert [str(event) for event in about if event.fields.get("message") is None] == []

    run_scenario(scenario, modems=1)


def test_a_batch_is_one_line(run_scenario: RunScenario, caplog: pytest.LogCaptureFixture) -> None:
    """With its rows and the ids of its messages."""
    caplog.set_level(logging.INFO)

    async def scenario(simulation: Simulation) -> None:
        rows = f"to,text,class\n{TO},hello,otp\n{OTHER},hello,otp\n"
        batch = await simulation.service.messages.batches.accept(rows.encode())
        (event,) = [event for event in events(caplog) if event.message == "batch accepted"]
        assert event.fields == {
            "batch": batch.batch.id, "rows": 2, "accepted": 2, "refused": 0, "first_message": 1, "last_message": 2,
        }  # fmt: skip

    run_scenario(scenario, modems=1)


def test_what_is_not_known_is_left_out(run_scenario: RunScenario, caplog: pytest.LogCaptureFixture) -> None:
    """No line has a field that says None."""
    caplog.set_level(logging.INFO)

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        await reaches(simulation, await submit(simulation), "delivered")

    run_scenario(scenario, modems=1)
    assert "=None" not in caplog.text
