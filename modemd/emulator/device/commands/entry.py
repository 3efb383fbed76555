"""What is typed after a prompt, in either format, and what it makes (3GPP TS 27.005 3.5, 4.3, 4.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from modemd.emulator.device import text_mode
from modemd.emulator.device.charset import typed_number
from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.results import CmsError, FinalResult, result_of
from modemd.emulator.device.serial_line import PromptedInput
from modemd.emulator.device.state import DeviceState
from modemd.errors import DecodeError
from modemd.pdu import Address, unframe

MAX_SUBMIT_OCTETS = 164
"""Octets of the largest SUBMIT (3GPP TS 23.040 9.2.2.2)."""

Make = Callable[[bytes], bytes]
"""From what was typed to a TPDU. CmsError where it makes none."""


def length_of(device: DeviceState, call: ParsedCommand) -> int:
    """The `<length>` of a PDU mode command. CmsError 304 where no SUBMIT is so long, the family's word in text mode."""
    if device.settings.text_mode:
        raise result_of(device.family.dialogue.text_mode_sending)
    try:
        length = call.numbers()[0] if call.kind is CommandForm.SET else None
    except ValueError:  # a quoted number: text mode was meant
        length = None
    if length is None or not 0 < length <= MAX_SUBMIT_OCTETS:
        raise CmsError(304)
    return length


def pdu(length: int, kept_centre: Callable[[], str] = lambda: "kept") -> Make:
    """Reads hex digits: the SMSC field, and a TPDU of that length. CmsError 304 where they are not that.

    CmsError 330 where neither they nor `kept_centre`, the `+CSCA` of that moment, name a service centre.
    """

    def make(digits: bytes) -> bytes:
        try:
            centre, tpdu = unframe(bytes.fromhex(digits.decode("ascii")))
        except (ValueError, DecodeError):
            raise CmsError(304) from None
        if len(tpdu) != length:
            raise CmsError(304)
        if centre is None and not kept_centre():
            raise CmsError(330)
        return tpdu

    return make


def report(length: int) -> Make:
    """Reads hex digits: a DELIVER-REPORT of that length, without an SMSC field (27.005 3.4.4); else CmsError 304."""

    def make(digits: bytes) -> bytes:
        try:
            tpdu = bytes.fromhex(digits.decode("ascii"))
        except ValueError:
            raise CmsError(304) from None
        if len(tpdu) != length or not tpdu or tpdu[0] & 0x03:  # TP-MTI 00
            raise CmsError(304)
        return tpdu

    return make


def text(device: DeviceState, destination: Address) -> Make:
    """Reads text for a SUBMIT to `destination`, under the settings of the moment the command is given."""
    settings = device.settings
    parameters, charset = settings.text_parameters, settings.alphabet
    return lambda octets: text_mode.compose(destination, octets, parameters, charset)


def destination_of(device: DeviceState, call: ParsedCommand, *, at: int = 0) -> Address:
    """The `<da>` and `<toda>` that begin at this place. CmsError 305 where they are no number."""
    values = call.values()
    number = typed_number(values[at], device.settings.alphabet)
    kind = int(values[at + 1]) if len(values) > at + 1 and values[at + 1] else None
    return text_mode.address(number, kind)


@dataclass(slots=True)
class PromptedEntry:
    """One entry: the prompt after the prompt latency, what is typed, and `go` with its TPDU and when it began.

    `after_prompt` is said at once after the prompt, by firmware that is wrong.
    """

    device: DeviceState
    make: Make
    go: Callable[[bytes, datetime], None]
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
        entry = PromptedInput(self._started, self._typed, self._cancelled, self.in_text)
        self.device.host.ask(entry, prompted=prompted)
        if self.after_prompt:
            self.device.host.interrupt(self.after_prompt)

    def _started(self, octet: bytes) -> None:
        self.first_octet_at = self.device.timers.now()
        for hook in list(self.device.first_octet_hooks):
            hook(self.device, octet)

    def _cancelled(self) -> None:
        self.device.finish("OK")

    def _typed(self, octets: bytes) -> None:
        try:
            self.go(self.make(octets), self.first_octet_at or self.device.timers.now())
        except FinalResult as result:
            self.device.fail(result)
