"""Files of many rows: staged, accepted by one commit, promoted by a task; nobody waits for them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from modemd.client_work import is_for_client
from modemd.errors import Refused
from modemd.modem.modem import Modem
from modemd.service.messages import batches as messages_batches
from modemd.service.messages.checked_file import CheckedFile
from modemd.service.messages.csv_rows import MOST_EMPTY, MOST_PROBLEMS, BadRows, FileOptions
from modemd.service.messages.history import MessageSearch
from modemd.service.messages.submission import LONGEST_TEXT, MessageRequest
from modemd.store.outbox import batches
from tests.service.assembled import AssembledService, all_rows, assembled_service

ALICE = "+33612345678"
ROWS = 175


def file(rows: int = ROWS, bad: tuple[int, ...] = (), text: str = "row") -> bytes:
    """A CSV; the `bad` rows have no number."""
    lines = (f"{'nobody' if row in bad else f'+336{row:08d}'},{text} {row},transactional\n" for row in range(rows))
    return ("to,text,class\n" + "".join(lines)).encode()


async def counted(assembled: AssembledService, sql: str) -> int:
    return int(await assembled.store.read(lambda db: db.execute(sql).fetchone()[0]))


@contextlib.asynccontextmanager
async def promoting(assembled: AssembledService) -> AsyncIterator[None]:
    """While the block runs, so does the task; and then until nothing is left to do."""
    task = asyncio.create_task(assembled.service.messages.batches.run())
    try:
        yield
        while await counted(assembled, "SELECT count(*) FROM batch WHERE state <> 'promoted'"):  # noqa: ASYNC110 - a moment
            await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.mark.parametrize(
    ("body", "least"),
    [
        pytest.param(
            b"to,text,class\n" + b"+33612345678,%b,otp\n" % (b"x" * LONGEST_TEXT) * 100, 100, id="longest texts"
        ),
        pytest.param(b"\n" * MOST_EMPTY, MOST_EMPTY // 1000, id="line ends"),
        pytest.param(b"to,text,class\n" + b",,\n" * MOST_EMPTY, MOST_EMPTY // 1000, id="rows without a value"),
        pytest.param(b"to,text,class\n" + b"+33612345678,x,otp\n" * 1000, 90, id="short rows"),
    ],
)
async def test_the_loop_does_other_work_while_rows_are_checked(
    assembled: AssembledService, body: bytes, least: int
) -> None:
    """Between two turns of the loop there is one text, ten short rows, or a thousand rows without a value at the most."""
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    with contextlib.suppress(Refused):
        await assembled.service.messages.batches.accept(body)
    counting.cancel()
    assert turns >= least


async def test_a_large_file_is_accepted_before_it_is_promoted(assembled: AssembledService) -> None:
    """The answer counts all rows and names the ids of their messages; the task makes them, in order."""
    answer = await assembled.service.messages.batches.accept(file())
    assert (answer.batch.state, answer.batch.accepted, answer.batch.promoted, answer.messages) == (
        "accepted",
        ROWS,
        0,
        {},
    )
    assert (answer.batch.first_message, answer.batch.last_message) == (1, ROWS)
    async with promoting(assembled):
        pass
    search = MessageSearch(batch=answer.batch.id)
    found = await all_rows(await assembled.service.messages.histories.list_messages(search, limit=0))
    assert [(message.id, message.text) for message in found[::-1]] == [(n + 1, f"row {n}") for n in range(ROWS)]
    assert (await assembled.service.messages.batches.describe(answer.batch.id)).messages == {"queued": ROWS}


async def test_a_file_of_one_step_is_one_commit(assembled: AssembledService) -> None:
    """Its messages are there when it is answered, though no task runs: as where a command finds no daemon."""
    answer = await assembled.service.messages.batches.accept(file(batches.ROWS_PER_STEP))
    assert (answer.batch.state, answer.messages) == ("promoted", {"queued": batches.ROWS_PER_STEP})


@pytest.mark.parametrize("bad", [(0,), (60,), (ROWS - 1,), (3, 70, 160)], ids=["first", "middle", "last", "several"])
async def test_a_bad_row_anywhere_leaves_nothing(assembled: AssembledService, bad: tuple[int, ...]) -> None:
    """All bad rows are named, whatever was staged before them is cleared away, and no message is made."""
    with pytest.raises(BadRows) as refused:
        await assembled.service.messages.batches.accept(file(bad=bad))
    assert [problem.partition(":")[0] for problem in refused.value.problems] == [f"line {row + 2}" for row in bad]
    async with promoting(assembled):
        pass
    for table in ("staged", "batch", "message"):
        assert await counted(assembled, f"SELECT count(*) FROM {table}") == 0


async def test_a_file_that_is_wrong_all_over_is_not_read_to_its_end(assembled: AssembledService) -> None:
    """So many problems are told, and that there is more."""
    rows = MOST_PROBLEMS + 200
    with pytest.raises(BadRows) as refused:
        await assembled.service.messages.batches.accept(file(rows, bad=tuple(range(rows))))
    assert len(refused.value.problems) == MOST_PROBLEMS + 1
    assert "there is more" in refused.value.problems[-1]


async def test_nobody_waits_for_a_file(assembled: AssembledService) -> None:
    """Single messages and small files that come while a large one is staged are answered before it."""
    async with promoting(assembled):
        large = asyncio.ensure_future(assembled.service.messages.batches.accept(file(2000)))
        while not await counted(assembled, "SELECT count(*) FROM staged"):  # noqa: ASYNC110 - a moment
            await asyncio.sleep(0)
        await assembled.service.messages.submission.submit(MessageRequest(ALICE, "alarm", "alarm"))
        await assembled.service.messages.batches.accept(file(3, text="small"))
        assert not large.done()
        assert (await large).batch.accepted == 2000


async def test_large_files_are_staged_one_behind_the_other(assembled: AssembledService) -> None:
    """Two that come together are both accepted whole."""
    async with promoting(assembled):
        answers = await asyncio.gather(
            assembled.service.messages.batches.accept(file()),
            assembled.service.messages.batches.accept(file(text="other")),
        )
    assert [(await assembled.service.messages.batches.describe(answer.batch.id)).messages for answer in answers] == [
        {"queued": ROWS}
    ] * 2


async def test_promotion_wakes_who_waits(assembled: AssembledService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step that queues something does."""
    woken: list[str] = []
    monkeypatch.setattr(Modem, "wake", lambda modem: woken.append("wake"))
    async with promoting(assembled):
        await assembled.service.messages.batches.accept(file())
    assert len(woken) >= ROWS // batches.ROWS_PER_STEP


