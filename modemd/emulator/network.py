"""A mobile network in small: an SMSC with store and forward, its subscribers, and the truth journal. Sans I/O.

A SUBMIT is accepted at one definite moment: `submit()` returns, and the journal has it. From then on the network owes
a delivery or, at the end of its validity, a report of failure. What it holds for a subscriber leaves in order.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from random import Random

from modemd.emulator import identities
from modemd.emulator.journal import Accepted, Journal
from modemd.emulator.subscribers import Incoming, Phone, Sim, Subscriber
from modemd.emulator.timers import Handle, Timers
from modemd.emulator.unkindness import Unkindness
from modemd.errors import Refused
from modemd.pdu import (
    AbsoluteValidity,
    Address,
    Command,
    CommandType,
    Deliver,
    StatusReport,
    Submit,
    Timestamp,
    TypeOfNumber,
    compose_deliver,
)

DUPLICATE = 197
"""Why TP-RD refuses (TP-FCS C5, 3GPP TS 23.040 9.2.3.22)."""

DELIVERED = 0x00
BUFFERED = 0x30
EXPIRED = 0x46
DELETED = 0x47
NOT_THERE = 0x49
"""TP-Status values the network reports (3GPP TS 23.040 9.2.3.15)."""


class Rejected(Exception):
    """The network does not take a SUBMIT. `cause` is what `+CMS ERROR` will say (3GPP TS 24.011 annex E)."""

    def __init__(self, cause: int) -> None:
        super().__init__(f"cause {cause}")
        self.cause = cause


class _Held:
    """One message at the SC. `submit` and `origin` are a SIM's own; `report_to` (SIM, TP-MR) where a report goes back."""

    __slots__ = ("deadline", "expiry", "message", "origin", "report_to", "submit")

    def __init__(self, message: Incoming, deadline: datetime) -> None:
        self.message = message
        self.deadline = deadline
        self.expiry: Handle | None = None
        self.submit: Submit | None = None
        self.origin: Sim | None = None
        self.report_to: tuple[Sim, int] | None = None


class _Box:
    """What the SC holds for one subscriber, oldest first. One hand-over at a time, as on the radio."""

    __slots__ = ("busy", "handing", "queue", "retry", "subscriber")

    def __init__(self, subscriber: Subscriber) -> None:
        self.subscriber = subscriber
        self.queue: deque[_Held] = deque()
        self.busy = False
        self.handing = False
        self.retry: Handle | None = None

    def of(self, sim: Sim, reference: int) -> _Held | None:
        """The message of this SIM with this TP-MR, where it still waits."""
        for held in self.queue:
            if held.origin is sim and held.submit is not None and held.submit.reference == reference:
                return held
        return None


