"""Which door a command takes: the daemon's socket where one listens, else the same application in this process."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from modemd.api.app import create_app
from modemd.cli import client
from modemd.config import load
from modemd.daemon import open_service
from modemd.errors import Refused
from modemd.http.unix import is_listening, listening, serving
from modemd.store import Store
from modemd.store.files import opening
from tests.cli.shell import Ended, Modemd

SEND = ("send", "--config", "FILE", "--to", "+33612345678", "--text", "hello")


@contextmanager
def daemon(config: Path) -> Iterator[None]:
    """A daemon without modems: the API on its socket, on a loop of its own, while the block runs."""
    up, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        settings = load(config)
        async with open_service(settings) as service:
            with listening(settings.socket) as socket:
                async with serving(create_app(service), socket):
                    up.set()
                    await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert up.wait(30), "the daemon did not come up"
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_who_sends_without_a_daemon_is_warned(modemd: Modemd, config: Path, tmp_path: Path) -> None:
    """Whatever accepts messages says on stderr that nothing is sent before a daemon runs; what only asks says nothing."""
    rows = tmp_path / "rows.csv"
    rows.write_text("to,text,class\n+33612345678,hello,otp\n")
    message = ("--to", "+33612345678", "--text", "hello")
    assert modemd("send", "--config", "FILE", *message).is_warned
    assert modemd("send", "--config", "FILE", *message, "--json").is_warned
    assert modemd("send", "--config", "FILE", "--csv", str(rows)).is_warned
    assert modemd("schedules", "add", "--config", "FILE", "daily", "--cron", "@daily", *message).is_warned
    assert modemd("cancel", "--config", "FILE", "1", "--why", "a test").status == 0
    assert modemd("resend", "--config", "FILE", "1", "--why", "a test").is_warned
    assert not modemd("status", "--config", "FILE").is_warned
    with listening(config.with_name("modemd.sock")):
        assert is_listening(config.with_name("modemd.sock"))
    assert not is_listening(config.with_name("modemd.sock"))


def test_with_a_daemon_its_socket_is_asked(modemd: Modemd, config: Path) -> None:
    """While a daemon holds the database a command goes through it, with the same answers and the same status."""
    with daemon(config):
        assert modemd(*SEND) == Ended(0, "message 1 queued (1 part)\n", "")
        assert not modemd(*SEND, "--key", "k").is_warned
        assert json.loads(modemd("messages", "--config", "FILE", "--json").out)[0]["text"] == "hello"
        assert modemd("explain", "--config", "FILE", "9").err == "modemd: there is no message 9\n"
    assert modemd(*SEND).out == "message 3 queued (1 part)\n"


def test_a_locked_database_without_a_daemon_is_reported(
    modemd: Modemd, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where another process writes to the database, and no daemon comes to listen, a command ends with 1 and says so."""
    monkeypatch.setattr(client, "MOMENT_S", 0.0)
    up, stop = threading.Event(), threading.Event()

    async def hold() -> None:
        store = await Store.open(load(config).database)
        up.set()
        await asyncio.to_thread(stop.wait)
        await store.close()

    holder = threading.Thread(target=asyncio.run, args=(hold(),))
    holder.start()
    assert up.wait(30)
    ended = modemd(*SEND)
    stop.set()
    holder.join()
    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1)
    assert "another modemd process writes to it" in ended.err


class Clock:
    """A clock that goes on by each sleep."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@contextmanager
def starting(config: Path, socket: Path) -> Iterator[None]:
    """A daemon that has the lock and does not listen yet."""
    database = load(config).database
    held = opening.lock(database, socket)
    try:
        yield
    finally:
        os.close(held)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(client, "time", made)
    monkeypatch.setattr(client, "STARTING_S", 10.0)
    return made


def test_a_starting_daemon_is_waited_for(modemd: Modemd, config: Path, clock: Clock) -> None:
    """A change waits for the socket of a daemon that is starting, and says so; then that it does not listen, and that nothing was
    done."""
    with starting(config, load(config).socket):
        ended = modemd(*SEND)
    assert (ended.status, ended.out) == (1, "")
    waits, fails = ended.err.splitlines()
    assert waits == f"modemd: waiting for the daemon (process {os.getpid()}), which is starting"
    assert "is starting, or hangs: it does not listen at" in fails
    assert "nothing was done" in fails
    assert clock.now >= client.STARTING_S


def test_a_reading_command_waits_only_a_moment(modemd: Modemd, config: Path, clock: Clock) -> None:
    """While a daemon starts, a reading command answers by itself after a moment; while another command writes, at once."""
    with starting(config, load(config).socket):
        assert modemd("optouts", "--config", "FILE").out == "nobody has opted out\n"
    assert clock.now >= client.MOMENT_S
    clock.now = 0.0
    held = opening.lock(load(config).database)
    assert modemd("optouts", "--config", "FILE").status == 0
    os.close(held)
    assert clock.now == 0.0


def test_a_daemon_with_another_socket_is_told(modemd: Modemd, config: Path, clock: Clock) -> None:
    """Nobody waits for a daemon that will listen elsewhere."""
    with starting(config, config.parent / "other.sock"):
        ended = modemd(*SEND)
    assert ended.status == 1
    assert f"listens at {config.parent / 'other.sock'}, but `socket` of this configuration is" in ended.err
    assert clock.now == 0.0


def test_a_number_in_a_path_is_the_same_without_a_daemon(modemd: Modemd) -> None:
    """The plus sign of a number, which a path quotes, reaches the service as a plus sign."""
    ended = modemd("undo-optout", "--config", "FILE", "+33612345678", "--why", "a test")
    assert ended.err == "modemd: +33612345678 has not opted out\n"


def test_a_socket_without_permission_is_reported(modemd: Modemd, config: Path) -> None:
    """A path that is no socket is an error with its name, not a command that does the work a second time."""
    folder = config.parent / "modemd.sock"
    folder.mkdir()
    (folder / "below").touch()
    text = config.read_text(encoding="utf-8") + f"socket: {folder / 'below' / 'door.sock'}\n"
    config.write_text(text, encoding="utf-8")
    ended = modemd(*SEND)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.endswith("door.sock: Not a directory\n")


@pytest.mark.parametrize("body", [b"", b"hello", b"\xff"])
def test_an_answer_without_json_is_an_error(body: bytes) -> None:
    """What does not speak JSON is no daemon of ours."""
    with pytest.raises(Refused, match="answered 200 without JSON") as refused:
        client.parse_response(200, body)
    assert refused.value.code == "bad_answer"


def test_an_error_is_raised_with_its_code() -> None:
    """The API's errors come back as they were raised there."""
    with pytest.raises(Refused, match="no such thing") as refused:
        client.parse_response(
            404, b'{"type": "urn:modemd:error:not_found", "code": "not_found", "detail": "no such thing"}'
        )
    assert refused.value.code == "not_found"
