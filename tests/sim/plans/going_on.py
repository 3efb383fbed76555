"""Laws of promises 4 and 5: a modem that can send again is used again, no modem is reset without need, and nothing waits while a
modem is free. `watch` has seen what they judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.sim.plans.run import World

# Troubles after which a modem needs no reset: an answer is no illness, and neither is a notice.
HARMLESS = frozenset(
    {
        "lose_answer", "lose_prompt", "refuse", "fill_memory", "lose_notice", "flood", "interrupt", "phone_off",
        "reject", "count_anew", "clock_step", "restart", "unplug", "forget_settings",
    }
)  # fmt: skip

# Of these, a modem that is asked to wake up after one and does the same again is sick: the escalation goes on to a reset.
MOST = {"lose_prompt": 2}


def find_violations(world: World) -> Iterator[str]:
    """Yields what was not as it should be."""
    yield from world.watch.violations
    for index, device in enumerate(world.simulation.devices):
        resets = world.watch.resets[device.name]
        troubles = Counter(trouble.kind for trouble in world.plan.troubles if trouble.modem == index)
        is_harmless = troubles.keys() <= HARMLESS and all(troubles[kind] <= most for kind, most in MOST.items())
        if resets and is_harmless:
            yield f"reset for nothing: {device.name} at {resets[0]:.0f} s, after {', '.join(sorted(troubles)) or 'no trouble'}"
