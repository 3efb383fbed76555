"""What commits cost, counted: not in time, which the simulation makes up, but in instructions of SQLite's machine."""

from __future__ import annotations

from tests.sim.world.assembled import Simulation

# A progress handler is called each time so many have run.
GRAIN = 10


def cost_of_commits(simulation: Simulation) -> list[int]:
    """Filled with the instructions of each group of changes from now on."""
    costs: list[int] = []
    ran = 0

    def progress() -> int:
        nonlocal ran
        ran += GRAIN
        return 0

    def begins() -> None:
        nonlocal ran
        ran = 0

    simulation.database.set_progress_handler(progress, GRAIN)
    simulation.writer.before_commit = begins
    simulation.writer.after_commit = lambda: costs.append(ran)
    return costs
