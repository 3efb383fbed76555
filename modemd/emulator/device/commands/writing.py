"""`+CMGW`: putting a message into memory (3GPP TS 27.005 3.5.3, 4.4)."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from modemd.emulator.device.charset import typed_number
from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.commands import entry
from modemd.emulator.device.commands.table import CommandTable
from modemd.emulator.device.results import CmsError
from modemd.emulator.device.state import DeviceState
from modemd.emulator.device.text_mode import INVALID, STATUS, address
from modemd.emulator.network.message_memory import MessageStatus, StoredMessage
from modemd.errors import DecodeError
from modemd.pdu import StatusReport, Submit, decode_incoming, decode_outgoing

COMMANDS = CommandTable()


@COMMANDS.command("+CMGW")
def write(device: DeviceState, call: ParsedCommand) -> bool | None:
    """`=length[,stat]` in PDU mode, `[="number"[,type[,stat]]]` in text mode; without a stat it is kept as unsent.

    In text mode what is written is a SUBMIT whatever its stat; `REC ...` is refused.
    """
    if call.kind is CommandForm.TEST:
        return None
    device.require_sim(CmsError)
    if not device.settings.text_mode:
        length, numbers = entry.length_of(device, call), call.numbers()
        stat = numbers[1] if len(numbers) > 1 and numbers[1] is not None else int(MessageStatus.UNSENT)
        if stat not in set(MessageStatus):
            raise CmsError(304)
        go = partial(_keep, device, MessageStatus(stat))
        return entry.PromptedEntry(device, entry.pdu(length), go).begin()
    values = call.values() if call.kind is CommandForm.SET else [""]
    kind = int(values[1]) if len(values) > 1 and values[1] else None
    destination = address(typed_number(values[0], device.settings.alphabet), kind)
    word = values[2].upper() if len(values) > 2 and values[2] else STATUS[MessageStatus.UNSENT]
    status = {STATUS[one]: one for one in (MessageStatus.UNSENT, MessageStatus.SENT)}.get(word)
    if status is None:
        raise CmsError(INVALID)
    go = partial(_keep, device, status)
    return entry.PromptedEntry(device, entry.text(device, destination), go, in_text=True).begin()


def _keep(device: DeviceState, status: MessageStatus, tpdu: bytes, began: datetime) -> None:
    message = StoredMessage(device.inbound.smsc_field(), tpdu, status)
    try:
        right = (
            isinstance(decode_outgoing(tpdu), Submit)
            if message.is_outgoing
            else not isinstance(decode_incoming(tpdu), StatusReport)
        )
    except DecodeError:
        right = False
    if not right:
        raise CmsError(304)
    slot = device.memory(device.settings.memories[1]).store(message)
    if slot is None:
        raise CmsError(322)
    device.host.say(f"+CMGW: {slot + device.family.storage.index_base}")
    device.finish("OK")
