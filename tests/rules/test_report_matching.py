"""Which attempt a status report speaks of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.rules.phone_numbers import is_same_number
from modemd.rules.report_matching import (
    CLOCK_SKEW,
    LATE_ACCEPTANCE,
    AttemptFacts,
    MatchDoubt,
    ReportFacts,
    find_owner,
    match_report,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TIMEOUT = timedelta(seconds=60)
NUMBER, OTHER = "+33612345678", "+33698765432"
SENT = AttemptFacts(1, reference=7, number=NUMBER, written_at=NOW, is_settled=False)
UNKNOWN = replace(SENT, attempt_id=2, reference=None)
TOLD = ReportFacts(7, NUMBER, NOW + timedelta(seconds=3))
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def found(told: ReportFacts, *attempts: AttemptFacts) -> int | None:
    answer = find_owner(told, attempts, is_same_number, TIMEOUT)
    assert answer == find_owner(told, attempts[::-1], is_same_number, TIMEOUT), (
        "the order of the attempts decides nothing"
    )
    return answer


@pytest.mark.parametrize(
    ("told", "attempts", "attempt"),
    [
        pytest.param(TOLD, [], None, id="no attempt at all"),
        pytest.param(TOLD, [SENT], 1, id="the reference is its own"),
        pytest.param(replace(TOLD, number="0612345678"), [SENT], 1, id="recipient in national form"),
        pytest.param(replace(TOLD, number=OTHER), [SENT], None, id="another recipient"),
        pytest.param(replace(TOLD, reference=8), [SENT], None, id="another reference"),
        pytest.param(
            TOLD,
            [replace(SENT, is_settled=True, settled_stamp=NOW + SECOND)],
            None,
            id="its owner had its final report with another stamp: the modem counts anew",
        ),
        pytest.param(
            TOLD,
            [replace(SENT, is_settled=True, settled_stamp=NOW + SECOND), UNKNOWN],
            None,
            id="so is an unknown one not proved: its reference has an owner",
        ),
        pytest.param(TOLD, [UNKNOWN], 2, id="proves an unknown one"),
        pytest.param(replace(TOLD, number=OTHER), [UNKNOWN], None, id="unknown, another recipient"),
        pytest.param(TOLD, [SENT, UNKNOWN], 1, id="a known reference goes before an unknown one"),
        pytest.param(
            replace(TOLD, accepted_at=NOW + timedelta(minutes=5)),
            [SENT, replace(UNKNOWN, written_at=NOW + timedelta(minutes=2))],
            1,
            id="an unknown one, which the stamp does not name",
        ),
        pytest.param(
            replace(TOLD, accepted_at=NOW - timedelta(minutes=2)),
            [replace(SENT, part_id=1), replace(UNKNOWN, written_at=NOW - timedelta(minutes=2), part_id=2)],
            None,
            id="the stamp names an unknown one, not the owner: the modem may have counted anew",
        ),
        pytest.param(
            replace(TOLD, accepted_at=NOW - timedelta(minutes=2)),
            [replace(SENT, part_id=1), replace(UNKNOWN, written_at=NOW - timedelta(minutes=2), part_id=1)],
            1,
            id="the stamp names an unknown one of the same part",
        ),
        pytest.param(TOLD, [UNKNOWN, replace(UNKNOWN, attempt_id=3)], None, id="two unknown ones: not certain"),
        pytest.param(
            TOLD, [UNKNOWN, replace(UNKNOWN, attempt_id=3, number=OTHER)], 2, id="two unknown ones, told apart by number"
        ),
        pytest.param(
            TOLD,
            [UNKNOWN, replace(UNKNOWN, attempt_id=3, written_at=NOW + 2 * HOUR)],
            None,
            id="two unknown ones, the clock may have been stepped between them: not certain",
        ),
        pytest.param(
            TOLD,
            [UNKNOWN, replace(UNKNOWN, attempt_id=3, written_at=NOW + 25 * HOUR)],
            2,
            id="two unknown ones, told apart by more than a trusted clock can be wrong",
        ),
        pytest.param(
            TOLD,
            [replace(SENT, written_at=NOW - HOUR), UNKNOWN],
            None,
            id="an owner out of time and an unknown one: not certain",
        ),
        pytest.param(
            TOLD, [replace(SENT, written_at=NOW - 26 * HOUR), SENT, replace(SENT, attempt_id=3, written_at=NOW + HOUR)], 1,
            id="the reference wrapped: the one in time",
        ),
        pytest.param(
            TOLD, [replace(SENT, is_settled=True), replace(SENT, attempt_id=3, written_at=NOW - timedelta(minutes=5))], 3,
            id="wrapped within minutes: the one without a final report",
        ),
        pytest.param(
            TOLD, [SENT, replace(SENT, attempt_id=3, written_at=NOW - timedelta(minutes=5))], None,
            id="two with one reference, both open: a clock may be wrong by minutes",
        ),
        pytest.param(TOLD, [replace(SENT, is_settled=True)], 1, id="a further report of a settled one"),
        pytest.param(
            replace(TOLD, accepted_at=NOW + 2 * HOUR), [SENT], 1, id="a service centre in the wrong zone, lone owner"
        ),
        pytest.param(
            replace(TOLD, accepted_at=NOW + 2 * HOUR), [replace(SENT, is_settled=True)], None, id="wrong zone, settled"
        ),
        pytest.param(
            replace(TOLD, accepted_at=NOW + 2 * HOUR), [SENT, replace(SENT, attempt_id=3)], None, id="wrong zone, two owners"
        ),
        pytest.param(replace(TOLD, accepted_at=NOW + 2 * HOUR), [UNKNOWN], None, id="wrong zone, unknown: not certain"),
        pytest.param(replace(TOLD, accepted_at=None), [SENT, UNKNOWN], 1, id="no time stamp, lone owner"),
        pytest.param(replace(TOLD, accepted_at=None), [SENT, replace(SENT, attempt_id=3)], None, id="no time stamp, two"),
        pytest.param(replace(TOLD, accepted_at=None), [UNKNOWN], None, id="no time stamp, unknown: not certain"),
    ],
)  # fmt: skip
def test_whose_report_it_is(told: ReportFacts, attempts: list[AttemptFacts], attempt: int | None) -> None:
    """A report is somebody's only where reference, recipient and time leave no doubt."""
    assert found(told, *attempts) == attempt


