"""What a word means for somebody, by where they stand."""

from __future__ import annotations

import pytest

from modemd.rules.consent.words.decision import ConsentState, decide, make_answer_words
from modemd.rules.consent.words.matching import MatchTier, Words

WORDS = Words.load()


@pytest.mark.parametrize(
    ("text", "state", "action", "may_answer"),
    [
        ("STOP", "none", "opt_out", True),
        ("STOP", "opted_out", "opt_out", True),
        ("the bus stop", "opted_in", "review", False),
        ("START", "none", "opt_in", True),
        ("UNSTOP", "opted_out", "opt_in", True),
        ("COMMENCER", "opted_out", "opt_in", True),
        ("DÉBOUCHER", "opted_out", "opt_in", True),
        ("OUI", "opted_out", "opt_in", True),
        ("OUI", "pending", "confirm", True),
        ("OUI", "none", "none", False),
        ("OUI", "opted_in", "none", False),
        ("HELP", "none", "help", True),
        ("HELP", "opted_out", "help", False),
        ("hello", "opted_out", "none", False),
    ],
)
def test_what_a_word_does_depends_on_the_person(text: str, state: str, action: str, may_answer: bool) -> None:
    """START and its like bring back always; YES and its like only somebody who was asked, or has opted out; HELP of somebody who
    opted out is not answered."""
    decision = decide(WORDS.match(text, country="FR"), ConsentState(state))
    assert (decision.action.value, decision.may_answer) == (action, may_answer)
    assert decision.because


@pytest.mark.parametrize(
    ("text", "answers", "action"),
    [
        pytest.param("CANCEL", ("CONFIRM", "Cancel"), "none", id="a weak word that is an answer"),
        pytest.param("END", ("CANCEL",), "opt_out", id="a weak word that is none of the answers"),
        pytest.param("STOP", ("STOP", "GO"), "opt_out", id="STOP is never an answer"),
        pytest.param("ARRÊT", ("ARRET",), "opt_out", id="nor is its like in another language"),
        pytest.param("START", ("START",), "opt_in", id="nor START"),
        pytest.param("HELP", ("HELP",), "help", id="nor HELP"),
        pytest.param("CONTINUE", ("continue",), "none", id="a weak word that opts in"),
        pytest.param("OUI", ("OUI", "NON"), "none", id="yes answers the question"),
        pytest.param("OUI", ("1", "2"), "none", id="yes, while any question is open"),
    ],
)
def test_answers_that_were_asked_for_shadow_ordinary_words(text: str, answers: tuple[str, ...], action: str) -> None:
    """While a question is open, its answers are no words of consent, unless they can mean nothing else."""
    decision = decide(WORDS.match(text, country="FR"), ConsentState.OPTED_OUT, open_answers=make_answer_words(answers))
    assert decision.action.value == action


def test_a_list_that_is_left_is_told() -> None:
    """STOP promo leaves one list."""
    decision = decide(WORDS.match("STOP promo", lists=("promo",)), ConsentState.OPTED_IN)
    assert (decision.list_name, decision.tier) == ("promo", MatchTier.EXACT)
