"""A SIM is opened by one try of its PIN, and never at the cost of its last ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from modemd.errors import CommandFailed, ReplyTimeout, SimUnusable
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.setup.sim_pin import (
    NO_PINS,
    Pin,
    PinTries,
    find_pin_objection,
    open_sim,
    read_sim_state,
    read_tries_left,
)
from modemd.profiles import Profile
from tests.modem.scripted_port import framed, simulated
from tests.modem.stub_modem import StubModem

ICCID = "8944100030123456789"
RIGHT, WRONG = "1234", "9999"
SIM800 = Profile("sim800", iccid=("+CCID",), pin_tries="+SPIC", command_timeout_s=5)
BLIND = Profile("blind", iccid=("+CCID",))


class Card(StubModem):
    """A modem whose SIM asks for a PIN. What it was given is in `given`; `tells_iccid` before it is open, or not."""

    def __init__(self, answers: dict[str, str] | None = None, *, tries: int = 3, tells_iccid: bool = True) -> None:
        super().__init__()
        self.tries = tries
        self.open_now = False
        self.tells_iccid = tells_iccid
        self.given: list[str] = []
        self.on_pin = ""
        self.answers |= answers or {}

    def answer(self, command: str) -> tuple[float, bytes]:
        if command.startswith("+CPIN="):
            return self.answer_s, self._take(command.partition("=")[2].strip('"'))
        if command == "+CPIN?" and "+CPIN?" not in self.answers:
            state = "READY" if self.open_now else "SIM PIN" if self.tries else "SIM PUK"
            return self.answer_s, framed(f"+CPIN: {state}", "OK")
        if command == "+SPIC":
            return self.answer_s, framed(f"+SPIC: {self.tries},10,0,10", "OK")
        if command == "+CCID" and not (self.open_now or self.tells_iccid):
            return self.answer_s, framed("+CME ERROR: 11")
        return super().answer(command)

    def _take(self, pin: str) -> bytes:
        self.given.append(pin)
        if self.on_pin:
            return framed(self.on_pin) if self.on_pin != "silence" else b""
        if pin == RIGHT and self.tries:
            self.tries, self.open_now = 3, True
            return framed("OK")
        self.tries -= 1
        return framed("+CME ERROR: 16")


@dataclass
class Book:
    """`modemd.modem.setup.sim_pin.PinSource` in memory. `story` is what was made durable, in order."""

    pin: str | None = RIGHT
    name: str = "west"
    refused_before: set[bytes] = field(default_factory=set)
    unanswered: set[bytes] = field(default_factory=set)
    story: list[str] = field(default_factory=list)
    asked: list[str | None] = field(default_factory=list)

    def find_pin(self, iccid: str | None) -> Pin | None:
        self.asked.append(iccid)
        return Pin(self.pin, "/etc/modemd/pin") if self.pin is not None else None

    async def read_tries(self, holder: str) -> PinTries:
        self.story.append(f"asked of {holder}")
        return PinTries(self.refused_before, self.unanswered)

    async def record_try(self, holder: str, digest: bytes) -> None:
        self.story.append("trying")
        self.unanswered.add(digest)

    async def record_refusal(self, holder: str, digest: bytes) -> None:
        self.story.append("refused")
        self.refused_before.add(digest)

    async def forget_tries(self, holder: str) -> None:
        self.story.append("accepted")

    async def forget_try(self, holder: str, digest: bytes) -> None:
        self.story.append("not tried")


async def dialogue_with(card: Card) -> Dialogue:
    card.answers.pop("+CPIN?", None)  # it says itself how it is
    return Dialogue(await card.open("/dev/west"))


async def opened(card: Card, pins: Any = NO_PINS, profile: Profile = SIM800) -> None:
    await open_sim(await dialogue_with(card), profile, pins)


@simulated
async def test_a_locked_sim_is_opened_with_its_pin() -> None:
    """That it will be tried is durable before it goes out; that it was right is kept once the SIM says READY."""
    card, book = Card(), Book()
    await opened(card, book)
    assert card.given == [RIGHT]
    assert (book.asked, book.story) == ([ICCID], [f"asked of {ICCID}", "trying", "accepted"])


@simulated
async def test_an_open_sim_is_given_nothing() -> None:
    """READY needs no PIN; PIN2 guards nothing that messages need."""
    for state in ("READY", "SIM PIN2", "SIM PUK2"):
        card, book = Card({"+CPIN?": f"+CPIN: {state}|OK"}), Book()
        await open_sim(Dialogue(await card.open("/dev/west")), SIM800, book)
        assert (card.given, book.story) == ([], [])


@simulated
async def test_a_wrong_pin_costs_one_try_and_no_more() -> None:
    """Refused, it is kept as refused, told with the tries that are left, and not given again however often it is looked at."""
    card, book = Card(), Book(WRONG)
    with pytest.raises(SimUnusable, match=r"/etc/modemd/pin was refused \(\+CME ERROR: 16\); 2 tries are left"):
        await opened(card, book)
    for _ in range(5):
        with pytest.raises(SimUnusable, match="was refused already"):
            await opened(card, book)
    assert (card.given, card.tries) == ([WRONG], 2)
    book.pin = RIGHT
    await opened(card, book)
    assert card.given == [WRONG, RIGHT]


@simulated
async def test_the_last_try_is_a_persons() -> None:
    """With one try left not even the right PIN is given."""
    card, book = Card(tries=1), Book()
    with pytest.raises(SimUnusable, match=r"is not given: 1 try is left; unlock the SIM in a phone"):
        await opened(card, book)
    assert card.given == []


@pytest.mark.parametrize("profile", [SIM800, BLIND], ids=lambda profile: profile.name)
@simulated
async def test_a_puk_is_never_touched(profile: Profile) -> None:
    """Three wrong PINs: nothing is given any more, whatever is configured."""
    card = Card(tries=0)
    with pytest.raises(SimUnusable, match="asks for its PUK") as refused:
        await opened(card, Book(), profile)
    assert refused.value.state == "SIM PUK"
    assert card.given == []


@simulated
async def test_without_a_pin_the_error_says_where_one_is_looked_for() -> None:
    """Nothing is configured."""
    card = Card()
    with pytest.raises(SimUnusable, match=r"sims\.<iccid>\.pin_file or modems\[\]\.pin_file"):
        await opened(card)
    assert card.given == []


@simulated
async def test_a_sim_that_cannot_be_known_before_its_pin_is_known_by_its_modem() -> None:
    """ZTE modems tell nothing of a locked SIM."""
    card, book = Card(tells_iccid=False), Book()
    await opened(card, book)
    assert (book.asked, book.story[0]) == ([None], "asked of modem west")


@simulated
async def test_a_pin_without_an_answer_is_not_given_again_and_not_told() -> None:
    """Nobody knows whether it cost a try: it stays noted. The error does not say the PIN."""
    card, book = Card(), Book()
    card.on_pin = "silence"
    with pytest.raises(ReplyTimeout, match=r"AT\+CPIN=: no answer") as lost:
        await opened(card, book)
    assert RIGHT not in str(lost.value)
    assert book.story[-1] == "trying"
    card.tries = 2
    with pytest.raises(SimUnusable, match="nobody knows what became of it"):
        await opened(card, book)
    assert card.given == [RIGHT]


@simulated
async def test_a_busy_sim_has_not_looked_at_the_pin() -> None:
    """CME 14: it is tried again when everything is looked at anew, and the note of the try is taken back."""
    card, book = Card(), Book()
    card.on_pin = "+CME ERROR: 14"
    with pytest.raises(CommandFailed, match=r"AT\+CPIN= answered \+CME ERROR: 14"):
        await opened(card, book)
    assert book.story[-1] == "not tried"


RIGHT_ONE, OTHER = b"right", b"other"


@pytest.mark.parametrize(
    ("tried", "left", "allowed"),
    [
        pytest.param(PinTries(), 3, True, id="all tries"),
        pytest.param(PinTries(), 2, True, id="two tries"),
        pytest.param(PinTries(), 1, False, id="the last try"),
        pytest.param(PinTries(), None, True, id="no counter, the first PIN"),
        pytest.param(PinTries(refused={OTHER}), 2, True, id="another PIN than the refused one"),
        pytest.param(PinTries(refused={OTHER}), None, False, id="another PIN, no counter"),
        pytest.param(PinTries(unanswered={OTHER}), None, False, id="an unanswered one, no counter"),
        pytest.param(PinTries(refused={RIGHT_ONE}), 3, False, id="refused before"),
        pytest.param(PinTries(unanswered={RIGHT_ONE}), 2, False, id="unanswered, and a try is gone"),
        pytest.param(PinTries(unanswered={RIGHT_ONE}), 3, True, id="unanswered, and no try is gone"),
    ],
)
def test_when_a_pin_may_be_given(tried: PinTries, left: int | None, allowed: bool) -> None:
    """Once per value, with two tries left at least, and only once ever where nobody counts."""
    assert (find_pin_objection(RIGHT_ONE, tried, left) is None) is allowed


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ("+CPIN: SIM PUK|OK", "SIM PUK"),
        ("+CPIN:READY|OK", "READY"),
        ("+CPIN: NOT INSERTED|OK", "no SIM"),
        ("+CME ERROR: 10", "no SIM"),
        ("+CMS ERROR: 310", "no SIM"),
        ("+CME ERROR:10", "no SIM"),
        ("+CME ERROR: SIM not inserted", "no SIM"),
        ("+CME ERROR: 11", "SIM PIN"),
        ("+CME ERROR: SIM PIN required", "SIM PIN"),
        ("+CME ERROR: sim puk required", "SIM PUK"),
        ("+CME ERROR: SIM wrong", "SIM wrong"),
        ("+CME ERROR: 13", "SIM failure"),
        ("+CME ERROR: 262", "SIM blocked"),
    ],
)
@simulated
async def test_a_state_is_read_from_an_answer_or_an_error(answer: str, state: str) -> None:
    """The standard's errors, the words of SIM800, and Siemens' own number."""
    card = Card({"+CPIN?": answer})
    assert await read_sim_state(Dialogue(await card.open("/dev/west"))) == state


@simulated
async def test_a_sim_that_is_said_to_be_absent_is_asked_for_again() -> None:
    """Qualcomm's firmware says so in the first seconds after a start."""
    card = Card({"+CPIN?": "+CME ERROR: 10"})
    dialogue = Dialogue(await card.open("/dev/west"))
    card.answers = {"+CPIN?": "+CME ERROR: 10"}
    with pytest.raises(SimUnusable, match="no SIM; insert one"):
        await open_sim(dialogue, SIM800, NO_PINS)
    assert len(card.times("+CPIN?")) > 2
    assert card.times("+CPIN?")[-1] - card.times("+CPIN?")[0] >= 10


@pytest.mark.parametrize(
    ("place", "said", "left"),
    [
        (0, "+COUNT: 3,10,0,10|OK", 3),
        (3, "+COUNT: READY,,10,2,10,3|OK", 2),
        (3, "+COUNT: 10,3,10,2|OK", 2),
        (0, "ERROR", None),
        (0, "+COUNT: none|OK", None),
    ],
)
@simulated
async def test_the_counter_is_read_where_the_family_has_it(place: int, said: str, left: int | None) -> None:
    """Which of the values it is, the profile says; what cannot be read is not known."""
    stub = StubModem()
    stub.answers["+COUNT"] = said
    profile = Profile("x", pin_tries="+COUNT", pin_tries_field=place)
    found = await read_tries_left(Dialogue(await stub.open("/dev/west")), profile)
    assert found == left


def test_a_pin_is_shown_nowhere() -> None:
    """Neither by its repr nor by what is kept of it."""
    pin = Pin(RIGHT, "/etc/modemd/pin")
    assert RIGHT not in repr(pin)
    assert pin.digest("a") != pin.digest("b")
