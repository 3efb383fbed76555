"""Wakeups: who is told when something was queued, released, settled, or falls due.

The parts of the service are built one after the other and call each other in a circle; this is the circle. `connect` closes it
once all parts are there.
"""

from __future__ import annotations

from collections.abc import Callable

from modemd.rules.classes import MessageClass
from modemd.rules.states import MessageState
from modemd.store.outbox.accept import Submitted


def _not_connected() -> None:
    raise RuntimeError("the service is not assembled yet")


class Wakeups:
    """Events of the queue, and the parts that each of them wakes."""

    def __init__(self) -> None:
        self._note_queued: Callable[[MessageClass], None] = lambda message_class: _not_connected()
        self._note_urgent: Callable[[], None] = _not_connected
        self._wake_modems: Callable[[], None] = _not_connected
        self._wake_due_work: Callable[[], None] = _not_connected
        self._wake_batches: Callable[[], None] = _not_connected

    def connect(
        self,
        *,
        note_queued: Callable[[MessageClass], None],
        note_urgent: Callable[[], None],
        wake_modems: Callable[[], None],
        wake_due_work: Callable[[], None],
        wake_batches: Callable[[], None],
    ) -> None:
        """Names the parts: the dispatcher's two notes, and what wakes the modems, the due work and the batches."""
        self._note_queued = note_queued
        self._note_urgent = note_urgent
        self._wake_modems = wake_modems
        self._wake_due_work = wake_due_work
        self._wake_batches = wake_batches

    def submitted(self, submitted: Submitted, message_class: MessageClass) -> None:
        """A message of this class was accepted: queued, or held until later."""
        if submitted.state is MessageState.QUEUED:
            self._queued(message_class)
        elif submitted.state is MessageState.HELD:
            self._wake_due_work()

    def promoted(self, message_class: MessageClass | None, held: bool) -> None:
        """Rows of a batch became messages; `message_class`: the highest that was queued; `held`: some are held until later."""
        if message_class is not None:
            self._queued(message_class)
        if held:
            self._wake_due_work()

    def released(self) -> None:
        """Messages or batches were released by a person."""
        self._wake_batches()
        self._wake_due_work()

    def settled(self) -> None:
        """Parts may be due, or may be sent, that could not before."""
        self._wake_due_work()
        self._wake_modems()

    def came_due(self) -> None:
        """Held messages were queued."""
        self._note_urgent()
        self._wake_modems()

    def ready(self) -> None:
        """A modem or SIM became able to send, or a draft was returned."""
        self._wake_modems()

    def _queued(self, message_class: MessageClass) -> None:
        self._note_queued(message_class)
        self._wake_modems()
