"""API client of the commands: asks the daemon on its Unix socket, or runs the same application in this process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from modemd.accounts import explain_denial
from modemd.cli.output import echo
from modemd.cli.show.times import localise
from modemd.config import Settings
from modemd.emulator.error_codes import LabCode
from modemd.errors import ErrorCode, LockHolder, NoDatabase, Refused, StoreLocked
from modemd.http.problems import is_problem
from modemd.http.unix import CLIENT_TIMEOUT_S, is_listening, request

# A daemon locks the database before it listens, and brings its schema up to date meanwhile. A command that changes something
# waits so long for the socket, and says so if it takes longer than a moment. A command that reads waits only the moment.
STARTING_S = 120.0
MOMENT_S = 5.0
# A daemon that is started for the first time makes its database a moment later. A command that changes something waits for it.
FIRST_START_S = 3.0
RETRY_INTERVAL_S = 0.1


T = TypeVar("T")


class ClientCode(StrEnum):
    """Codes of what a command cannot ask, or does not understand of the answer."""

    NO_DAEMON = "no_daemon"
    NO_EMULATOR = "no_emulator"
    BAD_ANSWER = "bad_answer"
    OTHER = "other"  # a code that this modemd does not know: the daemon is a newer one


def call_api(
    settings: Settings,
    method: str,
    path: str,
    *,
    query: dict[str, Any] | None = None,
    body: bytes | None = None,
    content_type: str = "application/json",
    timeout_s: float = CLIENT_TIMEOUT_S,
) -> Any:
    """Returns the JSON answer of one route. Refused, with the API's code and message, if it is an error.

    Without a daemon, the request runs in this process. One that reads (GET) then makes and changes no file, and needs no lock.
    One that changes something waits for a daemon that is starting; StoreLocked if none listens after that. NoDatabase if there is
    no database.
    """
    target = make_target(path, query)
    return ask_either(
        settings,
        lambda: parse_response(*request(settings.socket, method, target, body, content_type, timeout_s)),
        lambda: parse_response(*asyncio.run(_in_process(settings, method, target, body, content_type))),
        reads=method == "GET",
    )


def make_target(path: str, query: dict[str, Any] | None) -> str:
    """Returns a path with its query; keys whose value is None are left out. Refused (`bad_text`) if a value, such as the name
    of a file, is not UTF-8."""
    given = {key: value for key, value in (query or {}).items() if value is not None}
    try:
        return f"{path}?{urlencode(given)}" if given else path
    except UnicodeEncodeError as error:
        raise Refused(ErrorCode.BAD_TEXT, f"{error.object!r} is not UTF-8 text") from None


def quote_number(number: str) -> str:
    """Returns a number as a step of a path. Refused (`bad_number`) if it is empty: that would be another path."""
    if not number.strip():
        raise Refused(ErrorCode.BAD_NUMBER, "the number is empty; write it as +33612345678")
    return quote(number, safe="")


def ask_either(settings: Settings, ask_daemon: Callable[[], T], ask_here: Callable[[], T], *, reads: bool) -> T:
    """Returns what the daemon answers, or this process if no daemon listens. Raises as `call_api`; times in the message of an
    error are local. `reads`: nothing is changed, so no lock is needed."""
    try:
        return _ask_either(settings, ask_daemon, ask_here, reads=reads)
    except Refused as refused:
        problems = tuple(localise(problem, settings.timezone) for problem in refused.problems)
        raise Refused(refused.code, localise(refused.reason, settings.timezone), problems) from refused


def _ask_either(settings: Settings, ask_daemon: Callable[[], T], ask_here: Callable[[], T], *, reads: bool) -> T:
    wait = _Wait(settings)
    while True:
        try:
            return ask_daemon()
        except (FileNotFoundError, ConnectionRefusedError):
            pass  # no daemon listens
        except PermissionError as error:
            raise Refused(ClientCode.NO_DAEMON, f"{settings.socket}: {explain_denial(settings.socket)}") from error
        except OSError as error:
            raise Refused(ClientCode.NO_DAEMON, f"{settings.socket}: {error.strerror or error}") from error
        if not wait.is_worthwhile(reads=reads):
            try:
                return ask_here()
            except StoreLocked as error:
                wait.check(error.holder, error)
            except NoDatabase:
                if reads or wait.waited_s >= FIRST_START_S:
                    raise
        time.sleep(RETRY_INTERVAL_S)


class _Wait:
    """Wait for a daemon that is starting, or for a command that is the writer meanwhile."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._began = time.monotonic()
        self._is_told = False

    @property
    def waited_s(self) -> float:
        """Seconds since the first question."""
        return time.monotonic() - self._began

    def is_worthwhile(self, *, reads: bool) -> bool:
        """Returns whether another process is the writer now, and waiting for it may help. Raises StoreLocked as `check`."""
        from modemd.daemon import find_writer

        holder = find_writer(self._settings)
        if holder is None:
            return False
        if reads:
            return holder.socket == self._settings.socket and self.waited_s < MOMENT_S
        error = StoreLocked(
            f"{self._settings.database}: another modemd process writes to it (process {holder.pid})", holder
        )
        self.check(holder, error)
        return True

    def check(self, holder: LockHolder | None, error: StoreLocked) -> None:
        """Tells a person once that the command waits. StoreLocked, with what to do, if it has waited long enough."""
        waited_s = self.waited_s
        if holder is None or holder.socket is None:
            if waited_s >= MOMENT_S:
                raise error
            return
        daemon = f"the daemon (process {holder.pid})"
        if holder.socket != self._settings.socket:
            raise StoreLocked(
                f"{daemon} uses {self._settings.database} and listens at {holder.socket}, but `socket` of this configuration is "
                f"{self._settings.socket}: use the daemon's configuration"
            ) from error
        if waited_s >= STARTING_S:
            raise StoreLocked(
                f"{daemon} is starting, or hangs: it does not listen at {holder.socket} after {waited_s:.0f} s; nothing was "
                "done. Its log says more: journalctl -u modemd"
            ) from error
        if waited_s >= MOMENT_S and not self._is_told:
            self._is_told = True
            echo(f"modemd: waiting for {daemon}, which is starting", err=True)


