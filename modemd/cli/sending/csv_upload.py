"""Upload of a CSV to the daemon, with its progress shown on the terminal."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillAtWork
from typing import Any

from modemd.cli.client import call_api
from modemd.cli.output import echo, echo_over_last
from modemd.config import Settings
from modemd.errors import ModemdError

# How often the progress is printed. For a file that is accepted sooner, none is.
PROGRESS_INTERVAL_S = 0.5
# Octets of a file that takes some seconds to check on a small board.
LARGE_FILE = 100_000
# How much longer than the last question the next one waits, so that asking takes a small share of the time.
SHARE_OF_WORK = 10
# A file of the largest size holds about a million rows; on a small board they take minutes.
ROWS_TIMEOUT_S = 3600.0
# So begins the key of a file that has none of its own. By it the progress is asked for.
OWN_KEY = "modemd send "


def post_rows(
    settings: Settings, rows: bytes, options: dict[str, object], key: str | None, *, show: bool
) -> dict[str, Any]:
    """Returns the batch that a CSV became (`POST /v1/batches`). `options`: those of the whole file; `key`: its own key, if it
    has one. With `show`, prints on stderr how many rows are staged so far."""
    name = key if key is not None else f"{OWN_KEY}{uuid.uuid4()}"
    with ThreadPoolExecutor(1) as pool:
        answer: Future[dict[str, Any]] = pool.submit(_post, settings, "/v1/batches", rows, options | {"key": name})
        has_printed, interval_s = False, PROGRESS_INTERVAL_S
        while show:
            try:
                answer.result(interval_s)
            except StillAtWork:
                began = time.monotonic()
                has_printed = _print_progress(settings, name) or has_printed
                # Without a daemon the question is answered in this process, beside the work that it is about.
                interval_s = max(PROGRESS_INTERVAL_S, SHARE_OF_WORK * (time.monotonic() - began))
            except Exception:
                break
            else:
                break
        if has_printed:
            echo(err=True)
        return answer.result()


def preview_rows(settings: Settings, rows: bytes, options: dict[str, object], *, show: bool) -> dict[str, Any]:
    """Returns what would become of a CSV (`POST /v1/batches/preview`). With `show`, says on stderr that a large one is
    checked."""
    if show and len(rows) > LARGE_FILE:
        echo("the rows are being checked", err=True)
    return _post(settings, "/v1/batches/preview", rows, options)


def _post(settings: Settings, path: str, rows: bytes, options: dict[str, object]) -> dict[str, Any]:
    query = {key: str(value).lower() if isinstance(value, bool) else value for key, value in options.items()}
    answer: dict[str, Any] = call_api(
        settings, "POST", path, query=query, body=rows, content_type="text/csv", timeout_s=ROWS_TIMEOUT_S
    )
    return answer


def _print_progress(settings: Settings, key: str) -> bool:
    """Prints one line over the line before. Returns False if there is nothing to print."""
    try:
        found = call_api(settings, "GET", "/v1/batches", query={"key": key})
    except ModemdError:
        return False
    if not found:
        return False
    echo_over_last(f"{found[0]['rows']} rows checked and staged")
    return True