@pytest.mark.parametrize("rest_s", [60, 0.001])
async def test_whoever_sends_a_file_goes_before_promotion(
    assembled: AssembledService, monkeypatch: pytest.MonkeyPatch, rest_s: float
) -> None:
    """While a file is accepted, promotion makes one step and rests; but not for ever."""
    room, goes_on = assembled.service.messages.batches, asyncio.Event()
    await room.accept(file())
    open_file = room.open_file

    async def open_late(body: bytes, options: FileOptions) -> CheckedFile:
        await goes_on.wait()
        return await open_file(body, options)

    monkeypatch.setattr(room, "open_file", open_late)
    monkeypatch.setattr(messages_batches, "LONGEST_REST_S", rest_s)
    accepting = asyncio.create_task(room.accept(file(1)))
    await asyncio.sleep(0)
    async with promoting(assembled):
        if rest_s < 1:
            while await counted(assembled, "SELECT count(*) FROM message") < ROWS:  # noqa: ASYNC110 - a moment
                await asyncio.sleep(0.01)
        else:
            await asyncio.sleep(0.2)
            assert await counted(assembled, "SELECT count(*) FROM message") == batches.ROWS_PER_STEP
        goes_on.set()
        await accepting
    assert await counted(assembled, "SELECT count(*) FROM message") == ROWS + 1


