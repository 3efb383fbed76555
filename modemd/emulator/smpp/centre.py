"""Message centre of an SMS provider: takes messages from its clients, sends them over the emulated network, and tells their fate.

It does no input or output. A message is accepted at one exact moment, when the network has it in its journal; the answer follows.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from modemd.emulator.network.message_fates import Rejected
from modemd.emulator.network.network import Network
from modemd.emulator.smpp.account import ServiceNumber, SmppAccount
from modemd.emulator.smpp.connection import CentreConnection
from modemd.emulator.smpp.conversion import make_delivers, read_destination, read_source
from modemd.emulator.smpp.faults import PlannedFaults
from modemd.emulator.smpp.settings import LONGEST_MESSAGE, CentreSettings, write_id
from modemd.emulator.smpp.submitted import SubmittedMessage, find_state, make_receipt
from modemd.errors import DecodeError, EncodeError
from modemd.pdu import Deliver
from modemd.smpp.limits import SessionLimits
from modemd.smpp.message_operations import DataSm, DeliverSm, QuerySm, QuerySmResp, SubmitSm, SubmitSmResp
from modemd.smpp.receipts import SmscState
from modemd.smpp.statuses import CommandStatus
from modemd.smpp.times import decode_time, encode_absolute

FIRST_ID = 1_000_000
"""The identifier of the first message; the others count up."""

_FOREIGN = 500_000  # a foreign receipt has an identifier that no message has
_SHORTEST_NUMBER, _LONGEST_NUMBER = 7, 15  # digits in E.164


class SmppCentre:
    """Message centre on a network. `name` is that of the provider in the network's journal, and its system_id."""

    def __init__(self, network: Network, name: str = "smsc", settings: CentreSettings | None = None) -> None:
        self.system_id = name
        self.settings = settings or CentreSettings()
        self.faults = PlannedFaults()
        self.accounts: dict[str, SmppAccount] = {}
        self.messages: dict[int, SubmittedMessage] = {}
        self.connections: list[CentreConnection] = []
        self.on_bound: list[Callable[[SmppAccount], None]] = []
        self._services: dict[str, list[ServiceNumber]] = {}
        self._network = network
        self._next_id = FIRST_ID

    def add_account(
        self, system_id: str, password: str, *, numbers: tuple[str, ...] = (), senders: tuple[str, ...] = ()
    ) -> SmppAccount:
        """Adds a client. Raises Refused (`number_taken`) if one of its numbers is in use."""
        account = SmppAccount(system_id, password, self.settings, numbers, senders)
        services = [ServiceNumber(number, account) for number in numbers]
        for service in services:
            self._network.add_service(service)
        self.accounts[system_id] = account
        self._services[system_id] = services
        return account

    def connect(self, write: Callable[[bytes], None], close: Callable[[], None]) -> CentreConnection:
        """Returns the centre's side of a new connection."""
        limits = SessionLimits(window=self.settings.window, enquire_after_s=self.settings.enquire_after_s)
        connection = CentreConnection(self, self._network.timers, limits, write, close)
        self.connections.append(connection)
        return connection

    def cut_connections(self) -> None:
        """Ends all connections at once."""
        for connection in list(self.connections):
            connection.cut()

    # -- for connections

    def admit(self, system_id: str, password: str) -> SmppAccount | int:
        """Returns the account of a client, or the status with which its bind is refused."""
        if self.settings.refuses_binds_with is not None:
            return self.settings.refuses_binds_with
        account = self.accounts.get(system_id)
        if account is None:
            return CommandStatus.INVALID_SYSTEM_ID
        return account if account.password == password else CommandStatus.INVALID_PASSWORD

    def note_bound(self, account: SmppAccount) -> None:
        """Starts the delivery of what phones have sent to the numbers of an account."""
        for service in self._services[account.system_id]:
            self._network.available(service)
        for callback in self.on_bound:
            callback(account)

    def forget(self, connection: CentreConnection) -> None:
        """Takes note that the transport of a connection has ended."""
        if connection in self.connections:
            self.connections.remove(connection)

    def take_request(self, connection: CentreConnection, sequence: int, body: SubmitSm | DataSm | QuerySm) -> None:
        """Takes a message or a query of a client that is bound."""
        if isinstance(body, QuerySm):
            self._answer_query(connection, sequence, body)
        elif isinstance(body, SubmitSm):
            self._take_message(connection, sequence, body)
        else:
            connection.refuse(sequence, CommandStatus.INVALID_COMMAND_ID)  # data_sm: this centre has none

    # -- messages

    def _take_message(self, connection: CentreConnection, sequence: int, body: SubmitSm) -> None:
        account, fault = connection.account, self.faults.take_submit_fault()
        if account is None:
            return
        kind = fault.kind if fault is not None else None
        if fault is not None and kind == "refuse":
            connection.refuse(sequence, fault.status)
            return
        if kind == "cut_before":
            connection.cut()
            return
        taken = self._accept(account, body, connection.received_at)
        if isinstance(taken, int):
            connection.refuse(sequence, taken)
        elif kind == "cut":
            connection.cut()
        elif kind != "lose_answer":
            answer = SubmitSmResp(write_id(taken.number, self.settings.id_form, in_receipt=False))
            late_s = fault.seconds if fault is not None else 0.0
            wait_s = self.settings.answer_latency_s + late_s
            if wait_s > 0:
                self._network.timers.after(wait_s, partial(connection.answer, sequence, answer))
            else:
                connection.answer(sequence, answer)

    def _accept(self, account: SmppAccount, body: SubmitSm, received_at: datetime) -> SubmittedMessage | int:
        """Accepts a message, or returns the status of its refusal."""
        found = self._check(account, body)
        if isinstance(found, int):
            return found
        parts, validity = found
        recipient = read_destination(body)
        try:
            self._network.check_provider_message(recipient)
        except Rejected:
            return CommandStatus.SUBMIT_FAILED
        message = SubmittedMessage(
            self._next_id,
            account.system_id,
            body,
            self._network.timers.now(),
            "".join(part.text or "" for part in parts),
            len(parts),
        )
        for part in parts:
            self._network.accept_part(
                self.system_id,
                recipient,
                part,
                first_octet_at=received_at,
                validity=validity,
                on_outcome=partial(self._note_outcome, account, message),
            )
        self._next_id += 1
        self.messages[message.number] = message
        return message

    def _check(self, account: SmppAccount, body: SubmitSm) -> tuple[list[Deliver], timedelta | None] | int:
        """Returns what a phone gets, and the validity; or the status of the refusal."""
        sender, recipient = read_source(body), read_destination(body)
        if not sender or not account.may_send_from(sender):
            return CommandStatus.INVALID_SOURCE_ADDRESS
        digits = recipient.removeprefix("+")
        if digits == recipient or not _SHORTEST_NUMBER <= len(digits) <= _LONGEST_NUMBER:
            return CommandStatus.INVALID_DESTINATION_ADDRESS
        if body.schedule_delivery_time:
            return CommandStatus.INVALID_SCHEDULE
        if len(body.short_message) > LONGEST_MESSAGE:
            return CommandStatus.INVALID_MESSAGE_LENGTH
        now = self._network.timers.now()
        try:
            until = decode_time(body.validity_period)
        except DecodeError:
            return CommandStatus.INVALID_EXPIRY
        validity = until - now if isinstance(until, datetime) else until
        stamp, reference = self._network.timestamp_at(now), self._network.next_reference()
        try:
            parts = make_delivers(body, sender, stamp, self.settings.alphabet, reference)
            for part in parts:
                part.encode()
        except EncodeError:
            return CommandStatus.INVALID_MESSAGE_LENGTH
        return parts, validity

    def _answer_query(self, connection: CentreConnection, sequence: int, body: QuerySm) -> None:
        message = self._find_message(body.message_id)
        if (
            message is None
            or connection.account is None
            or message.system_id != connection.account.system_id
            or message.body.source_addr != body.source_addr
        ):
            connection.refuse(sequence, CommandStatus.INVALID_MESSAGE_ID)
            return
        final = encode_absolute(message.final_at) if message.final_at is not None else ""
        connection.answer(sequence, QuerySmResp(body.message_id, final, message.state, 0))

    def _find_message(self, id: str) -> SubmittedMessage | None:
        form = self.settings.id_form
        wanted = (each for each in self.messages.values() if write_id(each.number, form, in_receipt=False) == id)
        return next(wanted, None)

    # -- receipts

    def _note_outcome(self, account: SmppAccount, message: SubmittedMessage, status: int) -> None:
        state = find_state(status)
        if state.is_final:
            message.states.append(state)
            if len(message.states) < message.parts:
                return
            message.final_at = self._network.timers.now()
            state = message.state
        if message.wants_receipt(state):
            self._send_receipt(account, message, state)

    def _send_receipt(self, account: SmppAccount, message: SubmittedMessage, state: SmscState) -> None:
        network, fault = self._network, self.faults.take_receipt_fault()
        oddity = fault.oddity if fault is not None else None
        if oddity == "never" or (fault is None and network.is_drawn(network.report_loss)):
            return
        at = network.timestamp_at(network.timers.now()).value or network.timers.now()
        receipt = make_receipt(message, state, at, self.settings)
        late_s = fault.seconds if fault is not None and oddity == "late" else 0.0
        self._deliver_later(account, receipt, network.report_latency_s + late_s)
        if fault is not None and oddity == "twice":
            self._deliver_later(account, receipt, network.report_latency_s + fault.seconds)
        if oddity == "foreign":
            foreign = make_receipt(message, state, at, self.settings, number=message.number + _FOREIGN)
            self._deliver_later(account, foreign, network.report_latency_s)

    def _deliver_later(self, account: SmppAccount, receipt: DeliverSm, seconds: float) -> None:
        def note_delivered(is_taken: bool) -> None:
            if not is_taken:  # the client had no time, or is gone: it gets the receipt again
                self._deliver_later(account, receipt, self._network.retry_s)

        self._network.timers.after(seconds, partial(account.deliver, receipt, note_delivered))
