"""Playback: a device that answers as a captured one did, and otherwise as its family does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from modemd.emulator.capture.capture import Answer, Capture, TimedOutput, normalise_command
from modemd.emulator.device.command_line import CommandForm, CommandLineError, parse_command_line
from modemd.emulator.device.commands import COMMANDS
from modemd.emulator.device.device import Device

# Commands that only ask: their plain form is played. The plain forms and the `=` forms of the other commands that the
# emulator knows have an effect: the emulator runs them.
_QUERIES = frozenset(
    {"I", "+CGMI", "+CGMM", "+CGMR", "+CGSN", "+GMI", "+GMM", "+GMR", "+GSN", "+GCAP", "+CIMI", "+CNUM"}
    | {"+CCID", "+CSQ", "+CESQ", "+CBC", "+CPAS"}
)


class PlaybackDevice(Device):
    """A device with a capture. Its notices are sent at their times after a host has opened the port.

    The answers to a command come in their order, the last one from then on. The answer to `AT+X?` is valid until a host
    sets X; then the family answers, and after a loss of power the capture again. The octets are those of the capture,
    so they come only under ATV1 and ATQ0, with which it was made.
    """

    def __init__(self, *arguments: Any, capture: Capture, **options: Any) -> None:
        self._capture = capture
        self._times_played: dict[str, int] = {}
        self._changed: set[str] = set()
        self._listening = count(1)
        self._listener = 0
        super().__init__(*arguments, **options)

    def connect(self, write: Callable[[bytes], None]) -> None:
        super().connect(write)
        self._listener = next(self._listening)
        for output in self._capture.notices:
            self.later(output.after_s, partial(self._send_notice, self._listener, output.octets))

    def _send_notice(self, listener: int, octets: bytes) -> None:
        if listener == self._listener and self.host.connected:
            self.host.send_raw(octets)

    def _run_line(self, body: str) -> None:
        answer = self._recorded_answer(body) if self.settings.verbose and not self.settings.quiet else None
        if answer is None:
            super()._run_line(body)
        else:
            self._play(answer)

    def _recorded_answer(self, body: str) -> Answer | None:
        command = normalise_command(body)
        answers = self._capture.answers.get(command)
        try:
            commands = parse_command_line(body)
        except CommandLineError:
            commands = ()
        self._changed |= {parsed.name for parsed in commands if parsed.form is CommandForm.SET}
        if not answers or not command:
            return None
        for parsed in commands:
            if parsed.form is CommandForm.READ and parsed.name in self._changed:
                return None
            if (
                parsed.form in (CommandForm.SET, CommandForm.EXECUTE)
                and parsed.name in COMMANDS
                and parsed.name not in _QUERIES
            ):
                return None
        played = self._times_played.get(command, 0)
        self._times_played[command] = played + 1
        return answers[min(played, len(answers) - 1)]

    def _play(self, answer: Answer) -> None:
        if not answer:
            self.finish_unanswered()
            return
        self.host.busy = True
        for output in answer[:-1]:
            self.later(output.after_s, partial(self.host.send_raw, output.octets))
        self.later(answer[-1].after_s, partial(self._end, answer[-1]))

    def _end(self, last: TimedOutput) -> None:
        self.host.send_raw(last.octets)
        self.finish_unanswered()

    def _lose_power(self) -> None:
        super()._lose_power()
        self._times_played.clear()
        self._changed.clear()
