"""Judgement of delivery rates: what is a sudden fall or a run of refusals, and what is not."""

from __future__ import annotations

import random

import pytest

from modemd.rules.filter_watch.judgement import (
    DeliveryCount,
    FilterFinding,
    FilterKind,
    FilterThresholds,
    MessageFate,
    SentMessage,
    compute_z,
    is_refusal,
    judge,
)

GOOD, BAD = MessageFate.DELIVERED, MessageFate.MISSING
REFUSED, UNDELIVERABLE = MessageFate.REFUSED, MessageFate.UNDELIVERABLE
LEVEL = FilterThresholds()
USUAL = DeliveryCount(950, 50)


def sent(*fates: MessageFate) -> list[SentMessage]:
    """Messages to a recipient each."""
    return [SentMessage(f"+336{index:08d}", fate) for index, fate in enumerate(fates)]


def judged(fates: list[MessageFate], history: DeliveryCount = USUAL) -> FilterFinding | None:
    return judge(sent(*fates), history, LEVEL)


def test_messages_that_stop_arriving_are_a_fall_with_its_figures() -> None:
    """The finding says how many of the newest arrived, and how many before."""
    found = judged([GOOD] * 28 + [BAD] * 30 + [UNDELIVERABLE] * 2)
    assert found is not None
    assert found.kind is FilterKind.FALL
    assert found.because == ("0 of the newest 30 delivered (0%), 2 undeliverable; before, 978 of 1030 (95%)")


@pytest.mark.parametrize(
    ("delivered", "is_found"),
    [pytest.param(19, True, id="32 points"), pytest.param(20, False, id="28 points")],
)
def test_a_fall_is_thirty_points(delivered: int, is_found: bool) -> None:
    """A smaller fall is none, however clear it is."""
    fates = [BAD] * (30 - delivered) + [GOOD] * delivered
    assert (judged(fates) is not None) is is_found


def test_a_fall_must_be_clear() -> None:
    """From a half to a sixth, 30 messages may fall by chance alone; 60 do not."""
    assert compute_z(DeliveryCount(5, 25), DeliveryCount(500, 500)) < 4
    assert judged([BAD] * 25 + [GOOD] * 5, DeliveryCount(500, 500)) is None
    assert judged(([BAD] * 5 + [GOOD]) * 10, DeliveryCount(500, 500)) is not None


def test_z_is_that_of_two_proportions() -> None:
    """A value computed by hand: pooled 130/200, standard error sqrt(0.65 * 0.35 * (1/100 + 1/100))."""
    assert compute_z(DeliveryCount(50, 50), DeliveryCount(80, 20)) == pytest.approx(4.4475, abs=1e-4)


@pytest.mark.parametrize(
    ("newest", "history"),
    [
        pytest.param(29, DeliveryCount(950, 50), id="too few new ones"),
        pytest.param(30, DeliveryCount(99, 0), id="too few before"),
        pytest.param(300, DeliveryCount(0, 5000), id="a SIM that never gets reports"),
        pytest.param(300, DeliveryCount(), id="a new SIM"),
    ],
)
def test_what_is_not_known_is_not_judged(newest: int, history: DeliveryCount) -> None:
    """Without enough messages, or without reports, silence proves nothing."""
    assert judged([BAD] * newest, history) is None


def test_thirty_new_ones_after_a_hundred_are_enough() -> None:
    """The least that can be judged."""
    assert judged([BAD] * 30, DeliveryCount(95, 5)) is not None


def test_a_steady_low_rate_is_left_alone() -> None:
    """Half of the recipients do not answer, as ever: a year of checks of one SIM finds nothing."""
    chance = random.Random(7)
    fates = [GOOD if chance.random() < 0.5 else BAD for _ in range(5000)]
    checks = [judged(fates[:end], DeliveryCount(5000, 5000)) for end in range(30, 5000, 11)]
    assert checks.count(None) == len(checks) > 400


def test_messages_of_which_no_report_was_asked_are_not_rated() -> None:
    """They do not lower the rate."""
    assert judged([MessageFate.ACCEPTED] * 300) is None


@pytest.mark.parametrize(
    ("fates", "is_found"),
    [
        pytest.param([REFUSED] * 10, True, id="ten refused"),
        pytest.param([REFUSED] * 9, False, id="nine"),
        pytest.param([REFUSED, UNDELIVERABLE] * 5, True, id="refused or undeliverable"),
        pytest.param([REFUSED] * 9 + [GOOD] + [REFUSED] * 9, False, id="one delivered between"),
        pytest.param([REFUSED] * 9 + [MessageFate.LATE, REFUSED], False, id="one late between"),
        pytest.param([REFUSED] * 20 + [GOOD], False, id="delivered since"),
        pytest.param([REFUSED] * 5 + [BAD] * 3 + [REFUSED] * 5, True, id="without a report between"),
    ],
)
def test_ten_refusals_in_a_row_are_a_run(fates: list[MessageFate], is_found: bool) -> None:
    """Without a success between them; a message of which nothing is known is none."""
    found = judged(fates)
    assert (found is not None) is is_found
    assert found is None or found.kind is FilterKind.RUN


def test_a_run_says_its_figures() -> None:
    """How many of each kind, and to how many recipients."""
    found = judged([UNDELIVERABLE] * 4 + [REFUSED] * 8)
    assert found is not None
    assert found.because == (
        "8 refused and 4 undeliverable in a row, to 12 recipients, and none delivered between them"
    )


def test_one_recipient_who_refuses_is_no_run() -> None:
    """However often messages to it are refused."""
    assert judge([SentMessage("+33612345678", REFUSED)] * 30, DeliveryCount(950, 50), LEVEL) is None


def test_without_reports_an_accepted_message_is_a_success() -> None:
    """Of a SIM that gets no reports, it is all that can be seen."""
    assert judged([REFUSED] * 9 + [BAD] + [REFUSED] * 9, DeliveryCount(0, 500)) is None


@pytest.mark.parametrize(
    ("error", "refuses"),
    [
        ("+CMS ERROR: 21", True),
        ("+CMS ERROR: 28", True),
        ("+CMS ERROR: 8", True),
        ("+CMS ERROR: 38", False),
        ("+CMS ERROR: 42", False),
        ("+CMS ERROR: 310", False),
        ("+CMS ERROR: 500", False),
        ("ERROR", False),
        (None, False),
    ],
)
def test_only_the_networks_final_causes_are_refusals(error: str | None, refuses: bool) -> None:
    """Congestion, a SIM that is absent and a bare ERROR are none."""
    assert is_refusal(error) is refuses
