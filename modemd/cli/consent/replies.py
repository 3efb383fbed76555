"""`modemd consent replies`: the texts that modemd itself writes about consent, and changes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from modemd.cli import options
from modemd.cli.client import call_api, post_json
from modemd.cli.options import authorship_options
from modemd.cli.output import echo, print_json, print_rows, printable
from modemd.config import load

COLUMNS = ("language", "kind", "text", "segments", "proofread", "source", "by")
# The least important first, if the terminal is too narrow.
_SPARE_COLUMNS = ("by", "source", "segments", "proofread")

language = click.argument("language")
kind = click.argument("kind")


@options.group(invoke_without_command=True)
@options.config_of_group
@click.option("--language", "only_language", help="Only this language, such as fr or fr-CA.")
@click.option("--kind", "only_kind", help="Only this kind of text, such as opt_out_reply.")
@options.as_json
@click.pass_context
def replies(
    context: click.Context, config: Path | None, only_language: str | None, only_kind: str | None, as_json: bool
) -> None:
    """List the texts that modemd writes about consent."""
    if context.invoked_subcommand is not None:
        return
    settings = load(options.need_config(context, config))
    query = {"language": only_language, "kind": only_kind}
    print_rows(
        call_api(settings, "GET", "/v1/consent/replies", query=query),
        COLUMNS,
        as_json=as_json,
        none="there is no such text",
        spare=_SPARE_COLUMNS,
        whole=("text",),
    )


@replies.command("set")
@options.config_file
@language
@kind
@click.argument("text")
@click.option("--proofread", is_flag=True, help="Somebody who speaks the language has read the text.")
@click.option(
    "--segments", type=click.IntRange(1, 10), default=1, show_default=True, help="The most segments of the text."
)
@authorship_options
@options.as_json
def set_text(
    config: Path, language: str, kind: str, text: str, proofread: bool, segments: int, why: str, by: str, as_json: bool
) -> None:
    """Put a text in place of the one in force.

    LANGUAGE is a tag such as fr or fr-CA, KIND a kind of `modemd consent replies`. The text holds at once.
    """
    change = {"text": text, "segments": segments, "proofread": proofread, "why": why, "by": by}
    _print_text(post_json(load(config), _make_path(language, kind), change), as_json)


@replies.command()
@options.config_file
@language
@kind
@authorship_options
@options.as_json
def reset(config: Path, language: str, kind: str, why: str, by: str, as_json: bool) -> None:
    """Put the text that comes with modemd in force again."""
    _print_text(post_json(load(config), f"{_make_path(language, kind)}/reset", {"why": why, "by": by}), as_json)


def _make_path(language: str, kind: str) -> str:
    return f"/v1/consent/replies/{quote(language, safe='')}/{quote(kind, safe='')}"


def _print_text(row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(row)
        return
    echo(printable(f"{row['language']} {row['kind']} is now: {row['text']}"))
