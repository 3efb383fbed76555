"""Long lists on the command line: cut with a word, and read row by row, from a daemon or without one."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from modemd.cli import lists
from modemd.cli.inbox import follow_inbox
from modemd.cli.lists import fetch_list
from modemd.config import load
from modemd.errors import Refused
from modemd.service import pages
from modemd.store import Store
from modemd.store.connection import connect
from modemd.store.inbound import inbox
from modemd.store.inbound.inbound_part import Arrival
from tests.cli.shell import Ended, Modemd
from tests.service.assembled import NOON

ALICE, BOB, WEST = "+33612345678", "+33698765432", "8933010000000000010"


def send(modemd: Modemd, *texts: str, to: str = ALICE) -> None:
    for text in texts:
        assert modemd("send", "--config", "FILE", "--to", to, "--text", text).status == 0


def ask(modemd: Modemd, command: str, *arguments: str) -> Ended:
    ended = modemd(command, "--config", "FILE", *arguments)
    assert (ended.status, ended.err) == (0, "")
    return ended


def arrives(folder: Path, sender: str, text: str) -> None:
    db = connect(folder / "modemd.db")
    arrival = Arrival(WEST, f"{sender}{text}".encode(), sender, "text", text, NOON)
    inbox.store_arrival(db, arrival, lambda tpdus: ("text", text), NOON)
    db.close()


def test_a_cut_list_says_so(modemd: Modemd) -> None:
    """People read how many there are; a list that is whole says nothing."""
    send(modemd, "a", "b", "c")
    assert ask(modemd, "messages", "--limit", "2").out.splitlines()[-1] == "2 of 3; --limit 0 shows all"
    for limit in ("3", "0"):
        assert " of 3" not in ask(modemd, "messages", "--limit", limit).out
    assert len(json.loads(ask(modemd, "messages", "--limit", "2", "--json").out)) == 2


def test_messages_are_found_by_number_class_and_time(modemd: Modemd) -> None:
    """As it is dialled; times are those of the configured zone."""
    send(modemd, "to alice")
    send(modemd, "to bob", to=BOB)
    for arguments in (("--to", "0612345678"), ("--to", ALICE, "--since", "2020-01-01", "--class", "transactional")):
        assert [row["text"] for row in json.loads(ask(modemd, "messages", "--json", *arguments).out)] == ["to alice"]
    assert ask(modemd, "messages", "--until", "2020-01-01").out == "no messages\n"
    assert modemd("messages", "--config", "FILE", "--since", "soon").err.startswith("modemd: 'soon' is not a time")


def test_what_is_not_there_is_an_error(modemd: Modemd) -> None:
    """A batch, a message or a report of an id that is none ends with 1, and is not an empty list."""
    send(modemd, "a")
    for command, arguments, said in (
        ("messages", ("--batch", "99"), "there is no batch 99"),
        ("messages", ("--id", "99"), "there is no message 99"),
        ("inbox", ("--id", "99", "--json"), "there is no inbound message 99"),
        ("reports", ("--id", "99"), "there is no report 99"),
    ):
        assert modemd(command, "--config", "FILE", *arguments) == Ended(1, "", f"modemd: {said}\n")


def test_one_message_is_shown_whole(modemd: Modemd) -> None:
    """A field a line, and nothing is cut."""
    send(modemd, "x" * 150)
    lines = ask(modemd, "messages", "--id", "1").out.splitlines()
    assert "to              +33612345678" in lines
    assert f"text            {'x' * 150}" in lines


def test_a_thread_is_read_and_answered(modemd: Modemd, tmp_path: Path) -> None:
    """What came in is answered by its id; then the number is erased, and the command says what is kept."""
    assert "nothing was sent to 0612345678" in ask(modemd, "thread", "0612345678").out
    arrives(tmp_path, ALICE, "open today?")
    replied = modemd("reply", "--config", "FILE", "1", "--text", "until six")
    assert replied.out.startswith("message 1 queued")
    assert replied.err.startswith("warning: SIM")  # no modem had it in this test
    heading, first, second = ask(modemd, "thread", "0612345678").out.splitlines()
    assert heading.split() == ["at", "way", "id", "state", "text"]
    assert (first.split()[2], second.split()[2]) == ("in", "out")
    assert modemd("erase", "--config", "FILE", ALICE).status == 2  # without a reason
    assert ask(modemd, "erase", "0612345678", "--why", "asked").out.splitlines() == [
        f"{ALICE} is erased from 0 messages, 1 inbound messages, 0 other reports",
        "kept: 1 message not ended yet: cancel, or erase again afterwards",
        "kept: backups and log files that were made before: delete them yourself",
    ]
    assert modemd("reply", "--config", "FILE", "1", "--text", "x").status == 1


class Enough(Exception):
    """The test has seen enough."""


def followed(config: Path, new: list[dict[str, Any]], since: str | None = None) -> list[str]:
    """The moments from which it asks."""
    asked: list[str] = []

    def answer(settings: object, query: dict[str, Any]) -> list[dict[str, Any]]:
        if asked:
            raise Enough
        asked.append(query["since"])
        return new

    with pytest.raises(Enough):
        follow_inbox(load(config), since, as_json=True, wait=lambda seconds: None, ask=answer)
    return asked


def test_following_begins_with_what_is_new(
    modemd: Modemd, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Old messages are not printed again; with --since they are, from then on."""
    send(modemd, "makes the database")
    arrives(tmp_path, ALICE, "old")
    old = json.loads(ask(modemd, "inbox", "--json").out)
    new = [{**old[0], "id": 2, "text": "new"}]
    assert followed(config, [*old, *new]) == [old[0]["seen_at"]]
    assert [json.loads(line)["text"] for line in capsys.readouterr().out.splitlines()] == ["new"]
    followed(config, [*old, *new], since="2020-01-01T00:00:00+00:00")
    assert [json.loads(line)["text"] for line in capsys.readouterr().out.splitlines()] == ["old", "new"]


