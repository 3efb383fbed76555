"""`modemd inbox --follow`: what comes in, as it comes to be seen."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import click

from modemd.cli.door import answer, call
from modemd.cli.tables import printable
from modemd.config import Settings
from modemd.http.unix import request

EVERY_S = 1.0
MOST = 500


def follow(
    settings: Settings,
    limit: int,
    *,
    as_json: bool,
    wait: Callable[[float], None] = time.sleep,
    ask: Callable[[Settings, dict[str, Any]], list[dict[str, Any]] | None] | None = None,
) -> None:
    """The last `limit` messages (0: all), oldest first, then each that comes, until Ctrl-C. With `as_json` one JSON document a
    line. While no daemon listens nothing comes in, and it waits for one."""
    ask = ask or _asked
    last = call(settings, "GET", "/v1/inbox", query={"limit": limit})
    last.sort(key=lambda row: (row["seen_at"], row["id"]))
    since = last[-1]["seen_at"] if last else "1970-01-01T00:00:00+00:00"
    told: set[int] = {row["id"] for row in last if row["seen_at"] == since}
    for row in last:
        _tell(row, as_json)
    while True:
        rows = ask(settings, {"since": since, "limit": MOST})
        for row in rows or ():
            if row["seen_at"] != since:
                since, told = row["seen_at"], set()
            if row["id"] not in told:
                told.add(row["id"])
                _tell(row, as_json)
        if rows is None or len(rows) < MOST:
            wait(EVERY_S)


def _asked(settings: Settings, query: dict[str, Any]) -> list[dict[str, Any]] | None:
    """What a daemon answers; None where none listens. Never by this process alone: it would keep a daemon from starting."""
    try:
        found: list[dict[str, Any]] = answer(*request(settings.socket, "GET", f"/v1/inbox?{urlencode(query)}"))
    except OSError:
        return None
    return found


def _tell(row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(row, ensure_ascii=False))
    else:
        missing = "" if row["complete"] else f" ({row['parts']} of {row['total']} parts)"
        click.echo(
            f"{row['seen_at'][:19]}Z  {printable(row['from'])} -> {row['to_sim']}{missing}: {printable(row['text'])}"
        )
