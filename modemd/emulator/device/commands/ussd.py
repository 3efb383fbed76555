"""USSD: `+CUSD` (3GPP TS 27.007 7.15)."""

from __future__ import annotations

from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.commands.table import CommandTable, allowed_number, require_form
from modemd.emulator.device.state import DeviceState
from modemd.emulator.device.ussd import GSM_CODING

COMMANDS = CommandTable()

CANCEL = 2


@COMMANDS.command("+CUSD")
def ussd(device: DeviceState, command: ParsedCommand) -> None:
    """`=n[,string[,dcs]]`: gets OK at once, the network's answer later, shown only with n=1; n=2 ends the session."""
    require_form(command, CommandForm.READ, CommandForm.SET, CommandForm.TEST)
    if command.form is CommandForm.READ:
        device.host.send_line(f"+CUSD: {device.settings.flags.get('+CUSD', '0')}")
        return
    if command.form is CommandForm.TEST:
        device.host.send_line("+CUSD: (0-2)")
        return
    values = command.values()
    mode = int(values[0]) if values[0] else 0
    if mode not in range(3):
        allowed_number(command, range(3))
    if mode == CANCEL:
        device.ussd.reset()
        return
    if len(values) > 1:
        device.ussd.send(values[1], int(values[2]) if values[2:] and values[2] else GSM_CODING)
    device.settings.flags["+CUSD"] = str(mode)