LATE = replace(TOLD, accepted_at=NOW + 2 * HOUR)
UNTIMED = replace(TOLD, accepted_at=None)


@pytest.mark.parametrize(
    ("told", "attempts", "doubt"),
    [
        pytest.param(TOLD, [], MatchDoubt.NOBODY, id="nothing was sent"),
        pytest.param(replace(TOLD, number=OTHER), [SENT, UNKNOWN], MatchDoubt.NOBODY, id="to others only"),
        pytest.param(replace(TOLD, reference=8), [SENT], MatchDoubt.NOBODY, id="another reference"),
        pytest.param(replace(UNTIMED, reference=8), [SENT], MatchDoubt.NOBODY, id="another reference, no time"),
        pytest.param(
            TOLD, [replace(SENT, written_at=NOW - HOUR), UNKNOWN], MatchDoubt.REFERENCE_TAKEN,
            id="an owner out of time, and an unknown one",
        ),
        pytest.param(TOLD, [UNKNOWN, replace(UNKNOWN, attempt_id=3)], MatchDoubt.SEVERAL, id="two unknown ones"),
        pytest.param(LATE, [SENT, replace(SENT, attempt_id=3)], MatchDoubt.SEVERAL, id="two owners out of time"),
        pytest.param(UNTIMED, [SENT, replace(SENT, attempt_id=3)], MatchDoubt.SEVERAL, id="two owners, no time"),
        pytest.param(
            TOLD,
            [
                replace(SENT, has_proved_reference=False, written_at=NOW - 60 * SECOND, answered_at=NOW - 50 * SECOND),
                replace(SENT, attempt_id=3, reference=8, has_proved_reference=False),
            ],
            MatchDoubt.UNPROVED, id="two to the number, and references that nothing has proved",
        ),
        pytest.param(LATE, [UNKNOWN], MatchDoubt.OUT_OF_TIME, id="unknown, out of time"),
        pytest.param(UNTIMED, [UNKNOWN], MatchDoubt.NO_TIME, id="unknown, no time"),
        pytest.param(LATE, [replace(SENT, is_settled=True)], MatchDoubt.SETTLED, id="settled, out of time"),
        pytest.param(UNTIMED, [replace(SENT, is_settled=True)], MatchDoubt.SETTLED, id="settled, no time"),
    ],
)  # fmt: skip
def test_why_it_is_nobodys(told: ReportFacts, attempts: list[AttemptFacts], doubt: MatchDoubt) -> None:
    """Where a report is given to nobody, what stands against it is told."""
    for order in (attempts, attempts[::-1]):
        finding = match_report(told, order, is_same_number, TIMEOUT)
        assert (finding.attempt_id, finding.doubt) == (None, doubt)


