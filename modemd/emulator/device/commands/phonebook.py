"""Phone books: the contacts on the SIM (`SM`), and its own number (`ON`) (3GPP TS 27.007 8.11 to 8.14, 7.1)."""

from __future__ import annotations

from modemd.emulator.device.charset import DIALLABLE, decode_number, decode_text, encode_text
from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.commands.table import CommandTable, require_form
from modemd.emulator.device.results import CmeError
from modemd.emulator.device.state import DeviceState
from modemd.emulator.network.phonebook import Phonebook, PhonebookEntry, type_of_address

COMMANDS = CommandTable()

BOOKS = ("SM", "ON")


def _book(device: DeviceState) -> Phonebook:
    sim = device.require_sim(CmeError)
    return sim.own_numbers if device.settings.flags.get("+CPBS") == "ON" else sim.contacts


@COMMANDS.command("+CPBS")
def choose(device: DeviceState, command: ParsedCommand) -> None:
    require_form(command, CommandForm.READ, CommandForm.SET, CommandForm.TEST)
    if command.form is CommandForm.TEST:
        device.host.send_line("+CPBS: (" + ",".join(f'"{name}"' for name in BOOKS) + ")")
    elif command.form is CommandForm.READ:
        book = _book(device)
        device.host.send_line(f'+CPBS: "{device.settings.flags.get("+CPBS", "SM")}",{book.used},{book.capacity}')
    else:
        name = command.values()[0].upper()
        if name not in BOOKS:
            raise CmeError(4)
        device.require_sim(CmeError)
        device.settings.flags["+CPBS"] = name


def _limits(book: Phonebook) -> str:
    return f"(1-{book.capacity}),{book.MAX_NUMBER_LENGTH},{book.MAX_NAME_LENGTH}"


@COMMANDS.command("+CPBR")
def read(device: DeviceState, command: ParsedCommand) -> None:
    """`=first[,last]`: shows the entries, without empty places.

    CmeError 21 for a place that does not exist, 22 for an empty one.
    """
    require_form(command, CommandForm.SET, CommandForm.TEST)
    book = _book(device)
    if command.form is CommandForm.TEST:
        device.host.send_line(f"+CPBR: {_limits(book)}")
        return
    first, last = _range(command, book)
    found = False
    for place in range(first, last + 1):
        if (contact := book.at(place)) is not None:
            found = True
            device.host.send_line(f"+CPBR: {place},{_form(device, contact)}")
    if first == last and not found:
        raise CmeError(22)


def _range(command: ParsedCommand, book: Phonebook) -> tuple[int, int]:
    numbers = command.numbers()
    first = numbers[0]
    last = numbers[1] if len(numbers) > 1 and numbers[1] is not None else first
    if first is None or last is None or not 1 <= first <= last <= book.capacity:
        raise CmeError(21)
    return first, last


def _form(device: DeviceState, contact: PhonebookEntry) -> str:
    charset = device.settings.alphabet
    return f'"{encode_text(contact.number, charset)}",{contact.kind},"{encode_text(contact.name, charset)}"'


@COMMANDS.command("+CPBF")
def find(device: DeviceState, command: ParsedCommand) -> None:
    """`="text"`: shows the entries whose name begins with the text, in upper or lower case."""
    require_form(command, CommandForm.SET, CommandForm.TEST)
    book = _book(device)
    if command.form is CommandForm.TEST:
        device.host.send_line(f"+CPBF: {book.MAX_NUMBER_LENGTH},{book.MAX_NAME_LENGTH}")
        return
    wanted = decode_text(command.values()[0], device.settings.alphabet).casefold()
    found = [(place, contact) for place, contact in book if contact.name.casefold().startswith(wanted)]
    if not found:
        raise CmeError(22)
    for place, contact in found:
        device.host.send_line(f"+CPBF: {place},{_form(device, contact)}")


@COMMANDS.command("+CPBW")
def write(device: DeviceState, command: ParsedCommand) -> None:
    """`=[place][,"number"[,type[,"name"]]]`: stores an entry there, or at the first empty place; a place alone empties it."""
    require_form(command, CommandForm.SET, CommandForm.TEST)
    book = _book(device)
    if command.form is CommandForm.TEST:
        device.host.send_line(
            f"+CPBW: (1-{book.capacity}),{book.MAX_NUMBER_LENGTH},(129,145,161),{book.MAX_NAME_LENGTH}"
        )
        return
    charset = device.settings.alphabet
    values = [*command.values(), "", "", ""][:4]
    place = int(values[0]) if values[0] else None
    if place is not None and not 1 <= place <= book.capacity:
        raise CmeError(21)
    if place is not None and not any(values[1:]):
        book.clear(place)
        return
    number, name = decode_number(values[1], charset), decode_text(values[3], charset)
    kind = int(values[2]) if values[2] else type_of_address(number)
    if len(number) > book.MAX_NUMBER_LENGTH:
        raise CmeError(26)
    if len(name) > book.MAX_NAME_LENGTH:
        raise CmeError(24)
    if not number or not set(number) <= set(DIALLABLE):
        raise CmeError(27)
    if book.write(place, PhonebookEntry(number, kind, name)) is None:
        raise CmeError(20)


@COMMANDS.command("+CNUM")
def own_number(device: DeviceState, command: ParsedCommand) -> None:
    """Shows the entries of `ON`: the operator wrote them, and the host may overwrite them."""
    require_form(command, CommandForm.EXECUTE, CommandForm.TEST)
    if command.form is CommandForm.EXECUTE:
        charset = device.settings.alphabet
        for _, contact in device.require_sim(CmeError).own_numbers:
            device.host.send_line(
                f'+CNUM: "{encode_text(contact.name, charset)}","{encode_text(contact.number, charset)}",{contact.kind}'
            )
