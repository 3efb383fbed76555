"""Drafts a driver file from what a modem says about itself.

It only asks questions: it sends, sets and deletes nothing, marks no message as read, and writes down no number of modem or SIM.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from modemd.at import Reply, offers, replies
from modemd.errors import DecodeError, ReplyTimeout
from modemd.modem.capture.closing_port import closing_port
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.link.port import Port
from modemd.modem.setup.negotiation import notice_commands
from modemd.profiles import GENERIC, Profile, Profiles
from modemd.profiles.writing import Value, format_document

_QUOTED = ("+CNMI=?", "+CPMS=?", "+CSMS=?", "+CMMS=?", "+CFUN=?", "+CSCS=?", "+CUSD=?")
"""Questions whose answers are quoted in the file, for the person who completes it."""
_QUESTION = re.compile(r"\?$|^[^=]*$")


async def suggest_driver(port: Port, name: str, profiles: Profiles) -> str:
    """Returns the text of a driver for the modem on an open port, and closes the port. Raises ReplyTimeout and PortGone with
    `name`, the port's name, in the message."""
    with closing_port(port, name):
        return await _DriverSuggestion(Dialogue(port), profiles).suggest()


class _DriverSuggestion:
    def __init__(self, dialogue: Dialogue, profiles: Profiles) -> None:
        self._dialogue = dialogue
        self._profiles = profiles
        self._replies: dict[str, Reply | None] = {}

    async def suggest(self) -> str:
        self._dialogue.mark_unsynchronised()  # the program that had the port before may have left the modem at a prompt
        await self._dialogue.synchronise()
        manufacturer, model, revision = [await self._read_identity(command) for command in ("+CGMI", "+CGMM", "+CGMR")]
        profile = self._profiles.match(manufacturer, model)
        for command in _QUOTED:
            await self._ask(command)
        sections: dict[str, Mapping[str, Value]] = {
            "": {"title": f"{manufacturer} {model}".strip() or "a modem that does not say what it is"},
            "match": {"manufacturer": re.escape(manufacturer), "model": f"^{re.escape(model)}$"},
            "at": {
                "notify": self._choose_notify(profile),
                "storage": self._choose_storage(profile),
                "iccid": await self._find_iccid_command(profile),
            },
            "pin": await self._find_pin_counter(),
            "send": {"link_hold": profile.link_hold if self._is_accepted("+CMMS=?") else ""},
            "source": {"source": f"modemd drivers suggest, firmware {revision or 'unknown'}", "unverified": True},
        }
        return "\n".join(self._make_heading(profile)) + "\n" + format_document(sections)

    def _make_heading(self, profile: Profile) -> list[str]:
        lines = [
            "# A skeleton: look it over, write the reason beside every odd value, and put it into the drivers' folder."
        ]
        if profile.name != GENERIC:
            lines.append(f"# The driver {profile.name} fits already: `modemd drivers show {profile.name}`.")
        lines += ["# What differs from generic.toml alone need stay. The modem said:"]
        for command in _QUOTED:
            reply = self._replies[command]
            answer = "nothing" if reply is None else " / ".join([*reply.lines, reply.result.line])
            lines.append(f"#   AT{command}  {answer.encode('ascii', 'backslashreplace').decode()}")
        return lines

    async def _ask(self, command: str) -> Reply | None:
        """Returns the reply, or None if none came in time: some firmware does not answer commands that it does not know."""
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

    def _choose_notify(self, profile: Profile) -> tuple[str, ...]:
        try:
            offered = offers.parse_number_groups(self._read_lines("+CNMI=?"), "+CNMI")
        except DecodeError:
            return profile.notify
        return tuple(notice_commands(profile.notify, offered))

    def _choose_storage(self, profile: Profile) -> tuple[str, ...]:
        try:
            groups = offers.parse_memories(self._read_lines("+CPMS=?"))
        except DecodeError:
            return profile.storage
        everywhere = tuple(memory for memory in profile.storage if all(memory in group for group in groups))
        return everywhere or profile.storage

    async def _find_iccid_command(self, profile: Profile) -> tuple[str, ...]:
        """Returns the first of the family's commands that answers with a number. Other families' commands are not tried:
        they may hang the modem."""
        for command in profile.iccid:
            reply = await self._ask(command)
            try:
                if reply is not None and reply.ok and replies.parse_digits(reply.lines, command, 18):
                    return (command,)
            except DecodeError:
                continue
        return profile.iccid

    async def _find_pin_counter(self) -> dict[str, Value]:
        """Returns the command for the counter of PIN tries that the modem answers, out of those of all families."""
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
