"""`modemd help` and `modemd completion`: the pages of the documentation on the terminal, and completion for a shell."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import BashComplete, FishComplete, ZshComplete

from modemd import resources
from modemd.cli import options
from modemd.cli.output import echo
from modemd.cli.usage import suggest

_CLASSES = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


def list_pages() -> dict[str, Path]:
    """Returns the pages of the documentation, by their names."""
    return {path.stem: path for path in sorted(resources.folder("docs").glob("*.md"))}


@options.command("help")
@click.argument("names", nargs=-1, metavar="[COMMAND ...|PAGE]")
@click.pass_context
def help_(context: click.Context, names: tuple[str, ...]) -> None:
    """Show the help of a command, or a page of the documentation.

    Without a name, the command lists all commands and pages. `modemd help send` shows the help of a command. `modemd help
    trouble` prints a page.
    """
    root = context.find_root()
    pages = list_pages()
    if not names:
        echo(root.get_help())
        echo(f"\nPages of the documentation, for modemd help PAGE:\n  {', '.join(pages)}")
        return
    command, found = root.command, root
    for name in names:
        inner = command.get_command(found, name) if isinstance(command, click.Group) else None
        if inner is None:
            break
        command = inner
        found = click.Context(inner, info_name=name, parent=found, **inner.context_settings)
    else:
        echo(found.get_help())
        return
    if len(names) == 1 and names[0] in pages:
        echo(pages[names[0]].read_text(encoding="utf-8"), nl=False)
        return
    commands = root.command.list_commands(root) if isinstance(root.command, click.Group) else []
    known = [*commands, *pages]
    near = suggest(names[0], known, "modemd help lists all commands and pages")
    raise click.UsageError(f"there is no command and no page {' '.join(names)!r}; {near}", context)


@options.command()
@click.argument("shell", type=click.Choice(list(_CLASSES)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script for a shell.

    For bash, put the script into /usr/local/share/bash-completion/completions/modemd. For the other shells, see `modemd help
    command-line`.
    """
    # Its `source()` would first ask an installed bash for its version.
    script = _CLASSES[shell](context.command, {}, "modemd", "_MODEMD_COMPLETE")
    echo(script.source_template % script.source_vars())
