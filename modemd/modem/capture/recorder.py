"""A real modem's dialogue, asked for on purpose and written down: the captures that the emulator plays.

Nothing here sends, deletes, reads a message (which would mark it as read), enters a PIN or changes a setting, echo apart,
which is put back. docs/emulator.md describes the file.
"""

from __future__ import annotations

import asyncio
from bisect import bisect
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Literal

from modemd.at import Reply
from modemd.at.replies import split_fields
from modemd.errors import ModemError, PortGone, ReplyTimeout
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.link.masking import Mask
from modemd.modem.link.port import Port
from modemd.profiles import Profiles

IDENTITY_COMMANDS = ("+CGMI", "+CGMM", "+CGMR", "I", "+GMI", "+GMM", "+GMR", "+GCAP", "+CGSN", "+GSN", "+CIMI", "+CNUM")
"""Asked first: they tell the family, whose own ways to ask for the ICCID follow."""

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
"""What one family knows and the others refuse, each in its own words: that too is worth knowing."""

_DESCRIBING = frozenset({"I", "+CGMI", "+CGMM", "+CGMR", "+GMI", "+GMM", "+GMR", "+IPR?", "+IPR=?"})
FORMAT = "modemd-capture 1"
LAST_S = 0.1
"""How long the end of the last answer may take."""


@dataclass(frozen=True, slots=True)
class CaptureEntry:
    """Octets, and when they went: `>` from the host; `<` from the modem while it answered; `!` unasked."""

    at_s: float
    direction: Literal[">", "<", "!"]
    octets: bytes


@dataclass(frozen=True, slots=True)
class Recording:
    """What was said, in order. `remark` is for people."""

    entries: tuple[CaptureEntry, ...]
    remark: str = ""

    def mask(self) -> Recording:
        """The same with stand-ins for what identifies a person, a SIM or a device."""
        describing: list[bool] = []
        asked = b""
        for entry in self.entries:
            if entry.direction == ">":
                asked = entry.octets
            else:
                question = asked.decode("latin-1").strip().upper().removeprefix("AT")
                describing.append(entry.direction == "<" and question in _DESCRIBING)
        said = [entry for entry in self.entries if entry.direction != ">"]
        starts = [0, *accumulate(len(entry.octets) for entry in said)]
        whole = b"".join(entry.octets for entry in said)
        mask = Mask()
        stood_in = mask.mask(whole, lambda offset: describing[bisect(starts, offset) - 1])
        pieces = iter(stood_in[start:end] for start, end in pairwise(starts))
        entries = [entry if entry.direction == ">" else replace(entry, octets=next(pieces)) for entry in self.entries]
        remark = mask.mask(self.remark.encode("latin-1"), lambda _: True).decode("latin-1")
        return Recording(tuple(entries), remark)

    def to_text(self) -> str:
        """The file."""
        lines = [FORMAT, *(["# " + escape(self.remark.encode("latin-1"))] if self.remark else [])]
        lines += [f"{entry.at_s:9.3f} {entry.direction} {escape(entry.octets)}" for entry in self.entries]
        return "\n".join(lines) + "\n"


def escape(octets: bytes) -> str:
    """Octets as printable ASCII; a blank at either end is written as \\x20, so that no editor takes it away."""
    text = "".join(
        _ESCAPES.get(octet) or (chr(octet) if 0x20 <= octet < 0x7F else f"\\x{octet:02X}") for octet in octets
    )
    if text.endswith(" "):
        text = text[:-1] + "\\x20"
    return "\\x20" + text[1:] if text.startswith(" ") else text


_ESCAPES = {0x0D: "\\r", 0x0A: "\\n", 0x5C: "\\\\"}


