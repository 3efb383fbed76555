"""Voice calls, as far as software for messages meets them (V.250 6.3; 3GPP TS 27.007 6.5, 6.11, 7.6, 7.18)."""

from __future__ import annotations

from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.commands.table import CommandTable, chosen, only
from modemd.emulator.device.results import CmeError, FinalResult
from modemd.emulator.device.state import DeviceState

COMMANDS = CommandTable()


@COMMANDS.command("A")
def answer(device: DeviceState, call: ParsedCommand) -> None:
    """OK, and the call stands; without one, NO CARRIER."""
    device.voice.answer()


@COMMANDS.command("H", "+CHUP")
def hang_up(device: DeviceState, call: ParsedCommand) -> None:
    device.voice.hang_up()


@COMMANDS.command("D")
def dial(device: DeviceState, call: ParsedCommand) -> None:
    """A number with `;` is a voice call: OK at once, and how it ends comes later. A data call finds NO CARRIER."""
    device.require_sim(CmeError)
    number = call.argument.strip()
    if not number.endswith(";"):
        raise FinalResult("NO CARRIER")
    number = "".join(letter for letter in number[:-1] if letter in "+*#0123456789")
    if not number:
        raise FinalResult("NO CARRIER")
    device.voice.dial(number)


@COMMANDS.command("+CLCC")
def list_calls(device: DeviceState, call: ParsedCommand) -> None:
    only(call, CommandForm.EXECUTE, CommandForm.TEST)
    if call.kind is CommandForm.EXECUTE and (listed := device.voice.listed()) is not None:
        device.host.say(f"+CLCC: {listed}")


@COMMANDS.command("+CLIP")
def show_caller(device: DeviceState, call: ParsedCommand) -> None:
    """Whether `+CLIP` comes with each ring; reading says also that the network tells the number (1)."""
    only(call, CommandForm.READ, CommandForm.SET, CommandForm.TEST)
    if call.kind is CommandForm.READ:
        device.host.say(f"+CLIP: {device.settings.flags.get('+CLIP', '0')},1")
    elif call.kind is CommandForm.TEST:
        device.host.say("+CLIP: (0,1)")
    else:
        device.settings.flags["+CLIP"] = str(chosen(call, range(2)))


@COMMANDS.command("+CRC", "+CVHU")
def kept(device: DeviceState, call: ParsedCommand) -> None:
    """`+CRC`: 1 says `+CRING: VOICE` in place of RING. `+CVHU` is kept and read back; ATH hangs up either way."""
    only(call, CommandForm.READ, CommandForm.SET, CommandForm.TEST)
    if call.kind is CommandForm.READ:
        device.host.say(f"{call.name}: {device.settings.flags.get(call.name, '0')}")
    elif call.kind is CommandForm.TEST:
        device.host.say(f"{call.name}: (0,1)")
    else:
        device.settings.flags[call.name] = str(chosen(call, range(2)))
