"""Recorder: asks a real modem a fixed list of questions, and writes the dialogue down as a capture that the emulator plays.

It sends, deletes and sets nothing, reads no message (that would mark it as read) and enters no PIN. The one exception is echo,
which is switched off, and on again at the end if it was on. docs/emulator.md describes the file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from modemd.at import Reply
from modemd.at.replies import split_fields
from modemd.errors import ModemError, ReplyTimeout
from modemd.light_dataclass import dataclass
from modemd.modem.capture.closing_port import closing_port
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.link.masking import Mask
from modemd.modem.link.port import Port
from modemd.profiles import Profiles

IDENTITY_COMMANDS = ("+CGMI", "+CGMM", "+CGMR", "I", "+GMI", "+GMM", "+GMR", "+GCAP", "+CGSN", "+GSN", "+CIMI", "+CNUM")
"""Asked first: the answers name the family, whose own commands for the ICCID follow."""

READ_COMMANDS = (
    "+CPIN?", "+CMEE?", "+CSCS?", "+CFUN?", "+CREG?", "+CGREG?", "+CEREG?", "+COPS?", "+CSQ", "+CESQ", "+CPAS", "+CBC",
    "+CGATT?", "+CCLK?", "+CSCA?", "+CMGF?", "+CPMS?", "+CNMI?", "+CSMS?", "+CSMP?", "+CSDH?", "+CMMS?", "+CLIP?",
    "+CRC?", "+CUSD?", "+IPR?", "S0?", "S3?", "S4?", "S5?", "S7?",
)  # fmt: skip

TEST_COMMANDS = (
    "+CPIN=?", "+CMEE=?", "+CSCS=?", "+CFUN=?", "+CREG=?", "+CGREG=?", "+CEREG=?", "+CCLK=?", "+CSCA=?", "+CMGF=?",
    "+CPMS=?", "+CNMI=?", "+CSMS=?", "+CNMA=?", "+CSMP=?", "+CSDH=?", "+CMMS=?", "+CMGR=?", "+CMGL=?",
    "+CMGD=?", "+CLIP=?", "+CUSD=?", "+IPR=?",
)  # fmt: skip

VENDOR_COMMANDS = (
    "^CPIN?", "^SYSINFO", "^SYSINFOEX", "^HCSQ?", "^CURC?", "+QINISTAT", "+QSIMSTAT?", "+QPINC?", "+SPIC", "+CNSMOD?",
    "+WIND?", "#PCT", "#QSS?", "^SCKS?", "^SPIC", "^SMGO?", "+UPINCNT", "+ZPAS?", "+CPINC?", "#CCID", "^SCID",
    "!ICCID?",
)  # fmt: skip
"""Commands that one family knows and the others refuse, each with another error; the errors are recorded too."""

_DESCRIBING = frozenset({"I", "+CGMI", "+CGMM", "+CGMR", "+GMI", "+GMM", "+GMR", "+IPR?", "+IPR=?"})
FORMAT = "modemd-capture 1"
LAST_S = 0.1
"""Time for the end of the last answer to come, in seconds."""


@dataclass(frozen=True, slots=True)
class CaptureEntry:
    """Octets with the time at which they passed: `>` from the host; `<` from the modem as an answer; `!` from the modem
    unasked."""

    at_s: float
    direction: Literal[">", "<", "!"]
    octets: bytes


@dataclass(frozen=True, slots=True)
class Recording:
    """Recorded dialogue, in order of time. `remark` is for people."""

    entries: tuple[CaptureEntry, ...]
    remark: str = ""

    def mask(self) -> Recording:
        """Returns the same recording, with stand-ins for all that identifies a person, a SIM or a device."""
        describing: list[bool] = []
        question = ""
        for entry in self.entries:
            if entry.direction == ">":
                question = entry.octets.decode("latin-1").strip().upper().removeprefix("AT")
            else:
                describing.append(entry.direction == "<" and question in _DESCRIBING)
        mask = Mask()
        read = [entry.octets for entry in self.entries if entry.direction != ">"]
        masked = iter(mask.mask_pieces(read, describing))
        entries = [entry if entry.direction == ">" else replace(entry, octets=next(masked)) for entry in self.entries]
        remark = mask.mask(self.remark.encode("latin-1"), lambda _: True).decode("latin-1")
        return Recording(tuple(entries), remark)

    def to_text(self) -> str:
        """Returns the text of the capture file."""
        lines = [FORMAT, *(["# " + escape(self.remark.encode("latin-1"))] if self.remark else [])]
        lines += [f"{entry.at_s:9.3f} {entry.direction} {escape(entry.octets)}" for entry in self.entries]
        return "\n".join(lines) + "\n"


def escape(octets: bytes) -> str:
    r"""Returns octets as printable ASCII. A blank at either end is written as \x20, so that no editor removes it."""
    text = "".join(
        _ESCAPES.get(octet) or (chr(octet) if 0x20 <= octet < 0x7F else f"\\x{octet:02X}") for octet in octets
    )
    if text.endswith(" "):
        text = text[:-1] + "\\x20"
    return "\\x20" + text[1:] if text.startswith(" ") else text


_ESCAPES = {0x0D: "\\r", 0x0A: "\\n", 0x5C: "\\\\"}


class _RecordingPort:
    """Port that notes what passes: all of it while `is_noting`, and as part of an answer while `is_answering`."""

    def __init__(self, port: Port, now: Callable[[], float]) -> None:
        self.entries: list[CaptureEntry] = []
        self.is_noting = self.is_answering = False
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_lost: Callable[[str], None] = lambda reason: None
        self._port = port
        self._now = now
        self._began = now()
        self._last_octet = b""
        port.on_data = self._handle_data
        port.on_lost = lambda reason: self.on_lost(reason)

    def begin(self) -> None:
        """Forgets what was noted. Times count from now on."""
        self.entries.clear()
        self._began = self._now()

    def write(self, data: bytes) -> None:
        """Writes bytes, and notes them if they are a question."""
        if self.is_answering:
            self._note(">", data)
        self._port.write(data)

    @property
    def unwritten(self) -> int:
        """Number of bytes that the device has not taken yet."""
        return self._port.unwritten

    def close(self) -> None:
        """Closes the port."""
        self._port.close()

    def _handle_data(self, data: bytes) -> None:
        if self.is_noting:
            data_of_entry = self._take_line_feed(data)
            if data_of_entry:
                self._note("<" if self.is_answering else "!", data_of_entry)
        self._last_octet = data[-1:]
        self.on_data(data)

    def _take_line_feed(self, data: bytes) -> bytes:
        """Returns `data` without a line feed that belongs to the entry before: an answer ends with its CR, and its LF may
        come when the next command is out already."""
        if not (self._last_octet == b"\r" and data[:1] == b"\n"):
            return data
        read = (at for at in reversed(range(len(self.entries))) if self.entries[at].direction != ">")
        if (last := next(read, None)) is not None:
            self.entries[last] = replace(self.entries[last], octets=self.entries[last].octets + b"\n")
        return data[1:]

    def _note(self, direction: Literal[">", "<", "!"], octets: bytes) -> None:
        self.entries.append(CaptureEntry(self._now() - self._began, direction, octets))


class Recorder:
    """Recorder of one modem. Calls `report` with a line about each thing that a person should know."""

    def __init__(self, port: Port, profiles: Profiles, report: Callable[[str], None]) -> None:
        self._tap = _RecordingPort(port, asyncio.get_running_loop().time)
        self._dialogue = Dialogue(self._tap)
        self._profiles = profiles
        self._report = report

    async def record(self, listen_s: float = 0.0) -> Recording:
        """Asks every question, then listens for `listen_s` seconds to what the modem says unasked. Returns the dialogue,
        masked.

        Raises ReplyTimeout if the modem does not answer, or stops answering, and PortGone if the port is lost. In each case
        echo is restored if the modem still takes commands.
        """
        self._dialogue.mark_unsynchronised()
        await self._dialogue.synchronise()
        has_echo = await self._has_echo()
        await self._dialogue.run_command("E0")
        try:
            remark = await self._ask_all()
            await self._dialogue.pause(listen_s or LAST_S)
        finally:
            self._tap.is_noting = False
            if has_echo:
                with suppress(ModemError):
                    await self._dialogue.run_command("E1")
        return Recording(tuple(self._tap.entries), remark).mask()

    async def _has_echo(self) -> bool:
        self._tap.is_noting = True
        await self._dialogue.run_command("")
        self._tap.is_noting = False
        has_echo = any(b"AT" in entry.octets for entry in self._tap.entries)
        self._tap.begin()
        return has_echo

    async def _ask_all(self) -> str:
        self._tap.is_noting = True
        identity = [await self._ask(command) for command in IDENTITY_COMMANDS]
        manufacturer, model, revision = (" ".join(reply.lines) if reply else "" for reply in identity[:3])
        profile = self._profiles.match(manufacturer, model)
        self._dialogue.apply_profile(profile)
        for command in (*profile.iccid, *READ_COMMANDS, *TEST_COMMANDS, *VENDOR_COMMANDS):
            reply = await self._ask(command)
            if command == "+CNMI?" and reply and reply.ok:
                self._warn_of_routing(reply)
        return " ".join(filter(None, (manufacturer, model, revision)))

    async def _ask(self, command: str) -> Reply | None:
        """Returns the reply, or None if none came in time; the recording then has the question without an answer."""
        self._tap.is_answering = True
        try:
            return await self._dialogue.ask(command)
        except ReplyTimeout:
            self._tap.is_answering = self._tap.is_noting = False
            self._report(f"AT{command} was not answered")
            await self._dialogue.synchronise()
            self._tap.is_noting = True
            return None
        finally:
            self._tap.is_answering = False

    def _warn_of_routing(self, reply: Reply) -> None:
        """Warns if new messages come as +CMT to the program that has the port open (mt 2 or 3), and are stored nowhere."""
        values = split_fields(reply.lines[0]) if reply.lines else []
        if len(values) > 1 and values[1] in ("2", "3"):
            self._report(
                "it hands new messages straight to this port (+CNMI mt 2): what comes meanwhile is stored nowhere"
            )


async def record(
    port: Port, name: str, profiles: Profiles, report: Callable[[str], None], *, listen_s: float = 0.0
) -> Recording:
    """Records from an open port, and closes it. Raises ModemError; ReplyTimeout and PortGone have `name`, the port's name,
    in the message."""
    with closing_port(port, name):
        return await Recorder(port, profiles, report).record(listen_s)
