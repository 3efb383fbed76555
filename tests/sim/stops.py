"""Laws of STOP, in a small scenario of simulated time: `python -m tests.sim.stops`. It keeps its own list of who is bound.

Customers say STOP in every form that networks hand on, and START in the wrong order; strangers say STOP too. The scenario knows
whom each word means, and looks at the network's journal, not at what the daemon has stored.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from datetime import timedelta
from functools import partial

from modemd import pdu
from modemd.emulator import Device
from modemd.pdu import TypeOfNumber
from modemd.service.messages.submission import MessageRequest
from tests.sim.world.assembled import Simulation
from tests.sim.world.loop import simulate

# The sender as the network hands it on, with the type of its address, and the number that it is.
FORMS = (
    ("33612345601", TypeOfNumber.INTERNATIONAL, "+33612345601"),
    ("33612345602", TypeOfNumber.UNKNOWN, "+33612345602"),
    ("33612345603", TypeOfNumber.NATIONAL, "+33612345603"),
    ("0033612345604", TypeOfNumber.INTERNATIONAL, "+33612345604"),
    ("0033612345605", TypeOfNumber.UNKNOWN, "+33612345605"),
    ("0612345606", TypeOfNumber.INTERNATIONAL, "+33612345606"),
    ("0612345607", TypeOfNumber.UNKNOWN, "+33612345607"),
    ("612345608", TypeOfNumber.NATIONAL, "+33612345608"),
    ("4915112345609", TypeOfNumber.UNKNOWN, "+4915112345609"),
)
TEXTS = ("STOP", "stop svp", "Arrêt", "STOP au 36180", "ST\u00adOP", "🛑")
NEIGHBOUR = "+33712345601"
"""Ends with six digits of one who said STOP; nobody said it for this number."""
TO_RETURN, EARLY, RUBBISH = "+33612345620", "+33612345621", "+33612345622"
LONG = "+33612345623"
STRANGERS = ("+5351234567", "+33899123456", "+881631234567")
SPOOFED = tuple(f"+336123457{index:02d}" for index in range(30))
LIMIT = 20


class Stops:
    """The scenario; `violations` has what broke a law."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.violations: list[str] = []
        self._bound: set[str] = set()
        for device in simulation.devices:
            device.first_octet_hooks.append(self._at_first_octet)

    def _at_first_octet(self, device: Device, octets: bytes) -> None:
        """No first octet of marketing goes out to somebody whose STOP is stored."""
        on_air = self.simulation.all(
            "SELECT a.number FROM attempt a JOIN message m ON m.id = a.message_id"
            " WHERE a.outcome = 'open' AND a.modem = ? AND m.class = 'marketing'",
            device.imei,
        )
        self.violations += [
            f"after STOP: marketing to {row['number']}" for row in on_air if row["number"] in self._bound
        ]

    async def says(
        self,
        sender: str | pdu.Address,
        text: str,
        *,
        ago: timedelta | None = timedelta(seconds=2),
        binds: str | None = None,
    ) -> None:
        """A message comes that was stamped so long `ago` (None: with rubbish); from its commit on it binds."""
        now = self.simulation.clock.now()
        stamp = pdu.Timestamp.of(now - ago) if ago is not None else pdu.Timestamp(bytes([0xFF] * 7))
        for part in pdu.compose_deliver(sender, text, stamp):
            await self.simulation.hand_in(pdu.frame(part.encode()))
        if binds is not None:
            self._bound.add(binds)

    async def wants(self, number: str, message_class: str = "marketing", text: str = "offer") -> int:
        """A client wants something sent."""
        submission = self.simulation.service.messages.submission
        return (await submission.submit(MessageRequest(number, text, message_class))).message.id

    def accepted(self, number: str) -> list[str]:
        """What the network has taken for a number."""
        return [entry.text or "" for entry in self.simulation.network.journal.accepted if entry.recipient == number]

    async def run(self) -> None:
        everybody = [number for *_, number in FORMS] + [TO_RETURN, EARLY, RUBBISH, LONG]
        for number in everybody:
            await self.wants(number, "transactional", "Welcome.")
        await asyncio.sleep(60)
        await self._stop_in_every_form()
        await self._start_in_order()
        await self._stop_in_a_long_message()
        await self._stop_in_the_prompt()
        await self._come_back_by_other_ways()
        await self._make_nobody_pay()
        self._judge(everybody)

    async def _stop_in_every_form(self) -> None:
        for index, (digits, kind, number) in enumerate(FORMS):
            waiting = await self.wants(number) if index % 2 else None
            await self.says(pdu.Address(digits, kind), TEXTS[index % len(TEXTS)], binds=number)
            if waiting is not None:
                self._check_waiting(waiting, number)
        for *_, number in FORMS:
            await self.wants(number)
        await self.wants(NEIGHBOUR)
        await asyncio.sleep(60)
        if "offer" not in self.accepted(NEIGHBOUR):
            self.violations.append("bound too many: a neighbour of one who said STOP gets nothing")

    def _check_waiting(self, message: int, number: str) -> None:
        state = self.simulation.all("SELECT state FROM message WHERE id = ?", message)[0]["state"]
        if state in ("queued", "held"):
            self.violations.append(f"waits after STOP: message {message} to {number} is {state}")

    async def _start_in_order(self) -> None:
        await self.says(TO_RETURN, "STOP", ago=timedelta(minutes=2), binds=TO_RETURN)
        await self.says(EARLY, "STOP", ago=timedelta(minutes=2), binds=EARLY)
        await self.says(RUBBISH, "STOP", binds=RUBBISH)
        await asyncio.sleep(20)
        await self.says(EARLY, "START", ago=timedelta(minutes=30))
        await self.says(RUBBISH, "START", ago=None)
        await self.says(RUBBISH, "START", ago=-timedelta(days=400))
        await self.says(TO_RETURN, "START please")
        await self.wants(TO_RETURN)  # no word: still bound
        await asyncio.sleep(20)
        self._bound.discard(TO_RETURN)
        await self.says(TO_RETURN, "START")
        for number in (EARLY, RUBBISH, TO_RETURN):
            await self.wants(number)
        await asyncio.sleep(60)
        if "offer" not in self.accepted(TO_RETURN):
            self.violations.append("bound too long: START brings nothing back")

    async def _stop_in_a_long_message(self) -> None:
        message = await self.wants(LONG, text="a long offer " * 40)
        started = "SELECT 1 FROM attempt WHERE message_id = ? AND outcome = 'sent'"
        await self.simulation.until(lambda: bool(self.simulation.all(started, message)), within_s=60, step_s=0.01)
        await self.says(LONG, "STOP", binds=LONG)
        self._check_waiting(message, LONG)
        await asyncio.sleep(30)

    async def _stop_in_the_prompt(self) -> None:
        """At ten moments from the claim on."""
        for index in range(10):
            number = f"+336123458{index:02d}"
            message = await self.wants(number)
            await self.simulation.until(partial(self._is_opened, message), within_s=60, step_s=0.0005)
            await asyncio.sleep(index * 0.001)
            await self.says(number, "STOP", binds=number)
            await asyncio.sleep(10)

    def _is_opened(self, message: int) -> bool:
        return bool(self.simulation.all("SELECT 1 FROM attempt WHERE message_id = ?", message))

    async def _come_back_by_other_ways(self) -> None:
        """A batch, and a message for later: none gets past a STOP."""
        stopped = sorted(self._bound)
        rows = "".join(f"{number},batch,marketing\n" for number in stopped)
        await self.simulation.service.messages.batches.accept(f"to,text,class\n{rows}".encode())
        later = TO_RETURN
        at = (self.simulation.clock.now() + timedelta(minutes=5)).isoformat()
        submission = self.simulation.service.messages.submission
        planned = (await submission.submit(MessageRequest(later, "later", "marketing", at=at))).message.id
        await self.says(later, "STOP", binds=later)
        self._check_waiting(planned, later)
        await asyncio.sleep(600)

    async def _make_nobody_pay(self) -> None:
        for number in STRANGERS:
            await self.says(number, "STOP", binds=number)
        own = self.simulation.sims[0].number
        await self.wants(own, "transactional", "a test")
        for number in SPOOFED:
            await self.wants(number, "transactional", "Welcome.")
        await asyncio.sleep(120)
        before = self._count_confirmations()
        await self.says(own, "STOP", binds=own)
        for number in SPOOFED:
            await self.says(number, "STOP", binds=number)
            await self.says(number, "STOP")
        await asyncio.sleep(300)
        if self._count_confirmations() > max(before, LIMIT):
            self.violations.append(
                f"the owner pays: {self._count_confirmations()} confirmations; {LIMIT} an hour are allowed"
            )
        for number in (*STRANGERS, own):
            if any("START" in text for text in self.accepted(number)):
                self.violations.append(f"the owner pays: {number} was answered")

    def _count_confirmations(self) -> int:
        return sum("START" in (entry.text or "") for entry in self.simulation.network.journal.accepted)

    def _judge(self, everybody: list[str]) -> None:
        for number in sorted({*everybody, *self._bound}):
            confirmations = Counter(text for text in self.accepted(number) if "START" in text)
            if number != TO_RETURN and any(times > 1 for times in confirmations.values()):
                self.violations.append(f"twice: {number} was answered {confirmations}")


async def _lived() -> list[str]:
    simulation = Simulation(
        1, modems=2, consent={"confirmations_per_hour": LIMIT}, limits={"marketing_per_hour": "unlimited"}
    )
    await simulation.start()
    stops = Stops(simulation)
    await asyncio.sleep(20)
    await stops.run()
    await simulation.stop()
    return stops.violations


def find_violations() -> list[str]:
    """Runs the scenario once. Returns the laws that were broken."""
    return simulate(_lived())


if __name__ == "__main__":
    found = find_violations()
    sys.stdout.write("".join(f"{violation}\n" for violation in found) or "every law of STOP holds\n")
    sys.exit(1 if found else 0)
