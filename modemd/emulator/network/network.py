"""Mobile network: operators, subscribers, acceptance of messages by the service centre, the truth journal.

It does no input or output. A SUBMIT is accepted at one exact moment: `submit()` returns, and the journal has the entry.
From then on the network owes a delivery, or a report of failure at the end of the validity.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from modemd.emulator import identities
from modemd.emulator.error_codes import LabCode
from modemd.emulator.network.behaviour import NetworkBehaviour
from modemd.emulator.network.journal import Accepted, Journal
from modemd.emulator.network.message_fates import MessageFates, Rejected
from modemd.emulator.network.messages import MessageContent
from modemd.emulator.network.operators import Operator
from modemd.emulator.network.service_centre import BUFFERED, DOES_NOT_EXIST, HeldMessage, ServiceCentre
from modemd.emulator.network.status_reports import LATE_S, Oddity, StatusReporter
from modemd.emulator.network.subscribers import Phone, Sim, Subscriber
from modemd.emulator.network.ussd_services import UssdAnswer
from modemd.emulator.network.voice_calls import CallParty, Exchange
from modemd.emulator.timers import Timers
from modemd.errors import Refused
from modemd.pdu import Address, Command, CommandType, Deliver, Submit, TypeOfNumber

HOME_CODE = "20801"
"""The default code of the first operator."""

PUK = "12345678"
"""The PUK of every SIM."""


class Network(NetworkBehaviour):
    """A network: operators, their service centre, subscribers and their numbers.

    Its settings are those of `NetworkBehaviour`; it is kind until `be_unkind()`. `home` is the first operator; SIMs and
    phones without another operator belong to it. `operator_code`, `operator_name`, `smsc` and `country_code` are the
    values of `home`.
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
        operator_code: str = HOME_CODE,
        operator_name: str = "Emulated",
        smsc: str = "+33609001390",
        zone: tzinfo = UTC,
    ) -> None:
        super().__init__(
            seed=seed,
            delivery_latency_s=delivery_latency_s,
            report_latency_s=report_latency_s,
            report_loss=report_loss,
            retry_s=retry_s,
            validity=validity,
            zone=zone,
        )
        self.timers = timers
        self.journal = journal if journal is not None else Journal()
        self.home = Operator(operator_code, operator_name, smsc, country_code)
        self.operators: dict[str, Operator] = {operator_code: self.home}
        self.phones: dict[str, Phone] = {}
        self.sims: dict[str, Sim] = {}
        self.services: dict[str, Subscriber] = {}
        self.ussd: dict[str, UssdAnswer] = {}
        self.exchange = Exchange(timers)
        self._fates = MessageFates(self)
        self._centre = ServiceCentre(self, timers, self._fates)
        self._reports = StatusReporter(self, timers, self._centre)
        self._next_send_slots: dict[str, datetime] = {}
        self._reference = 0

    # -- operators and subscribers

    def operator(
        self,
        code: str,
        name: str | None = None,
        *,
        smsc: str | None = None,
        country_code: str | None = None,
        delivery_latency_s: float | None = None,
        report_latency_s: float | None = None,
        parts_per_s: float | None = None,
        refusals: dict[int, float] | None = None,
    ) -> Operator:
        """Returns the operator with this code (MCC and MNC); makes it at first use.

        The name of a new operator is its code unless `name` is given; its service centre and country are those of
        `home`. If the operator exists, the given values are changed, and the others stay.
        """
        operator = self.operators.get(code)
        if operator is None:
            operator = self.operators[code] = Operator(code, code, self.home.smsc, self.home.country_code)
        for key, value in (
            ("name", name),
            ("smsc", smsc),
            ("country_code", country_code),
            ("delivery_latency_s", delivery_latency_s),
            ("report_latency_s", report_latency_s),
            ("parts_per_s", parts_per_s),
            ("refusals", refusals),
        ):
            if value is not None:
                setattr(operator, key, value)
        return operator

    def serving_operator(self, sim: Sim | None) -> Operator:
        """Returns the operator of this SIM; without a SIM, `home`, which the device sees then."""
        return sim.operator if sim is not None else self.home

    def canonical(self, number: str) -> str:
        """Returns a number that a subscriber of `home` dialled, as E.164, or the bare characters of a short code or name."""
        return self.home.canonical(number)

    def find_party(self, number: str) -> CallParty:
        """Returns the SIM or phone with this number; makes the phone at first use."""
        number = self.canonical(number)
        return self.sims.get(number) or self.phone(number)

    def phone(self, number: str, operator: Operator | None = None) -> Phone:
        """Returns the phone with this number; makes it, switched on, at first use.

        The phone belongs to `home` until an operator is given. Raises Refused (`is_a_sim`) for the number of a SIM.
        """
        number = self.canonical(number)
        if number in self.sims:
            raise Refused(LabCode.IS_A_SIM, f"{number} is the number of a SIM, not of a phone")
        if number in self.services:
            raise Refused(LabCode.NUMBER_TAKEN, f"{number} is the number of an SMS provider, not of a phone")
        if (phone := self.phones.get(number)) is None:
            phone = self.phones[number] = Phone(number, self, self.home)
        if operator is not None:
            phone.operator = operator
        return phone

    def sim(
        self,
        number: str,
        *,
        operator: Operator | None = None,
        iccid: str | None = None,
        imsi: str | None = None,
        capacity: int = 50,
        pin: str | None = None,
    ) -> Sim:
        """Registers a subscriber whose messages are stored on its SIM.

        Without `iccid` and `imsi`, the identities begin like those of the operator, and count up from 1 in order of
        registration. Raises Refused (`number_taken`) if the number is in use.
        """
        operator = operator or self.home
        number = self.canonical(number)
        self._check_free(number)
        serial = len(self.sims) + 1
        sim = Sim(
            number,
            operator,
            iccid=iccid or identities.iccid(operator.country_code, operator.network_code, serial),
            imsi=imsi or identities.imsi(operator.code, serial),
            capacity=capacity,
            pin=pin,
            puk=PUK,
        )
        self.sims[number] = sim
        return sim

    def add_service(self, service: Subscriber) -> None:
        """Adds a subscriber that is neither a SIM nor a phone: a number or short code of an SMS provider.

        Raises Refused (`number_taken`) if the number is in use.
        """
        self._check_free(service.number)
        self.services[service.number] = service

    def _check_free(self, number: str) -> None:
        if number in self.sims or number in self.phones or number in self.services:
            raise Refused(LabCode.NUMBER_TAKEN, f"{number} is in use already")

    def available(self, subscriber: Subscriber) -> None:
        """Starts the delivery of waiting messages to a subscriber that can take them (again), after the delivery latency."""
        self._centre.available(subscriber.number)

    def waiting(self, number: str) -> int:
        """Returns how many messages and reports the service centre holds for a number."""
        return self._centre.waiting(self.canonical(number))

    # -- what the network refuses, and what it makes of messages and reports

    def reject(self, recipient: str | None, cause: int, operator: Operator | None = None) -> None:
        """Refuses SUBMITs to `recipient` (None: to everybody) with this `+CMS ERROR` number from now on.

        With an operator, only SUBMITs from its SIMs are refused; without, those of all operators.
        """
        for each_operator in (operator,) if operator is not None else self.operators.values():
            each_operator.rejected[None if recipient is None else self.canonical(recipient)] = cause

    def accept(self, recipient: str | None, operator: Operator | None = None) -> None:
        """Undoes `reject` for the same recipient and operator."""
        for each_operator in (operator,) if operator is not None else self.operators.values():
            each_operator.rejected.pop(None if recipient is None else self.canonical(recipient), None)

    def fate(self, recipient: str, status: int | None) -> None:
        """Sets the TP-Status with which messages from SIMs to `recipient` end from now on; None: the usual one.

        00 to 1F: the messages arrive, and are reported so. 20 to 3F: this is reported once, and delivery is tried
        without success until the messages expire. From 40 on: the network gives up at the first attempt, and reports so
        (3GPP TS 23.040 9.2.3.15). Raises ValueError if the status is no octet.
        """
        number = self.canonical(recipient)
        if status is None:
            self._fates.by_recipient.pop(number, None)
            self._centre.available(number)
        elif 0 <= status <= 0xFF:
            self._fates.by_recipient[number] = status
        else:
            raise ValueError(f"status {status} is not an octet")

    @property
    def fates(self) -> dict[str, int]:
        """The recipients with a fate of their own, and its TP-Status."""
        return dict(self._fates.by_recipient)

    def next_report(self, oddity: Oddity, *, sim: Sim | None = None, seconds: float = LATE_S) -> None:
        """Sets how the next report to this SIM (None: to any) comes.

        It comes `seconds` late, twice, together with a foreign one, or never. Several calls apply to as many reports,
        in order.
        """
        self._reports.next_report(oddity, sim, seconds)

    @property
    def reports_lost(self) -> int:
        """Number of reports that never came."""
        return self._reports.lost

    # -- messages in

    def reserve_send_slot(self, sim: Sim) -> float:
        """Reserves the next send slot of a SIM, and returns the seconds until then.

        Its operator takes only so many parts per second.
        """
        if not (rate := sim.operator.parts_per_s):
            return 0.0
        now = self.timers.now()
        turn = max(now, self._next_send_slots.get(sim.iccid, now))
        self._next_send_slots[sim.iccid] = turn + timedelta(seconds=1 / rate)
        return (turn - now).total_seconds()

    def submit(self, sim: Sim, submit: Submit, tpdu: bytes, *, device: str, first_octet_at: datetime) -> Accepted:
        """Accepts a SUBMIT from a SIM and journals it.

        Raises Rejected, and journals nothing, if it is refused. `tpdu` is its octets.
        """
        recipient = _recipient(sim, submit.destination)
        # The same SIM, TP-MR and recipient, still held (3GPP TS 23.040 9.2.3.25).
        is_duplicate = submit.reject_duplicates and self._centre.find(recipient, sim, submit.reference) is not None
        self._fates.check_refusal(sim.operator, recipient, is_duplicate=is_duplicate)
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
            self.timestamp_at(now),
            dcs=submit.dcs,
            protocol_id=submit.protocol_id,
            report_indication=submit.report_requested,
        )
        held = HeldMessage(deliver, self._centre.deadline(submit, now))
        held.submit, held.origin = submit, sim
        if submit.report_requested:
            held.report_to = (sim, submit.reference)
        self._forward(recipient, held, sim.operator)
        return accepted

    def check_provider_message(self, recipient: str) -> None:
        """Raises Rejected if `home` refuses the message of an SMS provider to this recipient."""
        self._fates.check_refusal(self.home, recipient, is_duplicate=False)

    def accept_part(
        self,
        provider: str,
        recipient: str,
        part: Deliver,
        *,
        first_octet_at: datetime,
        validity: timedelta | None,
        on_outcome: Callable[[int], None],
    ) -> Accepted:
        """Accepts one part of a message from an SMS provider and journals it: `part` is what the recipient gets.

        `on_outcome` is called with each TP-Status, as reports tell it to a SIM.
        """
        now = self.timers.now()
        accepted = Accepted(
            at=now,
            first_octet_at=first_octet_at,
            iccid="",
            sender=str(part.originator),
            device=provider,
            reference=0,
            recipient=recipient,
            tpdu=part.encode(),
            text=part.text,
        )
        self.journal.record(accepted)
        held = HeldMessage(part, now + (self.validity if validity is None else validity))
        held.on_outcome = on_outcome
        self._forward(recipient, held, self.home)
        return accepted

    def next_reference(self) -> int:
        """Returns the next reference for the parts of a long message: 0 to 255."""
        self._reference = (self._reference + 1) % 256
        return self._reference

    def send(self, sender: Phone, to: str, content: MessageContent) -> None:
        """Sends a message from a phone, a short code or a name to a number. Raises EncodeError if it cannot be encoded."""
        now = self.timers.now()
        for part in content.parts(Address.parse(sender.number), self.timestamp_at(now), self.next_reference()):
            self._forward(sender.operator.canonical(to), HeldMessage(part, now + self.validity), sender.operator)

    def command(self, sim: Sim, command: Command) -> None:
        """Executes an SMS-COMMAND from a SIM about a message of its own that is still held (3GPP TS 23.040 9.2.3.19).

        A deletion is reported as 47; an enquiry about a held message as 30; if the message is gone and a report is
        requested, 49 (the service centre does not have it). Other types raise Rejected 176 (TP-FCS B0).
        """
        try:
            kind = CommandType(command.command_type)
        except ValueError:
            raise Rejected(176) from None
        recipient = _recipient(sim, command.destination)
        held = self._centre.find(recipient, sim, command.message_number)
        if held is None:
            if command.report_requested:
                self._reports.answer(sim, command, DOES_NOT_EXIST)
        elif kind is CommandType.DELETE and self._centre.discard(recipient, held):
            pass
        elif kind is CommandType.CANCEL_REPORT:
            held.report_to = None
        elif kind is CommandType.REQUEST_REPORT:
            held.report_to = (sim, command.message_number)
        else:
            self._reports.answer(sim, command, BUFFERED)

    def _forward(self, number: str, held: HeldMessage, operator: Operator) -> None:
        own = operator.delivery_latency_s
        subscriber = self.sims.get(number) or self.services.get(number) or self.phone(number)
        self._centre.forward(subscriber, held, self.delivery_latency_s if own is None else own)


def _recipient(sim: Sim, destination: Address) -> str:
    international = destination.type_of_number is TypeOfNumber.INTERNATIONAL
    return f"+{destination.value}" if international else sim.operator.canonical(destination.value)
