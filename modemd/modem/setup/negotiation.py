"""Storage and notices, negotiated: what the modem offers, put in the order of the family's wishes, set, and read back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from modemd import logs
from modemd.at import offers, replies
from modemd.errors import CommandFailed, DecodeError
from modemd.modem.link.dialogue import Dialogue
from modemd.profiles import Profile

log = logs.get(__name__)

RunCommand = Callable[[str], Awaitable[object]]
"""Run a command that may have to wait for the SIM; CommandFailed where it is refused."""
_DS, _BFR = 3, 4  # the fourth and fifth value of +CNMI
_REPORTS = "SR"


@dataclass(frozen=True, slots=True)
class Storage:
    """Where arrivals lie: messages in `memory`, and where `reports` is not None status reports there (TS 27.005 3.2.2)."""

    memory: str
    reports: str | None = None


async def negotiate(dialogue: Dialogue, profile: Profile, run: RunCommand, used: set[str] | None = None) -> Storage:
    """Set storage and notices. CommandFailed where the modem takes no storage. From the moment it is set, messages go there,
    whatever becomes of the rest: it is added to `used`."""
    offered = await _offered_memories(dialogue)
    memory = await choose_storage(profile, offered, run)
    if used is not None:
        used.add(memory)
    notices = await choose_notices(dialogue, profile, run)
    stored = notices is not None and notices.partition("=")[2].split(",")[_DS] == "2"
    return Storage(memory, _REPORTS if stored and offered and _REPORTS in offered[0] and memory != _REPORTS else None)


async def _offered_memories(dialogue: Dialogue) -> Sequence[Sequence[str]]:
    """What `+CPMS` takes in each place; nothing, where the modem does not tell."""
    reply = await dialogue.ask("+CPMS=?")
    try:
        return offers.parse_memories(reply.lines) if reply.ok else ()
    except DecodeError:
        return ()


async def choose_storage(profile: Profile, offered: Sequence[Sequence[str]], run: RunCommand) -> str:
    """Set the first memory of the family's wishes that the modem takes, for reading and for what arrives: its name.
    CommandFailed where it takes none."""
    refused = CommandFailed("AT+CPMS", "nothing to choose from")
    for memory, command in storage_commands(profile.storage, offered):
        try:
            await run(command)
        except CommandFailed as error:
            refused = error
        else:
            return memory
    raise refused


def storage_commands(wishes: Sequence[str], offered: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """The `+CPMS` settings to try, each with its memory, all places alike: messages must arrive where they are read.

    What is not offered in each place (Cinterion's ME as the third) comes last, as some firmware takes what it does not list.
    Where nothing is offered, two memories are tried behind three, and one behind two: Wavecom refuses three.
    """
    fit = [memory for memory in wishes if offered and all(memory in group for group in offered)]
    return [
        (memory, "+CPMS=" + ",".join([f'"{memory}"'] * places))
        for memory in dict.fromkeys([*fit, *wishes])
        for places in ((len(offered),) if offered else (3, 2, 1))
    ]


async def choose_notices(dialogue: Dialogue, profile: Profile, run: RunCommand) -> str | None:
    """Set the first notice setting of the family's wishes that is taken and reads back as set: that command. None, with a
    line in the log, where none is: the sweep alone finds messages then."""
    reply = await dialogue.ask("+CNMI=?")
    try:
        offered = offers.parse_number_groups(reply.lines, "+CNMI") if reply.ok else ()
    except DecodeError:
        offered = ()
    refused = "the driver lists none"
    for command in notice_commands(profile.notify, offered):
        try:
            await run(command)
        except CommandFailed as error:
            refused = str(error)
            continue
        if await _is_read_back(dialogue, command):
            return command
        refused = f"AT{command} was accepted, but reads back as something else"
    log.warning("modem gives no notices; messages are found by the sweep alone", error=refused)
    return None


def notice_commands(wishes: Sequence[str], offered: Sequence[frozenset[int]]) -> list[str]:
    """The `+CNMI` settings to try: the wishes that the modem offers, then those it does not, as firmware exists whose offer
    is wrong. A wish is cut to as many values as are offered; `bfr`, what becomes of notices kept while the link was busy,
    follows the offer, as the sweep at the start finds those messages anyway (Cinterion takes 1 alone)."""
    fit: list[str] = []
    other: list[str] = []
    for wish in wishes:
        values = [int(value) for value in wish.partition("=")[2].split(",")]
        if offered:
            values = values[: len(offered)]
            if len(values) > _BFR and values[_BFR] not in offered[_BFR]:
                values[_BFR] = min(offered[_BFR])
        suits = bool(offered) and all(value in group for value, group in zip(values, offered, strict=False))
        (fit if suits else other).append("+CNMI=" + ",".join(map(str, values)))
    return list(dict.fromkeys(fit + other))


async def _is_read_back(dialogue: Dialogue, command: str) -> bool:
    """Whether `AT+CNMI?` says what was set. A modem that cannot be asked is believed."""
    reply = await dialogue.ask("+CNMI?")
    try:
        said = replies.split_fields(replies.find_line(reply.lines, "+CNMI")) if reply.ok else []
    except DecodeError:
        said = []
    given = command.partition("=")[2].split(",")
    return not said or said[: len(given)] == given
