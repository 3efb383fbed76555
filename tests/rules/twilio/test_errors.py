"""Numbers of errors."""

from __future__ import annotations

import pytest

from modemd.errors import ErrorCode
from modemd.rules.refusals import RefusalCode
from modemd.rules.twilio.errors import TwilioCode, find_code, find_refusal_code


@pytest.mark.parametrize("code", [*ErrorCode, *RefusalCode])
def test_every_error_of_modemd_has_a_number(code: ErrorCode | RefusalCode) -> None:
    """None raises, and a client's error is never told as the server's."""
    found = find_code(code)
    assert (found.status >= 500) == (isinstance(code, ErrorCode) and code.status >= 500)


@pytest.mark.parametrize(
    ("code", "number", "status"),
    [
        (ErrorCode.BAD_NUMBER, 21211, 400),
        (ErrorCode.NOT_POSSIBLE, 21211, 400),
        (ErrorCode.EMPTY_TEXT, 21619, 400),
        (ErrorCode.NOT_FOUND, 20404, 404),
        (ErrorCode.NO_SIM, 20404, 404),
        (ErrorCode.DISK_FULL, 20503, 503),
        (ErrorCode.BAD_VALIDITY, 20422, 422),
        (RefusalCode.OPTED_OUT, 21610, 400),
        (RefusalCode.LANDLINE, 21614, 400),
    ],
)
def test_the_numbers_that_client_code_tests(code: ErrorCode | RefusalCode, number: int, status: int) -> None:
    """Each as Twilio has it."""
    assert (find_code(code), find_code(code).status) == (number, status)


@pytest.mark.parametrize(
    ("reason", "number"),
    [
        ("opted_out", 21610),
        ("country_not_allowed", 21408),
        ("superseded", 21612),
        ("+CMS ERROR: 1", 21612),
        (None, 21612),
    ],
)
def test_a_refused_message_has_a_number(reason: str | None, number: int) -> None:
    """One that Twilio has no number for cannot be sent."""
    assert find_refusal_code(reason) == number


def test_a_number_is_written_as_one() -> None:
    """It goes into JSON as an integer."""
    assert f"{TwilioCode.BAD_RECIPIENT:d}" == "21211"
