"""Parser of AT command lines (ITU-T V.250 5.2 to 5.4), the emulator's own: it shares nothing with the daemon's parser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache


class CommandForm(Enum):
    """The four forms of a command: `+X`, `+X?`, `+X=?`, `+X=...`."""

    EXECUTE = "execute"
    READ = "read"
    TEST = "test"
    SET = "set"


@dataclass(frozen=True, slots=True)
class ParsedCommand:
    """A command of a line.

    `name` is in capitals with its prefix (`+CMGS`, `^CURC`, `E`, `&F`); `argument` is what follows `=`, or the digits
    after a basic command; `typed` is the whole in this form, as family files name it.
    """

    name: str
    form: CommandForm
    argument: str
    typed: str

    def values(self) -> list[str]:
        """Splits the argument at commas outside quotation marks, and removes the marks; an empty argument gives one ''."""
        return [piece.strip('"') for piece in _split(self.argument, ",")]

    def numbers(self) -> list[int | None]:
        """Returns `values()` as numbers, None for an omitted one. Raises ValueError if one is no number."""
        return [int(value) if value else None for value in self.values()]


_EXTENDED = re.compile(r"([+^$*%#!\\_][A-Z][A-Z0-9]*)(=\?|\?|=|)(.*)", re.IGNORECASE | re.DOTALL)
_BASIC = re.compile(r"(&?[A-Z])(?:([0-9]*)(\?|=[0-9]*)?)", re.IGNORECASE)


class CommandLineError(Exception):
    """A command line that cannot be parsed."""


@lru_cache(maxsize=1024)
def parse_command_line(body: str) -> tuple[ParsedCommand, ...]:
    """Parses the commands of a line, its `AT` taken off. Raises CommandLineError if a part of it cannot be parsed."""
    commands: list[ParsedCommand] = []
    rest = _without_spaces(body)
    while rest:
        if rest[0] == ";":
            rest = rest[1:]
        elif rest[0] in "+^$*%#!\\_":
            piece, _, rest = _cut_at_semicolon(rest)
            commands.append(_parse_extended(piece))
        elif rest[0] in "Dd":  # a dial string runs to the end of the line
            commands.append(ParsedCommand("D", CommandForm.EXECUTE, rest[1:], rest))
            rest = ""
        else:
            match = _BASIC.match(rest)
            if match is None:
                raise CommandLineError(body)
            commands.append(_parse_basic(match))
            rest = rest[match.end() :]
    return tuple(commands)


def _parse_extended(piece: str) -> ParsedCommand:
    match = _EXTENDED.fullmatch(piece)
    if match is None:
        raise CommandLineError(piece)
    name, mark, argument = match.group(1).upper(), match.group(2), match.group(3)
    if mark == "=":
        return ParsedCommand(name, CommandForm.SET, argument, f"{name}={argument}")
    if argument:
        raise CommandLineError(piece)
    form = {"": CommandForm.EXECUTE, "?": CommandForm.READ, "=?": CommandForm.TEST}[mark]
    return ParsedCommand(name, form, "", name + mark)


def _parse_basic(match: re.Match[str]) -> ParsedCommand:
    name, digits, suffix = match.group(1).upper(), match.group(2), match.group(3) or ""
    if name == "S":
        name += digits
        if suffix == "?":
            return ParsedCommand(name, CommandForm.READ, "", name + "?")
        return ParsedCommand(name, CommandForm.SET if suffix else CommandForm.EXECUTE, suffix[1:], name + suffix)
    return ParsedCommand(name, CommandForm.EXECUTE, digits, name + digits)


def _without_spaces(text: str) -> str:
    """Removes spaces outside quotation marks, which mean nothing (V.250 5.2.1)."""
    if " " not in text:
        return text
    return "".join(part if is_quoted else part.replace(" ", "") for is_quoted, part in _by_quotation(text))


def _by_quotation(text: str) -> list[tuple[bool, str]]:
    pieces = re.split(r'("[^"]*"?)', text)
    return [(index % 2 == 1, piece) for index, piece in enumerate(pieces)]


def _cut_at_semicolon(text: str) -> tuple[str, str, str]:
    """Splits a text at the first `;` outside quotation marks: before it, the mark, after it."""
    if '"' not in text:
        return text.partition(";")
    quoted = False
    for position, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character == ";" and not quoted:
            return text[:position], ";", text[position + 1 :]
    return text, "", ""


def _split(text: str, mark: str) -> list[str]:
    pieces = [""]
    quoted = False
    for character in text:
        if character == '"':
            quoted = not quoted
        if character == mark and not quoted:
            pieces.append("")
        else:
            pieces[-1] += character
    return pieces
