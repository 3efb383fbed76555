"""Tables of command handlers, and the checks that many handlers share."""

from __future__ import annotations

from collections.abc import Callable

from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.results import CmeError, UnknownCommand
from modemd.emulator.device.state import DeviceState

Handler = Callable[[DeviceState, ParsedCommand], bool | None]


class CommandTable(dict[str, Handler]):
    """Handlers by command name."""

    def command(self, *names: str) -> Callable[[Handler], Handler]:
        """Returns a decorator that enters a handler under these names."""

        def enter(handler: Handler) -> Handler:
            for name in names:
                self[name] = handler
            return handler

        return enter


def require_form(command: ParsedCommand, *kinds: CommandForm) -> None:
    """Raises UnknownCommand for any other form of the command."""
    if command.form not in kinds:
        raise UnknownCommand


def allowed_number(command: ParsedCommand, allowed: range | tuple[int, ...], *, position: int = 0) -> int:
    """Returns the number at this place of the argument. Raises CmeError 50 if it is missing or not allowed."""
    numbers = command.numbers()
    value = numbers[position] if position < len(numbers) else None
    if value is None or value not in allowed:
        raise CmeError(50)
    return value