def post_json(settings: Settings, path: str, document: dict[str, Any], *, timeout_s: float = CLIENT_TIMEOUT_S) -> Any:
    """Returns the answer to a POST of a JSON document, as `call_api`. Keys whose value is None are left out."""
    given = {key: value for key, value in document.items() if value is not None}
    return call_api(settings, "POST", path, body=json.dumps(given).encode(), timeout_s=timeout_s)


def warn_without_daemon(settings: Settings) -> None:
    """Prints a line on stderr if no daemon runs: what was accepted is on disk, and is not sent before one does."""
    if not is_listening(settings.socket):
        echo(
            "warning: no daemon runs, so nothing is sent yet; start it: sudo systemctl start modemd, or modemd run",
            err=True,
        )


def call_emulator(directory: Path, method: str, target: str, document: dict[str, Any] | None = None) -> Any:
    """Returns the answer of the control API of the emulator that runs in `directory`. Refused `no_emulator` if none runs."""
    body = json.dumps(document).encode() if document is not None else None
    try:
        return parse_response(*request(directory / "control.sock", method, target, body))
    except OSError as error:
        raise Refused(
            ClientCode.NO_EMULATOR, f"no emulator runs in {directory}; start one with modemd emulate"
        ) from error


def parse_response(status: int, body: bytes) -> Any:
    """Returns the JSON document of a response. Refused if the document is an error, or if there is no JSON."""
    try:
        document = json.loads(body)
    except ValueError:
        raise Refused(ClientCode.BAD_ANSWER, f"the daemon answered {status} without JSON") from None
    if is_problem(document):
        raise Refused(_code_of(document["code"]), document["detail"], tuple(document.get("problems", ())))
    return document


def _code_of(text: str) -> StrEnum:
    """Returns the code that an answer names."""
    for codes in (ErrorCode, LabCode):
        with contextlib.suppress(ValueError):
            return codes(text)
    return ClientCode.OTHER


async def _in_process(
    settings: Settings, method: str, target: str, body: bytes | None, content_type: str
) -> tuple[int, bytes]:
    """Runs one request in a service of this process. If it changes something, this process is the database's writer meanwhile;
    StoreLocked if another is."""
    from modemd.api.app import create_app
    from modemd.api.in_process import InProcessRequest
    from modemd.daemon import open_service_to_read, open_service_to_write

    exchange = InProcessRequest(method, target, body or b"", content_type)
    async with (open_service_to_read if method == "GET" else open_service_to_write)(settings) as service:
        await exchange.run(create_app(service, only=target))
    return exchange.response.status, exchange.response.body
