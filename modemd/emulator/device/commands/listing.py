"""Reading and deletion of stored messages, in either format (3GPP TS 27.005 3.4.2, 3.4.3, 4.1, 4.2, 3.5.4)."""

from __future__ import annotations

from modemd.emulator.device import text_mode
from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.commands.table import CommandTable
from modemd.emulator.device.results import CmsError, result_of
from modemd.emulator.device.state import DeviceState
from modemd.emulator.device.text_mode import STATUS_NAMES
from modemd.emulator.network.message_memory import MessageMemory, MessageStatus, StoredMessage

COMMANDS = CommandTable()

ALL = 4


def _reading_memory(device: DeviceState) -> MessageMemory:
    device.require_sim(CmsError)
    return device.memory(device.settings.memories[0])


@COMMANDS.command("+CMGL")
def list_messages(device: DeviceState, command: ParsedCommand) -> None:
    """Lists the messages with this status, 4 or `"ALL"` for all; without one, the unread ones. Marks them as read."""
    settings = device.settings
    if command.form is CommandForm.TEST:
        words = ",".join(f'"{word}"' for word in (*STATUS_NAMES.values(), text_mode.ALL))
        device.host.send_line(f"+CMGL: ({words})" if settings.text_mode else "+CMGL: (0-4)")
        return
    memory = _reading_memory(device)
    wanted = _wanted(device, command)
    base = device.family.storage.index_base
    if memory.used == 0 and device.family.storage.empty_list:
        raise result_of(device.family.storage.empty_list)
    for slot, message in memory:
        if wanted in (ALL, message.status):
            if settings.text_mode and text_mode.is_readable(message):
                form = f"{slot + base},{text_mode.format_for_cmgl(message, settings)}"
            else:
                form = _pdu_form(device, device.family.storage.listed, message, slot + base)
            device.host.send_line(f"+CMGL: {form}")
            _mark_read(device, command, message)


def _wanted(device: DeviceState, command: ParsedCommand) -> int:
    if command.form is not CommandForm.SET:
        return int(MessageStatus.UNREAD)
    if device.settings.text_mode:
        word = command.values()[0].upper()
        if word == text_mode.ALL:
            return ALL
        for status, name in STATUS_NAMES.items():
            if name == word:
                return int(status)
        raise result_of(device.family.dialogue.text_mode_sending)
    wanted = command.numbers()[0]
    if wanted is None or wanted not in range(5):
        raise CmsError(304)
    return wanted


def _pdu_form(device: DeviceState, header: str, message: StoredMessage, index: int) -> str:
    length = device.length_of(message.smsc, message.tpdu)
    named = header.format(index=index, status=int(message.status), length=length)
    return f"{named}\r\n{message.hex()}"


@COMMANDS.command("+CMGR")
def read_message(device: DeviceState, command: ParsedCommand) -> None:
    memory = _reading_memory(device)
    slot = slot_of(device, command)
    message = stored_at(memory, slot)
    if message is None:
        if device.family.storage.empty_line:
            device.host.send_line(device.family.storage.empty_line)
        if device.family.storage.empty_slot:
            raise result_of(device.family.storage.empty_slot)
        return
    settings, storage = device.settings, device.family.storage
    if settings.text_mode and text_mode.is_readable(message):
        form = text_mode.format_for_cmgr(message, settings)
    else:
        form = _pdu_form(device, storage.shown, message, slot + storage.index_base)
    device.host.send_line(f"+CMGR: {form}")
    _mark_read(device, command, message)


@COMMANDS.command("+CMGD")
def delete_messages(device: DeviceState, command: ParsedCommand) -> None:
    """Deletes one slot; or with flag 1 to 4 read messages, also sent, also unsent, all. An empty slot is OK, too."""
    device.require_sim(CmsError)
    memory = device.memory(device.settings.memories[0])
    base = device.family.storage.index_base
    if command.form is CommandForm.TEST:
        indices = ",".join(str(slot + base) for slot, _ in memory)
        device.host.send_line(f"+CMGD: ({indices}),(0-4)")
        return
    numbers = command.numbers() if command.form is CommandForm.SET else []
    flag = numbers[1] if len(numbers) > 1 and numbers[1] is not None else 0
    if flag not in range(5):
        raise CmsError(304)
    if flag == 0:
        slot = slot_of(device, command)
        stored_at(memory, slot)
        _delete(device, memory, slot)
    else:
        going = {
            1: {MessageStatus.READ},
            2: {MessageStatus.READ, MessageStatus.SENT},
            3: {MessageStatus.READ, MessageStatus.SENT, MessageStatus.UNSENT},
            4: set(MessageStatus),
        }[flag]
        for slot, message in list(memory):
            if message.status in going:
                _delete(device, memory, slot)
    device.notify_memory_available()


def _delete(device: DeviceState, memory: MessageMemory, slot: int) -> None:
    if (device.settings.memories[0], slot) in device.faults.stuck:
        raise CmsError(320)
    message = memory.at(slot)
    if message is not None and message.status is MessageStatus.UNREAD and message.came_at is not None:
        device.deleted_unread.append((message, device.timers.now() - message.came_at))
    memory.delete(slot)


def slot_of(device: DeviceState, command: ParsedCommand) -> int:
    """Returns the slot that a command names first. Raises CmsError 321 if it names none."""
    index = command.numbers()[0] if command.form is CommandForm.SET else None
    if index is None:
        raise CmsError(321)
    return index - device.family.storage.index_base


def stored_at(memory: MessageMemory, slot: int) -> StoredMessage | None:
    """Returns the message in a slot. Raises CmsError 321 for a slot that does not exist."""
    try:
        return memory.at(slot)
    except IndexError:
        raise CmsError(321) from None


def _mark_read(device: DeviceState, command: ParsedCommand, message: StoredMessage) -> None:
    if device.family.storage.lists_unmarked and command.values()[1:] == ["1"]:
        return
    if message.status is MessageStatus.UNREAD:
        message.status = MessageStatus.READ
