"""Sending: `+CMGS`, `+CMSS`, `+CMGC` (3GPP TS 27.005 3.5.1, 3.5.2, 3.5.5, 4.3, 4.7, 4.6)."""

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
from modemd.emulator.network.message_fates import Rejected
from modemd.emulator.network.message_memory import MessageStatus, StoredMessage
from modemd.errors import DecodeError
from modemd.pdu import Command, Submit, decode_outgoing

COMMANDS = CommandTable()

FROZEN_S = 1e9
"""Seconds for which a device is deaf that hears nothing until it restarts."""


@COMMANDS.command("+CMGS")
def send(device: DeviceState, command: ParsedCommand) -> bool | None:
    """`=length` in PDU mode, without the SMSC field; `="number"[,type]` in text mode. Then comes the prompt."""
    if command.form is CommandForm.TEST:
        return None
    device.require_sim(CmsError)
    on_tpdu = partial(_submit, device, "+CMGS")
    if _is_text_mode_send(device, command):
        if not _stored_smsc(device)():
            raise CmsError(330)
        return entry.PromptedEntry(
            device, entry.text_reader(device, entry.destination_of(device, command)), on_tpdu, in_text=True
        ).begin()
    read_tpdu = entry.pdu_reader(entry.tpdu_length(device, command), _stored_smsc(device))
    return entry.PromptedEntry(device, read_tpdu, on_tpdu, after_prompt="OK" if device.sends_blind else "").begin()


def _stored_smsc(device: DeviceState) -> Callable[[], str]:
    return lambda: device.require_sim(CmsError).smsc


def _is_text_mode_send(device: DeviceState, command: ParsedCommand) -> bool:
    """Returns whether text mode is on and a quoted number is given. One without quotes is a length, sent in the wrong mode."""
    return device.settings.text_mode and command.form is CommandForm.SET and command.argument.startswith('"')


@COMMANDS.command("+CMSS")
def send_stored(device: DeviceState, command: ParsedCommand) -> bool | None:
    """`=index[,number[,type]]`: sends what `+CMGW` stored, to its own number or to this one. With neither, 305 or 304."""
    if command.form is CommandForm.TEST:
        return None
    device.require_sim(CmsError)
    memory = device.memory(device.settings.memories[1])
    message = stored_at(memory, slot_of(device, command))
    if message is None:
        raise CmsError(321)
    if not message.is_outgoing:
        raise CmsError(302)
    tpdu = message.tpdu
    if len(command.values()) > 1:
        tpdu = replace(Submit.decode(tpdu), destination=entry.destination_of(device, command, at=1)).encode()
    if not Submit.decode(tpdu).destination.value:
        raise CmsError(305 if device.settings.text_mode else 304)
    _submit(device, "+CMSS", tpdu, device.timers.now(), message)
    return True


@COMMANDS.command("+CMGC")
def send_command(device: DeviceState, command: ParsedCommand) -> bool | None:
    """`=length` and an SMS-COMMAND, in PDU mode: asks the service centre about a message, or deletes it there."""
    if command.form is CommandForm.TEST:
        return None
    device.require_sim(CmsError)
    read_tpdu = entry.pdu_reader(entry.tpdu_length(device, command), _stored_smsc(device))
    return entry.PromptedEntry(device, read_tpdu, partial(_send_command, device)).begin()


def _submit(
    device: DeviceState, name: str, tpdu: bytes, first_octet_at: datetime, stored: StoredMessage | None = None
) -> None:
    message = _decode(tpdu)
    if not isinstance(message, Submit):
        raise CmsError(161)  # TP-FCS A1, command unsupported
    _put_on_air(device, partial(_transmit, device, name, message, tpdu, first_octet_at, stored))


def _send_command(device: DeviceState, tpdu: bytes, first_octet_at: datetime) -> None:
    message = _decode(tpdu)
    if not isinstance(message, Command):
        raise CmsError(304)
    _put_on_air(device, partial(_transmit_command, device, message))


def _decode(tpdu: bytes) -> Submit | Command:
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
    device.later(latency_s, partial(_reach_network, device, transmit))


def _reach_network(device: DeviceState, transmit: Callable[[], None]) -> None:
    """Transmits at the end of the send latency: the network accepts and journals, or refuses."""
    try:
        device.require_sim(CmsError)
        if not device.registered:
            raise CmsError(331)
        if (cause := device.faults.take_refusal()) is not None:
            raise CmsError(cause)
        transmit()
    except Rejected as refusal:
        _fail(device, CmsError(refusal.cause))
    except CmsError as error:
        _fail(device, error)


def _fail(device: DeviceState, error: CmsError) -> None:
    if device.sends_blind:
        device.finish_unanswered()
        device.deaf_for(FROZEN_S)
    else:
        device.fail(error)


def _transmit(
    device: DeviceState, name: str, submit: Submit, tpdu: bytes, first_octet_at: datetime, stored: StoredMessage | None
) -> None:
    reference = device.take_reference(submit.reference)
    device.network.submit(
        device.require_sim(CmsError),
        replace(submit, reference=reference),
        tpdu[:1] + bytes([reference]) + tpdu[2:],
        device=device.name,
        first_octet_at=first_octet_at,
    )
    if stored is not None:
        stored.status = MessageStatus.SENT
    stamp = ""
    if device.family.dialogue.answers_when_sent and device.settings.message_service == 1:
        stamp = f',"{text_mode.format_time(device.timers.now().astimezone(device.network.zone))}"'
    _answer(device, f"{name}: {reference}{stamp}")


def _transmit_command(device: DeviceState, command: Command) -> None:
    reference = device.take_reference(command.reference)
    device.network.command(device.require_sim(CmsError), replace(command, reference=reference))
    _answer(device, f"+CMGC: {reference}")


def _answer(device: DeviceState, line: str) -> None:
    if device.faults.take_answer_loss() or device.sends_blind:
        device.finish_unanswered()
    elif delay_s := device.faults.take_answer_delay():
        device.later(delay_s, partial(_confirm, device, line))
    else:
        _confirm(device, line)


def _confirm(device: DeviceState, line: str) -> None:
    device.host.send_line(line)
    device.finish("OK")
