"""How commands are entered in their tables, and the forms many of them share."""

from __future__ import annotations

from collections.abc import Callable

from modemd.emulator.device.command_line import CommandForm, ParsedCommand
from modemd.emulator.device.results import CmeError, UnknownCommand
from modemd.emulator.device.state import DeviceState

Handler = Callable[[DeviceState, ParsedCommand], bool | None]


class CommandTable(dict[str, Handler]):
    """Handlers by command name."""

    def command(self, *names: str) -> Callable[[Handler], Handler]:
        """Enter the decorated handler under these names."""

        def enter(handler: Handler) -> Handler:
            for name in names:
                self[name] = handler
            return handler

        return enter


def require_form(command: ParsedCommand, *kinds: CommandForm) -> None:
    """Any other form of the command is unknown."""
    if command.form not in kinds:
        raise UnknownCommand


def allowed_number(command: ParsedCommand, allowed: range | tuple[int, ...], *, position: int = 0) -> int:
    """The number at this place of the argument. CmeError 50 where it is missing or not allowed."""
    numbers = command.numbers()
    value = numbers[position] if position < len(numbers) else None
    if value is None or value not in allowed:
        raise CmeError(50)
    return value
