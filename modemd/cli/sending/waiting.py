"""Wait for the outcome of messages: `modemd send --wait`."""

from __future__ import annotations

import time
from typing import Any

import click

from modemd.cli.client import call_api
from modemd.config import Settings, amounts
from modemd.errors import ModemdError
from modemd.rules.states import FINAL_MESSAGES, MessageState

# How often the daemon is asked.
INTERVAL_S = 0.5
LONGEST_WAIT_S = 86400.0
# Exit status if a message has neither been sent nor failed when the time is over, or if its outcome is unknown.
NOT_YET = 3
_SENT = frozenset({MessageState.SENT, MessageState.DELIVERED})
_FAILED = frozenset(FINAL_MESSAGES) - _SENT


def parse_wait(context: click.Context, option: click.Parameter, given: str | None) -> float | None:
    """Returns a duration in seconds. BadParameter if it is none."""
    if given is None:
        return None
    try:
        wait_s = amounts.parse_duration(given).total_seconds()
    except ValueError:
        raise click.BadParameter(f"{given!r} is no duration; write it as {amounts.DURATION_FORM}") from None
    if not 0 < wait_s <= LONGEST_WAIT_S:
        raise click.BadParameter(f"{given!r} is out of range; the longest wait is 1d")
    return wait_s


def wait_for_outcomes(
    settings: Settings, messages: list[dict[str, Any]], wait_s: float
) -> tuple[list[dict[str, Any]], int]:
    """Waits until each message has been sent or has failed, or for `wait_s`. Returns the messages as they are then, and the exit
    status: 1 if one has failed, else `NOT_YET` if one is neither, else 0."""
    deadline = time.monotonic() + wait_s
    while True:
        messages = [_ask(settings, message) for message in messages]
        states = {MessageState(message["state"]) for message in messages}
        if states <= _SENT | _FAILED or time.monotonic() >= deadline:
            return messages, 1 if states & _FAILED else 0 if states <= _SENT else NOT_YET
        time.sleep(INTERVAL_S)


def _ask(settings: Settings, message: dict[str, Any]) -> dict[str, Any]:
    """Returns a message as it is now; one that is decided is not asked for again. While nobody answers (the daemon restarts), it
    is as it was: it is accepted, whatever becomes of the question."""
    if MessageState(message["state"]) in _SENT | _FAILED:
        return message
    try:
        rows: list[dict[str, Any]] = call_api(settings, "GET", "/v1/messages", query={"id": message["id"]})
    except ModemdError:
        return message
    return message | rows[0]
