"""`+CMGS` in PDU mode: prompt, octets, the air, the answer (3GPP TS 27.005 4.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from modemd.emulator.calls import Call, Kind
from modemd.emulator.commands.table import Table
from modemd.emulator.hostside import Entry
from modemd.emulator.network import Rejected
from modemd.emulator.results import CmsError, FinalResult
from modemd.errors import DecodeError
from modemd.pdu import Submit, decode_outgoing, unframe

if TYPE_CHECKING:
    from modemd.emulator.device import Device

COMMANDS = Table()

LONGEST_TPDU = 164
"""Octets of the largest SUBMIT (3GPP TS 23.040 9.2.2.2)."""


@COMMANDS.command("+CMGS")
def send(device: Device, call: Call) -> bool | None:
    """Prompt after the prompt latency, then the PDU. `length` counts the TPDU without the SMSC field."""
    if call.kind is Kind.TEST:
        return None
    device.require_sim(CmsError)
    if device.settings.text_mode:
        raise FinalResult(device.family.dialogue.text_mode_sending)
    length = call.numbers()[0] if call.kind is Kind.SET else None
    if length is None or not 0 < length <= LONGEST_TPDU:
        raise CmsError(304)
    device.host.busy = True
    device.later(device.prompt_latency_s, _Sending(device, length).prompt)
    return True


@dataclass(slots=True)
class _Sending:
    """One `+CMGS` from its prompt to its answer."""

    device: Device
    length: int
    first_octet_at: datetime | None = None

    def prompt(self) -> None:
        prompted = not self.device.faults.prompt_is_lost()
        self.device.host.ask(Entry(self.started, self.typed, self.cancelled), prompted=prompted)

    def started(self, octet: bytes) -> None:
        self.first_octet_at = self.device.timers.now()
        for hook in list(self.device.first_octet_hooks):
            hook(self.device, octet)

    def cancelled(self) -> None:
        self.device.finish("OK")

    def typed(self, digits: bytes) -> None:
        """Ctrl-Z came: check what a device checks, then put it on the air."""
        device = self.device
        try:
            submit, tpdu = _read(digits, self.length)
            if not device.registered:
                raise CmsError(331)
        except CmsError as error:
            device.fail(error)
            return
        latency_s = device.send_latency_s
        if latency_s is None:
            latency_s = device.random.uniform(*device.family.dialogue.send_latency_s)
        device.host.busy = True
        device.later(latency_s, partial(self.transmit, submit, tpdu))

    def transmit(self, submit: Submit, tpdu: bytes) -> None:
        """The moment of truth: the network takes it and journals it, or refuses."""
        device = self.device
        reference = device.reference
        try:
            sim = device.require_sim(CmsError)
            if not device.registered:
                raise CmsError(331)
            if (cause := device.faults.refusal()) is not None:
                raise CmsError(cause)
            device.reference = (reference + 1) % 256
            on_air = tpdu[:1] + bytes([reference]) + tpdu[2:]
            device.network.submit(
                sim,
                replace(submit, reference=reference),
                on_air,
                device=device.name,
                first_octet_at=self.first_octet_at or device.timers.now(),
            )
        except Rejected as refusal:
            device.fail(CmsError(refusal.cause))
        except CmsError as error:
            device.fail(error)
        else:
            self.answer(reference)

    def answer(self, reference: int) -> None:
        device = self.device
        if device.faults.answer_is_lost():
            device.finish_unanswered()
        elif delay_s := device.faults.answer_delay_s():
            device.later(delay_s, partial(self.accepted, reference))
        else:
            self.accepted(reference)

    def accepted(self, reference: int) -> None:
        self.device.host.say(f"+CMGS: {reference}")
        self.device.finish("OK")


def _read(digits: bytes, length: int) -> tuple[Submit, bytes]:
    """The SUBMIT in the octets typed. CmsError 304 where digits, length or content are wrong (27.005 3.2.5)."""
    try:
        _, tpdu = unframe(bytes.fromhex(digits.decode("ascii")))
        message = decode_outgoing(tpdu)
    except (ValueError, DecodeError):
        raise CmsError(304) from None
    if len(tpdu) != length:
        raise CmsError(304)
    if not isinstance(message, Submit):
        raise CmsError(161)  # TP-FCS A1, command unsupported
    return message, tpdu
