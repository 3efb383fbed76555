"""AT dialogue of one port: encodes commands, and splits the received bytes into replies, prompts and notices.

A notice (unsolicited result code, URC) may come anywhere: before the echo, inside a reply, between `+CMGS: n` and OK,
right after a prompt. It cannot come in only two places: the line after a `+CMGR`, `+CMGL`, `+CMT` or `+CDS` header belongs
to the header, and a USSD text may go on over several lines until its quotation mark.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from modemd.at.notices import squeeze
from modemd.at.results import CALL_RESULTS, Result, parse_result
from modemd.light_dataclass import dataclass

CTRL_Z = "\x1a"
ESC = "\x1b"
# A line longer than any reply (a 176-octet PDU in hex is 352 characters) is noise: a diagnostic port, a wrong baud rate.
MAX_LINE = 4096

_NAME = re.compile(r"[+^*#%$&!_][A-Za-z0-9_]+")
_LINE_END = re.compile(rb"[\r\n]")
_HEX = re.compile(r"[0-9A-Fa-f]+")
# A PDU in which some characters are not hex: an emulator's address with a letter, noise.
_ALMOST_HEX = re.compile(r"[0-9A-Fa-f]{4}\S{16,}")
# The answer to a PDU. Noise may have damaged it; an echo of a command has `=` or `?`.
_REFERENCE = re.compile(r"\+CMGS:\s*\d+(?:\s*,.*)?")
_ALMOST_REFERENCE = re.compile(r"[^=?]*(?:CMG|MGS)[^=?]*")
# Commands whose answer has another name: SIMCom's +CICCID.
_ANSWERED_BY = {"+CICCID": "+ICCID"}
# A USSD menu has real line ends between its quotation marks. A menu without its end must not absorb the lines after it.
_QUOTING = "+CUSD:"
_QUOTED = re.compile(r'[^"]*".*"\s*(?:,\s*\d*\s*)?', re.DOTALL)
_LONGEST_QUOTED = 1000
# Names of notices are in capitals. A line of a menu may look like one: `*121: Data`, `#3: Back`.
_NOTICE = re.compile(r"[+^*%#$&!_][A-Z][A-Z0-9_]+:")
_PDU_NOTICES = ("+CMT:", "+CDS:", "+CBM:")
_PDU_REPLIES = ("+CMGR:", "+CMGL:")
# Notices without a sign in front, of any family (3GPP TS 27.007 6.11, SIMCom and Quectel manuals).
_BARE_NOTICES = (
    "RING", "RDY", "Call Ready", "SMS Ready", "SMS DONE", "PB DONE", "DST:", "NORMAL POWER DOWN", "POWERED DOWN",
    "UNDER-VOLTAGE", "OVER-VOLTAGE", "MISSED_CALL:", "VOICE CALL:", "APP RDY",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer to a command: its information lines, and its final result."""

    lines: tuple[str, ...]
    result: Result

    @property
    def ok(self) -> bool:
        return self.result.ok


@dataclass(frozen=True, slots=True)
class Prompt:
    """Prompt: the modem waits for a PDU (3GPP TS 27.005 4.3: CR LF `>` SP)."""


@dataclass(frozen=True, slots=True)
class Urc:
    """Line that no command asked for, with its PDU line if it has one, which is mostly hex. A late answer is a Urc, too."""

    line: str
    pdu: str | None = None


ChannelEvent = Reply | Prompt | Urc


def is_reference(line: str) -> bool:
    """Returns whether a line is `+CMGS: n`, though noise may have damaged it."""
    return _ALMOST_REFERENCE.fullmatch(line) is not None