async def test_a_known_file_is_answered_again(assembled: AssembledService) -> None:
    """A client that lost the answer asks again, with its key, and gets the same batch."""
    first = await assembled.service.messages.batches.accept(file(), "k")
    again = await assembled.service.messages.batches.accept(file(), "k")
    assert (again.batch.id, again.is_repeat, again.estimate) == (first.batch.id, True, None)
    with pytest.raises(Refused, match="another file"):
        await assembled.service.messages.batches.accept(file(ROWS - 1), "k")
    with pytest.raises(Refused, match="1 to 200"):
        await assembled.service.messages.batches.accept(file(), "k" * 201)


async def test_the_loop_is_not_held_up(assembled: AssembledService) -> None:
    """Between two turns of the loop few rows are checked, so that an answer of a modem never waits for a file."""
    turns: list[int] = []
    checks = 0
    check = assembled.service.messages.submission.check

    def counting(request: MessageRequest) -> Any:
        nonlocal checks
        checks += 1
        return check(request)

    async def turn() -> None:
        nonlocal checks
        while True:
            turns.append(checks)
            checks = 0
            await asyncio.sleep(0)

    assembled.service.messages.submission.check = counting  # type: ignore[method-assign]
    turning = asyncio.create_task(turn())
    await assembled.service.messages.batches.accept(file(500))
    turning.cancel()
    assert sum(turns) + checks == 500
    assert max(turns) <= messages_batches.CHECKED_AT_ONCE


async def test_a_file_with_invisible_marks_round_its_numbers(assembled: AssembledService) -> None:
    """As a telephone copies a contact, or a table of two directions keeps it: each is the number that one sees."""
    rows = "to,text,class\n\u202a+33612345678\u202c,hello,transactional\n\u2068tel:+33612345679\u2069,hello,transactional\n"
    answer = await assembled.service.messages.batches.accept(rows.encode())
    assert answer.messages == {"queued": 2}
    assert (
        await counted(assembled, "SELECT count(*) FROM message WHERE number IN ('+33612345678', '+33612345679')") == 2
    )


async def test_the_same_key_with_other_options_is_refused(assembled: AssembledService) -> None:
    """The options of a file belong to what its key stands for; without a key, or with another, it is a new batch."""
    numbers = b"to\n+33612345678\n"
    hello, bye = FileOptions(text="hello", message_class="otp"), FileOptions(text="bye", message_class="otp")
    first = await assembled.service.messages.batches.accept(numbers, "k", hello)
    with pytest.raises(Refused, match="the same file with other options") as refused:
        await assembled.service.messages.batches.accept(numbers, "k", bye)
    assert refused.value.code == "key_reused"
    second = await assembled.service.messages.batches.accept(numbers, "other", bye)
    assert (first.batch.id, second.batch.id) == (1, 2)


async def test_a_file_that_came_before_is_warned_of(assembled: AssembledService) -> None:
    """The same octets are the same file, whatever the options; what was refused does not count."""
    with pytest.raises(BadRows):
        await assembled.service.messages.batches.accept(file(bad=(0,)))
    accept = assembled.service.messages.batches.accept
    assert [(await accept(file())).warnings, (await accept(file(), "k")).warnings] == [
        (),
        ("the same file was accepted before, as batch 1; with a key of its own (--key) a file is accepted only once",),
    ]


REPEATED = b"to,text,class\n+33612345678,a,otp\n0612345679,b,otp\n06 12 34 56 78,c,otp\n+33612345679,d,otp\n"


