"""Emulated modem: runs AT command lines over `DeviceState`, first by the file of its family, then by the common commands.

    Device  >  DeviceState  >  FaultLayer  >  RegistrationLayer  >  SimLayer  >  PowerLayer

Each layer is a class in a file of its own, and knows only the layers below it. No layer does input or output.
"""

from __future__ import annotations

from modemd.emulator.device import family_replies
from modemd.emulator.device.command_line import CommandLineError, ParsedCommand, parse_command_line
from modemd.emulator.device.commands import COMMANDS
from modemd.emulator.device.results import CmeError, FinalResult, UnknownCommand
from modemd.emulator.device.state import DeviceState


class Device(DeviceState):
    """A modem for a host to talk to. The arguments are those of `DeviceState`."""

    def _run_line(self, body: str) -> None:
        try:
            self._pending_commands.extend(parse_command_line(body))
        except CommandLineError:
            self.finish("ERROR")
        else:
            self._proceed()

    def _proceed(self) -> None:
        silent = False
        try:
            while self._pending_commands:
                command = self._pending_commands.popleft()
                if self._execute(command):
                    return
                silent = command.typed in self.family.commands.without_ok
        except FinalResult as result:
            self.fail(result)
        else:
            if silent:
                self.finish_unanswered()
            else:
                self.finish()

    def _execute(self, command: ParsedCommand) -> bool:
        """Runs one command. Returns True if the command goes on and will end the line later."""
        if (result := self.faults.answer(command.name, command.typed)) is not None:
            raise FinalResult(result)
        if command is self._hung:
            self._hung = None
        elif (seconds := self._seconds_until_answer(command)) is not None:
            self._hung = command  # it works after that, whatever waits for the next of its name
            self._pending_commands.appendleft(command)
            self.host.busy = True
            self.later(seconds, self._proceed)
            return True
        if command.name in self.family.commands.unanswered:
            self.finish_unanswered()
            return True
        if family_replies.answer_from_family(self, command):
            return False
        handler = COMMANDS.get(command.name)
        if handler is None:
            raise UnknownCommand
        try:
            return bool(handler(self, command))
        except ValueError:  # an argument that is no number
            raise CmeError(50) from None

    def _seconds_until_answer(self, command: ParsedCommand) -> float | None:
        """Returns how many seconds a command waits before it runs, by a fault or always in its family; None: it does not."""
        commands = self.family.commands
        slow_s = commands.slow_s if command.typed in commands.slow else None
        hang_s = self.faults.take_hang(command.name)
        return slow_s if hang_s is None else hang_s
