"""Upload of a CSV to the daemon, with its progress shown on the terminal."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillAtWork
from typing import Any
from urllib.parse import urlencode

from modemd.cli.client import call_api
from modemd.cli.output import echo, echo_over_last
from modemd.config import Settings
from modemd.http.unix import request

# How often the progress is printed. For a file that is accepted sooner, none is.
PROGRESS_INTERVAL_S = 0.5
# A file of the largest size holds about a million rows; on a small board they take minutes.
ROWS_TIMEOUT_S = 3600.0


def post_rows(settings: Settings, rows: bytes, *, show: bool) -> dict[str, Any]:
    """Returns the batch that a CSV became (`POST /v1/batches`). With `show`, prints on stderr how many rows are staged so far."""
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
        has_printed = False
        while show:
            try:
                answer.result(PROGRESS_INTERVAL_S)
            except StillAtWork:
                has_printed = _print_progress(settings, key) or has_printed
            except Exception:
                break
            else:
                break
        if has_printed:
            echo(err=True)
        return answer.result()


def _print_progress(settings: Settings, key: str) -> bool:
    """Prints one line over the line before. Returns False if there is nothing to print, as when no daemon listens."""
    try:
        status, body = request(settings.socket, "GET", f"/v1/batches?{urlencode({'key': key})}")
    except OSError:
        return False
    found = json.loads(body) if status == 200 else []
    if not found:
        return False
    echo_over_last(f"{found[0]['rows']} rows checked and staged")
    return True
