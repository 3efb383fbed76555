"""Guard against loops: two machines that answer each other by way of a webhook must fall silent."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

# A person types at most so many texts that an application answers.
MOST_IN_A_WHILE = 15
WHILE = timedelta(minutes=10)
MOST_IN_A_DAY = 60
DAY = timedelta(days=1)
# Numbers that are remembered; of more, those that were answered longest ago are forgotten.
MOST_NUMBERS = 10_000


class ReplyLoops:
    """Count of the replies to each number since the start of the process. An automatic answer costs the owner money, so that the
    bound is of replies, whoever asks for them."""

    def __init__(self) -> None:
        self._replies: dict[str, deque[datetime]] = {}

    def allows(self, number: str, now: datetime) -> bool:
        """Returns True if one more reply may go to a number."""
        given = self._replies.get(number, ())
        return (
            sum(1 for at in given if at > now - WHILE) < MOST_IN_A_WHILE
            and sum(1 for at in given if at > now - DAY) < MOST_IN_A_DAY
        )

    def note(self, number: str, now: datetime) -> None:
        """Remembers a reply."""
        given = self._replies.pop(number, None) or deque(maxlen=MOST_IN_A_DAY)
        given.append(now)
        self._replies[number] = given  # the last in the order of the dictionary
        while len(self._replies) > MOST_NUMBERS:
            del self._replies[next(iter(self._replies))]
