"""Faults that wait for their moment: each is used up by the next message it meets, oldest first."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class Faults:
    """What will go wrong on a device.

    `answers_lost` and `prompts_lost` count how many more get lost; `answers_late` are seconds between acceptance and
    answer; `refusals` are `+CMS ERROR` numbers said instead of sending; `interruptions` are lines said inside replies,
    just before their result; `hangs` are seconds before a command, by name, is even looked at.
    `scripted` are final results said in place of running a command, by name; `sends_stuck` counts the messages that
    are neither accepted nor refused nor ever answered.
    `stuck` are memory and slot (counted from 0) that cannot be deleted; it is not used up.
    """

    answers_lost: int = 0
    answers_late: deque[float] = field(default_factory=deque)
    prompts_lost: int = 0
    refusals: deque[int] = field(default_factory=deque)
    interruptions: deque[str] = field(default_factory=deque)
    hangs: dict[str, deque[float]] = field(default_factory=dict)
    scripted: dict[str, deque[str]] = field(default_factory=dict)
    sends_stuck: int = 0
    stuck: set[tuple[str, int]] = field(default_factory=set)

    def prompt_is_lost(self) -> bool:
        """Whether this prompt is one of those that get lost."""
        if self.prompts_lost == 0:
            return False
        self.prompts_lost -= 1
        return True

    def answer_is_lost(self) -> bool:
        """Whether this answer is one of those that get lost."""
        if self.answers_lost == 0:
            return False
        self.answers_lost -= 1
        return True

    def answer_delay_s(self) -> float:
        """How late this answer comes; 0 for at once."""
        return self.answers_late.popleft() if self.answers_late else 0.0

    def refusal(self) -> int | None:
        """The number this message is refused with, None where it is not."""
        return self.refusals.popleft() if self.refusals else None

    def interruption(self) -> str | None:
        """The line said inside this reply, None for none."""
        return self.interruptions.popleft() if self.interruptions else None

    def hang(self, name: str) -> float | None:
        """How long this command hangs, None where it does not."""
        waiting = self.hangs.get(name)
        return waiting.popleft() if waiting else None

    def answer(self, name: str, typed: str) -> str | None:
        """The result said in place of running this command, named alone or as typed; None for none."""
        for key in (typed.upper(), name):
            if waiting := self.scripted.get(key):
                return waiting.popleft()
        return None

    def send_is_stuck(self) -> bool:
        """Whether this message is one of those that get stuck."""
        if self.sends_stuck == 0:
            return False
        self.sends_stuck -= 1
        return True
