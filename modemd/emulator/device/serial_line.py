"""The device's end of the serial line: what a host types is cut into command lines and entries, what the device says
is framed (ITU-T V.250 5.2, 5.7). Output with no host is dropped, as on USB; what was typed stays typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from modemd.emulator.device.settings import Settings

CR, LF, BS = 0x0D, 0x0A, 0x08
"""What S3, S4 and S5 are until a host sets them otherwise (V.250 6.2.1 to 6.2.3)."""
ESC = 0x1B
CTRL_Z = 0x1A

MAX_LINE_LENGTH = 2048
MAX_ENTRY_LENGTH = 4096
MAX_PENDING_INPUT = 65536
"""Octets kept of one line, of one entry, and unread while busy; the rest is dropped, as from a buffer that is full."""

_IGNORED_BEFORE_COMMAND = b"\r\n \x1b"

NUMERIC = {"OK": "0", "RING": "2", "NO CARRIER": "3", "ERROR": "4", "BUSY": "7", "NO ANSWER": "8"}
"""Results under ATV0 (V.250 5.7.1). Others have no number and stay as they are."""


@dataclass(frozen=True, slots=True)
class PromptedInput:
    """What to do with the octets typed after a prompt: at the first of them, at Ctrl-Z, and at ESC.

    `in_text`: they are text (27.005 3.5.1): every one counts, BS takes back, and CR is answered with another prompt.
    """

    on_first: Callable[[bytes], None]
    on_done: Callable[[bytes], None]
    on_cancel: Callable[[], None]
    in_text: bool = False


class SerialLine:
    """Input and output of one device. `run` is called with each command line, its `AT` taken off.

    `A/` runs the last of them again, without a CR (V.250 5.2.4).
    `distort`, where set, is what happens to the octets said on their way to the host; `carry`, where set, brings
    them to `transmit` in its own time; so many of the next notices
    as `notices_lost` says are not said at all. Of one that is `mute` nothing reaches the host.
    While `hurried` is set, until the command line in hand has ended, notices are lost. While `busy` is set, input
    waits in the buffer and is read when the device is free again.
    """

    def __init__(self, run: Callable[[str], None], settings: Settings, *, lead: str = "\r\n") -> None:
        self.settings = settings
        self.busy = False
        self.notices_lost = 0
        self.drops_notices = False
        self.is_mute = False
        self.distort: Callable[[bytes], bytes] | None = None
        self.carry: Callable[[bytes], None] | None = None
        self._run = run
        self._lead = lead
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
        """Whether the prompt stands and octets of an entry are awaited."""
        return self._entry is not None

    @property
    def pending(self) -> int:
        """Octets kept that no answer has been given to."""
        return len(self._input) + len(self._line) + len(self._typed)

    def connect(self, write: Callable[[bytes], None]) -> None:
        """A host opened the port."""
        self._write = write

    def disconnect(self) -> None:
        """The host is gone; the device does not know."""
        self._write = None

    def reset(self, settings: Settings) -> None:
        """As after power-on: nothing typed, nothing held, not busy."""
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
        """One line of information, or a header and the line that belongs to it, `\\r\\n` between."""
        self._send(f"{self._lead}{text}\r\n" if self.settings.verbose else f"{text}\r\n")

    def send_final_result(self, text: str) -> None:
        """A final result, as ATV and ATQ will have it; then whatever was typed meanwhile is read."""
        settings = self.settings
        if not settings.quiet:
            if settings.verbose:
                self._send(f"{self._lead}{text}\r\n")
            else:
                self._send(f"{NUMERIC[text]}\r" if text in NUMERIC else f"{text}\r\n")
        self.release()

    def send_notice(self, text: str) -> None:
        """An unsolicited line: at once, but after the entry while one is being typed."""
        if self.drops_notices:
            return
        if self.notices_lost:
            self.notices_lost -= 1
            return
        data = self._with_line_ends(f"\r\n{text}\r\n").encode()
        if self._entry is not None:
            self._deferred_output.append(data)
        else:
            self._emit(data)

    def send_unsolicited_result(self, text: str) -> None:
        """A result code that nothing was asked for (`RING`, `NO CARRIER`), as ATV and ATQ will have it."""
        if self.settings.quiet:
            return
        if self.settings.verbose or text not in NUMERIC:
            self.send_notice(text)
        elif self._entry is not None:
            self._deferred_output.append(self._with_line_ends(f"{NUMERIC[text]}\r").encode())
        else:
            self._send(f"{NUMERIC[text]}\r")

    def interrupt(self, text: str) -> None:
        """An unsolicited line at this very moment, even in the middle of an entry: some firmware does."""
        self._emit(self._with_line_ends(f"\r\n{text}\r\n").encode())

    def send_raw(self, octets: bytes) -> None:
        """These very octets, unframed: what a captured device said."""
        self._emit(octets)

    def open_entry(self, entry: PromptedInput, *, prompted: bool = True) -> None:
        """Open an entry, with its prompt or (a fault) without."""
        if prompted:
            self._send("\r\n> ")
        self._entry = entry
        self._typed.clear()
        self.release()

    def release(self) -> None:
        """Free again: read what waits."""
        self.busy = False
        if self._entry is None:
            self.drops_notices = False
        self._read_input()

    def _send(self, text: str) -> None:
        self._emit(self._with_line_ends(text).encode("latin-1", "replace"))

    def _with_line_ends(self, text: str) -> str:
        """With line ends as S3 and S4 have them."""
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
        """Octets as they go over the line; with no host they are dropped."""
        if self._write is not None and data and not self.is_mute:
            self._write(data)

    # -- input

    def feed(self, data: bytes) -> None:
        """Octets from the host."""
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
            octets = octets.removeprefix(b"\n")  # of a host that ends its command with CR LF
        if octets and not self._typed:
            entry.on_first(octets[:1])
        self._typed += octets[: MAX_ENTRY_LENGTH - len(self._typed)]
        if entry.in_text:
            self._send("\r\n> " * octets.count(b"\r"))
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
    """What follows `AT` in a line; None where the line holds none, which V.250 5.2.1 says is passed over in silence."""
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
