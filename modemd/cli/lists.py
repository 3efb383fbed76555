"""Lists of the API, read row by row: a command holds no more of a long list than it prints at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Generator, Iterable, Iterator, Sequence
from datetime import tzinfo
from typing import Any

import click

from modemd.cli.client import ClientCode, ask_either, make_target, parse_response
from modemd.cli.output import echo, print_fields, print_json, print_rows
from modemd.config import Settings
from modemd.errors import ErrorCode, Refused
from modemd.http.unix import open_response
from modemd.light_dataclass import dataclass

JSON_LINES = "application/jsonl"
TOTAL = "X-Total-Count"
_PIECE_OCTETS = 64 * 1024

Row = dict[str, Any]
Pieces = Generator[bytes, None, None]


@dataclass(frozen=True, slots=True)
class RowList:
    """Rows of a list, as they come. `total`: how many there are, if `limit` has cut the list; else None."""

    rows: Iterator[Row]
    total: int | None


def fetch_list(settings: Settings, path: str, query: dict[str, Any]) -> RowList:
    """Returns the rows of one route, which has the newest first. Raises as `client.call_api`, also while the rows are read.

    A reader that pauses (`less`) makes the daemon end the answer. The rest is then asked for anew, behind the last row."""
    pieces = _ask(settings, path, query)
    total = next(pieces)
    rows = _read_rows(settings, path, query, pieces)
    if (context := click.get_current_context(silent=True)) is not None:
        context.call_on_close(rows.close)  # if the command ends before the list: its output was closed, or Ctrl-C
    return RowList(rows, int(total) if total else None)


def _ask(settings: Settings, path: str, query: dict[str, Any]) -> Pieces:
    target = make_target(path, query)
    return ask_either(settings, lambda: _ask_daemon(settings, target), lambda: _ask_here(settings, target), reads=True)


def print_list(
    found: RowList,
    columns: Sequence[str],
    *,
    as_json: bool,
    none: str,
    zone: tzinfo,
    spare: Sequence[str] = (),
) -> None:
    """Prints a list as `output.print_rows` does, and for a person that it was cut, if it was."""
    printed = print_rows(found.rows, columns, as_json=as_json, none=none, zone=zone, spare=spare)
    if not as_json:
        print_cut(printed, found.total)


def print_cut(printed: int, total: int | None) -> None:
    """Says that a list was cut, if it was."""
    if total is not None:
        echo(f"{printed} of {total}; --limit 0 shows all")


def print_one(rows: Iterable[Row], none: str, *, zone: tzinfo, as_json: bool) -> None:
    """Prints the only row whole, a field a line; in JSON as a list of one, as every list. Refused with `none` if there is no
    row."""
    found = list(rows)
    if not found:
        raise Refused(ErrorCode.NOT_FOUND, none)
    if as_json:
        print_json(found)
    else:
        print_fields(found[0], zone=zone)


def parse_row(line: bytes) -> Row:
    """Returns one row of a list."""
    row: Row = json.loads(line)
    return row


def _read_rows(settings: Settings, path: str, query: dict[str, Any], pieces: Pieces) -> Generator[Row, None, None]:
    left = query.get("limit") or 0
    count, last = 0, None
    while True:
        try:
            with contextlib.closing(pieces):
                for line in _split_lines(pieces):
                    last = parse_row(line)
                    count += 1
                    yield last
            return
        except ConnectionError as error:
            if last is None or "id" not in last or query.get("since") is not None:
                raise Refused(ClientCode.NO_DAEMON, "the daemon ended in the middle of its answer") from error
        if left and count >= left:
            return
        pieces = _ask(settings, path, query | {"before": last["id"], "limit": left - count if left else 0})
        next(pieces)
        last = None


def _split_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines


def _ask_daemon(settings: Settings, target: str) -> Pieces:
    """Asks the daemon. Returns first the number of rows (empty: all of them come), then the pieces of the body. OSError if none
    listens, and ConnectionError if an answer is cut."""
    stack = contextlib.ExitStack()
    response = stack.enter_context(open_response(settings.socket, target, JSON_LINES))
    if not _is_list(response.status, response.getheader("Content-Type")):
        with stack:
            parse_response(response.status, response.read())
            raise Refused(ClientCode.BAD_ANSWER, "the daemon did not answer with a list")

    def read() -> Pieces:
        with stack:
            yield (response.getheader(TOTAL) or "").encode()
            while piece := response.read1(_PIECE_OCTETS):
                yield piece

    return read()


def _ask_here(settings: Settings, target: str) -> Pieces:
    """Asks a service in this process, which is open until the last piece was taken. It makes and changes no file."""
    pieces = _read_here(settings, target)
    first = next(pieces)

    def read() -> Pieces:
        yield first
        yield from pieces

    return read()


def _read_here(settings: Settings, target: str) -> Pieces:
    from modemd.api.app import create_app
    from modemd.api.in_process import StreamedRequest
    from modemd.daemon import open_service_to_read

    with asyncio.Runner() as runner:
        stack = contextlib.AsyncExitStack()
        service = runner.run(stack.enter_async_context(open_service_to_read(settings)))
        request = StreamedRequest(target, JSON_LINES)
        try:
            status, headers = runner.run(request.start(create_app(service, only=target)))
            if not _is_list(status, headers.get("content-type")):
                parse_response(status, runner.run(request.read()))
            yield headers.get(TOTAL.lower(), "").encode()
            while piece := runner.run(request.read()):
                yield piece
        finally:
            runner.run(request.close())  # it may still read, if the list was left
            runner.run(stack.aclose())


def _is_list(status: int, content_type: str | None) -> bool:
    return status == 200 and (content_type or "").startswith(JSON_LINES)
