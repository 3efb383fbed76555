"""Times for people."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from modemd.cli.show.times import format_time, format_times, is_time_key, localise, parse_moment
from modemd.errors import Refused

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-29T23:34:59.106632+00:00", "2026-11-30 00:34:59"),
        ("2026-07-01T10:00:00+00:00", "2026-07-01 12:00:00"),
        ("2026-11-23T09:30", "2026-11-23 09:30"),
        ("no time", "no time"),
    ],
)
def test_a_time_is_local_to_the_second(text: str, shown: str) -> None:
    """Winter or summer; what has no offset is local already, and what is no time stays."""
    assert format_time(text, PARIS) == shown


def test_only_times_are_changed() -> None:
    """A text of a person may look like a time."""
    stamp = "2026-11-29T23:34:59.106632+00:00"
    assert format_times({"at": stamp, "text": stamp, "sent_at": None}, PARIS) == {
        "at": "2026-11-30 00:34:59", "text": stamp, "sent_at": None,
    }  # fmt: skip
    assert not is_time_key("format")


def test_a_sentence_has_local_times() -> None:
    """Errors and alarms of the daemon name times in UTC; other words stay."""
    sentence = "message 7 closed on 2026-11-29T23:34:59.106632+00:00; 12:00 stays"
    assert localise(sentence, PARIS) == "message 7 closed on 2026-11-30 00:34:59; 12:00 stays"


def test_a_moment_is_read_in_the_zone() -> None:
    """A day is its first moment; an offset that was written counts."""
    assert parse_moment("2026-11-30", PARIS) == "2026-11-29T23:00:00+00:00"
    assert parse_moment("2026-11-30T08:00Z", PARIS) == "2026-11-30T08:00:00+00:00"
    assert parse_moment(None, PARIS) is None
    with pytest.raises(Refused, match="is not a time"):
        parse_moment("yesterday", PARIS)
