"""What a family's file makes of a command, before the commands all families share are asked."""

from __future__ import annotations

from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.family import switch_of
from modemd.emulator.device.results import FinalResult, UnknownCommand, result_of
from modemd.emulator.device.state import DeviceState

RESTART_AFTER_S = 0.1
"""From the OK of a command that restarts or switches off to doing so: long enough for the OK to leave."""


def answer_from_family(device: DeviceState, call: ParsedCommand) -> bool:
    """Whether the family's file has answered; the device then goes on with the line. FinalResult where that ends it."""
    family = device.family
    commands = family.commands
    if call.name in commands.unsupported or _is_locked_out(device, call):
        raise UnknownCommand
    if (refusal := family.refusals.get(call.typed)) is not None:
        raise result_of(refusal)
    if call.typed == family.chatter.silenced_by:
        device.chatter.silence()
    if call.typed in commands.restarts:
        device.later(RESTART_AFTER_S, device.restart)
        return True
    if call.typed in commands.powers_off:
        device.later(RESTART_AFTER_S, device.switch_off)
        return True
    if (lines := family.replies.get(call.typed)) is not None:
        value = _switch_value(device, call.name)
        device.send_filled_lines([line.replace("{set}", value) for line in lines])
        return True
    return _apply_switch(device, call)


def _is_locked_out(device: DeviceState, call: ParsedCommand) -> bool:
    known = device.family.commands.before_unlock
    of_v250 = call.name[0].isalpha() or call.name[0] == "&"
    return bool(known) and not of_v250 and call.name not in known and not device.sim_usable


def _apply_switch(device: DeviceState, call: ParsedCommand) -> bool:
    switches, flags = device.family.switches, device.settings.flags
    if call.kind is CommandForm.READ and call.name in switches:
        device.host.say(f"{call.name}: {_switch_value(device, call.name)}")
        return True
    if call.kind is not CommandForm.SET:
        return False
    name, value = switch_of(call.typed)
    if name not in switches:
        return False
    if value not in switches[name]:
        raise FinalResult("ERROR")
    flags[name] = value
    return True


def _switch_value(device: DeviceState, switch: str) -> str:
    values = device.family.switches.get(switch)
    return device.settings.flags.get(switch, values[0]) if values else ""
