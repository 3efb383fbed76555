"""What an error means, and when to try again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.rules.classes import MessageClass
from modemd.rules.retry import (
    AMBIGUOUS_WHEN_LATE,
    STANDARD_CLASSES,
    ErrorClass,
    classify,
    freed_retry_at,
    repeat_at,
    retry_at,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG = NOW + timedelta(days=7)
KINDS = st.sampled_from(ErrorClass)


def at_once(code: int | None, vendor: dict[int, str] | None = None) -> ErrorClass:
    return classify(code, elapsed_s=1.0, refusal_window_s=10.0, vendor=vendor)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        pytest.param(1, ErrorClass.RECIPIENT, id="unassigned number"),
        pytest.param(8, ErrorClass.SIM, id="operator determined barring"),
        pytest.param(21, ErrorClass.OTHER, id="transfer rejected"),
        pytest.param(38, ErrorClass.LATER, id="network out of order"),
        pytest.param(42, ErrorClass.LATER, id="congestion"),
        pytest.param(50, ErrorClass.SIM, id="not subscribed"),
        pytest.param(96, ErrorClass.MESSAGE, id="invalid mandatory information"),
        pytest.param(197, ErrorClass.ACCEPTED, id="duplicate rejected: it has it already"),
        pytest.param(304, ErrorClass.MESSAGE, id="invalid PDU"),
        pytest.param(314, ErrorClass.SOON, id="SIM busy"),
        pytest.param(330, ErrorClass.CONFIG, id="no service centre"),
        pytest.param(500, ErrorClass.LATER, id="unknown error, at once"),
        pytest.param(None, ErrorClass.LATER, id="a bare ERROR"),
        pytest.param(9999, ErrorClass.LATER, id="a number nobody knows"),
    ],
)
def test_the_standards_table(code: int | None, kind: ErrorClass) -> None:
    """A number means what 3GPP says; one that nobody knows is tried again later."""
    assert at_once(code) is kind


def test_the_vendors_table_goes_first() -> None:
    """Where a family has a meaning of its own for a number, the standard's is not looked at."""
    assert at_once(21, {21: "sim"}) is ErrorClass.SIM
    assert at_once(38, {21: "sim"}) is ErrorClass.LATER


@pytest.mark.parametrize("code", sorted(AMBIGUOUS_WHEN_LATE))
def test_some_refusals_hide_an_acceptance_when_late(code: int) -> None:
    """CMS 41, 111, 127, 332 and 500 within the refusal window are refusals; later the outcome is unknown."""
    assert classify(code, elapsed_s=10.0, refusal_window_s=10.0) is STANDARD_CLASSES[code]
    assert classify(code, elapsed_s=10.1, refusal_window_s=10.0) is ErrorClass.UNKNOWN
    assert classify(code, elapsed_s=10.1, refusal_window_s=10.0, vendor={code: "soon"}) is ErrorClass.UNKNOWN


def test_other_refusals_are_refusals_however_late() -> None:
    """A network that says 38 after a minute has refused."""
    assert {41, 111, 127, 332, 500} == AMBIGUOUS_WHEN_LATE
    assert classify(38, elapsed_s=60.0, refusal_window_s=10.0) is ErrorClass.LATER


def test_the_window_is_the_profiles() -> None:
    """How late is too late is a value of the modem's family."""
    assert classify(500, elapsed_s=15.0, refusal_window_s=20.0) is ErrorClass.LATER


@given(st.none() | st.integers(0, 100_000), st.floats(0, 600))
def test_every_number_has_a_class(code: int | None, elapsed_s: float) -> None:
    """Whatever a modem answers, something is decided."""
    assert classify(code, elapsed_s=elapsed_s, refusal_window_s=10.0) in ErrorClass


@pytest.mark.parametrize(
    ("tries", "wait"), [(1, timedelta(minutes=1)), (2, timedelta(minutes=5)), (3, timedelta(minutes=15))]
)
def test_back_off(tries: int, wait: timedelta) -> None:
    """The first waits are 1, 5 and 15 minutes, to the second."""
    assert retry_at(ErrorClass.LATER, tries, NOW, LONG, 0.5) == NOW + wait


@given(st.integers(4, 500), st.integers())
def test_then_hourly_with_jitter(tries: int, seed: int) -> None:
    """From the fourth refusal on the wait is an hour, with up to six minutes on top from the fifth."""
    due = retry_at(ErrorClass.LATER, tries, NOW, LONG, Random(seed).random())
    assert due is not None
    assert timedelta(hours=1) <= due - NOW <= timedelta(hours=1, minutes=6 if tries > 4 else 0)


