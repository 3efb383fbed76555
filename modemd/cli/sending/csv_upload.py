"""Upload of a CSV to the daemon, with its progress shown on the terminal."""

from __future__ import annotations

import uuid
from typing import Any

from modemd.cli.client import call_api
from modemd.cli.output import echo
from modemd.cli.show.progress import show_progress
from modemd.config import Settings

# Octets of a file that takes some seconds to check on a small board.
LARGE_FILE = 100_000
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
    return show_progress(
        lambda: _post(settings, "/v1/batches", rows, options | {"key": name}),
        lambda: _describe_progress(settings, name),
        show=show,
    )


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


def _describe_progress(settings: Settings, key: str) -> str:
    """Returns how much of the file is staged; nothing if that is not known yet."""
    found = call_api(settings, "GET", "/v1/batches", query={"key": key})
    return f"{found[0]['rows']} rows checked and staged" if found else ""
