"""Both sides of a session, talking to each other, while PDUs are lost, doubled and late."""

from __future__ import annotations

import random

import pytest

from modemd.smpp.events import LinkLost, Unbound
from modemd.smpp.limits import SessionLimits
from modemd.smpp.permissions import SessionState
from tests.smpp.dialogue import Dialogue, Fate

PROMPT = (0.05,)


def hold_dialogue(fate: Fate) -> Dialogue:
    """Binds, sends each way, is silent, and unbinds."""
    dialogue = Dialogue(fate)
    dialogue.bind()
    dialogue.plan(5.0, lambda: sends(dialogue, "first", "refused one", "second"))
    dialogue.plan(6.0, lambda: delivers(dialogue, "reply", "receipt"))
    dialogue.plan(50.0, lambda: sends(dialogue, "third"))  # after a silence
    dialogue.plan(150.0, dialogue.unbind)
    dialogue.run(1000.0)
    return dialogue


def sends(dialogue: Dialogue, *texts: str) -> None:
    for text in texts:
        dialogue.send(dialogue.esme, text)


def delivers(dialogue: Dialogue, *texts: str) -> None:
    for text in texts:
        dialogue.send(dialogue.smsc, text)


def count_pdus() -> int:
    return hold_dialogue(lambda number: PROMPT).written


def test_without_faults_all_is_known() -> None:
    """Each message has the fate that it had, and both sides unbind."""
    dialogue = hold_dialogue(lambda number: PROMPT)
    dialogue.check()
    expected = {"first": ["taken"], "refused one": ["refused"], "second": ["taken"], "third": ["taken"]}
    assert dialogue.esme.first_fates == expected
    assert dialogue.smsc.first_fates == {"reply": ["taken"], "receipt": ["taken"]}
    assert dialogue.esme.ends == [Unbound(by_peer=False)]
    assert dialogue.smsc.ends == [Unbound(by_peer=True)]
    assert dialogue.esme.late_fates == dialogue.smsc.late_fates == {}


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param((), id="lost"),
        pytest.param((0.05, 0.06), id="doubled"),
        pytest.param((0.05, 20.0), id="doubled later"),
        pytest.param((8.0,), id="late"),
        pytest.param((15.0,), id="later than an enquiry"),
        pytest.param((65.0,), id="later than its time"),
    ],
)
@pytest.mark.parametrize("number", range(1, count_pdus() + 1))
def test_each_pdu_lost_doubled_or_late(number: int, fault: tuple[float, ...]) -> None:
    """What a side believes is true, or is unknown; and each session ends."""
    dialogue = hold_dialogue(lambda each: fault if each == number else PROMPT)
    dialogue.check()
    assert dialogue.esme.session.state is SessionState.CLOSED
    assert dialogue.smsc.session.state is SessionState.CLOSED
    if fault == (65.0,) and dialogue.esme.late_fates:
        assert set(dialogue.esme.first_fates) >= set(dialogue.esme.late_fates)


def test_a_late_answer_settles() -> None:
    """The answer to the first message comes after 65 s."""
    dialogue = Dialogue(lambda number: (65.0,) if number == 4 else PROMPT)
    dialogue.bind()
    dialogue.plan(1.0, lambda: sends(dialogue, "first"))
    dialogue.run(100.0)
    assert dialogue.esme.first_fates == {"first": ["unknown"]}
    assert dialogue.esme.late_fates == {"first": ["taken"]}
    assert dialogue.esme.ends == []


def test_silence_is_noticed_by_both_sides() -> None:
    """From some PDU on, nothing arrives any more."""
    dialogue = Dialogue(lambda number: PROMPT if number <= 4 else ())
    dialogue.bind()
    dialogue.plan(1.0, lambda: sends(dialogue, "first"))
    dialogue.plan(2.0, lambda: sends(dialogue, "second"))
    dialogue.run(1000.0)
    dialogue.check()
    assert dialogue.esme.first_fates == {"first": ["taken"], "second": ["unknown"]}
    assert all(isinstance(end, LinkLost) for end in (*dialogue.esme.ends, *dialogue.smsc.ends))
    assert dialogue.now < 50.0


@pytest.mark.parametrize("seed", range(40))
def test_random_faults(seed: int) -> None:
    """Hundreds of messages each way; one PDU in five has a fault."""
    chance = random.Random(seed)

    def choose_fate(number: int) -> tuple[float, ...]:
        if number <= 2 or chance.random() > 0.2:
            return (chance.random() / 10,)
        return chance.choice(((), (0.05, chance.random()), (chance.random() * 20,), (chance.random() * 100, 1.0)))

    dialogue = Dialogue(
        choose_fate, SessionLimits(window=chance.randint(1, 50), response_s=20.0, enquire_s=25.0), seed % 4 * 15.0
    )
    dialogue.bind()
    for number in range(300):
        word = " refused" if chance.random() < 0.2 else ""
        at = 1.0 + chance.random() * 200
        dialogue.plan(at, lambda text=f"out {number}{word}": sends(dialogue, text))  # type: ignore[misc]  # bound now
        dialogue.plan(at, lambda text=f"in {number}": delivers(dialogue, text))  # type: ignore[misc]  # bound now
    dialogue.plan(210.0, dialogue.unbind)
    dialogue.run(2000.0)
    dialogue.check()
    assert dialogue.esme.session.state is SessionState.CLOSED
    assert len(dialogue.esme.first_fates) == len(set(dialogue.esme.texts.values()))
