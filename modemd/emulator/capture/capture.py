"""Capture: the commands to a real modem and its answers, in a readable file. docs/emulator.md describes the format."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from modemd.emulator.device.command_line import CommandLineError, parse_command_line
from modemd.errors import ConfigError

FORMAT = "modemd-capture 1"
MAX_DURATION_S = 86400.0
MAX_OCTETS = 16_000_000
"""Largest size of a file. A dialogue of hours has less."""

_ENTRY = re.compile(r"[ \t]*([0-9]{1,6}(?:\.[0-9]{1,6})?) ([<>!]) ([\x20-\x7e]*)")
_ESCAPE = re.compile(r"\\(?:([rn\\])|x([0-9A-Fa-f]{2}))?")
_ESCAPED = {"r": "\r", "n": "\n", "\\": "\\"}
_NUMBER = re.compile(r'\+CNUM:.*?"(\+[1-9][0-9]{3,14})"')


@dataclass(frozen=True, slots=True)
class TimedOutput:
    """Octets of a modem, and their time: seconds after the command, or for notices after the start of the recording."""

    after_s: float
    octets: bytes


Answer = tuple[TimedOutput, ...]
"""All output to one command, result included; empty if the command was never answered."""


@dataclass(frozen=True, slots=True)
class Capture:
    """The answers to each command line, in their order, and the unsolicited output."""

    answers: Mapping[str, tuple[Answer, ...]]
    notices: tuple[TimedOutput, ...]

    @classmethod
    def load(cls, path: Path) -> Capture:
        """Reads a file. Raises ConfigError with file and line if it is no capture, or cannot be read."""
        try:
            if path.stat().st_size > MAX_OCTETS:
                raise ConfigError([f"{path}: is too large for a capture ({MAX_OCTETS} octets are the most)"])
            text = path.read_text(encoding="ascii")
        except OSError as error:
            raise ConfigError([f"{path}: {error.strerror or error}"]) from None
        except UnicodeDecodeError as error:
            line = path.read_bytes()[: error.start].count(b"\n") + 1
            raise ConfigError(
                [f"{path}: line {line}: holds more than ASCII; other octets are written as \\xNN"]
            ) from None
        try:
            return cls.read(text)
        except ConfigError as error:
            raise ConfigError([f"{path}: {problem}" for problem in error.problems]) from None

    @classmethod
    def read(cls, text: str) -> Capture:
        """Reads the text of a file. Raises ConfigError with the line of the first mistake."""
        answers: dict[str, list[Answer]] = {}
        notices: list[TimedOutput] = []
        last_command: tuple[str, float] | None = None
        for at_s, way, octets, number in _entries(text):
            if way == ">":
                last_command = _command(octets, number), at_s
                answers.setdefault(last_command[0], []).append(())
            elif way == "!":
                notices.append(TimedOutput(at_s, octets))
            elif last_command is None:
                raise _wrong(number, "an answer (<) before any command (>)")
            else:
                command, since = last_command
                answers[command][-1] += (TimedOutput(at_s - since, octets),)
        if not answers and not notices:
            raise ConfigError(["nothing was said in it"])
        return cls({command: tuple(recorded) for command, recorded in answers.items()}, tuple(notices))

    def identity(self, *commands: str, shape: str) -> str | None:
        """Returns the digits of the first line that is only such digits, in the first answers to these commands, or None."""
        for command in commands:
            for line in self._lines(command):
                if found := re.fullmatch(rf'(?:[+^#!]?\w+: *)?"?({shape})F?"?', line):
                    return found[1]
        return None

    @property
    def number(self) -> str | None:
        """The SIM's own number, if the modem sent one."""
        return next((found[1] for line in self._lines("+CNUM") if (found := _NUMBER.match(line))), None)

    def _lines(self, command: str) -> list[str]:
        answer = self.answers.get(command, ((),))[0]
        return b"".join(output.octets for output in answer).decode("latin-1").split("\r\n")


def normalise_command(body: str) -> str:
    """Normalises a command line, `AT` taken off, as captures have it: without case and blanks."""
    try:
        return ";".join(call.typed for call in parse_command_line(body))
    except CommandLineError:
        return body.strip().upper()


def _entries(text: str) -> Iterator[tuple[float, str, bytes, int]]:
    """Yields seconds, direction, octets and line number of each entry."""
    lines = text.split("\n")
    if lines[0].rstrip("\r") != FORMAT:
        raise _wrong(1, f"does not begin with the line {FORMAT!r}")
    before = 0.0
    for number, line_text in enumerate(lines[1:], 2):
        line = line_text.rstrip("\r")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _ENTRY.fullmatch(line)
        if found is None:
            raise _wrong(number, "is not seconds, one of > < !, and what was said, with a blank between")
        at_s = float(found[1])
        if not before <= at_s <= MAX_DURATION_S:
            raise _wrong(number, f"{found[1]} s is before the line above" if at_s < before else "more than a day")
        before = at_s
        yield at_s, found[2], _octets(found[3], number), number


def _octets(line_text: str, number: int) -> bytes:
    def octet(match: re.Match[str]) -> str:
        if match[2]:
            return chr(int(match[2], 16))
        if not match[1]:
            raise _wrong(number, r"a backslash begins \r, \n, \\ or \xNN")
        return _ESCAPED[match[1]]

    return _ESCAPE.sub(octet, line_text).encode("latin-1")


def _command(octets: bytes, number: int) -> str:
    line = octets.decode("latin-1")
    if line[:2].upper() != "AT" or not line.endswith("\r") or "\r" in line[:-1]:
        raise _wrong(number, r"a command (>) is AT..., with one \r at its end")
    return normalise_command(line[2:-1])


def _wrong(number: int, what: str) -> ConfigError:
    return ConfigError([f"line {number}: {what}"])
