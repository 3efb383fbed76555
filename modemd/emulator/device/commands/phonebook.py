"""The phone books: the contacts on the SIM (`SM`), and its own number (`ON`) (3GPP TS 27.007 8.11 to 8.14, 7.1)."""

from __future__ import annotations

from modemd.emulator.device.charset import shown, typed_number, typed_text
from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.commands.table import CommandTable, only
from modemd.emulator.device.results import CmeError
from modemd.emulator.device.state import DeviceState
from modemd.emulator.network.phonebook import Phonebook, PhonebookEntry

COMMANDS = CommandTable()

BOOKS = ("SM", "ON")


def _book(device: DeviceState) -> Phonebook:
    sim = device.require_sim(CmeError)
    return sim.own_numbers if device.settings.flags.get("+CPBS") == "ON" else sim.contacts


@COMMANDS.command("+CPBS")
def choose(device: DeviceState, call: ParsedCommand) -> None:
    only(call, CommandForm.READ, CommandForm.SET, CommandForm.TEST)
    if call.kind is CommandForm.TEST:
        device.host.say("+CPBS: (" + ",".join(f'"{name}"' for name in BOOKS) + ")")
    elif call.kind is CommandForm.READ:
        book = _book(device)
        device.host.say(f'+CPBS: "{device.settings.flags.get("+CPBS", "SM")}",{book.used},{book.capacity}')
    else:
        name = call.values()[0].upper()
        if name not in BOOKS:
            raise CmeError(4)
        device.require_sim(CmeError)
        device.settings.flags["+CPBS"] = name


def _limits(book: Phonebook) -> str:
    return f"(1-{book.capacity}),{book.MAX_NUMBER_LENGTH},{book.MAX_NAME_LENGTH}"


@COMMANDS.command("+CPBR")
def read(device: DeviceState, call: ParsedCommand) -> None:
    """`=first[,last]`: what is there, empty places left out. CmeError 21 for a place there is not, 22 for an empty one."""
    only(call, CommandForm.SET, CommandForm.TEST)
    book = _book(device)
    if call.kind is CommandForm.TEST:
        device.host.say(f"+CPBR: {_limits(book)}")
        return
    first, last = _range(call, book)
    found = False
    for place in range(first, last + 1):
        if (contact := book.at(place)) is not None:
            found = True
            device.host.say(f"+CPBR: {place},{_form(device, contact)}")
    if first == last and not found:
        raise CmeError(22)


def _range(call: ParsedCommand, book: Phonebook) -> tuple[int, int]:
    numbers = call.numbers()
    first = numbers[0]
    last = numbers[1] if len(numbers) > 1 and numbers[1] is not None else first
    if first is None or last is None or not 1 <= first <= last <= book.capacity:
        raise CmeError(21)
    return first, last


def _form(device: DeviceState, contact: PhonebookEntry) -> str:
    charset = device.settings.alphabet
    return f'"{shown(contact.number, charset)}",{contact.kind},"{shown(contact.name, charset)}"'


@COMMANDS.command("+CPBF")
def find(device: DeviceState, call: ParsedCommand) -> None:
    """`="text"`: the contacts whose name begins so, whatever the case."""
    only(call, CommandForm.SET, CommandForm.TEST)
    book = _book(device)
    if call.kind is CommandForm.TEST:
        device.host.say(f"+CPBF: {book.MAX_NUMBER_LENGTH},{book.MAX_NAME_LENGTH}")
        return
    wanted = typed_text(call.values()[0], device.settings.alphabet).casefold()
    found = [(place, contact) for place, contact in book if contact.name.casefold().startswith(wanted)]
    if not found:
        raise CmeError(22)
    for place, contact in found:
        device.host.say(f"+CPBF: {place},{_form(device, contact)}")


@COMMANDS.command("+CPBW")
def write(device: DeviceState, call: ParsedCommand) -> None:
    """`=[place][,"number"[,type[,"name"]]]`: write there, or at the first empty place; a place alone empties it."""
    only(call, CommandForm.SET, CommandForm.TEST)
    book = _book(device)
    if call.kind is CommandForm.TEST:
        device.host.say(f"+CPBW: (1-{book.capacity}),{book.MAX_NUMBER_LENGTH},(129,145,161),{book.MAX_NAME_LENGTH}")
        return
    charset = device.settings.alphabet
    values = [*call.values(), "", "", ""][:4]
    place = int(values[0]) if values[0] else None
    if place is not None and not 1 <= place <= book.capacity:
        raise CmeError(21)
    if place is not None and not any(values[1:]):
        book.clear(place)
        return
    number, name = typed_number(values[1], charset), typed_text(values[3], charset)
    kind = int(values[2]) if values[2] else 145 if number.startswith("+") else 129
    if len(number) > book.MAX_NUMBER_LENGTH:
        raise CmeError(26)
    if len(name) > book.MAX_NAME_LENGTH:
        raise CmeError(24)
    if not number or not set(number) <= set("+*#0123456789"):
        raise CmeError(27)
    if book.write(place, PhonebookEntry(number, kind, name)) is None:
        raise CmeError(20)


@COMMANDS.command("+CNUM")
def own_number(device: DeviceState, call: ParsedCommand) -> None:
    """What is in `ON`: the operator wrote it there, and the host may write over it."""
    only(call, CommandForm.EXECUTE, CommandForm.TEST)
    if call.kind is CommandForm.EXECUTE:
        charset = device.settings.alphabet
        for _, contact in device.require_sim(CmeError).own_numbers:
            device.host.say(
                f'+CNUM: "{shown(contact.name, charset)}","{shown(contact.number, charset)}",{contact.kind}'
            )
