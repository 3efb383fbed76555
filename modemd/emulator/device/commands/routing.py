"""Commands for messages on their way to the host: format, memories, notices, acknowledgement (3GPP TS 27.005 3.2, 3.4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.commands import entry
from modemd.emulator.device.commands.table import CommandTable, allowed_number
from modemd.emulator.device.results import CmsError, FinalResult, result_of
from modemd.emulator.device.settings import Notifications, TextParameters
from modemd.emulator.device.state import DeviceState

COMMANDS = CommandTable()


@COMMANDS.command("+CMGF")
def message_format(device: DeviceState, command: ParsedCommand) -> None:
    """Sets or shows the format (27.005 3.2.3): 0 PDU, 1 text. Without a value, 0."""
    device.require_sim(CmsError)
    match command.form:
        case CommandForm.READ:
            device.host.send_line(f"+CMGF: {int(device.settings.text_mode)}")
        case CommandForm.TEST:
            device.host.send_line("+CMGF: (0,1)")
        case _:
            device.settings.text_mode = command.form is CommandForm.SET and allowed_number(command, range(2)) == 1


@COMMANDS.command("+CPMS")
def preferred_memories(device: DeviceState, command: ParsedCommand) -> None:
    """Sets or shows the memories for reading and deleting, for writing and sending, for incoming messages (27.005 3.2.2).

    An omitted one stays.
    """
    device.require_sim(CmsError)
    settings, storage = device.settings, device.family.storage
    places = range(storage.together)
    match command.form:
        case CommandForm.TEST:
            lists = (",".join(f'"{name}"' for name in storage.of_place(place)) for place in places)
            device.host.send_line("+CPMS: " + (storage.offered or ",".join(f"({names})" for names in lists)))
        case CommandForm.READ:
            used = settings.memories[: storage.together]
            device.host.send_line("+CPMS: " + ",".join(f'"{name}",{_fill(device, name)}' for name in used))
        case CommandForm.SET:
            names = [name.upper() for name in command.values()]
            if len(names) > storage.together:
                raise FinalResult("ERROR")
            is_named = all(names) and len(names) == storage.together if storage.names_all else bool(names[0])
            if not is_named or any(name and name not in storage.of_place(at) for at, name in enumerate(names)):
                raise result_of(storage.refused)
            settings.memories[: len(names)] = [
                name or current_name for name, current_name in zip(names, settings.memories, strict=False)
            ]
            device.host.send_line("+CPMS: " + ",".join(_fill(device, settings.memories[place]) for place in places))
        case _:
            raise FinalResult("ERROR")


def _fill(device: DeviceState, name: str) -> str:
    memory = device.memory(name)
    return f"{memory.used},{memory.capacity}"


@COMMANDS.command("+CNMI")
def notifications(device: DeviceState, command: ParsedCommand) -> None:
    """Sets or shows the notices (27.005 3.4.1). The family may offer more than it accepts; a refusal changes nothing."""
    family = device.family.notify
    current = device.settings.notifications
    if command.form is CommandForm.TEST:
        device.host.send_line(f"+CNMI: {family.offered}")
    elif command.form is CommandForm.READ:
        device.host.send_line("+CNMI: " + ",".join(map(str, current.values(device.family))))
    else:
        before = current.values(device.family)
        if family.omitted_are_zero:
            before = (0,) * len(before)
        numbers = command.numbers() if command.form is CommandForm.SET else [0, 0, 0, 0, *family.bfr[:1]]
        if len(numbers) > len(before):
            raise result_of(family.refused)
        wanted = [old if new is None else new for new, old in zip([*numbers, *[None] * 5], before, strict=False)]
        allowed = (family.mode, family.mt, family.bm, family.ds, family.bfr)
        if any(value not in values for value, values in zip(wanted, allowed, strict=False)):
            raise result_of(family.refused)
        routed = Notifications(*wanted)
        if family.routing_needs_service and routed.routes and device.settings.message_service == 0:
            raise result_of(family.refused)
        device.settings.notifications = routed
        device.inbound.release_buffered()
        if not device.family.storage.memories and routed.mt:
            device.notify_memory_available()


@COMMANDS.command("+CSMS")
def message_service(device: DeviceState, command: ParsedCommand) -> None:
    """Sets or shows the service (27.005 3.2.1): 0 without acknowledgement of routed messages, 1 with.

    MT, MO and CB are supported.
    """
    services = device.family.notify.services
    match command.form:
        case CommandForm.TEST:
            device.host.send_line("+CSMS: (" + ",".join(map(str, services)) + ")")
        case CommandForm.READ:
            device.host.send_line(f"+CSMS: {device.settings.message_service},1,1,1")
        case _:
            device.settings.message_service = allowed_number(command, services)
            device.host.send_line("+CSMS: 1,1,1")


@COMMANDS.command("+CNMA")
def acknowledge(device: DeviceState, command: ParsedCommand) -> bool | None:
    """Acknowledges a routed message (27.005 3.4.4): `AT+CNMA`, or in PDU mode `=n[,length]`.

    0 and 1 are RP-ACK, 2 is RP-ERROR; a length brings the prompt for a DELIVER-REPORT. CmsError 303 for what the family
    does not accept, 304 for a wrong PDU.
    """
    notify = device.family.notify
    if command.form is CommandForm.TEST:
        device.host.send_line("+CNMA: (" + ",".join(map(str, notify.acknowledgements)) + ")")
        return None
    numbers = command.numbers() if command.form is CommandForm.SET else [0]
    kind, length = (*numbers, None, None)[:2]
    in_text = device.settings.text_mode and command.form is CommandForm.SET
    if kind not in notify.acknowledgements or len(numbers) > 2 or in_text:
        raise CmsError(303)
    if length is None:
        device.inbound.acknowledge(positive=kind != 2)
        return None
    if kind == 0 or not notify.acknowledges_by_pdu:
        raise CmsError(303)
    device.inbound.require_unacknowledged()
    return entry.PromptedEntry(
        device, entry.report_reader(length), partial(_acknowledge_by_pdu, device, kind != 2)
    ).begin()


def _acknowledge_by_pdu(device: DeviceState, positive: bool, tpdu: bytes, first_octet_at: datetime) -> None:
    device.inbound.acknowledge(positive=positive)
    device.finish("OK")


@COMMANDS.command("+CMMS")
def more_messages(device: DeviceState, command: ParsedCommand) -> None:
    """Sets or shows whether the link stays up between sends (27.005 3.5.6). The value changes nothing in the air time.

    Some families refuse it (500) in the seconds after it was read.
    """
    pause = timedelta(seconds=device.family.dialogue.link_pause_s)
    match command.form:
        case CommandForm.TEST:
            device.host.send_line("+CMMS: (0-2)")
        case CommandForm.READ:
            device.host.send_line(f"+CMMS: {device.settings.link_kept}")
            device.settings.link_refused_until = device.timers.now() + pause
        case _ if (until := device.settings.link_refused_until) and device.timers.now() < until:
            raise CmsError(500)
        case _:
            device.settings.link_kept = allowed_number(command, range(3))


@COMMANDS.command("+CSMP")
def text_parameters(device: DeviceState, command: ParsedCommand) -> None:
    """Sets or shows the first octet, TP-VP, TP-PID and TP-DCS of text mode messages (27.005 3.3.2); omitted ones stay."""
    settings = device.settings
    if command.form is CommandForm.READ:
        current = settings.text_parameters
        validity = current.validity if current.validity.isdigit() else f'"{current.validity}"'
        device.host.send_line(f"+CSMP: {current.first_octet},{validity},{current.protocol_id},{current.dcs}")
    elif command.form is CommandForm.SET:
        settings.text_parameters = _parameters(settings.text_parameters, command.values())
        if device.family.dialogue.csmp_forgets_centre and device.sim is not None:
            device.sim.smsc = ""


def _parameters(current: TextParameters, values: list[str]) -> TextParameters:
    first, validity, protocol, dcs = (value or None for value in [*values, *[""] * 4][:4])
    wanted = TextParameters(
        first_octet=current.first_octet if first is None else int(first),
        validity=current.validity if validity is None else validity,
        protocol_id=current.protocol_id if protocol is None else int(protocol),
        dcs=current.dcs if dcs is None else int(dcs),
    )
    octets = (wanted.first_octet, wanted.protocol_id, wanted.dcs)
    right = all(0 <= octet <= 255 for octet in octets) and len(values) <= 4
    if not right or (wanted.validity.isdigit() and int(wanted.validity) > 255):
        raise CmsError(305)
    return wanted


@COMMANDS.command("+CSDH")
def show_headers(device: DeviceState, command: ParsedCommand) -> None:
    """Sets or shows whether text mode shows the parameters in brackets (27.005 3.3.3)."""
    match command.form:
        case CommandForm.READ:
            device.host.send_line(f"+CSDH: {int(device.settings.show_headers)}")
        case CommandForm.TEST:
            device.host.send_line("+CSDH: (0,1)")
        case _:
            device.settings.show_headers = command.form is CommandForm.SET and allowed_number(command, range(2)) == 1
