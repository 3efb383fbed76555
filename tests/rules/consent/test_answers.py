"""When modemd answers a word of consent by itself."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.rules.consent.answers import (
    AnswerFacts,
    AnswerLimits,
    SenderKind,
    decide,
    find_prefix,
    find_sender_kind,
    is_bare_word,
)
from modemd.rules.consent.texts.kinds import REPLIES, TextKind
from modemd.rules.consent.texts.texts import Texts

ALICE, BOB, OWN = "+33612345678", "+33612345679", "+33700000001"
FACTS = AnswerFacts(
    TextKind.OPT_OUT_REPLY, ALICE, "STOP", meant=(ALICE,), written_to=(ALICE,), own_numbers=frozenset({OWN})
)
LIMITS = AnswerLimits()


def test_a_word_of_somebody_we_wrote_to_is_answered() -> None:
    """The answer goes to the number that modemd wrote to."""
    decision = decide(FACTS, LIMITS)
    assert (decision.may_answer, decision.code, decision.recipient) == (True, "ok", ALICE)
    other = decide(replace(FACTS, meant=(BOB, ALICE)), LIMITS)
    assert other.recipient == ALICE


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"sender": "36111"}, "short_code_sender", id="a short code"),
        pytest.param({"sender": "ACME"}, "name_sender", id="a name"),
        pytest.param({"sender": ""}, "empty_sender", id="nobody"),
        pytest.param({"meant": ("+33899123456",), "written_to": ("+33899123456",)}, "costly_number", id="premium rate"),
        pytest.param(
            {"meant": ("+881631234567",), "written_to": ("+881631234567",)}, "costly_number", id="a satellite"
        ),
        pytest.param({"meant": (ALICE, OWN)}, "own_number", id="perhaps ourselves"),
        pytest.param({"is_blocked": True}, "blocked", id="blocked"),
        pytest.param({"written_to": ()}, "not_written_to", id="a stranger"),
        pytest.param({"written_to": ("+33899123456",), "meant": (ALICE, "+33899123456")}, "not_written_to", id="dear"),
        pytest.param(
            {"meant": (ALICE, BOB), "written_to": (ALICE, BOB), "is_ending": True}, "ambiguous_number", id="two"
        ),
        pytest.param({"answered": (TextKind.OPT_OUT_REPLY,)}, "answered", id="the same answer within a day"),
        pytest.param(
            {"answered": (TextKind.OPT_IN_REPLY,), "text": "please do not text me"}, "automatic", id="a sentence"
        ),
        pytest.param({"changes": 4}, "too_many_changes", id="to and fro"),
        pytest.param({"words": 4}, "too_many_words", id="the fourth word of a day"),
        pytest.param({"count_number_day": 3}, "number_limit", id="the fourth answer of a day"),
        pytest.param({"count_prefix_hour": 100}, "prefix_limit", id="the 101st of a block of numbers in an hour"),
        pytest.param({"count_hour": 200}, "hour_limit", id="the 201st of an hour"),
    ],
)
def test_each_bound_is_named(change: dict[str, object], code: str) -> None:
    """An answer that may not go says why, as a code and in words."""
    decision = decide(replace(FACTS, **change), LIMITS)  # type: ignore[arg-type]  # each is right by itself
    assert (decision.may_answer, decision.code, decision.recipient) == (False, code, None)
    assert decision.because


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"answered": (TextKind.OPT_IN_REPLY,)}, id="START was answered before"),
        pytest.param({"changes": 3}, id="the third change"),
        pytest.param({"words": 3}, id="the third word"),
        pytest.param({"count_number_day": 2}, id="the third answer"),
        pytest.param({"count_prefix_hour": 99}, id="the 100th of a block"),
        pytest.param({"count_hour": 199}, id="the 200th"),
        pytest.param({"meant": (ALICE, BOB), "written_to": (ALICE, BOB)}, id="two numbers of one telephone"),
        pytest.param({"text": "please do not text me any more"}, id="a sentence that follows no answer"),
    ],
)
def test_a_bound_is_not_reached_early(change: dict[str, object]) -> None:
    """What is allowed is allowed up to the bound."""
    assert decide(replace(FACTS, **change), LIMITS).may_answer  # type: ignore[arg-type]  # each is right by itself


def test_somebody_who_changes_to_and_fro_is_looked_at() -> None:
    """The fourth change of a day opens a review, whether or not an answer could go otherwise."""
    assert not decide(replace(FACTS, changes=3), LIMITS).needs_review
    assert decide(replace(FACTS, changes=4), LIMITS).needs_review
    assert decide(replace(FACTS, changes=4, written_to=()), LIMITS).needs_review


def test_limits_that_strangers_reach_are_told() -> None:
    """The bounds of all and of a block raise an alarm; one person's bound does not."""
    assert decide(replace(FACTS, count_hour=200), LIMITS).is_over_limit
    assert decide(replace(FACTS, count_prefix_hour=100), LIMITS).is_over_limit
    assert not decide(replace(FACTS, count_number_day=3), LIMITS).is_over_limit


