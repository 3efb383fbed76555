"""Window: the requests of ours that have no answer yet, by sequence number (2.7, 5.1.4).

A request is registered before its octets are given out, so no answer can come too early for it. Answers come in any order. The
entry of a request stays when its time is over: an answer that comes late still settles what happened.
"""

from __future__ import annotations

from modemd.errors import ModemdError
from modemd.light_dataclass import dataclass
from modemd.smpp.operation import RESPONSE_BIT, CommandId
from modemd.smpp.pdus import LAST_SEQUENCE

MOST_LATE = 10_000
"""Requests that are kept after their time. The oldest are forgotten first."""
# The other requests keep up the session, and must pass when the window is full.
MESSAGE_REQUESTS = frozenset({CommandId.SUBMIT_SM, CommandId.DELIVER_SM, CommandId.DATA_SM, CommandId.QUERY_SM})


class WindowFull(ModemdError):
    """Request that must wait for an answer to another one; nothing was sent."""


@dataclass(frozen=True, slots=True)
class AwaitedAnswer:
    """Request without an answer. Times are monotonic seconds. `is_late`: its time is over."""

    sequence: int
    command_id: int
    sent_at: float
    deadline: float
    is_late: bool = False


class RequestWindow:
    """Window of at most `size` messages and queries without an answer. Pure: the time is an argument."""

    def __init__(self, size: int, most_late: int = MOST_LATE, last_sequence: int = LAST_SEQUENCE) -> None:
        self._size = size
        self._most_late = most_late
        self._last_sequence = last_sequence
        self._sequence = 0
        self._waiting: dict[int, AwaitedAnswer] = {}
        self._late: dict[int, AwaitedAnswer] = {}
        self._counted = 0

    @property
    def room(self) -> int:
        """Messages and queries that may be sent before the next answer."""
        return self._size - self._counted

    @property
    def outstanding(self) -> int:
        """Messages and queries that wait for an answer whose time is not over."""
        return self._counted

    @property
    def next_deadline(self) -> float | None:
        """The earliest time at which an answer is due; None if none is awaited."""
        return min([each.deadline for each in self._waiting.values()], default=None)

    def is_waiting(self, command_id: CommandId) -> bool:
        """Returns whether a request with this command_id waits for its answer."""
        return any(each.command_id == command_id for each in self._waiting.values())

    def choose_sequence(self) -> int:
        """Returns the sequence number for the next request: 1 to 0x7FFFFFFF, then 1 again, without those that are kept."""
        while True:
            self._sequence = self._sequence % self._last_sequence + 1
            if self._sequence not in self._waiting and self._sequence not in self._late:
                return self._sequence

    def register(self, sequence: int, command_id: CommandId, now: float, timeout_s: float) -> None:
        """Registers a request. Call it before the octets are given out."""
        self._waiting[sequence] = AwaitedAnswer(sequence, command_id, now, now + timeout_s)
        self._counted += command_id in MESSAGE_REQUESTS

    def take(self, sequence: int, response_id: int) -> AwaitedAnswer | None:
        """Returns the request that a response answers, and removes it. None if none waits under this number, or if that one is
        another operation; then it is kept."""
        kept = self._waiting.get(sequence) or self._late.get(sequence)
        if kept is None or response_id not in (kept.command_id | RESPONSE_BIT, CommandId.GENERIC_NACK):
            return None
        self._remove(kept)
        return kept

    def expire(self, now: float) -> list[AwaitedAnswer]:
        """Returns the requests whose time is over since the last call, in order. Their entries are kept."""
        expired = [each for each in self._waiting.values() if each.deadline <= now]
        for each in expired:
            self._keep_late(each)
        return expired

    def expire_all(self) -> list[AwaitedAnswer]:
        """Ends the time of all requests, and returns them, in order. Their entries are kept."""
        expired = list(self._waiting.values())
        for each in expired:
            self._keep_late(each)
        return expired

    def _remove(self, kept: AwaitedAnswer) -> None:
        if kept.is_late:
            del self._late[kept.sequence]
        else:
            del self._waiting[kept.sequence]
            self._counted -= kept.command_id in MESSAGE_REQUESTS

    def _keep_late(self, each: AwaitedAnswer) -> None:
        self._remove(each)
        if len(self._late) >= self._most_late:
            del self._late[next(iter(self._late))]
        self._late[each.sequence] = AwaitedAnswer(
            each.sequence, each.command_id, each.sent_at, each.deadline, is_late=True
        )
