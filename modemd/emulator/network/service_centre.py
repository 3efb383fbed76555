"""Store and forward: what the service centre holds for each subscriber, and how it hands it over or gives up.

What is held for a subscriber leaves in order, one hand-over at a time, until its validity ends (3GPP TS 23.040 3.2.7).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from functools import partial

from modemd.emulator.network.behaviour import NetworkBehaviour
from modemd.emulator.network.subscribers import IncomingMessage, Sim, Subscriber
from modemd.emulator.timers import Handle, Timers
from modemd.pdu import AbsoluteValidity, Submit

DELIVERED = 0x00
BUFFERED = 0x30
EXPIRED = 0x46
DELETED = 0x47
DOES_NOT_EXIST = 0x49
"""TP-Status values the network reports (3GPP TS 23.040 9.2.3.15)."""

FIRST_TEMPORARY_ERROR, FIRST_PERMANENT_ERROR = 0x20, 0x40
"""Where the temporary ones begin, with which the SC goes on trying, and the final failures."""


class HeldMessage:
    """One message at the SC. `submit` and `origin` are a SIM's own; `report_to` (SIM, TP-MR) where a report goes back."""

    __slots__ = ("deadline", "expiry", "message", "origin", "report_to", "submit")

    def __init__(self, message: IncomingMessage, deadline: datetime) -> None:
        self.message = message
        self.deadline = deadline
        self.expiry: Handle | None = None
        self.submit: Submit | None = None
        self.origin: Sim | None = None
        self.report_to: tuple[Sim, int] | None = None


class _SubscriberQueue:
    """What the SC holds for one subscriber, oldest first. One hand-over at a time, as on the radio."""

    __slots__ = ("busy", "is_draining", "queue", "retry", "subscriber")

    def __init__(self, subscriber: Subscriber) -> None:
        self.subscriber = subscriber
        self.queue: deque[HeldMessage] = deque()
        self.busy = False
        self.is_draining = False
        self.retry: Handle | None = None

    def is_being_delivered(self, held: HeldMessage) -> bool:
        """Whether it is being handed over at this moment."""
        return self.busy and self.queue[0] is held


class ServiceCentre:
    """The boxes, and the way out of them.

    `on_outcome` callbacks are told how it went with a message, as TP-Status: once at its end, perhaps before.

    `fates` are the recipients whose messages never arrive as others' do, by the TP-Status that is reported of them.
    """

    def __init__(self, conduct: NetworkBehaviour, timers: Timers) -> None:
        self.on_outcome: list[Callable[[HeldMessage, int], None]] = []
        self.fates: dict[str, int] = {}
        self._conduct = conduct
        self._timers = timers
        self._queues: dict[str, _SubscriberQueue] = {}

    def forward(self, subscriber: Subscriber, held: HeldMessage, latency_s: float) -> None:
        """Hold a message for a subscriber, and try to hand it over after `latency_s`."""
        box = self._queues.get(subscriber.number)
        if box is None:
            box = self._queues[subscriber.number] = _SubscriberQueue(subscriber)
        waiting = len(box.queue)
        if waiting and self._conduct.is_drawn(self._conduct.unkind.reordered):
            box.queue.insert(self._conduct.random.randint(int(box.busy), waiting), held)
        else:
            box.queue.append(held)
        self._timers.after(latency_s, partial(self._try_first_time, box, held))

    def available(self, number: str) -> None:
        """A subscriber can take messages (again): what waits for it follows after the delivery latency."""
        box = self._queues.get(number)
        if box is not None and box.queue:
            self._timers.after(self._conduct.delivery_latency_s, partial(self._deliver_queue, box))

    def waiting(self, number: str) -> int:
        """How many messages and reports are held for a number."""
        box = self._queues.get(number)
        return len(box.queue) if box is not None else 0

    def find(self, number: str, sim: Sim, reference: int) -> HeldMessage | None:
        """The message of this SIM with this TP-MR, where it still waits for that number."""
        box = self._queues.get(number)
        for held in box.queue if box is not None else ():
            if held.origin is sim and held.submit is not None and held.submit.reference == reference:
                return held
        return None

    def discard(self, number: str, held: HeldMessage) -> bool:
        """Forget a message and tell of it as deleted. False for one that is being handed over: it is too late."""
        box = self._queues[number]
        if box.is_being_delivered(held):
            return False
        self._end(box, held, DELETED)
        return True

    def deadline(self, submit: Submit, now: datetime) -> datetime:
        """When the validity of a SUBMIT that is accepted now ends (3GPP TS 23.040 9.2.3.12)."""
        validity = submit.validity
        if isinstance(validity, AbsoluteValidity):
            return validity.until.value or now + self._conduct.validity
        duration = validity.duration if validity is not None else None
        return now + (duration if duration is not None else self._conduct.validity)

    def _try_first_time(self, box: _SubscriberQueue, held: HeldMessage) -> None:
        if (fate := self._fate(box, held)) is not None and fate >= FIRST_PERMANENT_ERROR:
            if held in box.queue:
                self._end(box, held, fate)
            return
        self._deliver_queue(box)
        if held in box.queue:
            remaining_s = (held.deadline - self._timers.now()).total_seconds()
            held.expiry = self._timers.after(max(0.0, remaining_s), partial(self._expire, box, held))
            if fate is not None:
                self._notify_outcome(held, fate)
            elif self._conduct.is_drawn(self._conduct.unkind.temporary_reports):
                self._notify_outcome(held, BUFFERED)

    def _fate(self, box: _SubscriberQueue, held: HeldMessage) -> int | None:
        """What the recipient's messages come to; reports to a SIM are no such messages."""
        return self.fates.get(box.subscriber.number) if held.submit is not None else None

    def _reachable(self, box: _SubscriberQueue) -> bool:
        """Whether the next message can go; one that is doomed to be tried in vain never can."""
        fate = self._fate(box, box.queue[0])
        return (fate is None or fate < FIRST_TEMPORARY_ERROR) and box.subscriber.reachable()

    def _deliver_queue(self, box: _SubscriberQueue) -> None:
        """Give the subscriber what waits, oldest first, until it cannot take the next."""
        if box.is_draining:
            return
        box.is_draining = True
        while box.queue and not box.busy and self._reachable(box):
            held = box.queue[0]
            box.busy = True
            box.subscriber.receive(held.message, partial(self._on_delivery_result, box, held))
            if box.queue and box.queue[0] is held:  # refused, or the answer comes later
                break
        box.is_draining = False

    def _on_delivery_result(self, box: _SubscriberQueue, held: HeldMessage, taken: bool) -> None:
        box.busy = False
        if taken:
            fate = self._fate(box, held)
            self._end(box, held, fate if fate is not None and fate < FIRST_TEMPORARY_ERROR else DELIVERED)
            self._deliver_queue(box)
            return
        if self._timers.now() >= held.deadline:
            self._expire(box, held)
        if box.retry is None:
            box.retry = self._timers.after(self._conduct.retry_s, partial(self._retry, box))

    def _retry(self, box: _SubscriberQueue) -> None:
        box.retry = None
        self._deliver_queue(box)

    def _expire(self, box: _SubscriberQueue, held: HeldMessage) -> None:
        if held in box.queue and not box.is_being_delivered(held):
            self._end(box, held, EXPIRED)

    def _end(self, box: _SubscriberQueue, held: HeldMessage, status: int) -> None:
        box.queue.remove(held)
        if held.expiry is not None:
            held.expiry.cancel()
        self._notify_outcome(held, status)

    def _notify_outcome(self, held: HeldMessage, status: int) -> None:
        for tell in self.on_outcome:
            tell(held, status)
