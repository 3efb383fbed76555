"""Hand a file of rows to the daemon, and let a person see how far it is."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillAtWork
from typing import Any
from urllib.parse import urlencode

import click

from modemd.cli.client import call_api
from modemd.config import Settings
from modemd.http.unix import request

# How often a person is told. A file that is accepted sooner is not told of.
PROGRESS_INTERVAL_S = 0.5
# A file of the largest size holds about a million rows; on a small board they take minutes.
ROWS_TIMEOUT_S = 3600.0


def post_rows(settings: Settings, rows: bytes, *, show: bool) -> dict[str, Any]:
    """What becomes of a CSV. With `show`, how many rows are staged is told on stderr while it takes its time."""
    key = f"modemd send {uuid.uuid4()}"
    with ThreadPoolExecutor(1) as pool:
        answer: Future[dict[str, Any]] = pool.submit(
            call_api,
            settings,
            "POST",
            "/v1/batches",
            query={"key": key},
            body=rows,
            content_type="text/csv",
            timeout_s=ROWS_TIMEOUT_S,
        )
        told = False
        while show:
            try:
                answer.result(PROGRESS_INTERVAL_S)
            except StillAtWork:
                told = _print_progress(settings, key) or told
            except Exception:
                break
            else:
                break
        if told:
            click.echo(err=True)
        return answer.result()


def _print_progress(settings: Settings, key: str) -> bool:
    """One line, over the one before. Where no daemon listens there is nobody to ask."""
    try:
        status, body = request(settings.socket, "GET", f"/v1/batches?{urlencode({'key': key})}")
    except OSError:
        return False
    found = json.loads(body) if status == 200 else []
    if not found:
        return False
    click.echo(f"\r{found[0]['rows']} rows checked and staged", nl=False, err=True)
    return True
