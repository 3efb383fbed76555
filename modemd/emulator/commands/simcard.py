"""The SIM: PIN, PUK, identities, its own number, the service centre (3GPP TS 27.007 8.3, 7.1; TS 27.005 3.3.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modemd.emulator.calls import Call, Kind
from modemd.emulator.charset import shown, typed_number
from modemd.emulator.commands.table import Table, only
from modemd.emulator.results import CmeError, CmsError

if TYPE_CHECKING:
    from modemd.emulator.device import Device

COMMANDS = Table()

INTERNATIONAL, UNKNOWN = 145, 129
"""Type-of-address octets as commands print them (3GPP TS 24.008 10.5.4.7)."""


@COMMANDS.command("+CPIN")
def pin(device: Device, call: Call) -> None:
    """READY, SIM PIN or SIM PUK; `="pin"` or `="puk","new pin"`. A wrong one costs a try and gives CME 16."""
    sim = device.sim
    if sim is None:
        raise CmeError(10)
    if not device.sim_ready:
        raise CmeError(14)
    locked = sim.pin_tries == 0
    if call.kind is Kind.READ:
        state = "READY" if device.unlocked else "SIM PUK" if locked else "SIM PIN"
        device.host.say(f"+CPIN: {state}")
    elif call.kind is Kind.SET:
        if device.unlocked:
            raise CmeError(3)
        values = call.values()
        if locked and len(values) < 2:
            raise CmeError(12)
        right = sim.unblock(values[0], values[1]) if len(values) > 1 else sim.verify_pin(values[0])
        if not right:
            raise CmeError(16)
        device.unlock()


@COMMANDS.command("+CIMI")
def subscriber_identity(device: Device, call: Call) -> None:
    only(call, Kind.EXECUTE, Kind.TEST)
    if call.kind is Kind.EXECUTE:
        device.host.say(device.require_sim(CmeError).imsi)


@COMMANDS.command("+CNUM")
def own_number(device: Device, call: Call) -> None:
    only(call, Kind.EXECUTE, Kind.TEST)
    if call.kind is Kind.EXECUTE:
        number = device.require_sim(CmeError).number
        device.host.say(f'+CNUM: "","{shown(number, device.settings.alphabet)}",{_type_of(number)}')


@COMMANDS.command("+CSCA")
def service_centre(device: Device, call: Call) -> None:
    """The SMSC kept on the SIM; sending works with any, as long as there is one (CMS 330)."""
    sim = device.require_sim(CmsError)
    if call.kind is Kind.READ:
        device.host.say(f'+CSCA: "{shown(sim.smsc, device.settings.alphabet)}",{_type_of(sim.smsc)}')
    elif call.kind is Kind.SET:
        values = call.values()
        number = typed_number(values[0], device.settings.alphabet)
        international = values[1:2] == [str(INTERNATIONAL)] and number.isdigit()
        sim.smsc = f"+{number}" if international else number


def _type_of(number: str) -> int:
    return INTERNATIONAL if number.startswith("+") else UNKNOWN
