"""Words that a message declares as answers: which they can be, and that they change nobody's consent for a day."""

from __future__ import annotations

import pytest

from modemd import pdu
from modemd.config import CurrentSettings, Settings
from modemd.connector import AttemptEnding, AttemptReport
from modemd.errors import ErrorCode, Refused
from modemd.service.messages.answer_words import AnswerWords
from modemd.service.messages.csv_rows import FileOptions
from modemd.service.messages.submission import MessageRequest, Submission
from tests.modem.scripted_port import simulated
from tests.service.assembled import AssembledService
from tests.service.bench import ALICE, WORDS, Bench, comes, sim

SETTINGS = Settings.model_validate(
    {"database": "/srv/a.db", "country": "FR", "consent": {"lists": {"promo": {"title": "Offers", "join": ["PROMO"]}}}}
)


async def ask(b: Bench, *answers: str) -> None:
    """A message to ALICE that declares answers is accepted and sent."""
    submission = Submission(b.store, CurrentSettings(b.settings), b.rules, b.clock, b._queued, lambda: WORDS)
    await submission.submit(MessageRequest(ALICE, "Your table at 8?", answers=answers))
    claimed = await b.claimed()
    await b.dispatcher.close_attempt(sim(), AttemptReport(claimed.attempt_id, AttemptEnding.ACCEPTED, b.clock.now(), 1))


async def says(b: Bench, text: str) -> str:
    """ALICE writes now: what is stored about her then."""
    await comes(b, ALICE, text, stamp=pdu.Timestamp.of(b.clock.now()))
    return str(b.one("SELECT marketing FROM contact WHERE number = ?", ALICE)["marketing"])


@simulated
async def test_an_answer_is_no_opt_in_for_a_day() -> None:
    """Somebody who has opted out says YES to a question about a table: no offers come. A day later, YES opts in as ever."""
    b = Bench()
    await b.stop_word(ALICE)
    b.hand.passes(minutes=5)
    await ask(b, "YES", "NO")
    b.hand.passes(minutes=5)
    assert await says(b, "Yes!") == "opted_out"
    b.hand.passes(hours=23)
    assert await says(b, "YES") == "opted_out"
    b.hand.passes(hours=1)
    assert await says(b, "YES") == "opted_in"


@simulated
async def test_without_answers_a_yes_opts_in() -> None:
    """What the declaration is for."""
    b = Bench()
    await b.stop_word(ALICE)
    b.hand.passes(minutes=5)
    await ask(b)
    assert await says(b, "YES") == "opted_in"


@simulated
async def test_an_answer_is_no_opt_out_but_stop_is() -> None:
    """CANCEL cancels what was asked about; STOP stops all the same."""
    b = Bench()
    await ask(b, "CONFIRM", "CANCEL")
    assert await says(b, "Cancel") == "unknown"
    assert await says(b, "STOP") == "opted_out"


@simulated
async def test_without_answers_cancel_opts_out() -> None:
    """What the declaration is for."""
    b = Bench()
    await ask(b)
    assert await says(b, "Cancel") == "opted_out"


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [
        pytest.param(("STOP",), "'STOP' cannot be an answer: it opts people out, whatever was asked", id="STOP"),
        pytest.param(("YES", "Arrêt"), "'Arrêt' cannot be an answer: it opts people out", id="a strong word of theirs"),
        pytest.param(("start",), "'start' cannot be an answer: it opts people in", id="START"),
        pytest.param(("UNSTOP",), "'UNSTOP' cannot be an answer: it opts people in", id="UNSTOP"),
        pytest.param(("HELP",), "'HELP' cannot be an answer: it asks for help", id="HELP"),
        pytest.param(("the bus stop",), "'the bus stop' cannot be an answer: a person would have to read it", id="in doubt"),
        pytest.param(("PROMO",), "'PROMO' cannot be an answer: it is the join word of the list promo", id="a join word"),
        pytest.param(("x" * 41,), "an answer has 1 to 40 characters", id="too long"),
        pytest.param((" ",), "'' cannot be an answer", id="blank"),
        pytest.param(("!?",), "'!?' cannot be an answer", id="no letters"),
        pytest.param(tuple(map(str, range(11))), "11 answers are too many; a message declares 1 to 10", id="too many"),
    ],
)  # fmt: skip
def test_some_words_are_never_answers(answers: tuple[str, ...], complaint: str) -> None:
    """What would be obeyed all the same cannot be declared, so that nobody waits for it in vain."""
    with pytest.raises(Refused) as refused:
        AnswerWords(lambda: WORDS).check(answers, ALICE, SETTINGS)
    assert refused.value.code is ErrorCode.BAD_ANSWERS
    assert complaint in refused.value.reason


def test_weak_words_are_answers() -> None:
    """Those of every day, without the blanks around them; and none at all."""
    check = AnswerWords(lambda: WORDS)
    for _ in range(2):  # the second time it is known
        assert check.check([" YES", "no ", "CANCEL"], ALICE, SETTINGS) == ("YES", "no", "CANCEL")
    assert check.check([], ALICE, SETTINGS) == ()


async def test_a_file_declares_answers_for_all_rows(assembled: AssembledService) -> None:
    """Each of its messages has them; they are kept while the row waits."""
    rows = f"to,text\n{ALICE},Tonight?\n".encode()
    options = FileOptions(message_class="transactional", answers=("YES", "NO"))
    answer = await assembled.service.messages.batches.accept(rows, None, options)
    assert answer.batch.first_message is not None
    found = await assembled.service.messages.histories.describe(answer.batch.first_message)
    assert found.message.answers == ("YES", "NO")
    assert (await assembled.service.messages.submission.submit(MessageRequest(ALICE, "x"))).message.answers == ()
