"""Laws of promises 4 and 5: a modem that can send again is used again, no modem is reset without need, and nothing waits while a
modem is free. `watch` has seen what they judge."""

from __future__ import annotations

from collections.abc import Iterator

from tests.sim.plans.run import World

# Troubles after which a modem needs no reset: an answer is no illness, and neither is a notice.
HARMLESS = frozenset(
    {
        "lose_answer", "lose_prompt", "refuse", "fill_memory", "lose_notice", "flood", "interrupt", "phone_off",
        "reject", "count_anew", "clock_step", "restart", "unplug", "forget_settings",
    }
)  # fmt: skip


def find_violations(world: World) -> Iterator[str]:
    """Yields what was not as it should be."""
    yield from world.watch.violations
    for index, device in enumerate(world.simulation.devices):
        resets = world.watch.resets[device.name]
        troubles = {trouble.kind for trouble in world.plan.troubles if trouble.modem == index}
        if resets and troubles <= HARMLESS:
            yield f"reset for nothing: {device.name} at {resets[0]:.0f} s, after {', '.join(sorted(troubles)) or 'no trouble'}"
