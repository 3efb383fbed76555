"""One port's AT dialogue: what to write, and what the bytes that came back mean.

A notice (unsolicited result code, URC) may land anywhere: before the echo, inside a reply, between `+CMGS: n` and OK,
right after a prompt. Only two places are closed to it: `+CMGR`, `+CMGL`, `+CMT` and `+CDS` headers own the very next line,
and a USSD text goes on over several lines until its quotation mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from modemd.at.results import CALL_RESULTS, Result, parse_result

CTRL_Z = "\x1a"
ESC = "\x1b"
# A line longer than any reply (a 176-octet PDU in hex is 352 characters) is noise: a diagnostic port, a wrong baud rate.
MAX_LINE = 4096

_NAME = re.compile(r"[+^*#%$&!_][A-Za-z0-9_]+")
_LINE_END = re.compile(rb"[\r\n]")
_HEX = re.compile(r"[0-9A-Fa-f]+")
# Commands that are answered under another name: SIMCom's +CICCID.
_ANSWERED_BY = {"+CICCID": "+ICCID"}
# A USSD menu has real line ends between its quotation marks. One whose end was lost must not swallow what follows.
_QUOTING = "+CUSD:"
_QUOTED = re.compile(r'[^"]*".*"\s*(?:,\s*\d*\s*)?', re.DOTALL)
_LONGEST_QUOTED = 1000
_PDU_NOTICES = ("+CMT:", "+CDS:", "+CBM:")
_PDU_REPLIES = ("+CMGR:", "+CMGL:")
# Notices without a sign in front, by any family (3GPP TS 27.007 6.11, SIMCom, Quectel and Simcom manuals).
_BARE_NOTICES = (
    "RING", "RDY", "Call Ready", "SMS Ready", "SMS DONE", "PB DONE", "DST:", "NORMAL POWER DOWN", "POWERED DOWN",
    "UNDER-VOLTAGE", "OVER-VOLTAGE", "MISSED_CALL:", "VOICE CALL:", "APP RDY",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reply:
    """A command's answer: its information lines, and its final result."""

    lines: tuple[str, ...]
    result: Result

    @property
    def ok(self) -> bool:
        return self.result.ok


@dataclass(frozen=True, slots=True)
class Prompt:
    """The modem waits for a PDU (3GPP TS 27.005 4.3: CR LF `>` SP)."""


@dataclass(frozen=True, slots=True)
class Urc:
    """A line nobody asked for; with the PDU that it owns, where it owns one. A late answer is one too."""

    line: str
    pdu: str | None = None


ChannelEvent = Reply | Prompt | Urc


