"""A mobile network in small: operators, subscribers, the doors into its service centre, the truth journal. Sans I/O.

A SUBMIT is accepted at one definite moment: `submit()` returns, and the journal has it. From then on the network owes
a delivery or, at the end of its validity, a report of failure.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from modemd.emulator import identities
from modemd.emulator.network.behaviour import NetworkBehaviour
from modemd.emulator.network.journal import Accepted, Journal
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

DUPLICATE_CAUSE = 197
"""Why TP-RD refuses (TP-FCS C5, 3GPP TS 23.040 9.2.3.22)."""

HOME_CODE = "20801"
"""The first operator's code, where nothing else is said."""

PUK = "12345678"
"""The PUK of every SIM."""


class Rejected(Exception):
    """The network does not take a SUBMIT. `cause` is what `+CMS ERROR` will say (3GPP TS 24.011 annex E)."""

    def __init__(self, cause: int) -> None:
        super().__init__(f"cause {cause}")
        self.cause = cause


class Network(NetworkBehaviour):
    """The operators, their service centre, its subscribers and their numbers.

    The knobs are those of `Conduct`; a network is kind until `be_unkind()`. `home` is the first operator, to which
    whoever names no other belongs; `operator_code`, `operator_name`, `smsc` and `country_code` say what it is.
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
        self.ussd: dict[str, UssdAnswer] = {}
        self.exchange = Exchange(timers)
        self._centre = ServiceCentre(self, timers)
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
        """The operator with this code (MCC and MNC), made at first use.

        Its name is then its code unless said otherwise, and its service centre and country those of `home`. What is
        said here of one that is there already is changed; what is left out stays.
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
        """The operator of this SIM; without a SIM, the one a device sees: `home`."""
        return sim.operator if sim is not None else self.home

    def canonical(self, number: str) -> str:
        """A number as a subscriber of `home` dials it: E.164, or the bare digits or letters of a short code or name."""
        return self.home.canonical(number)

    def find_party(self, number: str) -> CallParty:
        """Who is called by this number: a SIM, or a phone, made at first use."""
        number = self.canonical(number)
        return self.sims.get(number) or self.phone(number)

    def phone(self, number: str, operator: Operator | None = None) -> Phone:
        """The phone with this number, made and switched on at first use. Refused (`is_a_sim`) for a SIM's number.

        It belongs to `home` until an operator is named.
        """
        number = self.canonical(number)
        if number in self.sims:
            raise Refused("is_a_sim", f"{number} is the number of a SIM, not of a phone")
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
        """Register a subscriber whose messages are stored on its SIM. Refused (`number_taken`) if the number is in use.

        Identities left out begin as the operator's do, and count up from 1 in order of registration.
        """
        operator = operator or self.home
        number = self.canonical(number)
        if number in self.sims or number in self.phones:
            raise Refused("number_taken", f"{number} is in use already")
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

    def available(self, subscriber: Subscriber) -> None:
        """A subscriber can take messages (again): what waits for it follows after the delivery latency."""
        self._centre.available(subscriber.number)

    def waiting(self, number: str) -> int:
        """How many messages and reports the SC holds for a number."""
        return self._centre.waiting(self.canonical(number))

    # -- what the network refuses, and what it makes of messages and reports

    def reject(self, recipient: str | None, cause: int, operator: Operator | None = None) -> None:
        """From now on refuse SUBMITs to `recipient` (None: to everybody) with this `+CMS ERROR` number.

        All operators do; or, where one is named, that one does with what its own SIMs send.
        """
        for each_operator in (operator,) if operator is not None else self.operators.values():
            each_operator.rejected[None if recipient is None else self.canonical(recipient)] = cause

    def accept(self, recipient: str | None, operator: Operator | None = None) -> None:
        """Undo `reject` for the same recipient and operator."""
        for each_operator in (operator,) if operator is not None else self.operators.values():
            each_operator.rejected.pop(None if recipient is None else self.canonical(recipient), None)

    def fate(self, recipient: str, status: int | None) -> None:
        """From now on messages from SIMs to `recipient` come to the end with this TP-Status; None: to that of others.

        00 to 1F: they arrive, and are reported so. 20 to 3F: reported so once, and tried in vain until they expire.
        From 40 on: given up at the first try, and reported so (3GPP TS 23.040 9.2.3.15). ValueError for no octet.
        """
        number = self.canonical(recipient)
        if status is None:
            self._centre.fates.pop(number, None)
            self._centre.available(number)
        elif 0 <= status <= 0xFF:
            self._centre.fates[number] = status
        else:
            raise ValueError(f"status {status} is not an octet")

    @property
    def fates(self) -> dict[str, int]:
        """The recipients with a fate of their own, and its TP-Status."""
        return dict(self._centre.fates)

    def next_report(self, oddity: Oddity, *, sim: Sim | None = None, seconds: float = LATE_S) -> None:
        """Order what becomes of the next report that is owed, to this SIM or to any: it comes `seconds` late, comes
        twice, comes beside one for a message nobody sent, or never comes. Several orders wait their turn."""
        self._reports.next_report(oddity, sim, seconds)

    @property
    def reports_lost(self) -> int:
        """How many reports never came."""
        return self._reports.lost

    # -- messages in

    def reserve_send_slot(self, sim: Sim) -> float:
        """How long a SIM that sends now must wait because its operator takes only so many a second. The turn is taken."""
        if not (rate := sim.operator.parts_per_s):
            return 0.0
        now = self.timers.now()
        turn = max(now, self._next_send_slots.get(sim.iccid, now))
        self._next_send_slots[sim.iccid] = turn + timedelta(seconds=1 / rate)
        return (turn - now).total_seconds()

    def submit(self, sim: Sim, submit: Submit, tpdu: bytes, *, device: str, first_octet_at: datetime) -> Accepted:
        """Take a SUBMIT from a SIM and journal it; raises Rejected and journals nothing. `tpdu` is its octets."""
        recipient = _recipient(sim, submit.destination)
        self._check(sim, submit, recipient)
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

    def send(self, sender: Phone, to: str, content: MessageContent) -> None:
        """A message from outside the SIMs (a phone, a short code, a name) to a number. EncodeError if impossible."""
        now = self.timers.now()
        self._reference = (self._reference + 1) % 256
        for part in content.parts(Address.parse(sender.number), self.timestamp_at(now), self._reference):
            self._forward(sender.operator.canonical(to), HeldMessage(part, now + self.validity), sender.operator)

    def command(self, sim: Sim, command: Command) -> None:
        """Take an SMS-COMMAND from a SIM about a message of its own that is still held (3GPP TS 23.040 9.2.3.19).

        Deleting reports what was deleted as 47, an enquiry what is held as 30; about a message that is gone, where a
        report is wanted, 49: the service centre does not have it. Other types are refused as 176 (TP-FCS B0).
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

    def _check(self, sim: Sim, submit: Submit, recipient: str) -> None:
        """Rejected where the SIM's operator does not take this."""
        operator = sim.operator
        cause = operator.rejected.get(recipient, operator.rejected.get(None))
        if cause is None:
            cause = next((cause for cause, share in operator.refusals.items() if self.is_drawn(share)), None)
        if cause is not None:
            raise Rejected(cause)
        if submit.reject_duplicates and self._centre.find(recipient, sim, submit.reference) is not None:
            raise Rejected(DUPLICATE_CAUSE)  # the same SIM, TP-MR and recipient, still held (3GPP TS 23.040 9.2.3.25)

    def _forward(self, number: str, held: HeldMessage, operator: Operator) -> None:
        own = operator.delivery_latency_s
        subscriber = self.sims.get(number) or self.phone(number)
        self._centre.forward(subscriber, held, self.delivery_latency_s if own is None else own)


def _recipient(sim: Sim, destination: Address) -> str:
    international = destination.type_of_number is TypeOfNumber.INTERNATIONAL
    return f"+{destination.value}" if international else sim.operator.canonical(destination.value)