def test_limits_can_be_set() -> None:
    """A limit of 0 answers nobody."""
    assert decide(FACTS, AnswerLimits(per_number_day=0)).code == "number_limit"
    assert decide(FACTS, AnswerLimits(per_prefix_hour=0)).code == "prefix_limit"
    assert decide(FACTS, AnswerLimits(per_hour=0)).code == "hour_limit"


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        (ALICE, SenderKind.NUMBER), ("0612345678", SenderKind.NUMBER), ("1234567", SenderKind.NUMBER),
        ("36111", SenderKind.SHORT_CODE), ("+123456", SenderKind.SHORT_CODE), ("ACME", SenderKind.NAME), ("33A", SenderKind.NAME),
        ("٣٦١١١", SenderKind.NAME), ("", SenderKind.EMPTY), (" + ", SenderKind.EMPTY),
    ],
)  # fmt: skip
def test_kinds_of_senders(sender: str, kind: SenderKind) -> None:
    """Only a number of more than six digits can be a person's."""
    assert find_sender_kind(sender) is kind


def test_a_prefix_is_five_digits() -> None:
    """Numbers that one can rent at once begin alike."""
    assert find_prefix(ALICE) == find_prefix("+33612999999") == "+33612"


@pytest.mark.parametrize("text", ["STOP", "stop all", "STOP au 36111", "退订", "unstop", "débouchez !"])
def test_a_command_is_a_bare_word(text: str) -> None:
    """What a person types to stop or start is short."""
    assert is_bare_word(text)


def test_no_answer_of_ours_is_a_bare_word() -> None:
    """In no language could an answer of modemd be taken for a person's command."""
    texts = Texts.load()
    answers = [texts.compose(kind, language, list_name="x") for kind in REPLIES for language in texts.languages]
    assert [answer for answer in answers if is_bare_word(answer)] == []
    assert not is_bare_word("")


@dataclass
class Box:
    """Machine that takes each text for a word of consent, of a kind after the other, and answers it if it may."""

    number: str
    kinds: list[TextKind]
    texts: list[str]
    answered: list[TextKind] = field(default_factory=list)

    def receive(self, sender: str, text: str) -> str | None:
        kind = self.kinds[len(self.answered) % len(self.kinds)]
        facts = AnswerFacts(
            kind, sender, text, (sender,), (sender,), frozenset({self.number}),
            answered=tuple(self.answered), count_number_day=len(self.answered), count_hour=len(self.answered),
        )  # fmt: skip
        if not decide(facts, LIMITS).may_answer:
            return None
        self.answered.append(kind)
        return self.texts[len(self.answered) % len(self.texts)]


def exchange(first: str, boxes: tuple[Box, Box]) -> int:
    """Returns how many messages two boxes send each other until one is silent; the first box sends `first`."""
    sender, receiver = boxes
    text: str | None = first
    sent = 0
    while text is not None:
        sent += 1
        assert sent < 100, "they go on for ever"
        text = receiver.receive(sender.number, text)
        sender, receiver = receiver, sender
    return sent


KINDS = st.permutations(sorted(REPLIES))
SENTENCES = st.lists(st.text(min_size=21, max_size=160), min_size=1, max_size=3)


@given(st.text(min_size=1, max_size=40), KINDS, KINDS, SENTENCES, SENTENCES)
def test_two_boxes_fall_silent_within_three_messages(
    first: str, kinds: list[TextKind], others: list[TextKind], sentences: list[str], answers: list[str]
) -> None:
    """Two machines that take each other's sentences for words of consent send three messages at most, whatever the texts: one
    begins, and each answers once."""
    assert exchange(first, (Box(ALICE, kinds, sentences), Box(BOB, others, answers))) <= 3


@given(KINDS, KINDS)
def test_even_bare_words_end(kinds: list[TextKind], others: list[TextKind]) -> None:
    """A machine that answers with STOP and START alone gets one answer of each kind, and then none."""
    boxes = Box(ALICE, kinds, ["STOP", "START"]), Box(BOB, others, ["STOP", "START"])
    assert exchange("STOP", boxes) <= 1 + 2 * len(REPLIES)
