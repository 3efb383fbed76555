"""`modemd keys` and `modemd audit`: the API keys, and what was changed with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from modemd.cli import options
from modemd.cli.client import call_api, post_json
from modemd.cli.output import echo, print_json, print_table, print_warnings
from modemd.cli.show.times import parse_end
from modemd.config import Settings, load
from modemd.errors import ErrorCode, Refused
from modemd.rules.access.callers import SCOPES

_COLUMNS = ("id", "name", "scopes", "lines", "per_minute", "per_day", "expires_at", "used_at", "used_from", "state")
_SPARE_COLUMNS = ("used_from", "per_minute", "lines", "per_day", "expires_at")
_CHANGE_COLUMNS = ("id", "at", "name", "address", "method", "route", "status")
_SPARE_CHANGE_COLUMNS = ("status", "address")

ONCE = "modemd stores only a digest of it and cannot show it again"

api_key = click.argument("named", metavar="NAME|ID")


@options.group()
def keys() -> None:
    """Make, list, rotate and revoke API keys."""


@keys.command()
@options.config_file
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    metavar="SCOPE",
    help=f"What the API key may do; can be repeated: {', '.join(sorted(SCOPES))}.",
)
@click.option(
    "--line", "lines", multiple=True, metavar="ICCID", help="Only by this SIM, as in modemd sims list; can be repeated."
)
@click.option("--per-minute", type=click.IntRange(min=1), help="The most requests a minute. Default: 600.")
@click.option("--per-day", type=click.IntRange(min=1), help="The most messages a day, by UTC. Default: no limit.")
@click.option(
    "--expires",
    metavar="TIME",
    help="When the API key ends: after a while (30d, 12h), at the begin of a day (2027-01-31), or at a time (2027-01-31T18:00).",
)
@options.as_json
def create(config: Path, expires: str | None, as_json: bool, **wish: Any) -> None:
    """Make an API key, and print its secrets once.

    A program sends the API key as a Bearer token. A program made for Twilio uses the account SID and the auth token.
    """
    settings = load(config)
    wish["expires_at"] = parse_end(expires, settings.timezone)
    _print_secrets(post_json(settings, "/v1/keys", wish), as_json)


@keys.command("list")
@options.config_file
@options.as_json
def list_keys(config: Path, as_json: bool) -> None:
    """List the API keys, without their secrets."""
    settings = load(config)
    rows = call_api(settings, "GET", "/v1/keys", query={"limit": 0})
    if as_json:
        print_json(rows)
    elif rows:
        print_table([_make_row(row) for row in rows], _COLUMNS, zone=settings.timezone, spare=_SPARE_COLUMNS)
    else:
        echo("no API keys yet; make one: modemd keys create NAME --scope all")


@keys.command()
@options.config_file
@api_key
@click.option(
    "--overlap-s",
    type=click.IntRange(min=0),
    help="For so many seconds, the old secrets stay valid. Default: 86400, a day.",
)
@options.as_json
def rotate(config: Path, named: str, overlap_s: int | None, as_json: bool) -> None:
    """Give an API key new secrets, and print them once."""
    settings = load(config)
    path = f"/v1/keys/{find_key_id(settings, named)}/rotate"
    _print_secrets(post_json(settings, path, {"overlap_s": overlap_s}), as_json)


@keys.command()
@options.config_file
@api_key
@options.as_json
def revoke(config: Path, named: str, as_json: bool) -> None:
    """End an API key at once."""
    settings = load(config)
    row = call_api(settings, "POST", f"/v1/keys/{find_key_id(settings, named)}/revoke")
    if as_json:
        print_json(row)
    else:
        echo(f"API key {row['id']} ({row['name']}) is revoked")


@options.command()
@options.config_file
@click.option("--before", type=click.IntRange(min=1), help="Only changes with smaller ids: the next page.")
@click.option("--limit", type=click.IntRange(min=0), default=50, show_default=True, help="How many; 0 means all.")
@options.as_json
def audit(config: Path, before: int | None, limit: int, as_json: bool) -> None:
    """List what was changed through the API.

    Each change has its time, the key, and the address it came from.
    """
    settings = load(config)
    rows = call_api(settings, "GET", "/v1/audit", query={"before": before, "limit": limit})
    if as_json:
        print_json(rows)
    elif rows:
        print_table(rows, _CHANGE_COLUMNS, zone=settings.timezone, spare=_SPARE_CHANGE_COLUMNS)
    else:
        echo("no changes yet")


def find_key_id(settings: Settings, named: str) -> int:
    """Returns the id of the API key that a person named. A number is an id. Refused (`not_found`) if no key that can be used has
    the name; the reason lists the revoked ones."""
    if named.isascii() and named.isdigit():
        return int(named)
    rows = [row for row in call_api(settings, "GET", "/v1/keys", query={"limit": 0}) if row["name"] == named]
    ids = [row["id"] for row in rows if row["revoked_at"] is None]
    if ids:  # only one: a name is free again when its key was revoked
        return int(ids[0])
    if rows:
        revoked = ", ".join(str(row["id"]) for row in rows)
        raise Refused(ErrorCode.NOT_FOUND, f"the API key {named!r} is revoked (id {revoked}); no other has this name")
    raise Refused(ErrorCode.NOT_FOUND, f"there is no API key {named!r}; modemd keys list shows them")


def _print_secrets(made: dict[str, Any], as_json: bool) -> None:
    print_warnings(made["warnings"])
    if as_json:
        print_json(made)
        return
    echo(f"id           {made['id']}")
    echo(f"API key      {made['key']}")
    echo(f"account SID  {made['account_sid']}")
    echo(f"auth token   {made['auth_token'] or 'none: the ledger key is missing'}")
    echo(f"Note the API key now: {ONCE}.", err=True)


def _make_row(row: dict[str, Any]) -> dict[str, Any]:
    state = "revoked" if row["revoked_at"] else "valid"
    return {**row, "scopes": " ".join(row["scopes"]), "lines": " ".join(row["lines"]) or "all", "state": state}
