"""The SIM: PIN, PUK, identities, its own number, the service centre (3GPP TS 27.007 8.3, 7.1; TS 27.005 3.3.1)."""

from __future__ import annotations

from modemd.emulator.device.charset import shown, typed_number
from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.commands.table import CommandTable, only
from modemd.emulator.device.results import CmeError, CmsError
from modemd.emulator.device.state import DeviceState
from modemd.emulator.network.subscribers import Sim

COMMANDS = CommandTable()

INTERNATIONAL, UNKNOWN = 145, 129
"""Type-of-address octets as commands print them (3GPP TS 24.008 10.5.4.7)."""


@COMMANDS.command("+CPIN")
def pin(device: DeviceState, call: ParsedCommand) -> None:
    """READY, SIM PIN or SIM PUK; `="pin"` or `="puk","new pin"`. A wrong one costs a try and gives CME 16."""
    sim = device.sim
    if sim is None:
        raise CmeError(10)
    if not device.sim_ready:
        raise CmeError(device.family.boot.busy_cme)
    locked = sim.pin_tries == 0
    if call.kind is CommandForm.READ:
        if sim.blocked:
            raise CmeError(13)
        state = "READY" if device.unlocked else "SIM PUK" if locked else "SIM PIN"
        device.host.say(f"+CPIN: {state}")
    elif call.kind is CommandForm.SET:
        if device.unlocked:
            raise CmeError(3)
        values = call.values()
        if locked and len(values) < 2:
            raise CmeError(12)
        if len(values) > 1 and not is_pin(values[1]):
            raise CmeError(16)
        right = sim.unblock(values[0], values[1]) if len(values) > 1 else sim.verify_pin(values[0])
        if not right:
            raise CmeError(16)
        device.unlock()


@COMMANDS.command("+CIMI")
def subscriber_identity(device: DeviceState, call: ParsedCommand) -> None:
    only(call, CommandForm.EXECUTE, CommandForm.TEST)
    if call.kind is CommandForm.EXECUTE:
        device.host.say(device.require_sim(CmeError).imsi)


@COMMANDS.command("+CLCK")
def lock(device: DeviceState, call: ParsedCommand) -> None:
    """27.007 7.4, of `"SC"` only, the SIM's PIN: 2 asks whether it is wanted at power-on; 1 and 0 with the PIN set that."""
    only(call, CommandForm.SET, CommandForm.TEST)
    if call.kind is CommandForm.TEST:
        device.host.say('+CLCK: ("SC")')
        return
    sim = device.require_sim(CmeError)
    values = [*call.values(), "", ""]
    if values[0].upper() != "SC":
        raise CmeError(4)
    match values[1]:
        case "2":
            device.host.say(f"+CLCK: {int(sim.pin_enabled)}")
        case "0" | "1":
            _verify(device, sim, values[2])
            sim.pin_enabled = values[1] == "1"
        case _:
            raise CmeError(50)


@COMMANDS.command("+CPWD")
def change_pin(device: DeviceState, call: ParsedCommand) -> None:
    """27.007 7.5, of `"SC"` only: `="SC","old","new"`. CmeError 3 where the SIM asks for no PIN (TS 31.101 11.1.10)."""
    only(call, CommandForm.SET, CommandForm.TEST)
    if call.kind is CommandForm.TEST:
        device.host.say('+CPWD: ("SC",8)')
        return
    sim = device.require_sim(CmeError)
    facility, old, new = [*call.values(), "", ""][:3]
    if facility.upper() != "SC":
        raise CmeError(4)
    if not is_pin(new):
        raise CmeError(50)
    if not sim.pin_enabled:
        raise CmeError(3)
    _verify(device, sim, old)
    sim.pin = new


def _verify(device: DeviceState, sim: Sim, pin: str) -> None:
    """The PIN was the right one; else CmeError 16, or, when that was the last try, 12: the SIM is locked."""
    if sim.verify_pin(pin):
        return
    if sim.pin_tries == 0:
        device.lock()
        raise CmeError(12)
    raise CmeError(16)


def is_pin(text: str) -> bool:
    """4 to 8 digits (3GPP TS 31.101 9.5.1)."""
    return text.isascii() and text.isdigit() and 4 <= len(text) <= 8


@COMMANDS.command("+CSCA")
def service_centre(device: DeviceState, call: ParsedCommand) -> None:
    """The SMSC kept on the SIM; sending works with any, as long as there is one (CMS 330)."""
    sim = device.require_sim(CmsError)
    if call.kind is CommandForm.READ:
        device.host.say(f'+CSCA: "{shown(sim.smsc, device.settings.alphabet)}",{_type_of(sim.smsc)}')
    elif call.kind is CommandForm.SET:
        values = call.values()
        number = typed_number(values[0], device.settings.alphabet)
        international = values[1:2] == [str(INTERNATIONAL)] and number.isdigit()
        sim.smsc = f"+{number}" if international else number


def _type_of(number: str) -> int:
    return INTERNATIONAL if number.startswith("+") else UNKNOWN
