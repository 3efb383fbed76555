"""Basic commands of ITU-T V.250, identity of the device, error reporting and character set."""

from __future__ import annotations

from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.commands.table import CommandTable, allowed_number, require_form
from modemd.emulator.device.results import CmeError, FinalResult
from modemd.emulator.device.settings import Settings
from modemd.emulator.device.state import DeviceState

COMMANDS = CommandTable()


def _switch(command: ParsedCommand) -> bool:
    """Returns the 0 or 1 after a basic command; nothing means 0 (V.250 5.3.1)."""
    if command.argument not in ("", "0", "1"):
        raise FinalResult("ERROR")
    return command.argument == "1"


@COMMANDS.command("E")
def echo(device: DeviceState, command: ParsedCommand) -> None:
    device.settings.echo = _switch(command)


@COMMANDS.command("V")
def verbose(device: DeviceState, command: ParsedCommand) -> None:
    device.settings.verbose = _switch(command)


@COMMANDS.command("Q")
def quiet(device: DeviceState, command: ParsedCommand) -> None:
    device.settings.quiet = _switch(command)


@COMMANDS.command("Z")
def restore(device: DeviceState, command: ParsedCommand) -> None:
    """Restores the saved profile, else that of the factory. Message memories in use stay."""
    _take_over(device, device.saved or Settings.fresh(device.family))


@COMMANDS.command("&F")
def factory(device: DeviceState, command: ParsedCommand) -> None:
    _take_over(device, Settings.fresh(device.family))


def _take_over(device: DeviceState, settings: Settings) -> None:
    memories = device.settings.memories
    device.host.settings = settings.copy()
    device.settings.memories = memories


@COMMANDS.command("&W")
def save(device: DeviceState, command: ParsedCommand) -> None:
    device.saved = device.settings.copy()


@COMMANDS.command("&C", "&D", "&S", "&K", "X", "L", "M", "O", "T", "P")
def nothing_to_do(device: DeviceState, command: ParsedCommand) -> None:
    """Accepts line control: there is no line here, and sticks answer OK, too."""


@COMMANDS.command("S0", "S3", "S4", "S5", "S7")
def register(device: DeviceState, command: ParsedCommand) -> None:
    """Sets or shows a register (V.250 6.2).

    S3, S4 and S5 are the octets of CR, LF and BS from now on; S0 is the number of rings until a call is answered. S7 is
    stored and shown.
    """
    number = int(command.name[1:])
    if command.form is CommandForm.READ:
        device.host.send_line(f"{device.settings.registers[number]:03d}")
        return
    if command.form is CommandForm.EXECUTE:  # V.250 5.3.2: selects a register, without a change
        return
    value = int(command.argument or "0")
    if value > (127 if number in (3, 4, 5) else 255):
        raise FinalResult("ERROR")
    device.settings.registers[number] = value


@COMMANDS.command("I")
def identify(device: DeviceState, command: ParsedCommand) -> None:
    identity = device.family.identity
    for line in (
        f"Manufacturer: {identity.manufacturer}",
        f"Model: {identity.model}",
        f"Revision: {identity.revision}",
        f"IMEI: {device.imei}",
    ):
        device.host.send_line(line)


@COMMANDS.command("+CGMI", "+GMI")
def manufacturer(device: DeviceState, command: ParsedCommand) -> None:
    _identity(device, command, device.family.identity.manufacturer)


@COMMANDS.command("+CGMM", "+GMM")
def model(device: DeviceState, command: ParsedCommand) -> None:
    _identity(device, command, device.family.identity.model)


@COMMANDS.command("+CGMR", "+GMR")
def revision(device: DeviceState, command: ParsedCommand) -> None:
    _identity(device, command, device.family.identity.revision)


@COMMANDS.command("+CGSN", "+GSN")
def serial_number(device: DeviceState, command: ParsedCommand) -> None:
    _identity(device, command, device.imei)


def _identity(device: DeviceState, command: ParsedCommand, value: str) -> None:
    require_form(command, CommandForm.EXECUTE, CommandForm.TEST)
    if command.form is CommandForm.EXECUTE:
        device.host.send_line(value)


@COMMANDS.command("+GCAP")
def capabilities(device: DeviceState, command: ParsedCommand) -> None:
    """Shows the capabilities: GSM commands, and no fax (V.250 6.1.9)."""
    _identity(device, command, "+GCAP: +CGSM")


@COMMANDS.command("+CMEE")
def error_reporting(device: DeviceState, command: ParsedCommand) -> None:
    """Sets or shows the level of error reporting (3GPP TS 27.007 9.1)."""
    match command.form:
        case CommandForm.READ:
            device.host.send_line(f"+CMEE: {device.settings.error_level}")
        case CommandForm.TEST:
            device.host.send_line("+CMEE: (0-2)")
        case _:
            device.settings.error_level = allowed_number(command, range(3)) if command.form is CommandForm.SET else 0


@COMMANDS.command("+CSCS")
def alphabet(device: DeviceState, command: ParsedCommand) -> None:
    """Sets or shows the character set of strings (27.007 5.5) and of text mode; in PDU mode it changes no message."""
    match command.form:
        case CommandForm.READ:
            device.host.send_line(f'+CSCS: "{device.settings.alphabet}"')
        case CommandForm.TEST:
            device.host.send_line("+CSCS: (" + ",".join(f'"{name}"' for name in device.family.dialogue.charsets) + ")")
        case _:
            value = command.values()[0].upper()
            if value not in device.family.dialogue.charsets:
                raise CmeError(50)
            device.settings.alphabet = value
