"""Voice calls, as far as message software meets them (V.250 6.3; 3GPP TS 27.007 6.5, 6.11, 7.6, 7.18)."""

from __future__ import annotations

from modemd.emulator.device.charset import DIALLABLE
from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.commands.table import CommandTable, allowed_number, require_form
from modemd.emulator.device.results import CmeError, FinalResult
from modemd.emulator.device.state import DeviceState

COMMANDS = CommandTable()


@COMMANDS.command("A")
def answer(device: DeviceState, command: ParsedCommand) -> None:
    """Answers the call that rings; without one, NO CARRIER."""
    device.voice.answer()


@COMMANDS.command("H", "+CHUP")
def hang_up(device: DeviceState, command: ParsedCommand) -> None:
    device.voice.hang_up()


@COMMANDS.command("D")
def dial(device: DeviceState, command: ParsedCommand) -> None:
    """Dials: a number with `;` is a voice call, with OK at once and its end later. A data call gets NO CARRIER."""
    device.require_sim(CmeError)
    number = command.argument.strip()
    if not number.endswith(";"):
        raise FinalResult("NO CARRIER")
    number = "".join(character for character in number[:-1] if character in DIALLABLE)
    if not number:
        raise FinalResult("NO CARRIER")
    device.voice.dial(number)


@COMMANDS.command("+CLCC")
def list_calls(device: DeviceState, command: ParsedCommand) -> None:
    require_form(command, CommandForm.EXECUTE, CommandForm.TEST)
    if command.form is CommandForm.EXECUTE and (line := device.voice.format_for_clcc()) is not None:
        device.host.send_line(f"+CLCC: {line}")


@COMMANDS.command("+CLIP")
def show_caller(device: DeviceState, command: ParsedCommand) -> None:
    """Sets or shows whether `+CLIP` comes with each ring; the answer also says that the network sends the number (1)."""
    require_form(command, CommandForm.READ, CommandForm.SET, CommandForm.TEST)
    if command.form is CommandForm.READ:
        device.host.send_line(f"+CLIP: {device.settings.flags.get('+CLIP', '0')},1")
    elif command.form is CommandForm.TEST:
        device.host.send_line("+CLIP: (0,1)")
    else:
        device.settings.flags["+CLIP"] = str(allowed_number(command, range(2)))


@COMMANDS.command("+CRC", "+CVHU")
def store_value(device: DeviceState, command: ParsedCommand) -> None:
    """Stores and shows a value.

    `+CRC`: 1 replaces RING with `+CRING: VOICE`. `+CVHU` has no effect: ATH hangs up either way.
    """
    require_form(command, CommandForm.READ, CommandForm.SET, CommandForm.TEST)
    if command.form is CommandForm.READ:
        device.host.send_line(f"{command.name}: {device.settings.flags.get(command.name, '0')}")
    elif command.form is CommandForm.TEST:
        device.host.send_line(f"{command.name}: (0,1)")
    else:
        device.settings.flags[command.name] = str(allowed_number(command, range(2)))