@pytest.mark.parametrize(
    ("moment", "proved"),
    [
        pytest.param(NOW - CLOCK_SKEW, True, id="a clock ten minutes behind"),
        pytest.param(NOW - CLOCK_SKEW - SECOND, False, id="too early"),
        pytest.param(NOW + TIMEOUT + LATE_ACCEPTANCE, True, id="accepted ten minutes past the timeout"),
        pytest.param(NOW + TIMEOUT + LATE_ACCEPTANCE + SECOND, False, id="too late"),
    ],
)
def test_an_unknown_attempt_is_proved_only_in_time(moment: datetime, proved: bool) -> None:
    """TP-SCTS must lie between the writing less the clocks' skew, and the send timeout and ten minutes after it."""
    assert (found(replace(TOLD, accepted_at=moment), UNKNOWN) is not None) == proved


ATTEMPTS = st.lists(
    st.builds(
        AttemptFacts,
        attempt_id=st.integers(1, 1000),
        reference=st.none() | st.integers(0, 255),
        number=st.sampled_from([NUMBER, OTHER, "0612345678"]),
        written_at=st.timedeltas(-2 * HOUR, 2 * HOUR).map(lambda delta: NOW + delta),
        is_settled=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda tried: tried.attempt_id,
)


@given(ATTEMPTS, st.integers(0, 255), st.none() | st.timedeltas(-HOUR, HOUR).map(lambda delta: NOW + delta))
def test_a_report_is_never_given_to_a_stranger(
    attempts: list[AttemptFacts], reference: int, moment: datetime | None
) -> None:
    """Whoever is named is one of the attempts, was sent to that recipient, and has that reference or none."""
    told = ReportFacts(reference, NUMBER, moment)
    attempt = find_owner(told, attempts, is_same_number, TIMEOUT)
    assert (attempt is None) == (match_report(told, attempts, is_same_number, TIMEOUT).doubt is not None)
    if attempt is not None:
        (named,) = [tried for tried in attempts if tried.attempt_id == attempt]
        assert is_same_number(named.number, NUMBER)
        assert named.reference in (None, reference)


UNPROVED = replace(SENT, has_proved_reference=False, answered_at=NOW + 4 * SECOND)
SECOND_SENT = replace(UNPROVED, attempt_id=2, reference=8, written_at=NOW + 60 * SECOND, answered_at=NOW + 64 * SECOND)
UNREADABLE = replace(SENT, reference=None, is_accepted=True)
AT_SECOND = replace(TOLD, accepted_at=NOW + 62 * SECOND)


@pytest.mark.parametrize(
    ("told", "attempts", "attempt"),
    [
        pytest.param(AT_SECOND, [UNPROVED], 1, id="nobody else can be meant"),
        pytest.param(TOLD, [UNPROVED, SECOND_SENT], 1, id="reference and stamp agree"),
        pytest.param(replace(TOLD, accepted_at=NOW + 90 * SECOND), [UNPROVED, SECOND_SENT], 1, id="a stamp of nobody"),
        pytest.param(AT_SECOND, [UNPROVED, SECOND_SENT], None, id="the stamp says the other"),
        pytest.param(
            replace(TOLD, accepted_at=NOW + 65 * SECOND), [UNPROVED, SECOND_SENT], None,
            id="the stamp is a little later than the other",
        ),
        pytest.param(AT_SECOND, [SENT, SECOND_SENT], 1, id="earlier reports have proved the modem's references"),
        pytest.param(
            replace(AT_SECOND, siblings=frozenset({8})), [UNPROVED, SECOND_SENT], 1,
            id="the reports have exactly what was given",
        ),
        pytest.param(
            replace(AT_SECOND, siblings=frozenset({6})), [UNPROVED, SECOND_SENT], None,
            id="the reports have another reference",
        ),
        pytest.param(AT_SECOND, [UNPROVED, replace(SECOND_SENT, is_settled=True)], 1, id="the other had its report"),
        pytest.param(AT_SECOND, [UNPROVED, replace(SECOND_SENT, number=OTHER)], 1, id="the other went to somebody else"),
        pytest.param(
            AT_SECOND, [replace(UNKNOWN, answered_at=NOW + 4 * SECOND), SECOND_SENT], None,
            id="an unknown one, and the stamp of one whose reference may be wrong",
        ),
        pytest.param(
            AT_SECOND, [replace(UNKNOWN, answered_at=NOW + 4 * SECOND), replace(SECOND_SENT, has_proved_reference=True)], 2,
            id="an unknown one, and one whose reference is proved",
        ),
    ],
)  # fmt: skip
def test_a_reference_that_its_stamp_contradicts_must_be_proved(
    told: ReportFacts, attempts: list[AttemptFacts], attempt: int | None
) -> None:
    """There are modems that give wrong references: if the stamp names another message to the number, a report is nobody's until
    other reports have proved the modem's references."""
    assert found(told, *attempts) == attempt


@pytest.mark.parametrize(
    ("told", "attempts", "attempt"),
    [
        pytest.param(TOLD, [UNREADABLE], 1, id="accepted without a reference, alone"),
        pytest.param(TOLD, [UNREADABLE, replace(UNREADABLE, attempt_id=2)], None, id="two without a reference"),
        pytest.param(TOLD, [UNREADABLE, UNKNOWN], None, id="one without a reference, one without an answer"),
        pytest.param(TOLD, [replace(UNREADABLE, is_settled=True), UNKNOWN], 2, id="the one without had its report"),
        pytest.param(
            TOLD, [SENT, replace(SENT, attempt_id=2, written_at=NOW + 30 * SECOND)], None, id="one reference for all"
        ),
        pytest.param(
            TOLD, [replace(SENT, is_settled=True, settled_stamp=NOW), replace(SENT, attempt_id=2)], 2,
            id="one reference for all, the first had its report",
        ),
        pytest.param(
            TOLD, [replace(SENT, is_settled=True, settled_stamp=TOLD.accepted_at), replace(SENT, attempt_id=2)], 1,
            id="a further report of the first, by its stamp",
        ),
    ],
)  # fmt: skip
def test_without_distinct_references_recipient_and_time_decide(
    told: ReportFacts, attempts: list[AttemptFacts], attempt: int | None
) -> None:
    """A modem gives no reference, or one to all: a report is of the one attempt that is left by recipient and time, or nobody's.
    A clock that is wrong by half a minute makes nothing wrong."""
    is_further = told.accepted_at in [each.settled_stamp for each in attempts if each.settled_stamp is not None]
    for wrong_s in (0,) if is_further else (-30, 0, 30):
        moved = replace(told, accepted_at=(told.accepted_at or NOW) + wrong_s * SECOND)
        assert found(moved, *attempts) == attempt
