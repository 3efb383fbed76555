"""Hours in which a message may begin."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from modemd.rules.classes import MessageClass
from modemd.rules.send_decision import OUTSIDE_WINDOW, SendDecision, SendFacts, SendVerdict, decide
from modemd.rules.sending_rules import ContactFacts, SendingRules
from modemd.rules.windows import SECONDS_PER_PART, Window

PARIS = ZoneInfo("Europe/Paris")
OFFICE = Window.parse("09:00-18:00", PARIS)
NIGHT = Window.parse("22:00-06:00", PARIS)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


@pytest.mark.parametrize(
    ("window", "now", "closing", "opening"),
    [
        pytest.param(OFFICE, "2026-06-01T08:59", None, "2026-06-01T09:00", id="before"),
        pytest.param(
            OFFICE, "2026-06-01T09:00", "2026-06-01T18:00", "2026-06-02T09:00", id="the first minute is inside"
        ),
        pytest.param(OFFICE, "2026-06-01T18:00", None, "2026-06-02T09:00", id="the last minute is not"),
        pytest.param(NIGHT, "2026-06-01T23:00", "2026-06-02T06:00", "2026-06-02T22:00", id="before midnight"),
        pytest.param(NIGHT, "2026-06-02T05:59", "2026-06-02T06:00", "2026-06-02T22:00", id="after midnight"),
        pytest.param(NIGHT, "2026-06-02T12:00", None, "2026-06-02T22:00", id="by day"),
        pytest.param(OFFICE, "2026-03-28T20:00", None, "2026-03-29T09:00", id="summer time begins meanwhile"),
        pytest.param(OFFICE, "2026-10-24T20:00", None, "2026-10-25T09:00", id="summer time ends meanwhile"),
    ],
)
def test_a_window_opens_and_closes_by_local_time(window: Window, now: str, closing: str | None, opening: str) -> None:
    """From its opening to before its closing, in its own zone, whatever summer time does."""
    assert window.find_closing(at(now)) == (at(closing) if closing else None)
    assert window.find_opening(at(now)) == at(opening)


def test_a_time_that_is_left_out_moves_forward() -> None:
    """There is no 02:30 on 29 March 2026; the window opens at 03:30 then."""
    early = Window.parse("02:30-05:00", PARIS)
    assert early.find_opening(at("2026-03-29T01:00")) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["9-18", "09:00-24:00", "09:00", "09:00-09:00", "09:60-10:00", "", "٠٩:00-10:00"])
def test_what_is_no_window_is_told(text: str) -> None:
    """Two times of day that differ, with a dash."""
    with pytest.raises(ValueError, match=r"window|open"):
        Window.parse(text, PARIS)


def test_a_window_is_kept_as_text() -> None:
    """What is read again is the same window."""
    assert Window.parse_stored(str(NIGHT)) == NIGHT


def facts(
    parts: int = 1, message_class: MessageClass = MessageClass.TRANSACTIONAL, *, started: bool = False
) -> SendFacts:
    expires_at = at("2026-06-05T00:00")
    return SendFacts(message_class, "+33612345678", ContactFacts(), expires_at, started, parts, OFFICE)


@pytest.mark.parametrize(
    ("now", "parts", "started", "verdict"),
    [
        pytest.param("2026-06-01T12:00:00", 1, False, SendVerdict.SEND, id="inside"),
        pytest.param("2026-06-01T17:59:56", 1, False, SendVerdict.HOLD, id="too late to end inside"),
        pytest.param("2026-06-01T17:59:30", 7, False, SendVerdict.HOLD, id="the parts must fit"),
        pytest.param("2026-06-01T17:59:30", 6, False, SendVerdict.SEND, id="and they do"),
        pytest.param("2026-06-01T20:00:00", 3, True, SendVerdict.SEND, id="the rest of what has begun goes on"),
    ],
)
def test_the_last_look_minds_the_window(now: str, parts: int, started: bool, verdict: SendVerdict) -> None:
    """Outside of its window a message is held until that opens."""
    decision = decide(facts(parts, started=started), SendingRules(), at(now))
    assert decision.verdict is verdict
    if verdict is SendVerdict.HOLD:
        assert decision == SendDecision(SendVerdict.HOLD, OUTSIDE_WINDOW, at("2026-06-02T09:00"))


def test_what_is_over_is_not_held() -> None:
    """Validity ends a message before its window is looked at."""
    assert decide(facts(), SendingRules(), at("2026-06-05T20:00")).verdict is SendVerdict.EXPIRE


@pytest.mark.parametrize(
    ("message_class", "verdict"),
    [(MessageClass.ALARM, SendVerdict.SEND), (MessageClass.TRANSACTIONAL, SendVerdict.WAIT)],
)
def test_a_clock_that_is_not_trusted_knows_no_window(message_class: MessageClass, verdict: SendVerdict) -> None:
    """Then what has a window waits; alarm and otp go on."""
    found = decide(facts(1, message_class), SendingRules(), at("2026-06-01T20:00"), trusted=False)
    assert found.verdict is verdict


def test_nothing_of_a_part_is_sent_after_its_window() -> None:
    """What takes as long as a slow modem's answer still ends inside."""
    assert OFFICE.find_hold_end(at("2026-06-01T18:00") - timedelta(seconds=SECONDS_PER_PART), 1) is None
