"""Requests of the peer that wait for our answer, by sequence number. A peer that uses a number twice gets two answers."""

from __future__ import annotations

from collections import deque

from modemd.smpp.operation import CommandId


class PeerRequests:
    """At most `most` requests without our answer."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_sequence: dict[int, deque[CommandId]] = {}
        self._count = 0

    def __len__(self) -> int:
        """Returns the number of requests that wait."""
        return self._count

    def keep(self, sequence: int, command_id: CommandId) -> bool:
        """Keeps a request until it is answered. Returns False if too many are kept."""
        if self._count >= self._most:
            return False
        self._by_sequence.setdefault(sequence, deque()).append(command_id)
        self._count += 1
        return True

    def find(self, sequence: int) -> CommandId | None:
        """Returns the operation of the first request with a number; None if there is none."""
        waiting = self._by_sequence.get(sequence)
        return None if waiting is None else waiting[0]

    def remove(self, sequence: int) -> None:
        """Removes the first request with a number."""
        waiting = self._by_sequence[sequence]
        waiting.popleft()
        self._count -= 1
        if not waiting:
            del self._by_sequence[sequence]

    def clear(self) -> None:
        """Forgets all requests: nobody waits for their answers any more."""
        self._by_sequence.clear()
        self._count = 0
