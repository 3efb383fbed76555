"""Wrong usage in plain sentences: what was wrong, where, and what is right. click's own sentences are for programmers."""

from __future__ import annotations

import re
from collections.abc import Iterable

import click

# A shorter name is rarely what was meant: `--to` is no `--json`.
ALIKE = 0.75
# What a type's own message says after the value: "'x' is not a valid integer", "99 is not in the range 0<=x<=3".
_REJECTED = re.compile(r"'?(?P<value>.*?)'? is not (?:a valid|in the range)\b")
_NUMBERS = {
    "integer": "a whole number",
    "integer range": "a whole number",
    "float": "a number",
    "float range": "a number",
}


def explain(error: click.ClickException) -> str:
    """Returns one line for a person: the command, what was wrong in its call, and what is right."""
    if not isinstance(error, click.UsageError) or error.ctx is None:
        return error.format_message()
    return f"{error.ctx.command_path}: {_explain(error, error.ctx)}"


def _explain(error: click.UsageError, context: click.Context) -> str:
    seek = f"{context.command_path} --help"
    if isinstance(error, click.NoSuchOption):
        names = [name for each in context.command.params for name in (*each.opts, *each.secondary_opts)]
        options = [name for name in names if name.startswith("-")]
        return f"there is no option {error.option_name}; {suggest(error.option_name, options, f'{seek} lists them')}"
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return f"{_name(error.param)} is missing; {seek} tells what it is"
    if isinstance(error, click.BadParameter) and error.param is not None:
        return _explain_value(error, error.param)
    if error.message.startswith("No such command") and isinstance(context.command, click.Group):
        name = error.message.split("'")[1]
        known = context.command.list_commands(context)
        return f"there is no command {name!r}; {suggest(name, known, f'{seek} lists them')}"
    if isinstance(error, click.BadOptionUsage):
        return f"{error.option_name} needs a value; {seek} tells which"
    if found := re.match(r"Got unexpected extra arguments? \((.*)\)", error.message):
        return f"{found[1]!r} is too much here; put a text with blanks between quotes; {seek} tells what belongs there"
    return error.format_message()


def _explain_value(error: click.BadParameter, param: click.Parameter) -> str:
    """Returns what is wrong with a value, and what is allowed."""
    kind, name = param.type, _name(param)
    rejected = _REJECTED.match(error.message)
    if rejected is not None and kind.name in _NUMBERS:
        return f"{name}: {rejected['value']!r} is not allowed; allowed: {_NUMBERS[kind.name]}{_bounds(kind)}"
    if isinstance(kind, click.Choice) and "is not one of" in error.message:
        value = error.message.split(" is not one of")[0].strip("'\"")
        return f"{name}: {value!r} is not allowed; allowed: {', '.join(map(str, kind.choices))}"
    return f"{name}: {error.message.removesuffix('.')}"


def _bounds(kind: object) -> str:
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    if least is not None and most is not None:
        return f" from {least} to {most}"
    if least is not None:
        return f", {least} or more"
    return f", {most} or less" if most is not None else ""


def _name(param: click.Parameter) -> str:
    """Returns how a person writes a parameter: an option by its long name, an argument by its word in capitals."""
    return max(param.opts, key=len) if isinstance(param, click.Option) else param.human_readable_name


def suggest(given: str, known: Iterable[str], otherwise: str) -> str:
    """Returns a question for the name that was meant; `otherwise` if none of the known ones is near."""
    import difflib  # a daemon is one of the commands, and has no use for it

    bare = {name.lstrip("-"): name for name in known}
    near = difflib.get_close_matches(given.lstrip("-"), bare, n=1, cutoff=ALIKE)
    near += [name for name in bare if len(given.lstrip("-")) > 1 and name.startswith(given.lstrip("-"))]
    return f"did you mean {bare[near[0]]}?" if near else otherwise