def test_following_begins_behind_the_last_that_was_seen(modemd: Modemd, config: Path, tmp_path: Path) -> None:
    """A long message that was complete after newer ones is old too."""
    send(modemd, "makes the database")
    for text in ("long", "newer"):
        arrives(tmp_path, ALICE, text)
    db = connect(tmp_path / "modemd.db")
    db.execute("UPDATE inbox SET shown_at = '2026-11-23T12:00:00.000000+00:00' WHERE id = 1")
    db.close()
    assert followed(config, []) == ["2026-11-23T12:00:00.000000+00:00"]


def row(id: int) -> bytes:
    return json.dumps({"id": id}).encode() + b"\n"


@pytest.fixture
def cutting(config: Path) -> Iterator[list[str]]:
    """A daemon that ends its first answer in the middle; the targets that it was asked for."""
    asked: list[str] = []
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(load(config).socket))
    server.listen()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/jsonl\r\nTransfer-Encoding: chunked\r\n\r\n"

    def serve() -> None:
        for rows, end in ((row(9) + row(8)[:4], b""), (row(8) + row(7), b"0\r\n\r\n")):
            client, _ = server.accept()
            with client:
                asked.append(client.recv(65536).split()[1].decode())
                client.sendall(head + b"%x\r\n%s\r\n" % (len(rows), rows) + end)

    thread = threading.Thread(target=serve)
    thread.start()
    yield asked
    server.close()
    thread.join(10)


def test_an_answer_that_was_cut_goes_on_behind_the_last_row(cutting: list[str], config: Path) -> None:
    """A reader that pauses for long makes the daemon hang up; no row is lost and none comes twice."""
    found = fetch_list(load(config), "/v1/messages", {"limit": 3})
    assert [each["id"] for each in found.rows] == [9, 8, 7]
    assert cutting == ["/v1/messages?limit=3", "/v1/messages?limit=2&before=9"]


def test_a_list_in_order_of_time_cannot_go_on(cutting: list[str], config: Path) -> None:
    """Its ids do not say where it was: that is an error, and not a shorter list."""
    query = {"since": "2020-01-01T00:00:00Z"}
    with pytest.raises(Refused, match="ended in the middle"):
        list(fetch_list(load(config), "/v1/inbox", query).rows)
    list(fetch_list(load(config), "/v1/inbox", {}).rows)  # the second answer


def test_the_api_and_its_client_mean_the_same() -> None:
    """The words are written in both, since no face imports the other for a word."""
    from modemd.api import lists as served

    assert (served.JSON_LINES, served.TOTAL) == (lists.JSON_LINES, lists.TOTAL)


def test_an_error_names_local_times(modemd: Modemd, config: Path) -> None:
    """The API says when in UTC; a person reads the time of the configured zone."""
    config.write_text(config.read_text(encoding="utf-8") + "timezone: Asia/Tokyo\n", encoding="utf-8")
    ended = modemd("send", "--config", "FILE", "--to", ALICE, "--text", "x", "--at", "2026-01-02T03:04:05")
    assert ended.err.startswith("modemd: 2026-01-02 03:04:05 is in the past")


def test_a_later_time_is_told_as_it_was_typed(modemd: Modemd, config: Path) -> None:
    """Input and answer are both local."""
    config.write_text(config.read_text(encoding="utf-8") + "timezone: Europe/Paris\n", encoding="utf-8")
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d")
    said = ask(modemd, "send", "--to", ALICE, "--text", "x", "--at", f"{tomorrow} 09:00").out
    assert said == f"message 1 held until {tomorrow} 09:00:00 (1 part)\n"


def test_a_list_whose_reader_leaves_is_let_go(modemd: Modemd, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`| head` closes the output in the middle: the database is free for the next command, and nothing hangs."""
    monkeypatch.setattr(pages, "ROWS_PER_PAGE", 1)
    send(modemd, *"abcdef")

    def close_early(rows: Iterable[Any], *arguments: Any, **more: Any) -> int:
        next(iter(rows))
        raise BrokenPipeError

    with monkeypatch.context() as patch:
        patch.setattr(lists, "print_rows", close_early)
        patch.setattr(sys, "stderr", io.StringIO())
        assert modemd("messages", "--config", "FILE", "--limit", "0").status == 1
    assert len([thread for thread in threading.enumerate() if thread.name.startswith("store")]) == 0
    send(modemd, "g")


def test_a_list_that_is_left_ends_before_its_database_is_closed(
    modemd: Modemd, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a daemon, `| head` leaves a request that still reads: it must not meet a closed database, and print a traceback."""
    monkeypatch.setattr(pages, "ROWS_PER_PAGE", 1)
    send(modemd, *"abcdef")
    left: list[int] = []
    close = Store.close

    async def watch(store: Store) -> None:
        left.append(len(asyncio.all_tasks() - {asyncio.current_task()}))
        await close(store)

    monkeypatch.setattr(Store, "close", watch)
    found = fetch_list(load(config), "/v1/messages", {"limit": 0})
    assert next(found.rows)["text"] == "f"
    found.rows.close()  # type: ignore[attr-defined] # a generator
    assert left == [0]
