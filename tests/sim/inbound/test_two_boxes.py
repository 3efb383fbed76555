"""Machines that answer by themselves fall silent: two boxes that text each other, and a box with any other automatic answerer."""

from __future__ import annotations

import asyncio

import pytest

from modemd.emulator.network.messages import Text
from modemd.rules.consent.texts.kinds import REPLIES, TextKind
from modemd.rules.consent.texts.texts import Texts
from modemd.service.messages.submission import MessageRequest
from tests.sim.world.assembled import Home, Simulation
from tests.sim.world.loop import simulate

MOST = 3
"""Messages of one box to the other before it is silent."""
SPAIN = Home("ES", "34", "21401", "+3460000000")
LATER_S = 2 * 3600.0


async def wants(box: Simulation, number: str, text: str) -> None:
    submission = box.service.messages.submission
    await box.process.call(submission.submit(MessageRequest(number, text, "transactional")))


async def talk(word: str) -> list[tuple[str, str | None]]:
    """Two boxes have written to each other; then somebody sends a word from the SIM of the first. Returns sender and text of
    what the network took after that."""
    first = Simulation(1, modems=1, brand="Bakery")
    second = Simulation(50, modems=1, brand="Dentist", home=SPAIN, network=first.network)
    numbers = first.sims[0].number, second.sims[0].number
    for box in (first, second):
        await box.start()
    await wants(first, numbers[1], "Your bread is ready.")
    await wants(second, numbers[0], "See you tomorrow.")
    await asyncio.sleep(120)
    before = len(first.network.journal.accepted)
    assert before == 2
    await wants(first, numbers[1], word)
    await asyncio.sleep(LATER_S)
    for box in (first, second):
        await box.stop()
    return [(entry.sender, entry.text) for entry in first.network.journal.accepted[before + 1 :]]


@pytest.mark.parametrize("word", ["STOP", "START", "HELP", "stop svp", "Arrêt", "BAJA", "AYUDA", "STOP ALL"])
def test_two_boxes_fall_silent(word: str) -> None:
    """A word of consent from a box is answered, and what the boxes say to that ends within three messages."""
    said = simulate(talk(word))
    assert len(said) <= MOST, said


def test_a_box_answers_a_box_once() -> None:
    """STOP is answered: the test above is not silent because nothing is ever said."""
    assert [text is not None and text.startswith("Dentist") for _, text in simulate(talk("STOP"))][:1] == [True]


async def answer_always(kinds: list[TextKind]) -> dict[str, list[str]]:
    """For each shipped language and kind a phone that answers whatever comes with that text of another shop, after a STOP, a
    START or a HELP. Returns what the box has written to each after its first message."""
    texts = Texts.load()
    box = Simulation(
        3, modems=1, brand="Bakery", geography={"countries": "all"}, sims={},
        consent={"answers": {"per_number_day": 100, "per_prefix_hour": 100_000}, "confirmations_per_hour": 100_000},
    )  # fmt: skip
    await box.start()
    says: dict[str, str] = {}
    for index, language in enumerate(texts.languages):
        for place, kind in enumerate(kinds):
            title = "News" if "list" in str(texts.find(kind, language).text) else None
            says[f"+3361{place}{index:03d}001"] = texts.compose(kind, language, brand="Dentist", list_name=title)
    for number in says:
        await wants(box, number, "Your bread is ready.")
    await asyncio.sleep(20 + 5 * len(says))
    own = box.sims[0].number
    answered = {number: len(box.network.phone(number).inbox) for number in says}
    assert set(answered.values()) == {1}
    for place, number in enumerate(says):
        box.network.phone(number).send(own, Text(("STOP", "START", "HELP")[place % 3]))
    for _ in range(60):
        await asyncio.sleep(60)
        for number, text in says.items():
            phone = box.network.phone(number)
            for _ in range(len(phone.inbox) - answered[number]):
                phone.send(own, Text(text))
            answered[number] = len(phone.inbox)
    await box.stop()
    return {number: [each.text or "" for each in box.network.phone(number).inbox[1:]] for number in says}


def test_a_box_falls_silent_before_any_machine() -> None:
    """Whichever of the shipped answers another machine gives, in whichever language, and however often."""
    said = simulate(answer_always(sorted(REPLIES)))
    assert {number: texts for number, texts in said.items() if len(texts) > MOST} == {}
    assert sum(map(len, said.values())) > len(said) / 2
