"""A plan tried: run from beginning to end in simulated time, and judged. The readable trace of one that failed."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator

from modemd import pdu
from tests.sim.plans.invariants import Verdict, judge
from tests.sim.plans.plan import TAG, Plan
from tests.sim.plans.run import World, run_plan
from tests.sim.world.loop import simulate

SIMULATION_FAILED = "the simulation failed"
"""Begins the violation of a plan whose simulation ended with an error."""


def attempt(plan: Plan) -> Verdict:
    """What came of it. An error of the simulation itself (a deadlock, an exception in the background) is a violation too."""
    return attempt_with_world(plan)[0]


def attempt_with_world(plan: Plan) -> tuple[Verdict, World | None]:
    """The same, with the world as it was in the end."""
    logging.disable(logging.CRITICAL)  # what is told on the way is for no reader here
    try:
        return simulate(_lived(plan))
    except Exception as error:  # whatever it is, this plan has found something
        told = f"{type(error).__name__}: {error}"
        return Verdict((f"{SIMULATION_FAILED}: {told}",), Counter(), 0, 0, 0, 0, 0, len(plan.troubles), 0.0), None
    finally:
        logging.disable(logging.NOTSET)


async def _lived(plan: Plan) -> tuple[Verdict, World]:
    world = await run_plan(plan)
    return judge(world), world


def trace(world: World) -> Iterator[str]:
    """Everything that happened, in order of time: what clients wanted, phones said and went wrong; what was stored; what the
    network accepted."""
    began = world.began
    lines: list[tuple[float, str]] = []
    for planned in world.plan.planned_messages:
        text = f"a client wants #{planned.tag:04} sent: {planned.message_class}, {planned.parts} parts, to {planned.number}"
        lines.append((planned.at_s, text))
    lines += [
        (arrival.at_s, f"{arrival.number} writes to SIM {arrival.sim}: {arrival.text[:40]!r}")
        for arrival in world.plan.planned_arrivals
    ]
    lines += [
        (trouble.at_s, f"TROUBLE in modem{trouble.modem}: {trouble.kind} ({trouble.seconds} s, cause {trouble.cause})")
        for trouble in world.plan.troubles
    ]
    lines += [(at - began, f"END of the process, {how}") for at, how in world.record.endings]
    clock = world.simulation.clock
    tags = {id: tag for tag, id in world.record.answered.items()}
    for row in world.simulation.all("SELECT * FROM event ORDER BY id"):
        detail = json.loads(row["detail"]) if row["detail"] else {}
        told = " ".join(f"{key}={value}" for key, value in detail.items())
        whose = f"#{tags[row['message_id']]:04} " if row["message_id"] in tags else ""
        lines.append((clock.seconds(row["at"]) - began, f"stored: {whose}{row['what']} {told}".rstrip()))
    for entry in world.simulation.network.journal.accepted:
        submit = pdu.Submit.decode(entry.tpdu)
        tag = TAG.search(submit.text or "")
        part = submit.concatenation.sequence if submit.concatenation else 1
        what = f"#{tag[1]} part {part}" if tag else repr(submit.text)
        at = (entry.at - clock.start).total_seconds() - began
        lines.append((at, f"ACCEPTED from {entry.device}: {what}, reference {entry.reference}"))
    for at, line in sorted(lines, key=lambda each: each[0]):
        yield f"{at:10.3f}  {line}"
