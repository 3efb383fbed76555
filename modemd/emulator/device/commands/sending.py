"""Putting messages on the air: `+CMGS`, `+CMSS`, `+CMGC` (3GPP TS 27.005 3.5.1, 3.5.2, 3.5.5, 4.3, 4.7, 4.6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from modemd.emulator.device import text_mode
from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.commands import entry
from modemd.emulator.device.commands.listing import slot_of, stored_at
from modemd.emulator.device.commands.table import CommandTable
from modemd.emulator.device.results import CmsError
from modemd.emulator.device.state import DeviceState
from modemd.emulator.network.message_memory import MessageStatus, StoredMessage
from modemd.emulator.network.network import Rejected
from modemd.errors import DecodeError
from modemd.pdu import Command, Submit, Timestamp, decode_outgoing

COMMANDS = CommandTable()

FROZEN_S = 1e9
"""How long a device is deaf that hears nothing until it restarts."""


@COMMANDS.command("+CMGS")
def send(device: DeviceState, call: ParsedCommand) -> bool | None:
    """`=length` in PDU mode, counted without the SMSC field; `="number"[,type]` in text mode. Then the prompt."""
    if call.kind is CommandForm.TEST:
        return None
    device.require_sim(CmsError)
    go = partial(_submit, device, "+CMGS")
    if _named(device, call):
        if not _centre_of(device)():
            raise CmsError(330)
        return entry.PromptedEntry(
            device, entry.text(device, entry.destination_of(device, call)), go, in_text=True
        ).begin()
    make = entry.pdu(entry.length_of(device, call), _centre_of(device))
    return entry.PromptedEntry(device, make, go, after_prompt="OK" if device.sends_blind else "").begin()


def _centre_of(device: DeviceState) -> Callable[[], str]:
    return lambda: device.require_sim(CmsError).smsc


def _named(device: DeviceState, call: ParsedCommand) -> bool:
    """Whether text mode is on and a quoted number is given. One without quotes is a length, sent in the wrong mode."""
    return device.settings.text_mode and call.kind is CommandForm.SET and call.argument.startswith('"')


@COMMANDS.command("+CMSS")
def send_stored(device: DeviceState, call: ParsedCommand) -> bool | None:
    """`=index[,number[,type]]`: what `+CMGW` stored, to its own number or to this one. With neither, 305 or 304."""
    if call.kind is CommandForm.TEST:
        return None
    device.require_sim(CmsError)
    memory = device.memory(device.settings.memories[1])
    message = stored_at(memory, slot_of(device, call))
    if message is None:
        raise CmsError(321)
    if not message.is_outgoing:
        raise CmsError(302)
    tpdu = message.tpdu
    if len(call.values()) > 1:
        tpdu = replace(Submit.decode(tpdu), destination=entry.destination_of(device, call, at=1)).encode()
    if not Submit.decode(tpdu).destination.value:
        raise CmsError(305 if device.settings.text_mode else 304)
    _submit(device, "+CMSS", tpdu, device.timers.now(), message)
    return True


@COMMANDS.command("+CMGC")
def send_command(device: DeviceState, call: ParsedCommand) -> bool | None:
    """`=length` and an SMS-COMMAND, in PDU mode: ask after a message at the service centre, or delete it there."""
    if call.kind is CommandForm.TEST:
        return None
    device.require_sim(CmsError)
    make = entry.pdu(entry.length_of(device, call), _centre_of(device))
    return entry.PromptedEntry(device, make, partial(_command, device)).begin()


def _submit(device: DeviceState, name: str, tpdu: bytes, began: datetime, kept: StoredMessage | None = None) -> None:
    message = _read(tpdu)
    if not isinstance(message, Submit):
        raise CmsError(161)  # TP-FCS A1, command unsupported
    _put_on_air(device, partial(_transmit, device, name, message, tpdu, began, kept))


def _command(device: DeviceState, tpdu: bytes, began: datetime) -> None:
    message = _read(tpdu)
    if not isinstance(message, Command):
        raise CmsError(304)
    _put_on_air(device, partial(_transmit_command, device, message))


def _read(tpdu: bytes) -> Submit | Command:
    try:
        return decode_outgoing(tpdu)
    except DecodeError:
        raise CmsError(304) from None


def _put_on_air(device: DeviceState, transmit: Callable[[], None]) -> None:
    if not device.registered:
        raise CmsError(331)
    latency_s = device.send_latency_s
    if latency_s is None:
        latency_s = device.random.uniform(*device.family.dialogue.send_latency_s)
    if device.sim is not None:
        latency_s += device.network.reserve_send_slot(device.sim)
    device.host.busy = device.on_air = True
    if device.faults.take_stuck_send():
        return
    device.later(latency_s, partial(_on_air, device, transmit))


def _on_air(device: DeviceState, transmit: Callable[[], None]) -> None:
    """The moment of truth: the network takes it and journals it, or refuses."""
    try:
        device.require_sim(CmsError)
        if not device.registered:
            raise CmsError(331)
        if (cause := device.faults.take_refusal()) is not None:
            raise CmsError(cause)
        transmit()
    except Rejected as refusal:
        _refused(device, CmsError(refusal.cause))
    except CmsError as error:
        _refused(device, error)


def _refused(device: DeviceState, error: CmsError) -> None:
    if device.sends_blind:
        device.finish_unanswered()
        device.deaf_for(FROZEN_S)
    else:
        device.fail(error)


def _transmit(
    device: DeviceState, name: str, submit: Submit, tpdu: bytes, began: datetime, kept: StoredMessage | None
) -> None:
    reference = device.take_reference(submit.reference)
    device.network.submit(
        device.require_sim(CmsError),
        replace(submit, reference=reference),
        tpdu[:1] + bytes([reference]) + tpdu[2:],
        device=device.name,
        first_octet_at=began,
    )
    if kept is not None:
        kept.status = MessageStatus.SENT
    stamp = ""
    if device.family.dialogue.answers_when_sent and device.settings.message_service == 1:
        stamp = f',"{text_mode.moment(Timestamp.of(device.timers.now().astimezone(device.network.zone)))}"'
    _answer(device, f"{name}: {reference}{stamp}")


def _transmit_command(device: DeviceState, command: Command) -> None:
    reference = device.take_reference(command.reference)
    device.network.command(device.require_sim(CmsError), replace(command, reference=reference))
    _answer(device, f"+CMGC: {reference}")


def _answer(device: DeviceState, line: str) -> None:
    if device.faults.take_answer_loss() or device.sends_blind:
        device.finish_unanswered()
    elif delay_s := device.faults.take_answer_delay():
        device.later(delay_s, partial(_accepted, device, line))
    else:
        _accepted(device, line)


def _accepted(device: DeviceState, line: str) -> None:
    device.host.say(line)
    device.finish("OK")
