"""Transcript of the dialogue between a host and a device, for the report of a failed test."""

from __future__ import annotations

from collections import deque

MAX_CHUNKS = 2000
_SHOWN = {"\r": "", "\x1a": "<Ctrl-Z>", "\x1b": "<ESC>"}
# Ends of output without a line end: those of the host (Ctrl-Z, ESC), and the prompt of the device.
_ENDS: dict[bool, tuple[str, ...]] = {True: ("\x1a", "\x1b"), False: ("> ",)}


class Transcript:
    """The last octets of a dialogue, with who sent them."""

    def __init__(self) -> None:
        self._chunks: deque[tuple[bool, bytes]] = deque(maxlen=MAX_CHUNKS)

    def add(self, from_host: bool, data: bytes) -> None:
        """Adds octets."""
        self._chunks.append((from_host, data))

    def __str__(self) -> str:
        """Returns a line for each line of the dialogue: `>` the host, `<` the device. Blank lines are left out."""
        lines_shown: list[str] = []
        unfinished: dict[bool, str] = {True: "", False: ""}
        for from_host, data in list(self._chunks):
            unfinished[from_host] += data.decode("latin-1")
            *lines, unfinished[from_host] = unfinished[from_host].replace("\r", "\n").split("\n")
            lines_shown += [_line(from_host, line) for line in lines if line]
            if unfinished[from_host].endswith(_ENDS[from_host]):
                lines_shown.append(_line(from_host, unfinished[from_host]))
                unfinished[from_host] = ""
        lines_shown += [_line(from_host, rest) for from_host, rest in unfinished.items() if rest]
        return "\n".join(lines_shown)


def _line(from_host: bool, line: str) -> str:
    shown = "".join(_SHOWN.get(char, char if char.isprintable() else f"<{ord(char):02X}>") for char in line)
    return f"{'>' if from_host else '<'} {shown}"