def test_what_passes_in_the_modem_is_tried_soon_five_times() -> None:
    """A busy SIM is asked again after 5 s, five times; then the ordinary back-off goes on."""
    waits = []
    for tries in range(1, 7):
        due = retry_at(ErrorClass.SOON, tries, NOW, LONG, 0.5)
        assert due is not None
        waits.append(due - NOW)
    assert waits[:5] == [timedelta(seconds=5)] * 5
    assert waits[5] >= timedelta(hours=1)


@given(KINDS, st.integers(1, 100))
def test_permanent_errors_are_not_tried_again(kind: ErrorClass, tries: int) -> None:
    """Only a dead recipient, and a message that is called malformed the third time, are final; whatever else, there is a next
    time."""
    final = {ErrorClass.RECIPIENT: True, ErrorClass.MESSAGE: tries > 2}.get(kind, False)
    assert (retry_at(kind, tries, NOW, LONG, 0.5) is None) == final
    assert kind.is_permanent == (kind in (ErrorClass.RECIPIENT, ErrorClass.MESSAGE))


@pytest.mark.parametrize(("tries", "counts"), [(1, False), (2, False), (3, True)])
def test_a_malformed_message_is_tried_twice_more(tries: int, counts: bool) -> None:
    """Noise on the line makes a good PDU malformed: 304 and its like are tried again after 5 s, and count from the third on."""
    due = retry_at(ErrorClass.MESSAGE, tries, NOW, LONG, 0.5)
    assert due == (None if counts else NOW + timedelta(seconds=5))
    assert ErrorClass.MESSAGE.counts_after(tries) == counts
    assert ErrorClass.RECIPIENT.counts_after(tries)


@given(KINDS, st.integers(1, 100), st.timedeltas(timedelta(microseconds=1), timedelta(hours=3)))
def test_nothing_is_planned_past_validity(kind: ErrorClass, tries: int, left: timedelta) -> None:
    """A try that would come when the message is no longer valid is not made: the message waits for its end, and expires."""
    due = retry_at(kind, tries, NOW, NOW + left, 0.5)
    assert (due is None) == (kind.is_permanent and kind.counts_after(tries))
    assert due is None or NOW <= due <= NOW + left
    free = retry_at(kind, tries, NOW, LONG, 0.5)
    assert due is None or free is None or due == min(free, NOW + left)


@given(KINDS, st.integers(1, 100), st.timedeltas(timedelta(), timedelta(hours=3)))
def test_past_validity_the_waits_go_on(kind: ErrorClass, tries: int, past: timedelta) -> None:
    """While the clock is not trusted nothing expires: what is over is not tried in a loop without a pause."""
    assert retry_at(kind, tries, NOW, NOW - past, 0.5) == retry_at(kind, tries, NOW, LONG, 0.5)


@pytest.mark.parametrize("tries", [1, 9])
def test_what_only_its_modem_could_not_send_is_due_within_seconds(tries: int) -> None:
    """However often it was tried: the next free SIM sends it. Never past its validity."""
    due = freed_retry_at(NOW, tries, LONG)
    assert due is not None
    assert due - NOW <= timedelta(seconds=5)
    assert freed_retry_at(NOW, tries, NOW + timedelta(seconds=1)) == NOW + timedelta(seconds=1)


def test_only_alarm_and_otp_are_sent_at_least_once() -> None:
    """An unknown alarm waits 60 s and an otp 20 s for evidence before it is sent again; no other class ever is."""
    due = {name: repeat_at(name, 0, NOW, LONG) for name in MessageClass}
    assert {name: at - NOW for name, at in due.items() if at is not None} == {
        MessageClass.ALARM: timedelta(seconds=60),
        MessageClass.OTP: timedelta(seconds=20),
    }


def test_a_part_is_repeated_once_and_within_its_validity() -> None:
    """A second repetition, and one that would come too late, are not made."""
    assert repeat_at(MessageClass.OTP, 1, NOW, LONG) is None
    assert repeat_at(MessageClass.OTP, 0, NOW, NOW + timedelta(seconds=20)) is None
    assert repeat_at(MessageClass.OTP, 0, NOW, NOW + timedelta(seconds=21)) is not None
