"""Parameters of clients of SMSEagle, whatever is in them."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given

from modemd.api.doors.smseagle_requests import BadParameters, EagleMessage, read_message, read_message_v2
from modemd.service.messages.submission import parse_validity
from tests.rules.alerts.test_alert_group import JSON


@pytest.mark.parametrize(
    "validity", ["5m", "10m", "30m", "1h", "2h", "4h", "12h", "1d", "2d", "5d", "1w", "2w", "4w", "max"]
)
def test_each_validity_of_the_box_is_one_of_ours(validity: str) -> None:
    """All that its manual lists."""
    message = read_message({"to": "+33612345678", "message": "x", "validity": validity})
    assert message.valid is not None
    assert parse_validity(message.valid).total_seconds() >= 300


def test_what_is_not_said_has_no_value() -> None:
    """Numbers each once, in their order; a JSON number is a text."""
    message = read_message({"to": "1,2, ,1", "message": 5})
    assert message == EagleMessage(("1", "2"), "5")
    assert read_message_v2({"to": [1, "2"], "text": "x", "test": True}) == EagleMessage(("1", "2"), "x", is_test=True)


@given(JSON, JSON, JSON)
def test_whatever_is_posted_is_a_message_or_a_mistake(first: Any, second: Any, third: Any) -> None:
    """No JSON raises anything but BadParameters."""
    given = {
        "to": first,
        "message": second,
        "text": second,
        "date": third,
        "oid": second,
        "validity": first,
        "test": third,
    }
    for read in (read_message, read_message_v2):
        for wishes in (given, given | {"to": ["+33612345678"]}, {"to": first, "message": "x", "text": "x"}):
            with contextlib.suppress(BadParameters):
                message = read(wishes)
                f"{message.recipients}{message.own_id}".encode()
