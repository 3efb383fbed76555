"""A day: two modems, 2,000 messages, phones switched off and on at random. `python -m tests.sim.day SEED` prints its digest."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from dataclasses import dataclass

from modemd.pdu import Submit
from modemd.service.messages.submission import MessageRequest
from tests.sim.world.assembled import Simulation
from tests.sim.world.loop import simulate

HOURS = 24
MESSAGES = 2000
PHONES = 300
CLASSES = ("transactional", "transactional", "conversational", "marketing", "otp", "alarm")
TEXTS = ("Your table is booked.", "Ligne 1\nligne 2 €", "Привет, заказ готов", "👩‍🚀 on her way", "long " * 70)


@dataclass(frozen=True, slots=True)
class Day:
    """What came of it: a digest of everything, and the counts that must agree."""

    digest: str
    states: Counter[str]
    parts_accepted: int
    parts_left: int
    parts_twice: int
    delivered_but_not_received: int
    received_but_not_delivered: int


async def day(seed: int, hours: int = HOURS, messages: int = MESSAGES) -> Day:
    """Live through it, then switch the phones on and let time pass until every message is final."""
    simulation = Simulation(seed)
    chance = simulation.chance
    await simulation.start()
    numbers = [f"+3361{index:07d}" for index in range(PHONES)]
    moments = sorted(chance.uniform(0, hours * 3600) for _ in range(messages))
    switching = asyncio.ensure_future(_switch_phones(simulation, numbers, hours))
    loop = asyncio.get_running_loop()
    texts = {}
    for index, moment in enumerate(moments):
        await asyncio.sleep(max(0.0, moment - loop.time()))
        text = f"{index}: {chance.choice(TEXTS)}"
        answer = await simulation.service.messages.submission.submit(
            MessageRequest(chance.choice(numbers), text, chance.choice(CLASSES))
        )
        texts[answer.message.id] = (answer.message.recipient, text)
    await switching
    for number in numbers:
        simulation.network.phone(number).switch_on()
    open_states = (
        "SELECT 1 FROM message WHERE state NOT IN ('delivered', 'undelivered', 'expired', 'failed', 'cancelled')"
    )
    await simulation.until(lambda: not simulation.all(open_states), within_s=4 * 24 * 3600, step_s=600)
    await simulation.stop()
    return _account(simulation, texts)


async def _switch_phones(simulation: Simulation, numbers: list[str], hours: int) -> None:
    loop = asyncio.get_running_loop()
    while loop.time() < hours * 3600:
        await asyncio.sleep(simulation.chance.expovariate(1 / 30))
        phone = simulation.network.phone(simulation.chance.choice(numbers))
        if simulation.chance.random() < 0.5:
            phone.switch_off()
        else:
            phone.switch_on()


def _account(simulation: Simulation, texts: dict[int, tuple[str, str]]) -> Day:
    messages = simulation.all("SELECT id, state FROM message")
    delivered = {texts[row["id"]] for row in messages if row["state"] == "delivered"}
    received = {(phone.number, got.text) for phone in simulation.network.phones.values() for got in phone.inbox}
    # Texts differ, so the same user data to the same recipient is the same part.
    accepted = Counter(
        (entry.recipient, Submit.decode(entry.tpdu).user_data) for entry in simulation.network.journal.accepted
    )
    left = simulation.all("SELECT count(*) AS n FROM part WHERE state IN ('sent', 'delivered', 'undelivered')")[0]["n"]
    return Day(
        digest=simulation.digest(),
        states=Counter(row["state"] for row in messages),
        parts_accepted=len(simulation.network.journal),
        parts_left=left,
        parts_twice=sum(times - 1 for times in accepted.values()),
        delivered_but_not_received=len(delivered - received),
        received_but_not_delivered=len(received - delivered),
    )


if __name__ == "__main__":
    sys.stdout.write(f"{simulate(day(int(sys.argv[1]))).digest}\n")
