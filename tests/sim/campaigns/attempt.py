"""Campaign tried: run from beginning to end in simulated time, and judged."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass

from tests.sim.campaigns.campaign import draw
from tests.sim.campaigns.laws import Laws
from tests.sim.campaigns.run import Run
from tests.sim.world.loop import simulate


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a campaign. `octets`: first octets of marketing; `held`: marketing messages that were held at some time."""

    violations: tuple[str, ...]
    octets: int
    held: int
    states: Counter[str]


def attempt(seed: int, days: int) -> Outcome:
    """Runs the campaign of a seed, and returns what came of it."""
    logging.disable(logging.CRITICAL)
    try:
        return simulate(_lived(seed, days))
    finally:
        logging.disable(logging.NOTSET)


async def _lived(seed: int, days: int) -> Outcome:
    run = Run(draw(seed, days))
    await run.live()
    laws = Laws(run)
    held = run.simulation.all("SELECT count(DISTINCT message_id) AS n FROM event WHERE what = 'message held'")
    return Outcome(
        tuple(laws.find_violations()),
        sum(each.message_class == "marketing" for each in run.seen.first_octets),
        held[0]["n"],
        Counter(f"{row['class']} {row['state']}" for row in laws.messages.values()),
    )
