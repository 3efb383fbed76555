"""`modemd consent reviews` and `review`: what people wrote that needs a person, and the decisions about it."""

from __future__ import annotations

from pathlib import Path

import click

from modemd.cli import options
from modemd.cli.client import call_api, post_json
from modemd.cli.options import authorship_options
from modemd.cli.output import echo, print_json, print_rows
from modemd.config import load

_COLUMNS = ("id", "opened_at", "kind", "number", "text", "due_at", "resolution", "by", "why")
_OUTCOMES = {"opt-out": "counts as an opt-out", "dismiss": "changes nothing", "undo": "is undone"}


@options.command()
@options.config_file
@click.option("--all", "every", is_flag=True, help="The resolved ones, too.")
@options.limit
@options.as_json
def reviews(config: Path, every: bool, limit: int, as_json: bool) -> None:
    """List what people wrote that needs a decision.

    Marketing to a number waits while an item with a time is open. After that time it counts as an opt-out.
    """
    settings = load(config)
    query = {"all": "true" if every else None, "limit": limit}
    rows = call_api(settings, "GET", "/v1/consent/reviews", query=query)
    print_rows(
        rows,
        _COLUMNS if every else _COLUMNS[:6],
        as_json=as_json,
        none="no reviews" if every else "no open reviews",
        zone=settings.timezone,
        spare=("why", "by", "opened_at"),
    )
    if len(rows) == limit and not as_json:
        echo(f"the newest {limit}; --limit 0 shows all")


@options.command()
@options.config_file
@click.argument("review_id", type=click.IntRange(min=1))
@click.option("--opt-out", "decision", flag_value="opt-out", help="It is an opt-out.")
@click.option("--dismiss", "decision", flag_value="dismiss", help="It changes nothing. Marketing that waits goes out.")
@click.option("--undo", "decision", flag_value="undo", help="The opt-out that it led to was a mistake.")
@authorship_options
@options.as_json
def review(config: Path, review_id: int, decision: str | None, why: str, by: str, as_json: bool) -> None:
    """Decide about an item of `modemd consent reviews`."""
    if decision is None:
        raise click.UsageError("needs one of --opt-out, --dismiss and --undo")
    settings = load(config)
    item = post_json(settings, f"/v1/consent/reviews/{review_id}/{decision}", {"why": why, "by": by})
    if as_json:
        print_json(item)
        return
    echo(f"review {item['id']} of {item['number'] or 'a mail'} {_OUTCOMES[decision]}")
