"""ITU-T V.250 basic commands, and who the device is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modemd.emulator import charset
from modemd.emulator.calls import Call, Kind
from modemd.emulator.commands.table import Table, chosen, only
from modemd.emulator.results import CmeError, FinalResult
from modemd.emulator.settings import Settings

if TYPE_CHECKING:
    from modemd.emulator.device import Device

COMMANDS = Table()


def _switch(call: Call) -> bool:
    """The 0 or 1 after a basic command; nothing means 0 (V.250 5.3.1)."""
    if call.argument not in ("", "0", "1"):
        raise FinalResult("ERROR")
    return call.argument == "1"


@COMMANDS.command("E")
def echo(device: Device, call: Call) -> None:
    device.settings.echo = _switch(call)


@COMMANDS.command("V")
def verbose(device: Device, call: Call) -> None:
    device.settings.verbose = _switch(call)


@COMMANDS.command("Q")
def quiet(device: Device, call: Call) -> None:
    device.settings.quiet = _switch(call)


@COMMANDS.command("Z")
def restore(device: Device, call: Call) -> None:
    """The saved profile, else the factory's. Message memories in use stay."""
    _take_over(device, device.saved or Settings.fresh(device.family))


@COMMANDS.command("&F")
def factory(device: Device, call: Call) -> None:
    _take_over(device, Settings.fresh(device.family))


def _take_over(device: Device, settings: Settings) -> None:
    memories = device.settings.memories
    device.host.settings = settings.copy()
    device.settings.memories = memories


@COMMANDS.command("&W")
def save(device: Device, call: Call) -> None:
    device.saved = device.settings.copy()


@COMMANDS.command("&C", "&D", "&S", "&K", "X", "L", "M", "H", "O", "T", "P")
def nothing_to_do(device: Device, call: Call) -> None:
    """Line control and calls: there is no line here, and OK is what sticks say."""


@COMMANDS.command("S0", "S3", "S4", "S5", "S7")
def register(device: Device, call: Call) -> None:
    """Kept and read back. S3 to S5 are said to be changeable by few; CR, LF and BS stay what they are."""
    number = int(call.name[1:])
    if call.kind is Kind.READ:
        device.host.say(f"{device.settings.registers[number]:03d}")
        return
    value = int(call.argument or "0")
    fixed = {3: 13, 4: 10, 5: 8}
    if value > 255 or fixed.get(number, value) != value:
        raise FinalResult("ERROR")
    device.settings.registers[number] = value


@COMMANDS.command("I")
def identify(device: Device, call: Call) -> None:
    identity = device.family.identity
    for line in (
        f"Manufacturer: {identity.manufacturer}",
        f"Model: {identity.model}",
        f"Revision: {identity.revision}",
        f"IMEI: {device.imei}",
    ):
        device.host.say(line)


@COMMANDS.command("+CGMI", "+GMI")
def manufacturer(device: Device, call: Call) -> None:
    _identity(device, call, device.family.identity.manufacturer)


@COMMANDS.command("+CGMM", "+GMM")
def model(device: Device, call: Call) -> None:
    _identity(device, call, device.family.identity.model)


@COMMANDS.command("+CGMR", "+GMR")
def revision(device: Device, call: Call) -> None:
    _identity(device, call, device.family.identity.revision)


@COMMANDS.command("+CGSN", "+GSN")
def serial_number(device: Device, call: Call) -> None:
    _identity(device, call, device.imei)


def _identity(device: Device, call: Call, value: str) -> None:
    only(call, Kind.EXECUTE, Kind.TEST)
    if call.kind is Kind.EXECUTE:
        device.host.say(value)


@COMMANDS.command("+GCAP")
def capabilities(device: Device, call: Call) -> None:
    """V.250 6.1.9: GSM commands, and no fax."""
    _identity(device, call, "+GCAP: +CGSM")


@COMMANDS.command("+CMEE")
def error_reporting(device: Device, call: Call) -> None:
    """3GPP TS 27.007 9.1."""
    match call.kind:
        case Kind.READ:
            device.host.say(f"+CMEE: {device.settings.error_level}")
        case Kind.TEST:
            device.host.say("+CMEE: (0-2)")
        case _:
            device.settings.error_level = chosen(call, range(3)) if call.kind is Kind.SET else 0


@COMMANDS.command("+CSCS")
def alphabet(device: Device, call: Call) -> None:
    """The character set of strings (27.007 5.5) and of text mode; in PDU mode it touches no message."""
    match call.kind:
        case Kind.READ:
            device.host.say(f'+CSCS: "{device.settings.alphabet}"')
        case Kind.TEST:
            device.host.say("+CSCS: (" + ",".join(f'"{name}"' for name in charset.NAMES) + ")")
        case _:
            value = call.values()[0].upper()
            if value not in charset.NAMES:
                raise CmeError(50)
            device.settings.alphabet = value


@COMMANDS.command("+CLIP", "+CRC", "+CVHU", "+CUSD")
def kept(device: Device, call: Call) -> None:
    """Switches that are kept and read back; nothing hangs on them here."""
    only(call, Kind.READ, Kind.SET, Kind.TEST)
    if call.kind is Kind.READ:
        device.host.say(f"{call.name}: {device.settings.flags.get(call.name, '0')}")
    elif call.kind is Kind.TEST:
        device.host.say(f"{call.name}: (0,1)")
    else:
        device.settings.flags[call.name] = str(chosen(call, range(2)))
