"""Device's end of the serial line: splits input into command lines and entries, frames output (ITU-T V.250 5.2, 5.7).

Output without a host is dropped, as on USB; unfinished input stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from modemd.emulator.device.family_sections import Dialogue
from modemd.emulator.device.settings import Settings

CR, LF = 0x0D, 0x0A
"""The values of S3 and S4 until a host changes them (V.250 6.2.1 and 6.2.2)."""
ESC = 0x1B
CTRL_Z = 0x1A

MAX_LINE_LENGTH = 2048
MAX_ENTRY_LENGTH = 4096
MAX_PENDING_INPUT = 65536
"""Octets held of one line, of one entry, and unread while busy; further ones are dropped, as from a full buffer."""

_IGNORED_BEFORE_COMMAND = b"\r\n \x1b"

NUMERIC = {"OK": "0", "RING": "2", "NO CARRIER": "3", "ERROR": "4", "BUSY": "7", "NO ANSWER": "8"}
"""Results under ATV0 (V.250 5.7.1). Others have no number and stay as text."""


@dataclass(frozen=True, slots=True)
class PromptedInput:
    """Callbacks for the octets typed after a prompt: at the first of them, at Ctrl-Z, and at ESC.

    `in_text`: they are text (27.005 3.5.1): every octet counts, BS deletes, and CR is answered with another prompt.
    """

    on_first: Callable[[bytes], None]
    on_done: Callable[[bytes], None]
    on_cancel: Callable[[], None]
    in_text: bool = False


class SerialLine:
    """Input and output of one device. `run` is called with each command line, its `AT` taken off.

    `A/` runs the last command line again, without a CR (V.250 5.2.4). While `busy` is set, input waits in the buffer.

    `distort`, if set, changes the octets on their way to the host; `carry`, if set, passes them to `transmit` later;
    `before_echo`, if set, returns what precedes the echo of a command line.
    `dialogue` says what the family has before and after a line. With `leaves_blanks_out`, no blank follows the colon of
    a line. `notices_lost` is how many of the next notices are dropped. While `is_mute` is set, nothing reaches the
    host. While `drops_notices` is set, until the present command line ends, notices are dropped.
    """

    def __init__(self, run: Callable[[str], None], settings: Settings, dialogue: Dialogue) -> None:
        self.settings = settings
        self.busy = False
        self.notices_lost = 0
        self.drops_notices = False
        self.is_mute = False
        self.leaves_blanks_out = False
        self.distort: Callable[[bytes], bytes] | None = None
        self.carry: Callable[[bytes], None] | None = None
        self.before_echo: Callable[[], bytes] | None = None
        self._run = run
        self._dialogue = dialogue
        self._lead = dialogue.lead
        self._notice_lead = "\r\n" if dialogue.lead else ""
        self._write: Callable[[bytes], None] | None = None
        self._input = bytearray()
        self._line = bytearray()
        self._last_command_line = ""
        self._entry: PromptedInput | None = None
        self._typed = bytearray()
        self._deferred_output: list[bytes] = []
        self._output = bytearray()
        self._is_reading = False

    @property
    def connected(self) -> bool:
        return self._write is not None

    @property
    def entering(self) -> bool:
        """True while the device is at a prompt and waits for the octets of an entry."""
        return self._entry is not None

    @property
    def pending(self) -> int:
        """Number of octets of the host are not answered yet."""
        return len(self._input) + len(self._line) + len(self._typed)

    def connect(self, write: Callable[[bytes], None]) -> None:
        """Connects a host that opened the port."""
        self._write = write

    def disconnect(self) -> None:
        """Disconnects the host; the device does not notice."""
        self._write = None

    def reset(self, settings: Settings) -> None:
        """Resets the line to its state after power-on: no input, no held output, not busy."""
        self.settings = settings
        self.busy = False
        self._input.clear()
        self._line.clear()
        self._entry = None
        self._typed.clear()
        self._deferred_output.clear()
        self._last_command_line = ""

    # -- output

    def send_line(self, text: str) -> None:
        """Sends one line of information, or a header and the line after it, with `\\r\\n` between."""
        self._send(f"{self._lead}{text}\r\n" if self.settings.verbose else f"{text}\r\n")

    def send_final_result(self, text: str) -> None:
        """Sends a final result in the form of ATV and ATQ; then reads the input that waits."""
        settings = self.settings
        if not settings.quiet:
            if settings.verbose:
                self._send(f"{self._lead}{text}\r\n")
            else:
                self._send(f"{NUMERIC[text]}\r" if text in NUMERIC else f"{text}\r\n")
        self.release()

    def send_notice(self, text: str) -> None:
        """Sends an unsolicited line: at once, or after the entry that is being typed."""
        if self.drops_notices:
            return
        if self.notices_lost:
            self.notices_lost -= 1
            return
        data = self._with_line_ends(f"{self._notice_lead}{text}\r\n").encode()
        if self._entry is not None:
            self._deferred_output.append(data)
        else:
            self._emit(data)

    def send_unsolicited_result(self, text: str) -> None:
        """Sends an unsolicited result code (`RING`, `NO CARRIER`) in the form of ATV and ATQ."""
        if self.settings.quiet:
            return
        if self.settings.verbose or text not in NUMERIC:
            self.send_notice(text)
        elif self._entry is not None:
            self._deferred_output.append(self._with_line_ends(f"{NUMERIC[text]}\r").encode())
        else:
            self._send(f"{NUMERIC[text]}\r")

    def interrupt(self, text: str) -> None:
        """Sends an unsolicited line at once, even within an entry, as some firmware does."""
        self._emit(self._with_line_ends(f"{self._notice_lead}{text}\r\n").encode())

    def send_raw(self, octets: bytes) -> None:
        """Sends exactly these octets, without a frame, as a captured device did."""
        self._emit(octets)

    def open_entry(self, entry: PromptedInput, *, prompted: bool = True) -> None:
        """Opens an entry, with its prompt or (a fault) without."""
        if prompted:
            self._send(self._dialogue.prompt)
        self._entry = entry
        self._typed.clear()
        self.release()

    def release(self) -> None:
        """Ends being busy, and reads the input that waits."""
        self.busy = False
        if self._entry is None:
            self.drops_notices = False
        self._read_input()

    def _send(self, text: str) -> None:
        self._emit(self._with_line_ends(text).encode("latin-1", "replace"))

    def _with_line_ends(self, text: str) -> str:
        """Returns the text with the line ends of the family, or of S3 and S4; without blanks after colons if the device
        leaves them out.
        """
        if self.leaves_blanks_out:
            text = re.sub(r"(?m)^([^:\n]+:) ", r"\1", text)
        text = text.replace("\r\n", self._dialogue.line_end)
        registers = self.settings.registers
        if registers[3] == CR and registers[4] == LF:
            return text
        return text.translate({CR: registers[3], LF: registers[4]})

    def _emit(self, data: bytes) -> None:
        self._output += data
        if not self._is_reading:
            self._flush()

    def _flush(self) -> None:
        if self._output:
            data = bytes(self._output)
            self._output.clear()
            if self.distort is not None:
                data = self.distort(data)
            (self.carry or self.transmit)(data)

    def transmit(self, data: bytes) -> None:
        """Sends octets over the line; without a host they are dropped."""
        if self._write is not None and data and not self.is_mute:
            self._write(data)

    # -- input

    def feed(self, data: bytes) -> None:
        """Takes octets from the host."""
        self._input += data[: MAX_PENDING_INPUT - len(self._input)]
        self._read_input()

    def _read_input(self) -> None:
        if self._is_reading:
            return
        self._is_reading = True
        try:
            while self._input and not self.busy:
                if self._entry is not None:
                    self._read_entry(self._entry)
                else:
                    self._read_line()
        finally:
            self._is_reading = False
            self._flush()

    def _read_line(self) -> None:
        registers = self.settings.registers
        end = self._input.find(registers[3])
        piece = bytes(self._input) if end < 0 else bytes(self._input[: end + 1])
        if repeats_last := (self._line + piece[:2]).lstrip(_IGNORED_BEFORE_COMMAND)[:2].upper() == b"A/":
            piece = piece[: piece.index(b"/") + 1]
        del self._input[: len(piece)]
        if self.settings.echo:
            if self.before_echo is not None and not self._line:
                self._output += self.before_echo()
            self._output += piece
        if repeats_last:
            self._line.clear()
            self._run(self._last_command_line)
            return
        self._line += piece[: MAX_LINE_LENGTH - len(self._line)]
        if end < 0:
            return
        line = bytes(self._line)
        self._line.clear()
        body = _command_body(line, registers[5])
        if body is not None:
            self._last_command_line = body
            self._run(body)

    def _read_entry(self, entry: PromptedInput) -> None:
        ends = [position for position in (self._input.find(ESC), self._input.find(CTRL_Z)) if position >= 0]
        end = min(ends, default=len(self._input))
        piece = bytes(self._input[:end])
        end_octet = self._input[end] if ends else None
        del self._input[: end + 1]
        if self.settings.echo:
            self._output += piece
        octets = piece if entry.in_text else piece.strip()
        if entry.in_text and not self._typed:
            octets = octets.removeprefix(b"\n")  # from a host that ends its command with CR LF
        if octets and not self._typed:
            entry.on_first(octets[:1])
        self._typed += octets[: MAX_ENTRY_LENGTH - len(self._typed)]
        if entry.in_text:
            self._send(self._dialogue.prompt * octets.count(b"\r"))
            backspace = self.settings.registers[5]
            if backspace in self._typed:
                self._typed = _apply_backspace(self._typed, backspace)
        if end_octet is None:
            return
        typed = bytes(self._typed)
        self._typed.clear()
        self._entry = None
        if end_octet == ESC:
            entry.on_cancel()
        else:
            entry.on_done(typed)
        for data in self._deferred_output:
            self._output += data
        self._deferred_output.clear()


def _command_body(line: bytes, backspace: int) -> str | None:
    """Returns the part of a line after `AT`; None if there is none: V.250 5.2.1 ignores such a line."""
    line = line[:-1]
    if backspace in line:
        line = bytes(_apply_backspace(line, backspace))
    start = line.upper().find(b"AT")
    if start < 0:
        return None
    return line[start + 2 :].strip(b"\r\n").decode("latin-1")


def _apply_backspace(line: bytes | bytearray, backspace: int) -> bytearray:
    result = bytearray()
    for octet in line:
        if octet == backspace:
            del result[-1:]
        else:
            result.append(octet)
    return result
