"""Input after a prompt, in either format, and the TPDU that it makes (3GPP TS 27.005 3.5, 4.3, 4.4)."""

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
"""Length of the largest SUBMIT (3GPP TS 23.040 9.2.2.2)."""

TpduReader = Callable[[bytes], bytes]
"""Makes a TPDU of the typed octets. Raises CmsError if they make none."""


def tpdu_length(device: DeviceState, command: ParsedCommand) -> int:
    """Returns the `<length>` of a PDU mode command.

    Raises CmsError 304 if no SUBMIT is so long, the family's result in text mode.
    """
    if device.settings.text_mode:
        raise result_of(device.family.dialogue.text_mode_sending)
    try:
        length = command.numbers()[0] if command.form is CommandForm.SET else None
    except ValueError:  # a quoted number: text mode was meant
        length = None
    if length is None or not 0 < length <= MAX_SUBMIT_OCTETS:
        raise CmsError(304)
    return length


def pdu_reader(length: int, stored_smsc: Callable[[], str] = lambda: "any") -> TpduReader:
    """Returns a reader of hex digits: the SMSC field, and a TPDU of that length.

    The reader raises CmsError 304 for any other input, and CmsError 330 if neither the input nor `stored_smsc`, the
    `+CSCA` at that time, names a service centre.
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
    """Returns a reader of hex digits: a DELIVER-REPORT of that length, without an SMSC field (27.005 3.4.4).

    The reader raises CmsError 304 for any other input.
    """

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
    """Returns a reader of text for a SUBMIT to `destination`, with the settings at the time of the command."""
    settings = device.settings
    parameters, charset = settings.text_parameters, settings.alphabet
    return lambda octets: text_mode.compose(destination, octets, parameters, charset)


def destination_of(device: DeviceState, command: ParsedCommand, *, at: int = 0) -> Address:
    """Returns the address in the `<da>` and `<toda>` that begin at this place. Raises CmsError 305 if they are no number."""
    values = command.values()
    number = decode_number(values[at], device.settings.alphabet)
    kind = int(values[at + 1]) if len(values) > at + 1 and values[at + 1] else None
    return text_mode.parse_address(number, kind)


@dataclass(slots=True)
class PromptedEntry:
    """An entry: the prompt after the prompt latency, then the input.

    `on_tpdu` is called with the TPDU and the time of its first octet. `after_prompt` is sent directly after the prompt,
    as faulty firmware does.
    """

    device: DeviceState
    read_tpdu: TpduReader
    on_tpdu: Callable[[bytes, datetime], None]
    in_text: bool = False
    after_prompt: str = ""
    first_octet_at: datetime | None = None

    def begin(self) -> bool:
        """Begins the entry, and returns True, as a handler does that will end the line later."""
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
