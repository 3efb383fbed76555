"""Wakeups: which parts of the service are woken when something was queued, released or settled, or falls due.

The parts of the service are built one after the other but call each other in a circle; only this module knows the whole circle.
`connect` closes it once all parts are built."""

from __future__ import annotations

from collections.abc import Callable

from modemd import logs
from modemd.rules.classes import MessageClass
from modemd.rules.states import MessageState
from modemd.store.outbox.accept import Submitted

log = logs.get(__name__)


def _not_connected() -> None:
    raise RuntimeError("the service is not assembled yet")


class Wakeups:
    """Events of the queue, and the parts that each event wakes."""

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
        """Sets the functions to call: the dispatcher's two, and those that wake the modems, the due work and the batches."""
        self._note_queued = note_queued
        self._note_urgent = note_urgent
        self._wake_modems = wake_modems
        self._wake_due_work = wake_due_work
        self._wake_batches = wake_batches

    def submitted(self, submitted: Submitted, message_class: MessageClass) -> None:
        """Handles a message of this class that was accepted: queued, held until later, or refused by consent."""
        if not submitted.is_repetition:
            what = "message refused" if submitted.state is MessageState.REFUSED else "message accepted"
            log.info(
                what,
                message=submitted.id,
                message_class=message_class.value,
                state=submitted.state.value,
                reason=submitted.reason,
            )
        if submitted.state is MessageState.QUEUED:
            self._queued(message_class)
        elif submitted.state is MessageState.HELD:
            self._wake_due_work()

    def promoted(self, message_class: MessageClass | None, held: bool) -> None:
        """Handles rows of a batch that became messages; `message_class`: the highest that was queued; `held`: some are held
        until later."""
        if message_class is not None:
            self._queued(message_class)
        if held:
            self._wake_due_work()

    def released(self) -> None:
        """Handles messages or batches that a person released."""
        self._wake_batches()
        self._wake_due_work()

    def settled(self) -> None:
        """Handles changes after which parts may be due, or may be sent, that could not before."""
        self._wake_due_work()
        self._wake_modems()

    def came_due(self) -> None:
        """Handles held messages that were queued."""
        self._note_urgent()
        self._wake_modems()

    def ready(self) -> None:
        """Handles a modem or SIM that became able to send, or a draft that was returned."""
        self._wake_modems()

    def _queued(self, message_class: MessageClass) -> None:
        self._note_queued(message_class)
        self._wake_modems()
