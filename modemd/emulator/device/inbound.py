"""Inbound messages and reports in a device: stores or routes them, notifies the host, waits for its acknowledgement."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from modemd.emulator.device import text_mode
from modemd.emulator.device.faults import FaultLayer
from modemd.emulator.device.results import CmsError
from modemd.emulator.network.message_memory import MessageMemory, MessageStatus, StoredMessage
from modemd.emulator.network.messages import PUSH_PORTS
from modemd.emulator.network.subscribers import DeliveryCallback, IncomingMessage
from modemd.emulator.timers import Handle
from modemd.errors import DecodeError
from modemd.pdu import Address, Deliver, Ports, StatusReport, frame

DAMAGE = bytes.fromhex("000000FF")
"""The octets before a stored report in a family that damages reports."""


SHORT_SMSC_FIELD = bytes.fromhex("0100")
"""An SMSC field that has a type octet and no number."""


class Inbound:
    """Routing as `+CNMI` and `+CSMS` say (3GPP TS 27.005 3.4.1, 3.2.1).

    With ds=0 a report is dropped: the network has done its part, and the device has no place for it. With CSMS 1 a
    routed message waits for `+CNMA`, in some families without it too; if none comes, mt and ds fall to 0 and the network
    keeps the message. Without storage, the network keeps what is not routed.
    """

    def __init__(self, device: FaultLayer) -> None:
        self._device = device
        self._unacknowledged: tuple[DeliveryCallback, Handle] | None = None
        self._buffered: list[str] = []
        self.replaced_unread: list[StoredMessage] = []
        """Messages that others replaced before a host had read them."""
        self.handed_over: list[tuple[datetime, Deliver]] = []
        """Messages that were handed over, and that no host had to acknowledge: if none listened, they are lost."""

    def reset(self) -> None:
        """Forgets everything at a loss of power: an unacknowledged message stays with the network."""
        self._buffered.clear()
        if self._unacknowledged is not None:
            done, handle = self._unacknowledged
            self._unacknowledged = None
            handle.cancel()
            done(False)

    def receive(self, message: IncomingMessage, done: DeliveryCallback) -> None:
        """Takes one message from the network; `done` is called at once, or when the host acknowledges."""
        notifications = self._device.settings.notifications
        tpdu = message.encode()
        if isinstance(message, StatusReport):
            if notifications.ds == 1:
                self._route(self._format_report(message, tpdu), done)
            elif notifications.ds == 2:
                self._store_report(tpdu, done)
            else:
                done(True)
            return
        direct = (notifications.mt == 2 and message.message_class != 2) or (
            notifications.mt == 3 and message.message_class == 3
        )
        if direct:
            if not self._awaits_acknowledgement:
                self.handed_over.append((self._device.timers.now(), message))
            self._route(self._format_message(message, tpdu), done)
        elif self._device.family.storage.memories:
            self._store_message(message, tpdu, done)
        else:
            done(False)

    def acknowledge(self, *, positive: bool) -> None:
        """Acknowledges as `+CNMA` says; a negative acknowledgement leaves the message with the network.

        Raises CmsError 340 if no message waits for it.
        """
        done, handle = self.require_unacknowledged()
        self._unacknowledged = None
        handle.cancel()
        self._device.timers.after(0, partial(done, positive))  # OK comes first, then the next message

    def require_unacknowledged(self) -> tuple[DeliveryCallback, Handle]:
        """Returns callback and timeout of the message that waits for `+CNMA`. Raises CmsError 340 if none does."""
        if self._unacknowledged is None:
            raise CmsError(340)
        return self._unacknowledged

    def release_buffered(self) -> None:
        """Sends (bfr 0) or forgets (bfr 1) the notices that mode 0 held back, after `+CNMI` was set."""
        notifications = self._device.settings.notifications
        if notifications.mode == 0:
            return
        stored, self._buffered = self._buffered, []
        if notifications.bfr == 0:
            for line in stored:
                self._device.host.send_notice(line)

    def _store_message(self, message: Deliver, tpdu: bytes, done: DeliveryCallback) -> None:
        device = self._device
        name = device.settings.memories[2] if device.family.storage.together > 2 else "SM"
        notice = '+CMTI: "{memory}",{index}' if device.settings.notifications.mt else ""
        if notice and _is_push(message):
            notice += device.family.notify.push_notice
        stored = StoredMessage(self.smsc_field(), tpdu, came_at=device.timers.now())
        replaced = _find_replaced(device.memory(name), message)
        self._store(name, stored, notice, done, replaced)

    def _store_report(self, tpdu: bytes, done: DeliveryCallback) -> None:
        family = self._device.family
        stored = StoredMessage(self.smsc_field(), tpdu)
        if family.storage.damages_reports:
            stored = StoredMessage(DAMAGE, (b"\0" + tpdu)[: -len(DAMAGE)])
        self._store(family.notify.report_memory, stored, family.notify.report_notice, done)

    def _store(
        self,
        memory_name: str,
        message: StoredMessage,
        notice: str,
        done: DeliveryCallback,
        replaced: int | None = None,
    ) -> None:
        device, storage = self._device, self._device.family.storage
        memory = device.memory(memory_name)
        if replaced is not None:
            if (before := memory.at(replaced)) is not None and before.status is MessageStatus.UNREAD:
                self.replaced_unread.append(before)
            memory.replace(replaced, message)
        slot = memory.store(message) if replaced is None else replaced
        if slot is None:
            done(False)
            return
        if notice:
            self._notify(notice.format(memory=memory_name, index=slot + storage.index_base))
        self.notify_if_full(memory_name)
        done(True)

    def notify_if_full(self, memory_name: str) -> None:
        """Sends the family's notice that a memory is full, if it is."""
        device, storage = self._device, self._device.family.storage
        if device.memory(memory_name).full and storage.full_notice and device.switched(storage.full_notice_needs):
            device.host.send_notice(storage.full_notice.format(memory=memory_name))

    def _format_report(self, report: StatusReport, tpdu: bytes) -> str:
        settings = self._device.settings
        if settings.text_mode:
            return f"+CDS: {text_mode.format_for_cds(report, settings)}"
        header = self._device.family.notify.report_header.format(length=self._length(tpdu))
        return f"{header}\r\n{self._pdu_line(tpdu)}"

    def _format_message(self, message: Deliver, tpdu: bytes) -> str:
        settings = self._device.settings
        if settings.text_mode:
            return f"+CMT: {text_mode.format_for_cmt(message, self.smsc_field(), settings)}"
        header = self._device.family.notify.message_header.format(number=message.originator, length=self._length(tpdu))
        return f"{header}\r\n{self._pdu_line(tpdu)}"

    def _length(self, tpdu: bytes) -> int:
        return self._device.length_of(self.smsc_field(), tpdu)

    def _pdu_line(self, tpdu: bytes) -> str:
        return (self.smsc_field() + tpdu).hex().upper()

    def _route(self, lines: str, done: DeliveryCallback) -> None:
        if self._awaits_acknowledgement:
            within_s = self._device.family.notify.acknowledge_within_s
            self._unacknowledged = (done, self._device.later(within_s, self._on_acknowledge_timeout))
        self._notify(lines)
        if self._unacknowledged is None:
            done(True)

    @property
    def _awaits_acknowledgement(self) -> bool:
        return self._device.settings.message_service == 1 or self._device.family.notify.awaits_acknowledgement

    def _on_acknowledge_timeout(self) -> None:
        if self._unacknowledged is None:
            return
        done, _ = self._unacknowledged
        self._unacknowledged = None
        notifications = self._device.settings.notifications
        notifications.mt = 0
        notifications.ds = 0
        done(False)

    def _notify(self, line: str) -> None:
        if self._device.settings.notifications.mode == 0:
            self._buffered.append(line)
        else:
            self._device.host.send_notice(line)

    def smsc_field(self) -> bytes:
        """Returns the SMSC field that precedes the TPDU."""
        if self._device.has_short_smsc:
            return SHORT_SMSC_FIELD
        return _smsc_field(self._device.network.serving_operator(self._device.sim).smsc)


def _find_replaced(memory: MessageMemory, message: Deliver) -> int | None:
    """Returns the slot of the message that this one replaces: the last of the same sender and replace type (3GPP TS 23.040
    9.2.3.9); None if it replaces none."""
    if message.replace_type is None:
        return None
    found = None
    for slot, stored in memory:
        try:
            present = None if stored.is_outgoing else Deliver.decode(stored.tpdu)
        except DecodeError:
            continue
        if present is not None and (present.replace_type, present.originator) == (
            message.replace_type,
            message.originator,
        ):
            found = slot
    return found


def _is_push(message: Deliver) -> bool:
    return any(
        isinstance(element, Ports) and element.destination == PUSH_PORTS[0] for element in message.user_data.header
    )


_FIELDS: dict[str, bytes] = {}


def _smsc_field(number: str) -> bytes:
    if number not in _FIELDS:
        _FIELDS[number] = frame(b"", Address.parse(number))
    return _FIELDS[number]
