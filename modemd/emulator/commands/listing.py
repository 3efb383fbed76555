"""Reading and deleting stored messages in PDU mode (3GPP TS 27.005 4.1, 4.2, 3.5.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modemd.emulator.calls import Call, Kind
from modemd.emulator.commands.table import Table
from modemd.emulator.memory import Memory, Status, Stored
from modemd.emulator.results import CmsError, FinalResult

if TYPE_CHECKING:
    from modemd.emulator.device import Device

COMMANDS = Table()

ALL = 4


def _reading_memory(device: Device) -> Memory:
    device.require_sim(CmsError)
    if device.settings.text_mode:
        raise FinalResult(device.family.dialogue.text_mode_sending)
    return device.memory(device.settings.memories[0])


@COMMANDS.command("+CMGL")
def list_messages(device: Device, call: Call) -> None:
    """What has this status, 4 for all; left out, what is unread. Listing marks it as read."""
    if call.kind is Kind.TEST:
        device.host.say("+CMGL: (0-4)")
        return
    memory = _reading_memory(device)
    wanted = call.numbers()[0] if call.kind is Kind.SET else 0
    if wanted not in range(5):
        raise CmsError(304)
    base = device.family.storage.index_base
    for slot, message in memory:
        if wanted in (ALL, message.status):
            device.host.say(f"+CMGL: {slot + base},{int(message.status)},,{len(message.tpdu)}\r\n{message.hex()}")
            _mark_read(message)


@COMMANDS.command("+CMGR")
def read_message(device: Device, call: Call) -> None:
    memory = _reading_memory(device)
    message = _at(memory, _slot(device, call))
    if message is None:
        if device.family.storage.empty_slot:
            raise FinalResult(device.family.storage.empty_slot)
        return
    device.host.say(f"+CMGR: {int(message.status)},,{len(message.tpdu)}\r\n{message.hex()}")
    _mark_read(message)


@COMMANDS.command("+CMGD")
def delete_messages(device: Device, call: Call) -> None:
    """One slot; or with flag 1 to 4 what is read, also sent, also unsent, all. An empty slot is OK too."""
    device.require_sim(CmsError)
    memory = device.memory(device.settings.memories[0])
    base = device.family.storage.index_base
    if call.kind is Kind.TEST:
        indices = ",".join(str(slot + base) for slot, _ in memory)
        device.host.say(f"+CMGD: ({indices}),(0-4)")
        return
    numbers = call.numbers() if call.kind is Kind.SET else []
    flag = numbers[1] if len(numbers) > 1 and numbers[1] is not None else 0
    if flag not in range(5):
        raise CmsError(304)
    if flag == 0:
        slot = _slot(device, call)
        _at(memory, slot)
        memory.delete(slot)
    else:
        going = {
            1: {Status.READ},
            2: {Status.READ, Status.SENT},
            3: {Status.READ, Status.SENT, Status.UNSENT},
            4: set(Status),
        }[flag]
        for slot, message in list(memory):
            if message.status in going:
                memory.delete(slot)
    device.memory_freed()


def _slot(device: Device, call: Call) -> int:
    index = call.numbers()[0] if call.kind is Kind.SET else None
    if index is None:
        raise CmsError(321)
    return index - device.family.storage.index_base


def _at(memory: Memory, slot: int) -> Stored | None:
    try:
        return memory.at(slot)
    except IndexError:
        raise CmsError(321) from None


def _mark_read(message: Stored) -> None:
    if message.status is Status.UNREAD:
        message.status = Status.READ
