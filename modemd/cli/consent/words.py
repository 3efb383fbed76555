"""`modemd consent words`: lists, adds, disables and reassigns the words of consent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from modemd.cli import options
from modemd.cli.client import call_api, post_json
from modemd.cli.options import authorship_options
from modemd.cli.output import echo, print_json, print_table, printable
from modemd.config import load
from modemd.rules.consent.words.keywords import KeywordAction

_COLUMNS = ("word", "action", "languages", "countries", "strength", "state", "source")
_SPARE_COLUMNS = ("source", "strength", "countries")

_MOST_TAGS = 5

word = click.argument("word")
country = click.option("--country", help="Only for numbers of this country: two letters, such as FR.")
action = click.option(
    "--action", type=click.Choice([each.value for each in KeywordAction]), required=True, help="What the word asks for."
)
language = click.option("--language", required=True, help="The language of the word, in which it is answered: fr.")


@options.group(invoke_without_command=True)
@options.config_of_group
@click.option("--language", help="Only the words of this language, such as fr.")
@options.as_json
@click.pass_context
def words(context: click.Context, config: Path | None, language: str | None, as_json: bool) -> None:
    """List the words of consent.

    These are the words by which people opt out or in, confirm, or ask for help.
    """
    if context.invoked_subcommand is not None:
        return
    settings = load(options.need_config(context, config))
    found = call_api(settings, "GET", "/v1/consent/words", query={"language": language})
    if as_json:
        print_json(found)
    else:
        rows = [
            {**row, "languages": _sum_up(row["languages"]), "countries": _sum_up(row["countries"])} for row in found
        ]
        print_table(rows, _COLUMNS, zone=settings.timezone, spare=_SPARE_COLUMNS)


@words.command()
@options.config_file
@word
@action
@language
@country
@authorship_options
@options.as_json
def add(config: Path, as_json: bool, **new: str | None) -> None:
    """Add a word."""
    _change(config, "add", new, as_json)


@words.command()
@options.config_file
@word
@action
@language
@country
@authorship_options
@options.as_json
def reassign(config: Path, as_json: bool, **new: str | None) -> None:
    """Let a word mean something else."""
    _change(config, "reassign", new, as_json)


@words.command()
@options.config_file
@word
@country
@authorship_options
@options.as_json
def disable(config: Path, as_json: bool, **old: str | None) -> None:
    """Let a word mean nothing."""
    _change(config, "disable", old, as_json)


def _sum_up(tags: list[str]) -> str:
    """Returns tags in one line; if there are many, the first ones, and how many follow."""
    return " ".join(tags) if len(tags) <= _MOST_TAGS else f"{' '.join(tags[:_MOST_TAGS])} +{len(tags) - _MOST_TAGS}"


def _change(config: Path, kind: str, given: dict[str, Any], as_json: bool) -> None:
    found = post_json(load(config), f"/v1/consent/words/{kind}", given)
    if as_json:
        print_json(found)
        return
    place = f"for numbers of {found['countries'][0]}" if found["countries"] else "everywhere"
    meaning = f"means {found['action']}" if found["action"] else "means nothing"
    echo(f"{printable(found['word'])} {meaning} {place}, from now on")