class Channel:
    """AT dialogue of one port: takes bytes and returns events. It never waits.

    `urcs` (from the modem's profile): beginnings of lines that are notices even if they look like an answer.
    """

    def __init__(self, urcs: Iterable[str] = ()) -> None:
        self._urcs = tuple(map(squeeze, (*_BARE_NOTICES, *urcs)))
        self._buffer = b""
        self._command: str | None = None
        self._names: frozenset[str] = frozenset()
        self._wants_prompt = False
        self._is_at_prompt = False
        self._needs_reference: re.Pattern[str] | None = None  # what must come before an OK
        self._echoes: list[str] = []
        self._lines: list[str] = []
        self._header: str | None = None  # a line to which the next one belongs
        self._quoted: str | None = None  # a USSD text whose end has not come

    def start_command(self, command: str, *, prompt: bool = False) -> bytes:
        """Starts `command` (`+CSQ`, without AT) and returns its bytes. With `prompt`, a Prompt may come before the Reply."""
        self._command = f"AT{command}"
        named = [name.upper() for name in _NAME.findall(command.split('"')[0])]
        self._names = frozenset([*named, *(_ANSWERED_BY[name] for name in named if name in _ANSWERED_BY)])
        self._wants_prompt = prompt
        self._is_at_prompt, self._needs_reference = False, None
        self._echoes = [self._command]
        self._lines = []
        return f"{self._command}\r".encode("ascii")

    def begin_pdu(self, pdu: str) -> bytes:
        """Returns the bytes that answer a prompt: a PDU in hex. An answer that comes before `end_pdu` is another's: its lines
        become Urcs."""
        self._echoes = [pdu, pdu + CTRL_Z, CTRL_Z]
        return pdu.encode("ascii")

    def end_pdu(self, *, needs_reference: bool = False) -> bytes:
        """Returns the byte that ends a PDU. From now on an answer is the PDU's own; a line that came before is none of it. With
        `needs_reference` an OK is the answer only after a `+CMGS`; alone it becomes a Urc."""
        self._wants_prompt = self._is_at_prompt = False
        self._needs_reference = _ALMOST_REFERENCE if needs_reference else None
        self._lines = []
        return CTRL_Z.encode("ascii")

    def encode_probe(self) -> bytes:
        """Returns the bytes of a bare AT while the answer to a PDU is awaited. An OK without a `+CMGS` becomes a Urc from now on:
        it is the answer to this. If `+CMGS` has come undamaged, it stands for the OK that was lost."""
        self._needs_reference = _REFERENCE
        self._echoes.append("AT")
        return b"AT\r"

    @property
    def has_part_of_answer(self) -> bool:
        """True if a line of the pending command's answer has come, and its final result has not."""
        return bool(self._lines)

    def abandon(self) -> list[Urc]:
        """Ends the pending command and returns the lines of its answer so far. Later lines of the answer become Urcs."""
        lines = [Urc(line) for line in self._lines]
        self._command = None
        self._names = frozenset()
        self._wants_prompt = self._is_at_prompt = False
        self._needs_reference = None
        self._echoes = []
        self._lines = []
        return lines

    def feed(self, data: bytes) -> list[ChannelEvent]:
        """Returns the events that `data` completes, in order of arrival."""
        events: list[ChannelEvent] = []
        buffer = self._buffer + data
        start = 0
        while True:
            while start < len(buffer) and buffer[start] in b"\r\n\0":
                start += 1
            if self._wants_prompt and self._quoted is None and buffer[start : start + 1] == b">":
                self._wants_prompt, self._is_at_prompt = False, True
                start += 1
                events.append(Prompt())
                continue
            end = _LINE_END.search(buffer, start)
            if end is None:
                break
            line = buffer[start : end.start()].decode("latin-1").strip(" \t\x00\x1a")
            start = end.end()
            if line:
                events += [event for whole in self._join_quoted(line) for event in self._parse_line(whole)]
        self._buffer = buffer[start:][-MAX_LINE:]
        return events

    def _join_quoted(self, line: str) -> tuple[str, ...]:
        """Returns the lines that `line` completes: none inside a USSD text; two if that text turns out to have lost its end."""
        if self._quoted is None:
            if not line.startswith(_QUOTING) or '"' not in line or _QUOTED.fullmatch(line):
                return (line,)
            self._quoted = line
            return ()
        torn, self._quoted = self._quoted, None
        if (
            _NOTICE.match(line)
            or line in self._echoes
            or (self._command is not None and parse_result(line) is not None)
        ):
            return (torn, *self._join_quoted(line))
        whole = f"{torn}\n{line}"
        if _QUOTED.fullmatch(whole) or len(whole) > _LONGEST_QUOTED:
            return (whole,)
        self._quoted = whole
        return ()

    def _parse_line(self, line: str) -> list[ChannelEvent]:
        before: list[ChannelEvent] = []
        if self._header is not None:
            header, self._header = self._header, None
            is_notice = header.startswith(_PDU_NOTICES)
            if _HEX.fullmatch(line) or (is_notice and line not in self._echoes and _ALMOST_HEX.match(line)):
                event = self._attach_pdu(header, line)
                return [] if event is None else [event]
            # No PDU after the header: the header is a line of its own, and this line is parsed as usual.
            if is_notice:
                before.append(Urc(header))
            else:
                self._lines.append(header)
        event = self._parse_single_line(line)
        return before if event is None else [*before, event]

    def _parse_single_line(self, line: str) -> ChannelEvent | None:
        if line in self._echoes:
            self._echoes.remove(line)
            return None
        if line.startswith(_PDU_NOTICES):
            return self._parse_header(line)
        if self._command is None:
            return Urc(line)
        if line.startswith(_PDU_REPLIES) and line[:5].upper() in self._names:
            return self._parse_header(line)
        if (self._wants_prompt or self._is_at_prompt) and (line == "OK" or line.startswith("+CMGS:")):
            return Urc(line)  # never the answer to a command that asks for a prompt: a late answer to an older PDU
        result = parse_result(line)
        if result is not None and result.ok and self._needs_reference and not self._has_reference:
            return Urc(line)
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

    @property
    def _has_reference(self) -> bool:
        """True if the answer has the `+CMGS: n` that it needs."""
        needed = self._needs_reference
        return needed is not None and any(needed.fullmatch(line) for line in self._lines)

    def _is_notice(self, line: str) -> bool:
        """Returns whether a line that came while a command is pending does not belong to its answer."""
        name = _NAME.match(line)
        if name is not None and name[0].upper() in self._names:
            return False
        if squeeze(line).startswith(self._urcs) or line in CALL_RESULTS:
            return True
        # ATI answers with lines of any name; a bare AT answers without lines.
        return name is not None and (bool(self._names) or self._command == "AT")

    def _parse_header(self, line: str) -> ChannelEvent | None:
        """Parses a header. Its PDU is the next line, or (some ZTE firmware) comes after the last comma and a blank."""
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
