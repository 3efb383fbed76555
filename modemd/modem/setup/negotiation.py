"""Negotiation of storage and notices: takes what the modem offers, in the family's order of preference, sets it, and reads
it back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import field
from typing import NamedTuple

from modemd import logs
from modemd.at import offers, replies
from modemd.errors import CommandFailed, DecodeError, NotNow
from modemd.light_dataclass import dataclass
from modemd.modem.link.dialogue import Dialogue
from modemd.profiles import Profile

log = logs.get(__name__)

RunCommand = Callable[[str], Awaitable[Sequence[str]]]
"""Runs a command that may have to wait for the SIM, and returns its information lines. Raises CommandFailed if it is refused."""
_DS, _BFR = 3, 4  # the fourth and fifth value of +CNMI
_REPORTS = "SR"
STORAGE_REFUSED = (
    "the modem refuses each storage that it offers (AT+CPMS); what lies in them is not read, what comes is received"
)
NOTHING_RECEIVED = (
    "the modem has no storage for messages, and refuses to hand them over (AT+CPMS, AT+CNMI): it can send, but do not count on "
    "receiving by it"
)


@dataclass(frozen=True, slots=True)
class Storage:
    """Place where arrivals are stored: messages in `memory`, and status reports in `reports` if that is not None (TS 27.005
    3.2.2). `memory` is None if the modem stores nothing and hands arrivals over straight. `readable` are the memories that
    messages can be read from.

    `command` is the `+CPMS` setting that the modem took, empty if it took none; `notices` is its `+CNMI` setting, and
    `tells_notices` is true if it answers `+CNMI?`. `remark` is what a person should know, None if all is well.
    """

    memory: str | None
    reports: str | None = None
    readable: tuple[str, ...] = ()
    command: str = field(default="", compare=False)
    notices: str = field(default="", compare=False)
    tells_notices: bool = field(default=False, compare=False)
    remark: str | None = field(default=None, compare=False)

    @property
    def is_direct(self) -> bool:
        """True if the modem has no storage: each message comes with its notice (`+CMT`, `+CDS`), and is acknowledged by
        `AT+CNMA`."""
        return self.memory is None

    def select_command(self, memory: str) -> str:
        """Returns the `+CPMS` setting that reads from `memory` and leaves arrivals where they are. All positions are set, because
        some modems refuse fewer (Huawei E3372-325, phonesim)."""
        if not self.command:
            return f'+CPMS="{memory}"'
        return self.command.replace(f'"{self.memory}"', f'"{memory}"', 1)


async def negotiate(
    dialogue: Dialogue, profile: Profile, run: RunCommand, used_memories: set[str] | None = None
) -> Storage:
    """Sets storage and notices. If the modem takes no storage, sets direct delivery instead: there are modems without one (Nordic
    nRF91, Android).

    As soon as the storage is set, messages go there, even if the rest fails; therefore it is added to `used_memories` at once.
    """
    offered = await _offered_memories(dialogue)
    chosen = await choose_storage(profile, offered, run)
    if chosen is None:
        return await _choose_direct_delivery(dialogue, profile, run, is_refusing=bool(offered))
    memory, setting = chosen
    if used_memories is not None:
        used_memories.add(memory)
    notices = await choose_notices(dialogue, profile.notify, run)
    stores_reports = notices is not None and notices.command.partition("=")[2].split(",")[_DS] == "2"
    reports = _REPORTS if stores_reports and offered and _REPORTS in offered[0] and memory != _REPORTS else None
    readable = tuple(offered[0]) if offered else ()
    if notices is None:
        return Storage(memory, reports, readable, setting)
    return Storage(memory, reports, readable, setting, notices.command, notices.is_told)


async def _choose_direct_delivery(
    dialogue: Dialogue, profile: Profile, run: RunCommand, *, is_refusing: bool
) -> Storage:
    """Sets direct delivery, with acknowledgement if the modem has it (+CSMS=1, TS 27.005 3.2.1). `is_refusing`: the modem names
    storages, and takes none."""
    await dialogue.ask("+CSMS=1")
    notices = await choose_notices(dialogue, profile.direct, run)
    if notices is None:
        return Storage(None, remark=NOTHING_RECEIVED)
    log.info("the modem has no storage for messages; they come directly")
    remark = STORAGE_REFUSED if is_refusing else None
    return Storage(None, notices=notices.command, tells_notices=notices.is_told, remark=remark)


async def _offered_memories(dialogue: Dialogue) -> Sequence[Sequence[str]]:
    """Returns the memories that `+CPMS` offers in each position; empty if the modem does not tell."""
    reply = await dialogue.ask("+CPMS=?")
    try:
        return offers.parse_memories(reply.lines) if reply.ok else ()
    except DecodeError:
        return ()


async def choose_storage(profile: Profile, offered: Sequence[Sequence[str]], run: RunCommand) -> tuple[str, str] | None:
    """Sets the first memory of the family's preferences that the modem takes, for reading and for arrivals. Returns its name and
    the setting; None if the modem takes none, or none that has room for a message.

    Each is tried twice before that: a command that the line damaged is refused, too.
    """
    for memory, command in storage_commands(profile.storage, offered) * 2:
        try:
            lines = await run(command)
        except NotNow:
            raise
        except CommandFailed as error:
            log.info("the modem refuses a storage", command=error.command, result=error.result)
            continue
        if _has_places(lines):
            return memory, command
    return None


def _has_places(lines: Sequence[str]) -> bool:
    """Returns whether the memory that was set has room; True if the modem does not tell."""
    try:
        return replies.parse_fill(lines).total > 0
    except DecodeError:
        return True


def storage_commands(preferences: Sequence[str], offered: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """Returns the `+CPMS` settings to try, each with its memory. All positions are alike, because messages must arrive where
    they are read.

    A memory that is not offered in each position (Cinterion's ME as the third) comes last, because some firmware takes memories
    that it does not list. If nothing is offered, a setting of three memories is tried first, then of two, then of one: Wavecom
    refuses three.
    """
    offered_in_all = [memory for memory in preferences if offered and all(memory in group for group in offered)]
    return [
        (memory, "+CPMS=" + ",".join([f'"{memory}"'] * positions))
        for memory in dict.fromkeys([*offered_in_all, *preferences])
        for positions in ((len(offered),) if offered else (3, 2, 1))
    ]


class Notices(NamedTuple):
    """Notice setting that the modem took. `is_told`: the modem answers `+CNMI?`."""

    command: str
    is_told: bool


async def choose_notices(dialogue: Dialogue, preferences: Sequence[str], run: RunCommand) -> Notices | None:
    """Sets the first notice setting of the preferences that is taken and reads back as set. A modem that refuses the question is
    trusted. Returns None, and writes a line in the log, if there is none: then only the sweep finds messages."""
    reply = await dialogue.ask("+CNMI=?")
    try:
        offered = offers.parse_number_groups(reply.lines, "+CNMI") if reply.ok else ()
    except DecodeError:
        offered = ()
    refused = "the driver lists none"
    for command in notice_commands(preferences, offered):
        try:
            await run(command)
        except NotNow:
            raise
        except CommandFailed as error:
            refused = str(error)
            continue
        values = await read_notices(dialogue)
        if is_as_set(values or (), command):
            return Notices(command, is_told=values is not None)
        refused = f"AT{command} was accepted, but reads back as something else"
    log.warning("modem gives no notices; messages are found by the sweep alone", error=refused)
    return None


def notice_commands(preferences: Sequence[str], offered: Sequence[frozenset[int]]) -> list[str]:
    """Returns the `+CNMI` settings to try: first the preferences that the modem offers, then the others, because the offer of
    some firmware is wrong.

    A setting is cut to as many values as are offered. `bfr`, which decides about notices that were kept while the link was
    busy, follows the offer (Cinterion takes 1 only): the sweep at the start finds those messages anyway.
    """
    fitting: list[str] = []
    other: list[str] = []
    for setting in preferences:
        values = [int(value) for value in setting.partition("=")[2].split(",")]
        if offered:
            values = values[: len(offered)]
            if len(values) > _BFR and values[_BFR] not in offered[_BFR]:
                values[_BFR] = min(offered[_BFR])
        is_offered = bool(offered) and all(value in group for value, group in zip(values, offered, strict=False))
        (fitting if is_offered else other).append("+CNMI=" + ",".join(map(str, values)))
    return list(dict.fromkeys(fitting + other))


async def read_notices(dialogue: Dialogue) -> Sequence[str] | None:
    """Returns the values that `AT+CNMI?` tells, empty if they cannot be read; None if the modem refuses the question."""
    reply = await dialogue.ask("+CNMI?")
    if not reply.ok:
        return None
    try:
        return replies.split_fields(replies.find_line(reply.lines, "+CNMI"))
    except DecodeError:
        return ()


def is_as_set(values: Sequence[str], command: str) -> bool:
    """True if the values that the modem tells are those of the `+CNMI` setting. Those that it does not tell are trusted."""
    given = command.partition("=")[2].split(",")
    return all(value == wanted for value, wanted in zip(values, given, strict=False))