async def test_numbers_that_a_file_has_twice_are_warned_of(assembled: AssembledService) -> None:
    """Two spellings are one number; both rows are sent, and a person is told where they are."""
    answer = await assembled.service.messages.batches.accept(REPEATED)
    assert answer.batch.rows == 4
    assert answer.warnings == (
        "2 rows have a number of an earlier row (line 4: +33612345678, line 5: +33612345679); to send each number once, say so "
        "(--dedupe)",
    )


async def test_each_number_is_sent_once_if_that_is_asked_for(assembled: AssembledService) -> None:
    """The first row of each number is sent, the others are counted."""
    answer = await assembled.service.messages.batches.accept(REPEATED, options=FileOptions(once_per_number=True))
    assert (answer.batch.rows, answer.left_out) == (2, 2)
    assert answer.warnings[0].endswith("left out, each number gets one message")
    messages = await all_rows(await assembled.service.messages.histories.list_messages(limit=0))
    assert sorted(message.text for message in messages) == ["a", "b"]


async def test_a_key_that_two_rows_have_is_named_with_both_lines(assembled: AssembledService) -> None:
    """With other content it is a mistake; with the same it is one message."""
    rows = b"to,text,class,key\n+33612345678,a,otp,k\n+33612345678,a,otp,k\n+33612345678,b,otp,k\n"
    with pytest.raises(BadRows) as refused:
        await assembled.service.messages.batches.accept(rows)
    assert refused.value.problems == ("line 4: key 'k' is on line 2 too, with other content",)
    answer = await assembled.service.messages.batches.accept(rows.rpartition(b"+")[0])
    assert (answer.batch.rows, answer.batch.again) == (2, 1)


async def test_a_key_of_another_message_is_named_with_its_line(assembled: AssembledService) -> None:
    """What the database knows of a key is told beside the line that has it."""
    await assembled.service.messages.submission.submit(MessageRequest(ALICE, "first", key="k"))
    rows = f"to,text,class,key\n{ALICE},ok,otp,\n{ALICE},second,otp,k\n".encode()
    with pytest.raises(Refused, match=r"^line 3: idempotency key 'k' belongs to message 1"):
        await assembled.service.messages.batches.accept(rows)


async def test_rows_of_a_large_file_keep_their_sim_and_window(assembled: AssembledService) -> None:
    """What is staged loses nothing on the way to its message."""
    options = FileOptions(window="00:00-23:59", sim="8933010000000000010")
    async with promoting(assembled):
        await assembled.service.messages.batches.accept(file(), options=options)
    sql = "SELECT count(*) FROM message WHERE pinned = '8933010000000000010' AND window LIKE '00:00-23:59 %'"
    assert await counted(assembled, sql) == ROWS


async def test_a_time_of_the_day_is_one_for_the_whole_file(tmp_path: Path) -> None:
    """The next 12:01 is the same for all rows, even if that minute passes while they are checked; the key knows the option."""
    options = FileOptions(at="12:01")
    async with assembled_service(tmp_path, timezone="UTC") as assembled:
        accepting = assembled.service.messages.batches
        found = await accepting.open_file(file(), options)
        assert found.options.at == "2026-11-22T12:01:00+00:00"
        with pytest.raises(Refused, match="is not a time") as refused:
            await accepting.accept(file(), options=FileOptions(at="soon"))
        assert refused.value.code == "bad_time"
        first = await accepting.accept(file(), "k", options)
        assembled.clock.passes(days=1)
        assert (await accepting.accept(file(), "k", options)).batch.id == first.batch.id


async def test_modems_do_not_wait_for_a_batch_that_becomes_messages(
    assembled: AssembledService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is a change for clients, behind those that modems wait for, though a task of the daemon makes it."""
    await assembled.service.messages.batches.accept(file())
    write, marked = assembled.store.write, []

    async def note(change: Any) -> Any:
        marked.append(is_for_client())
        return await write(change)

    monkeypatch.setattr(assembled.store, "write", note)
    while await assembled.service.messages.batches.run_step():
        pass
    assert len(marked) > 2
    assert all(marked)
