"""Options that several commands share."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, TypeVar

import click
from click.core import ParameterSource

from modemd.accounts import current_user_name
from modemd.rules.classes import SUBMITTABLE, MessageClass

_Function = TypeVar("_Function", bound=Callable[..., object])


class StrictCommand(click.Command):
    """Command that refuses an option which is written twice, and a value that is no UTF-8 text. click would drop the first
    without a word; a path may have any octets."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            values, _, order = self.make_parser(ctx).parse_args(args=list(args))
        except click.UsageError as error:
            error.ctx = ctx  # click leaves it out of some, and nobody would learn which command it was
            raise
        for option in order:
            if isinstance(option, click.Option) and not (option.multiple or option.is_flag) and order.count(option) > 1:
                raise click.UsageError(f"{option.opts[-1]} is written twice", ctx)
        for param in self.get_params(ctx):
            if not isinstance(param.type, click.Path | click.File) and not _is_utf8(values.get(param.name or "")):
                raise click.BadParameter("this is not UTF-8 text", ctx, param)
        return super().parse_args(ctx, args)


def _is_utf8(value: object) -> bool:
    """Returns False if a text, or one of several, has octets that are not UTF-8: Python keeps them as half surrogate pairs."""
    if isinstance(value, list | tuple):
        return all(map(_is_utf8, value))
    return not isinstance(value, str) or not any("\ud800" <= character <= "\udfff" for character in value)


class StrictGroup(click.Group):
    """Group of such commands."""

    command_class = StrictCommand


class LazyGroup(click.Group):
    """Group of commands that are imported when they are called: `modemd --version` imports none of them.

    `table`: command -> module under modemd.cli, function."""

    table: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.table:
            return None
        module, function = self.table[cmd_name]
        command: click.Command = getattr(importlib.import_module(f"modemd.cli.{module}"), function)
        return command


def command(name: str | None = None) -> Callable[[Callable[..., object]], StrictCommand]:
    """Makes a command of a function."""
    return click.command(name, cls=StrictCommand)


def group(
    name: str | None = None, *, invoke_without_command: bool = False
) -> Callable[[Callable[..., object]], StrictGroup]:
    """Makes a group of a function."""
    return click.group(name, cls=StrictGroup, invoke_without_command=invoke_without_command)


CONFIG_PLACES = (Path("modemd.yaml"), Path("/etc/modemd/modemd.yaml"))
"""Where the configuration file is looked for, in this order, if it is not named."""
CONFIG_VARIABLE = "MODEMD_CONFIG"


def find_config(context: click.Context, option: click.Parameter, given: Path | None) -> Path:
    """Returns the configuration file that is named, or the first of `CONFIG_PLACES` that is there. UsageError if none is."""
    if given is not None:
        return given
    found = next(filter(is_there, CONFIG_PLACES), None)
    if found is None:
        here, installed = CONFIG_PLACES
        raise click.UsageError(
            f"no configuration: name it with --config or {CONFIG_VARIABLE}; neither ./{here} nor {installed} is there",
            context,
        )
    return found


def is_there(path: Path) -> bool:
    """Returns whether there is a file at `path`, also if this user may not see it."""
    try:
        return path.exists()
    except PermissionError:  # it is there for others: the reading tells why not for this user
        return True


def config_option(
    callback: Callable[[click.Context, click.Parameter, Path | None], Path | None],
) -> Callable[[_Function], _Function]:
    """Makes the option --config. `callback` chooses the file if it is not named."""
    return click.option(
        "--config",
        envvar=CONFIG_VARIABLE,
        callback=callback,
        type=click.Path(path_type=Path, readable=False),  # the reading says more
        help=f"The configuration file. Without this option: ${CONFIG_VARIABLE}, ./{CONFIG_PLACES[0]}, {CONFIG_PLACES[1]}.",
    )


config_file = config_option(find_config)

config_of_group = config_option(lambda context, option, given: given)
"""The option of a group that also works without a command: a command of the group has its own."""


def need_config(context: click.Context, given: Path | None) -> Path:
    """Returns the configuration file of a group that was called without a command, as `find_config`."""
    return find_config(context, context.command.params[0], given)


as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")

limit = click.option(
    "--limit", default=50, show_default=True, type=click.IntRange(min=0), help="The most rows to show; 0 means all."
)


def is_given(parameter: str) -> bool:
    """Returns True if an option of this command was written, even with its default value."""
    return click.get_current_context().get_parameter_source(parameter) is ParameterSource.COMMANDLINE


def since(help: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Makes the option --since."""
    return click.option("--since", help=f"{help} Write 2026-11-22, or 2026-11-22T18:30 with or without an offset.")


valid = click.option(
    "--valid",
    help="How long a message is worth sending: 90s, 5min, 2h, 3d. Without this option, the validity of its class.",
)

window = click.option(
    "--window", help="The hours in which a message may be sent, in the configured time zone: 09:00-18:00."
)

subscribers = click.option(
    "--list",
    "list_name",
    help="The list of subscribers that a marketing message goes to, by its name in consent.lists.",
)


def parse_answers(context: click.Context, option: click.Parameter, given: str | None) -> list[str] | None:
    """Returns words that are separated by commas; None if there are none."""
    return [word.strip() for word in given.split(",")] if given is not None else None


answers = click.option(
    "--answers",
    callback=parse_answers,
    help="Words that the message asks for, separated by commas: YES,NO. For 24 hours they are answers, not words of consent.",
)

purpose = click.option(
    "--class", "message_class", type=click.Choice([name.value for name in SUBMITTABLE]),
    default=MessageClass.TRANSACTIONAL.value, show_default=True, help="The purpose of the message.",
)  # fmt: skip


def read_text(context: click.Context, option: click.Parameter, given: str | None) -> str | None:
    """Returns the text of a message; for `-`, what comes on standard input, without the line end behind it. BadParameter if that
    is not UTF-8."""
    if given != "-":
        return given
    try:
        text = sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"standard input is not UTF-8 at byte {error.start}") from None
    return text.removesuffix("\n").removesuffix("\r")


def text(help: str, *, required: bool = True) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Makes the option --text, which reads standard input if it is `-`."""
    return click.option("--text", required=required, callback=read_text, help=f"{help} Write - for standard input.")


no_report = click.option("--no-report", is_flag=True, help="Do not ask for a delivery report.")
short_code = click.option("--short-code", is_flag=True, help="The recipient is a short code.")
at_port = click.option("--port", required=True, help="The modem's AT port: a device path, or socket://host:port.")

baud = click.option(
    "--baud",
    default=115200,
    show_default=True,
    type=click.IntRange(min=300),
    help="The speed of the line. A USB modem needs none.",
)

emulator_directory = click.option(
    "--dir", "directory", required=True, type=click.Path(path_type=Path), help="The folder of the emulator."
)


def class_of_messages(help: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Makes the option --class for any class of messages, modemd's own included. Without it, the value is None."""
    return click.option("--class", "message_class", type=click.Choice([name.value for name in MessageClass]), help=help)


def batch(help: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Makes the option --batch, the number of a batch. Without it, the value is None."""
    return click.option("--batch", type=click.IntRange(min=1), help=help)


def authorship_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds `--why` and `--by`, which every decision has."""
    by = click.option(
        "--by", default=current_user_name, help="Who decides. Without this option, the user of this shell."
    )
    why = click.option("--why", required=True, help="The reason. It is stored.")
    return why(by(command))
