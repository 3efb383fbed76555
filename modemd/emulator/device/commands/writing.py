"""`+CMGW`: stores a message in memory (3GPP TS 27.005 3.5.3, 4.4)."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from modemd.emulator.device.charset import decode_number
from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.commands import entry
from modemd.emulator.device.commands.table import CommandTable
from modemd.emulator.device.results import CmsError
from modemd.emulator.device.state import DeviceState
from modemd.emulator.device.text_mode import INVALID_PARAMETER, STATUS_NAMES, parse_address
from modemd.emulator.network.message_memory import MessageStatus, StoredMessage
from modemd.errors import DecodeError
from modemd.pdu import StatusReport, Submit, decode_incoming, decode_outgoing

COMMANDS = CommandTable()


@COMMANDS.command("+CMGW")
def write(device: DeviceState, command: ParsedCommand) -> bool | None:
    """`=length[,stat]` in PDU mode, `[="number"[,type[,stat]]]` in text mode; without a stat the message is unsent.

    In text mode every message is a SUBMIT, whatever its stat; `REC ...` is refused.
    """
    if command.form is CommandForm.TEST:
        return None
    device.require_sim(CmsError)
    if not device.settings.text_mode:
        length, numbers = entry.tpdu_length(device, command), command.numbers()
        status_number = numbers[1] if len(numbers) > 1 and numbers[1] is not None else int(MessageStatus.UNSENT)
        if status_number not in set(MessageStatus):
            raise CmsError(304)
        on_tpdu = partial(_store, device, MessageStatus(status_number))
        return entry.PromptedEntry(device, entry.pdu_reader(length), on_tpdu).begin()
    values = command.values() if command.form is CommandForm.SET else [""]
    kind = int(values[1]) if len(values) > 1 and values[1] else None
    destination = parse_address(decode_number(values[0], device.settings.alphabet), kind)
    word = values[2].upper() if len(values) > 2 and values[2] else STATUS_NAMES[MessageStatus.UNSENT]
    status = {STATUS_NAMES[status]: status for status in (MessageStatus.UNSENT, MessageStatus.SENT)}.get(word)
    if status is None:
        raise CmsError(INVALID_PARAMETER)
    on_tpdu = partial(_store, device, status)
    return entry.PromptedEntry(device, entry.text_reader(device, destination), on_tpdu, in_text=True).begin()


def _store(device: DeviceState, status: MessageStatus, tpdu: bytes, first_octet_at: datetime) -> None:
    message = StoredMessage(device.inbound.smsc_field(), tpdu, status)
    try:
        is_valid = (
            isinstance(decode_outgoing(tpdu), Submit)
            if message.is_outgoing
            else not isinstance(decode_incoming(tpdu), StatusReport)
        )
    except DecodeError:
        is_valid = False
    if not is_valid:
        raise CmsError(304)
    slot = device.memory(device.settings.memories[1]).store(message)
    if slot is None:
        raise CmsError(322)
    device.host.send_line(f"+CMGW: {slot + device.family.storage.index_base}")
    device.finish("OK")
