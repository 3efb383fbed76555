"""A skeleton of a driver, from what a modem says of itself.

Only questions are asked: nothing is sent, set, deleted or marked as read, and no number of stick or SIM is written down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from modemd.at import Reply, offers, replies
from modemd.errors import DecodeError, PortGone, ReplyTimeout
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.link.port import Port
from modemd.modem.setup.negotiation import notice_commands
from modemd.profiles import GENERIC, Profile, Profiles
from modemd.profiles.writing import Value, format_document

_QUOTED = ("+CNMI=?", "+CPMS=?", "+CSMS=?", "+CMMS=?", "+CFUN=?", "+CSCS=?", "+CUSD=?")
"""What is asked, and quoted for the person who goes on with the file."""
_QUESTION = re.compile(r"\?$|^[^=]*$")


async def suggest_driver(port: Port, name: str, profiles: Profiles) -> str:
    """The text of a driver for the modem on an open port, which is closed then. ReplyTimeout and PortGone, with the name."""
    try:
        return await _DriverSuggestion(Dialogue(port), profiles).suggest()
    except ReplyTimeout as error:
        raise ReplyTimeout(f"{name}: {error}; is this its AT port, at this speed?") from error
    except PortGone as error:
        raise PortGone(f"{name}: the port went away: {error}") from error
    finally:
        port.close()


class _DriverSuggestion:
    def __init__(self, dialogue: Dialogue, profiles: Profiles) -> None:
        self._dialogue = dialogue
        self._profiles = profiles
        self._replies: dict[str, Reply | None] = {}

    async def suggest(self) -> str:
        self._dialogue.mark_unsynchronised()  # whoever had the port before may have left the modem at a prompt
        await self._dialogue.synchronise()
        manufacturer, model, revision = [await self._read_identity(command) for command in ("+CGMI", "+CGMM", "+CGMR")]
        known = self._profiles.match(manufacturer, model)
        for command in _QUOTED:
            await self._ask(command)
        sections: dict[str, Mapping[str, Value]] = {
            "": {"title": f"{manufacturer} {model}".strip() or "a modem that does not say what it is"},
            "match": {"manufacturer": re.escape(manufacturer), "model": f"^{re.escape(model)}$"},
            "at": {"notify": self._notify(known), "storage": self._storage(known), "iccid": await self._iccid(known)},
            "pin": await self._pin(),
            "send": {"link_hold": known.link_hold if self._is_accepted("+CMMS=?") else ""},
            "source": {"source": f"modemd drivers suggest, firmware {revision or 'unknown'}", "unverified": True},
        }
        return "\n".join(self._heading(known)) + "\n" + format_document(sections)

    def _heading(self, known: Profile) -> list[str]:
        lines = [
            "# A skeleton: look it over, write the reason beside every odd value, and put it into the drivers' folder."
        ]
        if known.name != GENERIC:
            lines.append(f"# The driver {known.name} fits already: `modemd drivers show {known.name}`.")
        lines += ["# What differs from generic.toml alone need stay. The modem said:"]
        for command in _QUOTED:
            reply = self._replies[command]
            said = "nothing" if reply is None else " / ".join([*reply.lines, reply.result.line])
            lines.append(f"#   AT{command}  {said.encode('ascii', 'backslashreplace').decode()}")
        return lines

    async def _ask(self, command: str) -> Reply | None:
        """The reply; None where none came in time: some firmware is silent to what it does not know."""
        try:
            reply: Reply | None = await self._dialogue.ask(command)
        except ReplyTimeout:
            reply = None
            await self._dialogue.synchronise()
        self._replies[command] = reply
        return reply

    def _is_accepted(self, command: str) -> bool:
        reply = self._replies.get(command)
        return reply is not None and reply.ok

    def _read_lines(self, command: str) -> Sequence[str]:
        reply = self._replies.get(command)
        return reply.lines if reply is not None and reply.ok else ()

    async def _read_identity(self, command: str) -> str:
        reply = await self._ask(command)
        try:
            return replies.parse_identity(reply.lines, command) if reply is not None and reply.ok else ""
        except DecodeError:
            return ""

    def _notify(self, known: Profile) -> tuple[str, ...]:
        try:
            offered = offers.parse_number_groups(self._read_lines("+CNMI=?"), "+CNMI")
        except DecodeError:
            return known.notify
        return tuple(notice_commands(known.notify, offered))

    def _storage(self, known: Profile) -> tuple[str, ...]:
        try:
            groups = offers.parse_memories(self._read_lines("+CPMS=?"))
        except DecodeError:
            return known.storage
        everywhere = tuple(memory for memory in known.storage if all(memory in group for group in groups))
        return everywhere or known.storage

    async def _iccid(self, known: Profile) -> tuple[str, ...]:
        """The first of the family's commands that tells a number. What a family leaves out may hang its modems."""
        for command in known.iccid:
            reply = await self._ask(command)
            try:
                if reply is not None and reply.ok and replies.parse_digits(reply.lines, command, 18):
                    return (command,)
            except DecodeError:
                continue
        return known.iccid

    async def _pin(self) -> dict[str, Value]:
        """The way to the counter of PIN tries, among those of all families, that is answered."""
        found: dict[str, Profile] = {}
        for profile in self._profiles:
            if profile.pin_tries and _QUESTION.search(profile.pin_tries):
                found.setdefault(profile.pin_tries, profile)
        for command, profile in sorted(found.items()):
            reply = await self._ask(command)
            try:
                if (
                    reply is not None
                    and reply.ok
                    and replies.parse_pin_tries(reply.lines, profile.pin_tries_field) >= 0
                ):
                    return {
                        "pin_tries": command,
                        "pin_tries_field": profile.pin_tries_field,
                    }
            except DecodeError:
                continue
        return {}
