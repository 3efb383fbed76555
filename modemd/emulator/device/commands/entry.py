"""What is typed after a prompt, in either format, and what it makes (3GPP TS 27.005 3.5, 4.3, 4.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from modemd.emulator.device import text_mode
from modemd.emulator.device.charset import decode_number
from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.results import CmsError, FinalResult, result_of
from modemd.emulator.device.serial_line import PromptedInput
from modemd.emulator.device.state import DeviceState
from modemd.errors import DecodeError
from modemd.pdu import Address, unframe

MAX_SUBMIT_OCTETS = 164
"""Octets of the largest SUBMIT (3GPP TS 23.040 9.2.2.2)."""

TpduReader = Callable[[bytes], bytes]
"""From what was typed to a TPDU. CmsError where it makes none."""


def tpdu_length(device: DeviceState, command: ParsedCommand) -> int:
    """The `<length>` of a PDU mode command. CmsError 304 where no SUBMIT is so long, the family's word in text mode."""
    if device.settings.text_mode:
        raise result_of(device.family.dialogue.text_mode_sending)
    try:
        length = command.numbers()[0] if command.form is CommandForm.SET else None
    except ValueError:  # a quoted number: text mode was meant
        length = None
    if length is None or not 0 < length <= MAX_SUBMIT_OCTETS:
        raise CmsError(304)
    return length


def pdu_reader(length: int, stored_smsc: Callable[[], str] = lambda: "kept") -> TpduReader:
    """Reads hex digits: the SMSC field, and a TPDU of that length. CmsError 304 where they are not that.

    CmsError 330 where neither they nor `kept_centre`, the `+CSCA` of that moment, name a service centre.
    """

    def read_tpdu(digits: bytes) -> bytes:
        try:
            centre, tpdu = unframe(bytes.fromhex(digits.decode("ascii")))
        except (ValueError, DecodeError):
            raise CmsError(304) from None
        if len(tpdu) != length:
            raise CmsError(304)
        if centre is None and not stored_smsc():
            raise CmsError(330)
        return tpdu

    return read_tpdu


def report_reader(length: int) -> TpduReader:
    """Reads hex digits: a DELIVER-REPORT of that length, without an SMSC field (27.005 3.4.4); else CmsError 304."""

    def read_tpdu(digits: bytes) -> bytes:
        try:
            tpdu = bytes.fromhex(digits.decode("ascii"))
        except ValueError:
            raise CmsError(304) from None
        if len(tpdu) != length or not tpdu or tpdu[0] & 0x03:  # TP-MTI 00
            raise CmsError(304)
        return tpdu

    return read_tpdu


def text_reader(device: DeviceState, destination: Address) -> TpduReader:
    """Reads text for a SUBMIT to `destination`, under the settings of the moment the command is given."""
    settings = device.settings
    parameters, charset = settings.text_parameters, settings.alphabet
    return lambda octets: text_mode.compose(destination, octets, parameters, charset)


def destination_of(device: DeviceState, command: ParsedCommand, *, at: int = 0) -> Address:
    """The `<da>` and `<toda>` that begin at this place. CmsError 305 where they are no number."""
    values = command.values()
    number = decode_number(values[at], device.settings.alphabet)
    kind = int(values[at + 1]) if len(values) > at + 1 and values[at + 1] else None
    return text_mode.parse_address(number, kind)


@dataclass(slots=True)
class PromptedEntry:
    """One entry: the prompt after the prompt latency, what is typed, and `go` with its TPDU and when it began.

    `after_prompt` is said at once after the prompt, by firmware that is wrong.
    """

    device: DeviceState
    read_tpdu: TpduReader
    on_tpdu: Callable[[bytes, datetime], None]
    in_text: bool = False
    after_prompt: str = ""
    first_octet_at: datetime | None = None

    def begin(self) -> bool:
        """True, as a handler says that it goes on by itself."""
        self.device.host.busy = True
        self.device.later(self.device.prompt_latency_s, self._prompt)
        return True

    def _prompt(self) -> None:
        prompted = not self.device.faults.take_prompt_loss()
        entry = PromptedInput(self._on_first_octet, self._on_done, self._on_cancel, self.in_text)
        self.device.host.open_entry(entry, prompted=prompted)
        if self.after_prompt:
            self.device.host.interrupt(self.after_prompt)

    def _on_first_octet(self, octet: bytes) -> None:
        self.first_octet_at = self.device.timers.now()
        for hook in list(self.device.first_octet_hooks):
            hook(self.device, octet)

    def _on_cancel(self) -> None:
        self.device.finish("OK")

    def _on_done(self, octets: bytes) -> None:
        try:
            self.on_tpdu(self.read_tpdu(octets), self.first_octet_at or self.device.timers.now())
        except FinalResult as result:
            self.device.fail(result)
