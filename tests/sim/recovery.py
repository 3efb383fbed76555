"""What becomes of fifty messages when a modem meets each fault of the emulator: `python -m tests.sim.recovery [KIND ...]`.

One modem, a message every two seconds. Each fault strikes three times. The table says whether the modem sent again by itself,
the longest time in which it could have and did not while something waited, and what of the messages was lost, sent twice,
wrongly told to have failed, or unknown.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from modemd.emulator import Device
from modemd.emulator.lab.lab import LabModem
from modemd.emulator.lab.requests.faults import fault_kinds
from modemd.emulator.lab.requests.network import fault
from modemd.service.messages.submission import MessageRequest
from tests.sim.world.assembled import Simulation
from tests.sim.world.loop import simulate

FAMILIES = ("huawei_e3372", "sim800")
MESSAGES = 50
EVERY_S = 2.0
LATENCY_S = 0.5
STRIKES_S = (20.0, 50.0, 80.0)
GOAL_S = 5.0
SILENCE_S = 15.0
LOOK_S = 0.05
PATIENCE_S = 3 * 3600.0


@dataclass(frozen=True, slots=True)
class Case:
    """How a kind of fault is tried. `undo`: the order that ends it, `after_s` later. `doubtful`: how many PDUs it can leave in
    doubt each time. `person`: without one the modem cannot send again, and is not expected to."""

    values: dict[str, Any] = field(default_factory=dict)
    undo: tuple[str, dict[str, Any]] | None = None
    after_s: float = 10.0
    doubtful: int = 0
    person: bool = False
    silent: bool = False
    """The network has the message and the modem says nothing of it: nobody can know before the time is over in which an answer
    usually comes, and nothing else may be asked of the modem until then."""


CASES: dict[str, Case] = {
    "answer": Case({"command": "+CMGS", "result": "+CMS ERROR: 500"}),
    "ask_pin": Case(doubtful=1),
    "ask_puk": Case(person=True),
    "clock": Case({"seconds": 3600}),
    "coverage": Case({"state": 2}, undo=("coverage", {"state": 1}), doubtful=1),
    "deaf": Case({"seconds": 20}, doubtful=1),
    "error_in_words": Case(),
    "fill_memory": Case(),
    "flood": Case({"line": "^RSSI:9"}),
    "forget_settings": Case({"text_mode": True}, doubtful=1),
    "free_slot": Case({"index": 1}),
    "hang": Case({"command": "+CMGL", "seconds": 20}),
    "insert_sim": Case(doubtful=1),
    "interrupt": Case({"line": "^RSSI:9"}),
    "late_answer": Case({"seconds": 20}),
    "lose_answer": Case(doubtful=1, silent=True),
    "lose_notice": Case(),
    "lose_prompt": Case(),
    "lose_smsc": Case(),
    "no_blanks": Case(),
    "noise": Case({"inserted": 0.002, "lost": 0.002}, undo=("noise", {}), doubtful=5),
    "notice": Case({"line": "^RSSI:9"}),
    "refuse": Case({"cause": 38}),
    "remove_sim": Case(undo=("insert_sim", {}), doubtful=1),
    "replug": Case(doubtful=1),
    "report": Case({"comes": "foreign"}),
    "restart": Case(doubtful=1),
    "short_smsc": Case(),
    "stick_send": Case(doubtful=1),
    "stick_slot": Case({"index": 1}),
    "trickle": Case({"every_s": 0.005}, undo=("trickle", {"every_s": 0})),
    "wedge": Case(doubtful=1),
    "wrong_length": Case(),
    "unplug": Case(undo=("replug", {}), doubtful=1),
}


@dataclass(slots=True)
class Row:
    """A line of the table."""

    kind: str
    family: str
    recovered: bool = False
    seconds: float = 0.0
    lost: int = 0
    twice: int = 0
    wrongly_failed: int = 0
    unknown: int = 0
    doubtful: int = 0

    @property
    def good(self) -> bool:
        """Whether the goal is reached: recovered, in time, nothing lost, twice or wrongly failed, and no more unknown than the
        faults leave in doubt."""
        innocent = not (self.lost or self.twice or self.wrongly_failed) and self.unknown <= self.doubtful
        case = CASES[self.kind]
        allowed_s = GOAL_S + (SILENCE_S if case.silent else 0)
        return innocent and (case.person or (self.recovered and self.seconds <= allowed_s))

    def __str__(self) -> str:
        recovered = "yes" if self.recovered else "person" if CASES[self.kind].person else "NO"
        counts = f"{self.lost:6}{self.twice:7}{self.wrongly_failed:9}{self.unknown:6} of {self.doubtful}"
        remark = "" if self.good else "   <- not the goal"
        if self.good and self.seconds > GOAL_S:
            remark = "   (it waits for the answer)"
        return f"{self.kind:16}{self.family:14}{recovered:>10}{self.seconds:9.1f}{counts}{remark}"


HEADING = f"{'fault':16}{'family':14}{'recovered':>10}{'seconds':>9}{'lost':>6}{'twice':>7}{'failed':>9}{'unknown':>11}"


class _Try:
    """One modem, fifty messages, one kind of fault."""

    def __init__(self, kind: str, family: str, credentials: Path) -> None:
        self.kind, self.case = kind, CASES[kind]
        self.row = Row(kind, family, doubtful=self.case.doubtful * len(STRIKES_S))
        self.simulation = Simulation(1, modems=1, families=(family,), credentials=credentials)
        (self.device,) = self.simulation.devices
        self.device.send_latency_s = LATENCY_S
        self._able_since: float | None = None
        self._struck = False
        self._accepted = 0

    async def run(self) -> Row:
        simulation, loop = self.simulation, asyncio.get_running_loop()
        await simulation.start()
        await asyncio.sleep(30)
        began = loop.time()
        for at_s in STRIKES_S:
            loop.call_later(at_s, self._strike)
        sending = asyncio.ensure_future(self._submit())
        while loop.time() < began + max(STRIKES_S) + self.case.after_s + 60 or not sending.done():
            self._look()
            await asyncio.sleep(LOOK_S)
        await self._last_messages()
        await simulation.stop()
        self._judge()
        return self.row

    async def _submit(self) -> None:
        for index in range(MESSAGES):
            await self.simulation.service.messages.submission.submit(
                MessageRequest(f"+336000000{index:02d}", f"message {index}")
            )
            await asyncio.sleep(EVERY_S)

    async def _last_messages(self) -> None:
        """Time enough for what was put off."""
        waiting = "SELECT 1 FROM message WHERE state IN ('held', 'queued', 'sending')"
        deadline = asyncio.get_running_loop().time() + (60.0 if self.case.person else PATIENCE_S)
        while self.simulation.all(waiting) and asyncio.get_running_loop().time() < deadline:
            self._look()
            await asyncio.sleep(LOOK_S)

    def _strike(self) -> None:
        self._order(self.kind, self.case.values)
        self._struck = True
        if self.case.undo is not None:
            asyncio.get_running_loop().call_later(self.case.after_s, partial(self._order, *self.case.undo))

    def _order(self, kind: str, values: dict[str, Any]) -> None:
        (link,) = self.simulation.links.values()
        (sim,) = self.simulation.sims
        if kind == "replug":
            if link.plugged:
                link.unplug()
            link.replug()
        elif kind == "unplug":
            link.unplug()
        else:
            fault(kind, values).apply(LabModem(self.device, sim, link))

    def _look(self) -> None:
        """How long the modem has been able to send, and something has waited, and nothing was accepted."""
        now = asyncio.get_running_loop().time()
        accepted = len(self.simulation.network.journal)
        could = could_send(self.device, next(iter(self.simulation.links.values())).plugged)
        waits = bool(self.simulation.all("SELECT 1 FROM part WHERE state = 'queued' LIMIT 1"))
        if accepted > self._accepted or not (could and waits):
            self._able_since = None
        elif self._able_since is None:
            self._able_since = now
        elif self._struck:
            self.row.seconds = max(self.row.seconds, now - self._able_since)
        self._accepted = accepted

    def _judge(self) -> None:
        took: dict[str, int] = {}
        for entry in self.simulation.network.journal.accepted:
            took[entry.text or ""] = took.get(entry.text or "", 0) + 1
        messages = self.simulation.all("SELECT text, state FROM message")
        self.row.lost = sum(
            row["state"] in ("sent", "delivered", "undelivered") and row["text"] not in took for row in messages
        ) + (MESSAGES - len(messages))
        self.row.twice = sum(times - 1 for times in took.values())
        self.row.wrongly_failed = sum(row["state"] in ("failed", "expired", "cancelled") for row in messages)
        lost = self.simulation.all(
            "SELECT DISTINCT json_extract(detail, '$.attempt') AS id FROM event WHERE what = 'lost'"
        )
        self.row.unknown = len(lost)
        self.row.recovered = len(took) >= MESSAGES - self.row.unknown


def could_send(device: Device, plugged: bool) -> bool:
    """Whether a modem in this state would take a message from a host that talks to it as it should."""
    return (
        plugged and device.registered and not (device.is_deaf or device.is_wedged or device.sending or device.host.busy)
    )


def table(wanted: Iterable[str], families: Iterable[str] = FAMILIES) -> list[Row]:
    """A row for each kind and family."""
    logging.disable(logging.CRITICAL)
    try:
        with TemporaryDirectory() as folder:
            pin = Path(folder, "pin-modem0")
            pin.write_text("1234\n", encoding="ascii")
            pin.chmod(0o600)
            return [simulate(_run(kind, family, Path(folder))) for kind in wanted for family in families]
    finally:
        logging.disable(logging.NOTSET)


async def _run(kind: str, family: str, credentials: Path) -> Row:
    return await _Try(kind, family, credentials).run()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", help="only these; none: all")
    given = parser.parse_args()
    wanted: list[str] = given.kinds or sorted(fault_kinds())
    say: Callable[[str], Any] = lambda line: sys.stdout.write(f"{line}\n")  # noqa: E731 - one line is enough
    say(HEADING)
    rows = []
    for kind in wanted:
        for row in table([kind]):
            rows.append(row)
            say(str(row))
    say(f"{sum(row.good for row in rows)} of {len(rows)} rows reach the goal")
    return 0 if all(row.good for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
