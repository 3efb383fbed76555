"""docs/command-line.md says what the commands take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from modemd.cli.main import commands

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (modemd [a-z -]+)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S))


def leaves(group: click.Group, path: tuple[str, ...], options: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Every command that does something, with its options, those of its groups first. A group that does something by itself has
    its options for that alone."""
    context = click.Context(group, **group.context_settings)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        own = [each.opts[0] for each in command.params if isinstance(each, click.Option) and not each.hidden]
        own = [option for option in own if option not in ("--help", "--version")]
        if isinstance(command, click.Group):
            is_command = command.invoke_without_command and own
            if is_command:
                yield " ".join((*path, name)), options + own
            yield from leaves(command, (*path, name), options if is_command else options + own)
        else:
            yield " ".join((*path, name)), options + own


LEAVES = dict(leaves(commands, ("modemd",), []))


def test_every_command_is_documented() -> None:
    """The list at the top and the sections are the commands there are, in their order."""
    assert re.findall(r"^\| `(modemd [a-z -]+)` \|", TEXT, re.M) == list(LEAVES)
    assert list(SECTIONS) == list(LEAVES)


@pytest.mark.parametrize(("command", "options"), LEAVES.items(), ids=LEAVES.keys())
def test_every_option_is_documented(command: str, options: list[str]) -> None:
    """The table of a command has its options, no more and no less, in the order of its help."""
    assert re.findall(r"^\| `(--[a-z-]+)` \|", SECTIONS[command], re.M) == options


@pytest.mark.parametrize(("command", "options"), LEAVES.items(), ids=LEAVES.keys())
def test_every_command_explains_itself(command: str, options: list[str]) -> None:
    """Each command has a help text, whose first sentence is short, and so has each option."""
    group: click.Command = commands
    for name in command.split()[1:]:
        assert isinstance(group, click.Group)
        found = group.get_command(click.Context(group, **group.context_settings), name)
        assert found is not None
        group = found
    assert group.help
    assert "..." not in group.get_short_help_str(limit=60)  # whole in the list of commands
    assert [each.name for each in group.params if isinstance(each, click.Option) and not each.help] == []
