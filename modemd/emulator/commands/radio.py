"""Radio, registration and network time (3GPP TS 27.007 7 and 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modemd.emulator.calls import Call, Kind
from modemd.emulator.charset import shown
from modemd.emulator.commands.table import Table, chosen, only
from modemd.emulator.results import CmeError

if TYPE_CHECKING:
    from modemd.emulator.device import Device

COMMANDS = Table()

RESTART_AFTER_S = 0.1
"""From the OK of a reset command to the reset: long enough for the OK to leave."""


@COMMANDS.command("+CREG", "+CGREG", "+CEREG")
def registration(device: Device, call: Call) -> None:
    """27.007 7.2, 10.1.20, 10.1.22; notices with level 1, with level 2 the cell too, as the family writes it."""
    notices = device.settings.registration_notices
    match call.kind:
        case Kind.READ:
            device.host.say(f"{call.name}: {notices[call.name]},{device.registration_form(call.name)}")
        case Kind.TEST:
            device.host.say(f"{call.name}: (0-2)")
        case Kind.SET:
            notices[call.name] = chosen(call, range(3))
        case _:
            notices[call.name] = 0


@COMMANDS.command("+COPS")
def operator(device: Device, call: Call) -> None:
    """27.007 7.3: automatic choice only; the formats 0 and 1 (name) and 2 (number)."""
    network = device.network
    match call.kind:
        case Kind.READ if device.registered:
            shape = device.settings.operator_format
            name = network.operator if shape == 2 else shown(network.operator_name, device.settings.alphabet)
            device.host.say(f'+COPS: 0,{shape},"{name}"')
        case Kind.READ:
            device.host.say("+COPS: 0")
        case Kind.TEST:
            name = network.operator_name
            device.host.say(f'+COPS: (2,"{name}","{name}","{network.operator}"),,(0-4),(0-2)')
        case Kind.SET:
            mode = chosen(call, range(5))
            if mode == 3:
                device.settings.operator_format = chosen(call, range(3), position=1)
            elif mode == 2:
                raise CmeError(4)


@COMMANDS.command("+CSQ")
def signal_quality(device: Device, call: Call) -> None:
    """27.007 8.5: 0 to 31, 99 where nothing is heard."""
    only(call, Kind.EXECUTE, Kind.TEST)
    if call.kind is Kind.TEST:
        device.host.say("+CSQ: (0-31,99),(0-7,99)")
    else:
        device.host.say(f"+CSQ: {device.signal if device.registered else 99},99")


@COMMANDS.command("+CESQ")
def extended_signal_quality(device: Device, call: Call) -> None:
    """27.007 8.69: <rxlev> after +CSQ, which counts every second dB from -113; nothing is said of 3G and LTE."""
    only(call, Kind.EXECUTE, Kind.TEST)
    if call.kind is Kind.TEST:
        device.host.say("+CESQ: (0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)")
    else:
        level = max(0, 2 * device.signal - 2) if device.registered else 99
        device.host.say(f"+CESQ: {level},99,255,255,255,255")


@COMMANDS.command("+CBC")
def battery(device: Device, call: Call) -> None:
    """27.007 8.4: powered by the host, full."""
    only(call, Kind.EXECUTE, Kind.TEST)
    device.host.say("+CBC: 0,100" if call.kind is Kind.EXECUTE else "+CBC: (0-3),(0-100)")


@COMMANDS.command("+CPAS")
def activity(device: Device, call: Call) -> None:
    """27.007 8.1: ready."""
    only(call, Kind.EXECUTE, Kind.TEST)
    device.host.say("+CPAS: 0" if call.kind is Kind.EXECUTE else "+CPAS: (0,3,4)")


@COMMANDS.command("+CGATT")
def packet_service(device: Device, call: Call) -> None:
    """27.007 10.1.9: attached as long as registered; what is set is taken, there are no packets here."""
    if call.kind is Kind.READ:
        device.host.say(f"+CGATT: {int(device.registered)}")
    elif call.kind is Kind.TEST:
        device.host.say("+CGATT: (0,1)")
    else:
        chosen(call, range(2))


@COMMANDS.command("+CFUN")
def functionality(device: Device, call: Call) -> bool | None:
    """27.007 8.2: 1 full, 0 and 4 without radio; a second value of 1 restarts."""
    match call.kind:
        case Kind.READ:
            device.host.say(f"+CFUN: {device.function}")
        case Kind.TEST:
            device.host.say("+CFUN: (0,1,4),(0,1)")
        case _:
            function = chosen(call, (0, 1, 4))
            if call.numbers()[1:] == [1]:
                device.later(RESTART_AFTER_S, device.restart)
            else:
                device.set_function(function)
    return None


@COMMANDS.command("^RESET")
def restart(device: Device, call: Call) -> None:
    """Huawei's own reset."""
    device.later(RESTART_AFTER_S, device.restart)


@COMMANDS.command("+CCLK")
def clock(device: Device, call: Call) -> None:
    """27.007 8.15: the network's local time, its offset in quarters of an hour. Setting it changes nothing."""
    if call.kind is not Kind.READ:
        return
    now = device.timers.now().astimezone(device.network.zone)
    offset = now.utcoffset()
    quarters = int(offset.total_seconds() // 900) if offset is not None else 0
    device.host.say(f'+CCLK: "{now:%y/%m/%d,%H:%M:%S}{quarters:+03d}"')