class _RecordingPort:
    """A port that notes what passes while `noting`; as an answer while `answering`."""

    def __init__(self, port: Port, now: Callable[[], float]) -> None:
        self.entries: list[CaptureEntry] = []
        self.is_noting = self.is_answering = False
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_lost: Callable[[str], None] = lambda reason: None
        self._port = port
        self._now = now
        self._began = now()
        self._last_octet = b""
        port.on_data = self._data
        port.on_lost = lambda reason: self.on_lost(reason)

    def begin(self) -> None:
        """Forget what was noted; time counts from here."""
        self.entries.clear()
        self._began = self._now()

    def write(self, data: bytes) -> None:
        if self.is_answering:
            self._note(">", data)
        self._port.write(data)

    @property
    def unwritten(self) -> int:
        return self._port.unwritten

    def close(self) -> None:
        self._port.close()

    def _data(self, data: bytes) -> None:
        if self.is_noting:
            rest = self._line_feed(data)
            if rest:
                self._note("<" if self.is_answering else "!", rest)
        self._last_octet = data[-1:]
        self.on_data(data)

    def _line_feed(self, data: bytes) -> bytes:
        """An answer ends with its CR; the LF behind that goes to it, though the next command may be out already."""
        if not (self._last_octet == b"\r" and data[:1] == b"\n"):
            return data
        said = (at for at in reversed(range(len(self.entries))) if self.entries[at].direction != ">")
        if (at := next(said, None)) is not None:
            self.entries[at] = replace(self.entries[at], octets=self.entries[at].octets + b"\n")
        return data[1:]

    def _note(self, way: Literal[">", "<", "!"], octets: bytes) -> None:
        self.entries.append(CaptureEntry(self._now() - self._began, way, octets))


class Recorder:
    """Asks one modem. `tell` is called with a line about each thing a person should know."""

    def __init__(self, port: Port, profiles: Profiles, tell: Callable[[str], None]) -> None:
        self._tap = _RecordingPort(port, asyncio.get_running_loop().time)
        self._dialogue = Dialogue(self._tap)
        self._profiles = profiles
        self._report = tell

    async def record(self, listen_s: float = 0.0) -> Recording:
        """Every question with its answer, then `listen_s` seconds of whatever the modem says by itself; masked.

        ReplyTimeout where nothing answers, or no longer; PortGone where the port goes. Echo is then as it was, if the
        modem can still be told.
        """
        self._dialogue.mark_unsynchronised()
        await self._dialogue.synchronise()
        echoed = await self._has_echo()
        await self._dialogue.run_command("E0")
        try:
            remark = await self._ask_all()
            await self._dialogue.pause(listen_s or LAST_S)
        finally:
            self._tap.is_noting = False
            if echoed:
                with suppress(ModemError):
                    await self._dialogue.run_command("E1")
        return Recording(tuple(self._tap.entries), remark).mask()

    async def _has_echo(self) -> bool:
        self._tap.is_noting = True
        await self._dialogue.run_command("")
        self._tap.is_noting = False
        echoed = any(b"AT" in entry.octets for entry in self._tap.entries)
        self._tap.begin()
        return echoed

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
        """The reply; None where there was none in time, which is written down as such."""
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
        """With mt 2 or 3 messages come as +CMT to whoever has the port open, and are stored nowhere."""
        said = split_fields(reply.lines[0]) if reply.lines else []
        if len(said) > 1 and said[1] in ("2", "3"):
            self._report(
                "it hands new messages straight to this port (+CNMI mt 2): what comes meanwhile is stored nowhere"
            )


async def record(
    port: Port, name: str, profiles: Profiles, tell: Callable[[str], None], *, listen_s: float = 0.0
) -> Recording:
    """Record from an open port, and close it. ModemError, with the port's name, where it cannot be done."""
    try:
        return await Recorder(port, profiles, tell).record(listen_s)
    except ReplyTimeout as error:
        raise ReplyTimeout(f"{name}: {error}; is this its AT port, at this speed?") from error
    except PortGone as error:
        raise PortGone(f"{name}: the port went away: {error}") from error
    finally:
        port.close()
