"""A file of thirty rows, staged and promoted in steps of four, and the process ended at any point of that."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from unittest.mock import patch

from modemd.store.outbox import batches
from tests.sim.world.assembled import Simulation
from tests.sim.world.loop import simulate
from tests.sim.world.process import Killed

ROWS = 30
STEP = 4
DOWN_S = 2.0
FILE = "to,text,class\n" + "".join(f"+336123450{row:02d},row {row},transactional\n" for row in range(ROWS))


@dataclass(frozen=True, slots=True)
class UploadResult:
    """What came of it. `answered`: the client was told that the file is accepted; `commits`: of the first process, until then
    and until all rows were messages."""

    answered: bool
    commits: int
    sent: Counter[str]
    left_over: dict[str, int]
    states: Counter[str]


def upload(*, before: int = 0, after: int = 0) -> UploadResult:
    """The process ends before or after its n-th commit (0: not at all), and comes back after a while."""
    with patch.object(batches, "ROWS_PER_STEP", STEP):
        return simulate(_run_upload(before, after))


async def _run_upload(before: int, after: int) -> UploadResult:
    simulation = Simulation(1, modems=2)
    commits = 0

    def watch(point: int, counts: int) -> Callable[[], None]:
        def look() -> None:
            nonlocal commits
            commits += counts
            if point and commits + 1 - counts == point:
                simulation.process.end()

        return look

    await simulation.start()
    for device in simulation.devices:
        device.send_latency_s = 0.2
    first = simulation.process
    await simulation.until(
        lambda: all(modem.health == "ready" for modem in simulation.service.modems.views.list_modems()), within_s=60
    )
    simulation.writer.before_commit, simulation.writer.after_commit = watch(before, 0), watch(after, 1)
    try:
        answered = bool(await first.call(simulation.service.messages.batches.accept(FILE.encode())))
    except Killed:
        answered = False
    if not first.ended:
        await simulation.until(lambda: first.ended or _open(simulation) == 0, within_s=300)
    if first.ended:
        await asyncio.sleep(DOWN_S)
        simulation.restart_service()
        await simulation.start()
        await asyncio.sleep(10)
        await simulation.until(lambda: _open(simulation) == 0, within_s=300)
    told = commits
    await asyncio.sleep(30)
    await simulation.stop()
    sent = Counter(entry.text or "" for entry in simulation.network.journal.accepted)
    left = {table: simulation.all(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in ("staged",)}
    left["unfinished"] = simulation.all("SELECT count(*) AS n FROM batch WHERE state <> 'promoted'")[0]["n"]
    return UploadResult(
        answered, told, sent, left, Counter(row["state"] for row in simulation.all("SELECT state FROM message"))
    )


def _open(simulation: Simulation) -> int:
    sql = """SELECT (SELECT count(*) FROM staged) + (SELECT count(*) FROM batch WHERE state <> 'promoted')
             + (SELECT count(*) FROM message WHERE state IN ('queued', 'sending')) AS n"""
    return int(simulation.all(sql)[0]["n"])


@cache
def commits() -> int:
    """How many there are in a run without an end."""
    whole = upload()
    if not whole.answered or sum(whole.sent.values()) != ROWS:
        raise AssertionError(f"even without an end: {whole}")
    return whole.commits


def violations(came: UploadResult) -> list[str]:
    """All rows or none; all where the client was told so; none twice; nothing left behind."""
    found = [f"{text!r} was sent {times} times" for text, times in came.sent.items() if times > 1]
    messages = sum(came.states.values())
    if messages not in (0, ROWS):
        found.append(f"{messages} messages of {ROWS} rows")
    if came.answered and messages != ROWS:
        found.append(f"it was accepted, and {messages} messages are there")
    # A part in flight at the end was perhaps never on the air: unknown, and it stays so (at most once).
    if len(came.sent) + came.states["unknown"] < messages:
        found.append(f"{len(came.sent)} rows of {messages} were sent, {came.states['unknown']} are unknown")
    found += [f"{amount} rows stay in {table}" for table, amount in came.left_over.items() if amount]
    return found
