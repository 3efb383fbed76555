"""Answers from the family's file, which come before the commands that all families share."""

from __future__ import annotations

from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.family import switch_of
from modemd.emulator.device.results import FinalResult, UnknownCommand, result_of
from modemd.emulator.device.state import DeviceState

RESTART_AFTER_S = 0.1
"""Seconds from the OK of a command that restarts or switches off until it does so: enough for the OK to be sent."""


def answer_from_family(device: DeviceState, command: ParsedCommand) -> bool:
    """Answers a command from the family's file.

    Returns False if the file does not have the command. Raises FinalResult to end the line.
    """
    family = device.family
    commands = family.commands
    if command.name in commands.unsupported or _is_locked_out(device, command):
        raise UnknownCommand
    if (refusal := family.refusals.get(command.typed)) is not None:
        raise result_of(refusal)
    if command.typed == family.chatter.silenced_by:
        device.chatter.silence()
    if command.typed in commands.restarts:
        device.later(RESTART_AFTER_S, device.restart)
        return True
    if command.typed in commands.powers_off:
        device.later(RESTART_AFTER_S, device.switch_off)
        return True
    if (lines := family.replies.get(command.typed)) is not None:
        value = _switch_value(device, command.name)
        device.send_filled_lines([line.replace("{set}", value) for line in lines])
        return True
    return _apply_switch(device, command)


def _is_locked_out(device: DeviceState, command: ParsedCommand) -> bool:
    known = device.family.commands.before_unlock
    of_v250 = command.name[0].isalpha() or command.name[0] == "&"
    return bool(known) and not of_v250 and command.name not in known and not device.sim_usable


def _apply_switch(device: DeviceState, command: ParsedCommand) -> bool:
    switches, flags = device.family.switches, device.settings.flags
    if command.form is CommandForm.READ and command.name in switches:
        device.host.send_line(f"{command.name}: {_switch_value(device, command.name)}")
        return True
    if command.form is not CommandForm.SET:
        return False
    name, value = switch_of(command.typed)
    if name not in switches:
        return False
    if value not in switches[name]:
        raise FinalResult("ERROR")
    flags[name] = value
    return True


def _switch_value(device: DeviceState, switch: str) -> str:
    values = device.family.switches.get(switch)
    return device.settings.flags.get(switch, values[0]) if values else ""
