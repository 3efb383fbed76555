"""`modemd send --wait`: the exit status by the outcome."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from modemd.cli.sending import waiting
from modemd.errors import ErrorCode, Refused
from modemd.store.connection import connect
from tests.cli.shell import Ended, Modemd

ALICE, BOB = "+33612345678", "+33698765432"


@dataclass
class Clock:
    """Time that passes by sleeping; before each sleep, `then` may change the world."""

    then: Callable[[float], None]
    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.then(self.now)
        self.now += seconds
        self.slept.append(seconds)

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def set_state(tmp_path: Path) -> Callable[[str, int], None]:
    """Gives a message another state, as the daemon does."""

    def change(state: str, id: int = 1) -> None:
        connection = connect(tmp_path / "modemd.db")
        connection.execute("UPDATE message SET state = ?, reason = NULL WHERE id = ?", (state, id))
        connection.close()

    return change


def send(modemd: Modemd, monkeypatch: pytest.MonkeyPatch, clock: Clock, *more: str) -> Ended:
    monkeypatch.setattr(waiting, "time", clock)
    return modemd("send", "--config", "FILE", "--to", ALICE, "--text", "x", "--wait", "4s", *more)


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("sent", 0), ("delivered", 0),
        ("failed", 1), ("undelivered", 1), ("expired", 1), ("cancelled", 1),
        ("unknown", 3), ("sending", 3), ("queued", 3),
    ],
)  # fmt: skip
def test_the_status_is_the_outcome(
    modemd: Modemd, monkeypatch: pytest.MonkeyPatch, set_state: Callable[[str], None], state: str, status: int
) -> None:
    """0 if it was sent, 1 if it failed, 3 if nobody knows yet; the last line tells the state."""
    clock = Clock(lambda now: set_state(state) if now == 1 else None)
    ended = send(modemd, monkeypatch, clock)
    assert ended == Ended(status, f"message 1 queued (1 part)\nmessage 1 {state}\n", "")
    assert clock.now == (4 if status == 3 else 1.5)


def test_all_messages_are_waited_for(
    modemd: Modemd, monkeypatch: pytest.MonkeyPatch, set_state: Callable[[str, int], None]
) -> None:
    """One that has failed makes it 1, but only when the others are decided, too; --json prints what they are then."""

    def change(now: float) -> None:
        if now == 1:
            set_state("failed", 1)
        if now == 2:
            set_state("sent", 2)

    clock = Clock(change)
    ended = send(modemd, monkeypatch, clock, "--to", BOB, "--json")
    assert (ended.status, clock.now) == (1, 2.5)
    assert [each["state"] for each in json.loads(ended.out)] == ["failed", "sent"]


def test_a_refused_message_is_not_waited_for(modemd: Modemd, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was not accepted ends at once."""
    clock = Clock(lambda now: None)
    ended = send(modemd, monkeypatch, clock, "--to", "112")
    assert (ended.status, clock.slept) == (1, [])


def test_a_daemon_that_does_not_answer_fails_no_message(modemd: Modemd, monkeypatch: pytest.MonkeyPatch) -> None:
    """A restart in the middle of the wait: the message is accepted, so a script that repeats on 1 must not see 1."""

    def refuse(*_: object, **__: object) -> object:
        raise Refused(ErrorCode.INTERNAL, "Remote end closed connection without response")

    monkeypatch.setattr(waiting, "call_api", refuse)
    ended = send(modemd, monkeypatch, Clock(lambda now: None))
    assert (ended.status, "Remote end" in ended.err) == (3, False)