class Channel:
    """The AT dialogue of one port. Feed it bytes; it gives back what happened. It never waits.

    `urcs` are beginnings of lines that are notices even where they look like an answer, from the modem's profile.
    """

    def __init__(self, urcs: Iterable[str] = ()) -> None:
        self._urcs = (*_BARE_NOTICES, *urcs)
        self._buffer = b""
        self._command: str | None = None
        self._names: frozenset[str] = frozenset()
        self._wants_prompt = False
        self._echoes: list[str] = []
        self._lines: list[str] = []
        self._header: str | None = None  # a line that owns the next one
        self._quoted: str | None = None  # a USSD text whose end has not come

    def start_command(self, command: str, *, prompt: bool = False) -> bytes:
        """The bytes that ask `command` (`+CSQ`, without AT). With `prompt`, a Prompt may come before the Reply."""
        self._command = f"AT{command}"
        named = [name.upper() for name in _NAME.findall(command.split('"')[0])]
        self._names = frozenset([*named, *(_ANSWERED_BY[name] for name in named if name in _ANSWERED_BY)])
        self._wants_prompt = prompt
        self._echoes = [self._command]
        self._lines = []
        return f"{self._command}\r".encode("ascii")

    def encode_pdu(self, pdu: str) -> bytes:
        """The bytes that answer a prompt: a PDU in hex, and Ctrl-Z."""
        self._wants_prompt = False
        self._echoes = [pdu, pdu + CTRL_Z]
        return f"{pdu}{CTRL_Z}".encode("ascii")

    def abandon(self) -> list[Urc]:
        """Wait no longer for the pending command: the lines that it has answered so far. What still comes of it is a Urc."""
        lines = [Urc(line) for line in self._lines]
        self._command = None
        self._names = frozenset()
        self._wants_prompt = False
        self._echoes = []
        self._lines = []
        return lines

    def feed(self, data: bytes) -> list[ChannelEvent]:
        """What `data` completes, in order of arrival."""
        events: list[ChannelEvent] = []
        buffer = self._buffer + data
        start = 0
        while True:
            while start < len(buffer) and buffer[start] in b"\r\n\0":
                start += 1
            if self._wants_prompt and self._quoted is None and buffer[start : start + 1] == b">":
                self._wants_prompt = False
                start += 1
                events.append(Prompt())
                continue
            end = _LINE_END.search(buffer, start)
            if end is None:
                break
            line = buffer[start : end.start()].decode("latin-1").strip(" \t\x00\x1a")
            start = end.end()
            if line:
                events += [event for whole in self._join_quoted(line) if (event := self._parse_line(whole)) is not None]
        self._buffer = buffer[start:][-MAX_LINE:]
        return events

    def _join_quoted(self, line: str) -> tuple[str, ...]:
        """The lines that `line` completes: none within a USSD text; two where that text turns out to have lost its end."""
        if self._quoted is None:
            if not line.startswith(_QUOTING) or '"' not in line or _QUOTED.fullmatch(line):
                return (line,)
            self._quoted = line
            return ()
        torn, self._quoted = self._quoted, None
        name = _NAME.match(line)
        notice = name is not None and line[name.end() :].startswith(":")
        if notice or line in self._echoes or (self._command is not None and parse_result(line) is not None):
            return (torn, *self._join_quoted(line))
        whole = f"{torn}\n{line}"
        if _QUOTED.fullmatch(whole) or len(whole) > _LONGEST_QUOTED:
            return (whole,)
        self._quoted = whole
        return ()

    def _parse_line(self, line: str) -> ChannelEvent | None:
        if self._header is not None:
            header, self._header = self._header, None
            if _HEX.fullmatch(line):
                return self._attach_pdu(header, line)
            # No PDU behind its header: the header stands alone, and this line is what it is.
            if header.startswith(_PDU_REPLIES):
                self._lines.append(header)
        if line in self._echoes:
            self._echoes.remove(line)
            return None
        if line.startswith(_PDU_NOTICES):
            return self._parse_header(line)
        if self._command is None:
            return Urc(line)
        if line.startswith(_PDU_REPLIES) and line[:5].upper() in self._names:
            return self._parse_header(line)
        if self._wants_prompt and (line == "OK" or line.startswith("+CMGS:")):
            return Urc(line)  # a command that asks for a prompt is never answered so: it is late, of an older PDU
        result = parse_result(line)
        if result is None and line in CALL_RESULTS and self._command.upper().startswith(("ATD", "ATA", "ATH")):
            result = Result(line, "error")
        if result is not None:
            reply = Reply(tuple(self._lines), result)
            self.abandon()
            return reply
        if self._is_notice(line):
            return Urc(line)
        self._lines.append(line)
        return None

    def _is_notice(self, line: str) -> bool:
        """Whether a line that came while a command is pending is not of its answer."""
        name = _NAME.match(line)
        if name is not None and name[0].upper() in self._names:
            return False
        if line.startswith(self._urcs) or line in CALL_RESULTS:
            return True
        # ATI answers with lines of any name; a bare AT has no lines of its own.
        return name is not None and (bool(self._names) or self._command == "AT")

    def _parse_header(self, line: str) -> ChannelEvent | None:
        """A header line: its PDU is the next line, or (some ZTE firmware) stands behind the last comma and a blank."""
        head, _, tail = line.rpartition(" ")
        if len(tail) > 20 and _HEX.fullmatch(tail):
            return self._attach_pdu(head.strip(), tail)
        self._header = line
        return None

    def _attach_pdu(self, header: str, pdu: str) -> ChannelEvent | None:
        if header.startswith(_PDU_NOTICES):
            return Urc(header, pdu)
        self._lines += [header, pdu]
        return None
