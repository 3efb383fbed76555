"""Commands of the SIM: PIN, PUK, identities, service centre (3GPP TS 27.007 8.3, 7.1; TS 27.005 3.3.1)."""

from __future__ import annotations

from modemd.emulator.device.charset import decode_number, encode_text
from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.commands.table import CommandTable, require_form
from modemd.emulator.device.results import CmeError, CmsError
from modemd.emulator.device.state import DeviceState
from modemd.emulator.network.phonebook import INTERNATIONAL, type_of_address
from modemd.emulator.network.subscribers import Sim

COMMANDS = CommandTable()


@COMMANDS.command("+CPIN")
def pin(device: DeviceState, command: ParsedCommand) -> None:
    """Shows READY, SIM PIN or SIM PUK; `="pin"` or `="puk","new pin"` unlocks. A wrong one costs a try and gives CME 16."""
    sim = device.sim
    if sim is None:
        raise CmeError(10)
    if not device.sim_ready:
        raise CmeError(device.family.boot.busy_cme)
    locked = sim.pin_tries == 0
    if command.form is CommandForm.READ:
        if sim.blocked:
            raise CmeError(13)
        state = "READY" if device.unlocked else "SIM PUK" if locked else "SIM PIN"
        device.host.send_line(f"+CPIN: {state}")
    elif command.form is CommandForm.SET:
        if device.unlocked:
            raise CmeError(3)
        values = command.values()
        if locked and len(values) < 2:
            raise CmeError(12)
        if len(values) > 1 and not is_pin(values[1]):
            raise CmeError(16)
        right = sim.unblock(values[0], values[1]) if len(values) > 1 else sim.verify_pin(values[0])
        if not right:
            raise CmeError(16)
        device.unlock()


@COMMANDS.command("+CIMI")
def subscriber_identity(device: DeviceState, command: ParsedCommand) -> None:
    require_form(command, CommandForm.EXECUTE, CommandForm.TEST)
    if command.form is CommandForm.EXECUTE:
        device.host.send_line(device.require_sim(CmeError).imsi)


@COMMANDS.command("+CLCK")
def lock(device: DeviceState, command: ParsedCommand) -> None:
    """Sets or shows whether the PIN is asked for at power-on (27.007 7.4): only facility `"SC"`, the SIM's PIN.

    2 shows it; 1 and 0, with the PIN, set it.
    """
    require_form(command, CommandForm.SET, CommandForm.TEST)
    if command.form is CommandForm.TEST:
        device.host.send_line('+CLCK: ("SC")')
        return
    sim = device.require_sim(CmeError)
    values = [*command.values(), "", ""]
    if values[0].upper() != "SC":
        raise CmeError(4)
    match values[1]:
        case "2":
            device.host.send_line(f"+CLCK: {int(sim.pin_enabled)}")
        case "0" | "1":
            _verify(device, sim, values[2])
            sim.pin_enabled = values[1] == "1"
        case _:
            raise CmeError(50)


@COMMANDS.command("+CPWD")
def change_pin(device: DeviceState, command: ParsedCommand) -> None:
    """`="SC","old","new"`: changes the PIN (27.007 7.5). CmeError 3 if the SIM asks for no PIN (TS 31.101 11.1.10)."""
    require_form(command, CommandForm.SET, CommandForm.TEST)
    if command.form is CommandForm.TEST:
        device.host.send_line('+CPWD: ("SC",8)')
        return
    sim = device.require_sim(CmeError)
    facility, old, new = [*command.values(), "", ""][:3]
    if facility.upper() != "SC":
        raise CmeError(4)
    if not is_pin(new):
        raise CmeError(50)
    if not sim.pin_enabled:
        raise CmeError(3)
    _verify(device, sim, old)
    sim.pin = new


def _verify(device: DeviceState, sim: Sim, pin: str) -> None:
    """Verifies the PIN. Raises CmeError 16 for a wrong one, 12 if that was the last try: the SIM is locked."""
    if sim.verify_pin(pin):
        return
    if sim.pin_tries == 0:
        device.lock()
        raise CmeError(12)
    raise CmeError(16)


def is_pin(text: str) -> bool:
    """Returns whether a text is 4 to 8 digits (3GPP TS 31.101 9.5.1)."""
    return text.isascii() and text.isdigit() and 4 <= len(text) <= 8


@COMMANDS.command("+CSCA")
def service_centre(device: DeviceState, command: ParsedCommand) -> None:
    """Sets or shows the SMSC on the SIM; messages are sent with any, but not without one (CMS 330)."""
    sim = device.require_sim(CmsError)
    if command.form is CommandForm.READ:
        device.host.send_line(f'+CSCA: "{encode_text(sim.smsc, device.settings.alphabet)}",{type_of_address(sim.smsc)}')
    elif command.form is CommandForm.SET:
        values = command.values()
        number = decode_number(values[0], device.settings.alphabet)
        international = values[1:2] == [str(INTERNATIONAL)] and number.isdigit()
        sim.smsc = f"+{number}" if international else number