class Network:
    """The SMSC, its subscribers and their numbers. Everything random comes from `seed`.

    Knobs are attributes and may be turned at any time: `delivery_latency_s` (from acceptance to the first try),
    `report_latency_s` (from outcome to the report's first try), `report_loss` (0 to 1, of reports that never come),
    `retry_s` (how long the SC waits after a subscriber could not take a message), `validity` (where the SUBMIT
    states none). `unkind` holds what else real networks do to reports and to order.
    `country_code` completes national numbers; `zone` is the SC's local time.
    """

    def __init__(
        self,
        timers: Timers,
        *,
        seed: int = 0,
        journal: Journal | None = None,
        delivery_latency_s: float = 0.5,
        report_latency_s: float = 0.5,
        report_loss: float = 0.0,
        retry_s: float = 300.0,
        validity: timedelta = timedelta(hours=72),
        country_code: str = "33",
        operator: str = "20801",
        operator_name: str = "Emulated",
        smsc: str = "+33609001390",
        zone: tzinfo = UTC,
    ) -> None:
        self.timers = timers
        self.journal = journal if journal is not None else Journal()
        self.delivery_latency_s = delivery_latency_s
        self.report_latency_s = report_latency_s
        self.report_loss = report_loss
        self.retry_s = retry_s
        self.validity = validity
        self.country_code = country_code
        self.operator = operator
        self.operator_name = operator_name
        self.smsc = smsc
        self.zone = zone
        self.phones: dict[str, Phone] = {}
        self.sims: dict[str, Sim] = {}
        self.reports_lost = 0
        self.unkind = Unkindness()
        self._random = Random(seed)
        self._boxes: dict[str, _Box] = {}
        self._rejects: dict[str | None, int] = {}
        self._text_reference = 0

    # -- subscribers

    def canonical(self, number: str) -> str:
        """A number as this network knows it: E.164, or the bare digits or letters of a short code or name."""
        digits = number.strip()
        if digits.startswith("00"):
            return "+" + digits[2:]
        if digits.startswith("0") and len(digits) > 6:
            return f"+{self.country_code}{digits[1:]}"
        return digits

    def phone(self, number: str) -> Phone:
        """The phone with this number, made and switched on at first use. Refused (`is_a_sim`) for a SIM's number."""
        number = self.canonical(number)
        if number in self.sims:
            raise Refused("is_a_sim", f"{number} is the number of a SIM, not of a phone")
        if (phone := self.phones.get(number)) is None:
            phone = self.phones[number] = Phone(number, self)
        return phone

    def sim(
        self,
        number: str,
        *,
        iccid: str | None = None,
        imsi: str | None = None,
        capacity: int = 50,
        pin: str | None = None,
    ) -> Sim:
        """Register a subscriber whose messages are stored on its SIM. Refused (`number_taken`) if the number is in use.

        Identities left out count up from 1 in order of registration; the PUK is 12345678.
        """
        number = self.canonical(number)
        if number in self.sims or number in self.phones:
            raise Refused("number_taken", f"{number} is in use already")
        serial = len(self.sims) + 1
        sim = Sim(
            number,
            iccid=iccid or identities.iccid(self.country_code, serial),
            imsi=imsi or identities.imsi(self.operator, serial),
            capacity=capacity,
            pin=pin,
            puk="12345678",
            smsc=self.smsc,
        )
        self.sims[number] = sim
        return sim

    def available(self, subscriber: Subscriber) -> None:
        """A subscriber can take messages (again): what waits for it follows after the delivery latency."""
        box = self._boxes.get(subscriber.number)
        if box is not None and box.queue:
            self.timers.after(self.delivery_latency_s, partial(self._hand_over, box))

    def waiting(self, number: str) -> int:
        """How many messages and reports the SC holds for a number."""
        box = self._boxes.get(self.canonical(number))
        return len(box.queue) if box is not None else 0

    # -- refusals

    def reject(self, recipient: str | None, cause: int) -> None:
        """From now on refuse SUBMITs to `recipient` (None: to everybody) with this `+CMS ERROR` number."""
        self._rejects[None if recipient is None else self.canonical(recipient)] = cause

    def accept(self, recipient: str | None) -> None:
        """Undo `reject` for the same recipient."""
        self._rejects.pop(None if recipient is None else self.canonical(recipient), None)

    # -- messages in

    def submit(self, sim: Sim, submit: Submit, tpdu: bytes, *, device: str, first_octet_at: datetime) -> Accepted:
        """Take a SUBMIT from a SIM and journal it; raises Rejected and journals nothing. `tpdu` is its octets."""
        recipient = self._recipient(submit.destination)
        cause = self._rejects.get(recipient, self._rejects.get(None))
        if cause is not None:
            raise Rejected(cause)
        if submit.reject_duplicates and self._holds(sim, submit.reference, recipient):
            raise Rejected(DUPLICATE)
        now = self.timers.now()
        accepted = Accepted(
            at=now,
            first_octet_at=first_octet_at,
            iccid=sim.iccid,
            sender=sim.number,
            device=device,
            reference=submit.reference,
            recipient=recipient,
            tpdu=tpdu,
            text=submit.text,
        )
        self.journal.record(accepted)
        deliver = Deliver(
            Address.parse(sim.number),
            submit.user_data,
            self._stamp(now),
            dcs=submit.dcs,
            protocol_id=submit.protocol_id,
            report_indication=submit.report_requested,
        )
        held = _Held(deliver, self._deadline(submit, now))
        held.submit, held.origin = submit, sim
        if submit.report_requested:
            held.report_to = (sim, submit.reference)
        self._forward(self._subscriber(recipient), held, self.delivery_latency_s)
        return accepted

    def send_text(self, sender: str, to: str, text: str) -> None:
        """A message from outside the SIMs (a phone, a short code, a name) to a number. EncodeError if impossible."""
        now = self.timers.now()
        self._text_reference = (self._text_reference + 1) % 256
        parts = compose_deliver(Address.parse(sender), text, self._stamp(now), reference=self._text_reference)
        subscriber = self._subscriber(self.canonical(to))
        for part in parts:
            self._forward(subscriber, _Held(part, now + self.validity), self.delivery_latency_s)

    def command(self, sim: Sim, command: Command) -> None:
        """Take an SMS-COMMAND from a SIM about a message of its own that is still held (3GPP TS 23.040 9.2.3.19).

        Deleting reports what was deleted as 47, an enquiry what is held as 30; about a message that is gone, where a
        report is wanted, 49: the service centre does not have it. Other types are refused as 176 (TP-FCS B0).
        """
        try:
            kind = CommandType(command.command_type)
        except ValueError:
            raise Rejected(176) from None
        box, held = self._held_of(sim, command)
        if held is None or box is None:
            if command.report_requested:
                self._answer_command(sim, command, NOT_THERE)
        elif kind is CommandType.DELETE and not (box.busy and box.queue[0] is held):
            box.queue.remove(held)
            if held.expiry is not None:
                held.expiry.cancel()
            self._report(held, DELETED)
        elif kind is CommandType.CANCEL_REPORT:
            held.report_to = None
        elif kind is CommandType.REQUEST_REPORT:
            held.report_to = (sim, command.message_number)
        else:
            self._answer_command(sim, command, BUFFERED)

    def _held_of(self, sim: Sim, command: Command) -> tuple[_Box | None, _Held | None]:
        box = self._boxes.get(self._recipient(command.destination))
        return box, box.of(sim, command.message_number) if box is not None else None

    def _holds(self, sim: Sim, reference: int, recipient: str) -> bool:
        """Whether a message of this SIM with this TP-MR still waits there: TP-RD's duplicate (23.040 9.2.3.25)."""
        box = self._boxes.get(recipient)
        return box is not None and box.of(sim, reference) is not None

    def _answer_command(self, sim: Sim, command: Command, status: int) -> None:
        stamp = self._stamp(self.timers.now())
        report = StatusReport(
            reference=command.reference,
            recipient=command.destination,
            timestamp=stamp,
            discharge=stamp,
            status=status,
            for_command=True,
        )
        self._forward(sim, _Held(report, self.timers.now() + self.validity), self.report_latency_s)

    def _recipient(self, destination: Address) -> str:
        international = destination.type_of_number is TypeOfNumber.INTERNATIONAL
        return f"+{destination.value}" if international else self.canonical(destination.value)

    # -- store and forward

    def _subscriber(self, number: str) -> Subscriber:
        return self.sims.get(number) or self.phone(number)

    def _stamp(self, moment: datetime) -> Timestamp:
        return Timestamp.of((moment + self.unkind.clock_off).astimezone(self.zone))

    def _deadline(self, submit: Submit, now: datetime) -> datetime:
        validity = submit.validity
        if isinstance(validity, AbsoluteValidity):
            return validity.until.value or now + self.validity
        duration = validity.duration if validity is not None else None
        return now + (duration if duration is not None else self.validity)

    def _forward(self, subscriber: Subscriber, held: _Held, latency_s: float) -> None:
        box = self._boxes.get(subscriber.number)
        if box is None:
            box = self._boxes[subscriber.number] = _Box(subscriber)
        waiting = len(box.queue)
        if waiting and self._happens(self.unkind.reordered):
            box.queue.insert(self._random.randint(int(box.busy), waiting), held)
        else:
            box.queue.append(held)
        self.timers.after(latency_s, partial(self._due, box, held))

    def _happens(self, share: float) -> bool:
        """Whether one of so many happens now. A share of 0 takes nothing from the seed's sequence."""
        return share > 0 and self._random.random() < share

    def _due(self, box: _Box, held: _Held) -> None:
        self._hand_over(box)
        if held in box.queue:
            remaining_s = (held.deadline - self.timers.now()).total_seconds()
            held.expiry = self.timers.after(max(0.0, remaining_s), partial(self._expire, box, held))
            if self._happens(self.unkind.temporary_reports):
                self._report(held, BUFFERED)

    def _hand_over(self, box: _Box) -> None:
        """Give the subscriber what waits, oldest first, until it cannot take the next."""
        if box.handing:
            return
        box.handing = True
        while box.queue and not box.busy and box.subscriber.reachable():
            held = box.queue[0]
            box.busy = True
            box.subscriber.receive(held.message, partial(self._handed, box, held))
            if box.queue and box.queue[0] is held:  # refused, or the answer comes later
                break
        box.handing = False

    def _handed(self, box: _Box, held: _Held, taken: bool) -> None:
        box.busy = False
        if taken:
            box.queue.popleft()
            if held.expiry is not None:
                held.expiry.cancel()
            self._report(held, DELIVERED)
            self._hand_over(box)
            return
        if self.timers.now() >= held.deadline:
            self._expire(box, held)
        if box.retry is None:
            box.retry = self.timers.after(self.retry_s, partial(self._retry, box))

    def _retry(self, box: _Box) -> None:
        box.retry = None
        self._hand_over(box)

    def _expire(self, box: _Box, held: _Held) -> None:
        if held in box.queue and not (box.busy and box.queue[0] is held):
            box.queue.remove(held)
            self._report(held, EXPIRED)

    def _report(self, held: _Held, status: int) -> None:
        """Owe the submitting SIM a status report, where it asked for one (3GPP TS 23.040 9.2.2.3)."""
        if held.report_to is None or held.submit is None or not isinstance(held.message, Deliver):
            return
        if self._happens(self.report_loss):
            self.reports_lost += 1
            return
        sim, reference = held.report_to
        now = self.timers.now()
        report = StatusReport(
            reference=reference,
            recipient=self._as_reported(held.submit.destination),
            timestamp=held.message.timestamp,
            discharge=self._stamp(now),
            status=status,
        )
        deadline = now + self.validity
        self._forward(sim, _Held(report, deadline), self.report_latency_s)
        unkind = self.unkind
        if self._happens(unkind.reports_twice):
            self._forward(sim, _Held(report, deadline), self.report_latency_s + unkind.repeat_after_s)
        if self._happens(unkind.reports_foreign):
            number = Address(f"{self.country_code}600{self._random.randrange(10**6):06d}", TypeOfNumber.INTERNATIONAL)
            foreign = replace(report, reference=self._random.randrange(256), recipient=number)
            self._forward(sim, _Held(foreign, deadline), self.report_latency_s)

    def _as_reported(self, destination: Address) -> Address:
        """The recipient as the report writes it: as it was sent, or in national form."""
        digits = destination.value.removeprefix(self.country_code)
        if digits == destination.value or not self._happens(self.unkind.reports_national):
            return destination
        return Address(f"0{digits}", TypeOfNumber.UNKNOWN)
