"""Commands of radio, registration and network time (3GPP TS 27.007 7 and 8)."""

from __future__ import annotations

from datetime import datetime

from modemd.emulator.device import text_mode
from modemd.emulator.device.charset import encode_text
from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.commands.table import CommandTable, allowed_number, require_form
from modemd.emulator.device.family_replies import RESTART_AFTER_S
from modemd.emulator.device.results import CmeError
from modemd.emulator.device.state import DeviceState
from modemd.emulator.network.operators import Operator

COMMANDS = CommandTable()


@COMMANDS.command("+CREG", "+CGREG", "+CEREG")
def registration(device: DeviceState, command: ParsedCommand) -> None:
    """Sets or shows the level of notices (27.007 7.2, 10.1.20, 10.1.22).

    Level 2 includes the cell, in the form of the family.
    """
    notices = device.settings.registration_notices
    match command.form:
        case CommandForm.READ:
            state = device.format_registration(command.name, is_asked=True)
            device.host.send_line(f"{command.name}: {notices[command.name]},{state}")
        case CommandForm.TEST:
            device.host.send_line(f"{command.name}: (0-2)")
        case _:
            level = allowed_number(command, range(3)) if command.form is CommandForm.SET else 0
            if command.name != "+CREG" or level in device.family.dialogue.creg_levels:
                notices[command.name] = level


@COMMANDS.command("+COPS")
def operator(device: DeviceState, command: ParsedCommand) -> None:
    """Selects an operator (27.007 7.3): automatic, manual, none, or only the format: 0 and 1 (name), 2 (number).

    A manual choice of a network that is not the SIM's gives CME 32, of one that does not exist CME 30; mode 4 then
    chooses automatically.
    """
    serving = device.network.serving_operator(device.sim)
    match command.form:
        case CommandForm.READ if device.registered:
            shape = device.settings.operator_format
            name = serving.code if shape == 2 else encode_text(serving.name, device.settings.alphabet)
            device.host.send_line(f'+COPS: {device.selection},{shape},"{name}"')
        case CommandForm.READ:
            device.host.send_line(f"+COPS: {device.selection}")
        case CommandForm.TEST:
            others = (one for one in device.network.operators.values() if one is not serving)
            seen = [(2, serving), *((3, other) for other in others)]  # 2 the current one, 3 forbidden to this SIM
            listing = ",".join(f'({state},"{one.name}","{one.name}","{one.code}")' for state, one in seen)
            device.host.send_line(f"+COPS: {listing},,(0-4),(0-2)")
        case CommandForm.SET:
            _select(device, serving, command)


def _select(device: DeviceState, serving: Operator, command: ParsedCommand) -> None:
    mode, shape, wanted = (*command.values(), "", "")[:3]
    if mode not in ("0", "1", "2", "3", "4"):
        raise CmeError(50)
    if mode == "3":
        device.settings.operator_format = allowed_number(command, range(3), position=1)
        return
    names = {one.code if shape == "2" else one.name for one in device.network.operators.values()}
    found = wanted == (serving.code if shape == "2" else serving.name)
    if mode == "1" and not found:
        raise CmeError(32 if wanted in names else 30)
    device.select_operator(0 if mode == "4" and not found else int(mode))


@COMMANDS.command("+CSQ")
def signal_quality(device: DeviceState, command: ParsedCommand) -> None:
    """Shows the signal (27.007 8.5): 0 to 31, 99 without a network."""
    require_form(command, CommandForm.EXECUTE, CommandForm.TEST)
    if command.form is CommandForm.TEST:
        device.host.send_line("+CSQ: (0-31,99),(0-7,99)")
    else:
        device.host.send_line(f"+CSQ: {device.signal if device.registered else 99},99")


@COMMANDS.command("+CESQ")
def extended_signal_quality(device: DeviceState, command: ParsedCommand) -> None:
    """Shows the signal (27.007 8.69).

    <rxlev> is derived from +CSQ, which counts every second dB from -113; 3G and LTE are unknown.
    """
    require_form(command, CommandForm.EXECUTE, CommandForm.TEST)
    if command.form is CommandForm.TEST:
        device.host.send_line("+CESQ: (0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)")
    else:
        level = max(0, 2 * device.signal - 2) if device.registered else 99
        device.host.send_line(f"+CESQ: {level},99,255,255,255,255")


@COMMANDS.command("+CBC")
def battery(device: DeviceState, command: ParsedCommand) -> None:
    """Shows the battery (27.007 8.4): powered by the host, full."""
    require_form(command, CommandForm.EXECUTE, CommandForm.TEST)
    device.host.send_line("+CBC: 0,100" if command.form is CommandForm.EXECUTE else "+CBC: (0-3),(0-100)")


@COMMANDS.command("+CPAS")
def activity(device: DeviceState, command: ParsedCommand) -> None:
    """Shows the activity (27.007 8.1): ready."""
    require_form(command, CommandForm.EXECUTE, CommandForm.TEST)
    device.host.send_line("+CPAS: 0" if command.form is CommandForm.EXECUTE else "+CPAS: (0,3,4)")


@COMMANDS.command("+CGATT")
def packet_service(device: DeviceState, command: ParsedCommand) -> None:
    """Shows the packet service (27.007 10.1.9): attached while registered; a setting is accepted without effect."""
    if command.form is CommandForm.READ:
        device.host.send_line(f"+CGATT: {int(device.registered)}")
    elif command.form is CommandForm.TEST:
        device.host.send_line("+CGATT: (0,1)")
    else:
        allowed_number(command, range(2))


@COMMANDS.command("+CFUN")
def functionality(device: DeviceState, command: ParsedCommand) -> bool | None:
    """Sets or shows the functionality (27.007 8.2): 1 is full, others are those of the family; a second value of 1 restarts."""
    commands = device.family.commands
    match command.form:
        case CommandForm.READ:
            device.host.send_line("+CFUN: " + commands.function_form.format(function=device.function))
        case CommandForm.TEST:
            device.host.send_line("+CFUN: (" + ",".join(map(str, commands.functions)) + "),(0,1)")
        case _:
            function = allowed_number(command, commands.functions)
            if command.numbers()[1:] == [1]:
                device.later(RESTART_AFTER_S, device.restart)
            elif commands.function_waits and not device.sim_ready:
                raise CmeError(14)
            else:
                device.set_function(function)
    return None


@COMMANDS.command("+CCLK")
def clock(device: DeviceState, command: ParsedCommand) -> None:
    """Sets or shows the clock (27.007 8.15): the time of a host, else the network's local time.

    The offset is in quarters of an hour.
    """
    now = device.timers.now().astimezone(device.network.zone)
    if command.form is CommandForm.READ:
        device.host.send_line(f'+CCLK: "{text_mode.format_time(now + device.clock_shift)}"')
    elif command.form is CommandForm.SET:
        written = command.values()[0][: len("yy/MM/dd,hh:mm:ss")]
        wanted = datetime.strptime(written, "%y/%m/%d,%H:%M:%S").replace(tzinfo=now.tzinfo)
        device.clock_shift = wanted - now.replace(microsecond=0)
