"""Service centre: holds messages for each subscriber, delivers them, or gives up.

The messages for a subscriber leave in order, one delivery at a time, until their validity ends (3GPP TS 23.040 3.2.7).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from functools import partial

from modemd.emulator.network.behaviour import NetworkBehaviour
from modemd.emulator.network.message_fates import DELIVERED, MessageFates, is_given_up_at_once, may_arrive
from modemd.emulator.network.subscribers import IncomingMessage, Sim, Subscriber
from modemd.emulator.timers import Handle, Timers
from modemd.pdu import AbsoluteValidity, Submit

BUFFERED = 0x30
EXPIRED = 0x46
DELETED = 0x47
DOES_NOT_EXIST = 0x49
"""Values of TP-Status that the network reports (3GPP TS 23.040 9.2.3.15)."""


class HeldMessage:
    """A message at the service centre.

    `submit` and `origin` are set if a SIM sent it; `report_to` is the SIM and TP-MR to which a report is sent. `on_outcome` is
    set if an SMS provider sent it, and called with each TP-Status.
    """

    __slots__ = ("deadline", "expiry", "message", "on_outcome", "origin", "report_to", "submit")

    def __init__(self, message: IncomingMessage, deadline: datetime) -> None:
        self.message = message
        self.deadline = deadline
        self.expiry: Handle | None = None
        self.submit: Submit | None = None
        self.origin: Sim | None = None
        self.report_to: tuple[Sim, int] | None = None
        self.on_outcome: Callable[[int], None] | None = None

    @property
    def has_fate(self) -> bool:
        """True if the fate of its recipient decides how it ends. Reports, and messages of phones, have none."""
        return self.submit is not None or self.on_outcome is not None


class _SubscriberQueue:
    """The messages held for one subscriber, oldest first. One delivery at a time, as on the radio."""

    __slots__ = ("busy", "is_draining", "messages", "retry", "subscriber")

    def __init__(self, subscriber: Subscriber) -> None:
        self.subscriber = subscriber
        self.messages: deque[HeldMessage] = deque()
        self.busy = False
        self.is_draining = False
        self.retry: Handle | None = None

    def is_being_delivered(self, held: HeldMessage) -> bool:
        """Returns whether this message is being delivered at this moment."""
        return self.busy and self.messages[0] is held


class ServiceCentre:
    """The queues of all subscribers, and the delivery from them.

    Each callback of `on_outcome` is called with a message and its TP-Status: once at its end, perhaps before with a
    temporary one. `fates` decides which messages never arrive.
    """

    def __init__(self, behaviour: NetworkBehaviour, timers: Timers, fates: MessageFates) -> None:
        self.on_outcome: list[Callable[[HeldMessage, int], None]] = []
        self._behaviour = behaviour
        self._timers = timers
        self._fates = fates
        self._queues: dict[str, _SubscriberQueue] = {}

    def forward(self, subscriber: Subscriber, held: HeldMessage, latency_s: float) -> None:
        """Queues a message for a subscriber, and tries to deliver it after `latency_s` seconds."""
        queue = self._queues.get(subscriber.number)
        if queue is None:
            queue = self._queues[subscriber.number] = _SubscriberQueue(subscriber)
        waiting = len(queue.messages)
        if waiting and self._behaviour.is_drawn(self._behaviour.unkind.reordered):
            queue.messages.insert(self._behaviour.random.randint(int(queue.busy), waiting), held)
        else:
            queue.messages.append(held)
        self._timers.after(latency_s, partial(self._try_first_time, queue, held))

    def available(self, number: str) -> None:
        """Delivers what waits for a subscriber that can take messages (again), after the delivery latency."""
        queue = self._queues.get(number)
        if queue is not None and queue.messages:
            self._timers.after(self._behaviour.delivery_latency_s, partial(self._deliver_queue, queue))

    def waiting(self, number: str) -> int:
        """Returns how many messages and reports are held for a number."""
        queue = self._queues.get(number)
        return len(queue.messages) if queue is not None else 0

    def find(self, number: str, sim: Sim, reference: int) -> HeldMessage | None:
        """Returns the message of this SIM with this TP-MR if it still waits for that number."""
        queue = self._queues.get(number)
        for held in queue.messages if queue is not None else ():
            if held.origin is sim and held.submit is not None and held.submit.reference == reference:
                return held
        return None

    def discard(self, number: str, held: HeldMessage) -> bool:
        """Deletes a held message, and reports it as deleted. Returns False if it is being delivered: then it is too late."""
        queue = self._queues[number]
        if queue.is_being_delivered(held):
            return False
        self._end(queue, held, DELETED)
        return True

    def deadline(self, submit: Submit, now: datetime) -> datetime:
        """Returns when the validity of a SUBMIT that is accepted now ends (3GPP TS 23.040 9.2.3.12)."""
        validity = submit.validity
        if isinstance(validity, AbsoluteValidity):
            return validity.until.value or now + self._behaviour.validity
        duration = validity.duration if validity is not None else None
        return now + (duration if duration is not None else self._behaviour.validity)

    def _try_first_time(self, queue: _SubscriberQueue, held: HeldMessage) -> None:
        status = self._fate(queue, held)
        if is_given_up_at_once(status):
            if held in queue.messages:
                self._end(queue, held, status)
            return
        self._deliver_queue(queue)
        if held in queue.messages:
            remaining_s = (held.deadline - self._timers.now()).total_seconds()
            held.expiry = self._timers.after(max(0.0, remaining_s), partial(self._expire, queue, held))
            if not may_arrive(status):
                self._notify_outcome(held, status)
            elif self._behaviour.is_drawn(self._behaviour.unkind.temporary_reports):
                self._notify_outcome(held, BUFFERED)

    def _fate(self, queue: _SubscriberQueue, held: HeldMessage) -> int:
        """Returns the TP-Status with which a message ends if it is taken; reports to a SIM have no fate of their own."""
        return self._fates.fate_of(queue.subscriber.number) if held.has_fate else DELIVERED

    def _reachable(self, queue: _SubscriberQueue) -> bool:
        """Returns whether the next message can be delivered now."""
        return may_arrive(self._fate(queue, queue.messages[0])) and queue.subscriber.reachable()

    def _deliver_queue(self, queue: _SubscriberQueue) -> None:
        """Delivers what waits, oldest first, until the subscriber cannot take the next message."""
        if queue.is_draining:
            return
        queue.is_draining = True
        while queue.messages and not queue.busy and self._reachable(queue):
            held = queue.messages[0]
            queue.busy = True
            queue.subscriber.receive(held.message, partial(self._on_delivery_result, queue, held))
            if queue.messages and queue.messages[0] is held:  # refused, or the answer comes later
                break
        queue.is_draining = False

    def _on_delivery_result(self, queue: _SubscriberQueue, held: HeldMessage, taken: bool) -> None:
        queue.busy = False
        if taken:
            status = self._fate(queue, held)
            self._end(queue, held, status if may_arrive(status) else DELIVERED)
            self._deliver_queue(queue)
            return
        if self._timers.now() >= held.deadline:
            self._expire(queue, held)
        if queue.retry is None:
            queue.retry = self._timers.after(self._behaviour.retry_s, partial(self._retry, queue))

    def _retry(self, queue: _SubscriberQueue) -> None:
        queue.retry = None
        self._deliver_queue(queue)

    def _expire(self, queue: _SubscriberQueue, held: HeldMessage) -> None:
        if held in queue.messages and not queue.is_being_delivered(held):
            self._end(queue, held, EXPIRED)

    def _end(self, queue: _SubscriberQueue, held: HeldMessage, status: int) -> None:
        queue.messages.remove(held)
        if held.expiry is not None:
            held.expiry.cancel()
        self._notify_outcome(held, status)

    def _notify_outcome(self, held: HeldMessage, status: int) -> None:
        for callback in self.on_outcome:
            callback(held, status)
        if held.on_outcome is not None:
            held.on_outcome(status)
