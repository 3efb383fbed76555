"""The door for messages: what is checked, what is kept, and what is answered."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from modemd.errors import Refused
from modemd.modem.modem import Modem
from modemd.rules.classes import MessageClass
from modemd.service.messages.csv_rows import BadRows
from modemd.service.messages.submission import MessageRequest
from modemd.store import sims
from modemd.store.rows import MessageRow
from tests.service.assembled import NOON, AssembledService, all_rows

ALICE, BOB = "+33612345678", "+33698765432"


async def stored(assembled: AssembledService) -> list[MessageRow]:
    return await all_rows(await assembled.service.messages.histories.list_messages(limit=0))


async def test_the_answer_is_what_is_stored(assembled: AssembledService) -> None:
    """A message is durable when it is answered, and the answer is its row."""
    answer = await assembled.service.messages.submission.submit(MessageRequest("06 12 34 56 78", "hello"))
    assert [answer.message] == await stored(assembled)
    assert (answer.message.recipient, answer.message.state, answer.is_repeat) == (ALICE, "queued", False)


@pytest.mark.parametrize("message_class", ["alarm", "otp", "transactional", "conversational", "marketing"])
async def test_validity_counts_from_the_start(assembled: AssembledService, message_class: str) -> None:
    """A message is valid for as long as its class says, from now, or from the time it was wished for."""
    lasts = assembled.settings.validity.of(message_class)
    now = await assembled.service.messages.submission.submit(MessageRequest(ALICE, "hello", message_class))
    later = await assembled.service.messages.submission.submit(
        MessageRequest(ALICE, "hello", message_class, at="2026-11-23T13:00")
    )
    assert now.message.expires_at == (NOON + lasts).isoformat("T", "microseconds")
    assert later.message.expires_at == (NOON + timedelta(days=1) + lasts).isoformat("T", "microseconds")


async def test_a_time_just_past_is_now(assembled: AssembledService) -> None:
    """A start time half a minute ago does not shorten the validity."""
    answer = await assembled.service.messages.submission.submit(
        MessageRequest(ALICE, "hello", at="2026-11-22T12:59:30")
    )
    lasts = assembled.settings.validity.of(MessageClass.TRANSACTIONAL)
    assert answer.message.state == "queued"
    assert answer.message.expires_at == (NOON + lasts).isoformat("T", "microseconds")


@pytest.mark.parametrize(
    ("text", "parts"),
    [("x" * 160, 1), ("x" * 161, 2), ("é" * 160, 1), ("😀" * 35, 1), ("😀" * 36, 2)],
    ids=["one part", "two parts", "é is GSM", "35 emoji", "36 emoji"],
)
async def test_parts_are_counted(assembled: AssembledService, text: str, parts: int) -> None:
    """What a text takes on the air is known when it is accepted."""
    assert (await assembled.service.messages.submission.submit(MessageRequest(ALICE, text))).message.parts == parts


@pytest.mark.parametrize(("report", "kept"), [(None, 0), (True, 1), (False, 0)])
async def test_reports_are_as_configured_unless_said(
    assembled: AssembledService, report: bool | None, kept: int
) -> None:
    """A message says for itself whether it wants a delivery report, or leaves it to the configuration."""
    await assembled.service.messages.submission.submit(MessageRequest(ALICE, "hello", report=report))
    assert await assembled.store.read(lambda db: db.execute("SELECT report FROM message").fetchone()["report"]) == kept


async def test_a_submit_wakes_who_waits(assembled: AssembledService, monkeypatch: pytest.MonkeyPatch) -> None:
    """A queued message wakes the modems; a key that was known does not, nor does what was refused."""
    woken: list[str] = []
    monkeypatch.setattr(Modem, "wake", lambda modem: woken.append("wake"))
    await assembled.service.messages.submission.submit(MessageRequest(ALICE, "hello", key="k"))
    assert woken == ["wake"]
    await assembled.service.messages.submission.submit(MessageRequest(ALICE, "hello", key="k"))
    await assembled.stop_word(BOB)
    await assembled.service.messages.submission.submit(MessageRequest(BOB, "offer", "marketing"))
    assert woken == ["wake"]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        pytest.param(MessageRequest("+336", "x"), "not_possible", id="number"),
        pytest.param(MessageRequest("17", "x"), "emergency_number", id="emergency"),
        pytest.param(MessageRequest(ALICE, "x", "system"), "bad_class", id="class"),
        pytest.param(MessageRequest(ALICE, ""), "empty_text", id="no text"),
        pytest.param(MessageRequest(ALICE, "x" * 153 * 256), "bad_text", id="text"),
        pytest.param(MessageRequest(ALICE, "x", at="soon"), "bad_time", id="time"),
        pytest.param(MessageRequest(ALICE, "x", key="k" * 201), "bad_key", id="key"),
    ],
)
async def test_what_is_refused_is_not_stored(assembled: AssembledService, request_: MessageRequest, code: str) -> None:
    """A request that cannot be is an answer with a code, at once, and leaves no row."""
    with pytest.raises(Refused) as refused:
        await assembled.service.messages.submission.submit(request_)
    assert refused.value.code == code
    assert await stored(assembled) == []


async def test_rows_are_accepted_together(assembled: AssembledService) -> None:
    """A CSV gives messages in the order of its rows; empty `at` and `key` mean none."""
    text = f'class,to,text,key,at\notp,{ALICE},one,,\nmarketing,{BOB},"two, with\n a line",k,2026-11-23T13:00\n'
    await assembled.service.messages.batches.accept(("\ufeff" + text).encode())
    messages = (await stored(assembled))[::-1]
    assert [message.text for message in messages] == ["one", "two, with\n a line"]
    assert [message.key for message in messages] == [None, "k"]
    assert [message.state for message in messages] == ["queued", "held"]


async def test_a_refused_row_is_kept_among_the_others(assembled: AssembledService) -> None:
    """Consent refuses a row, not the file."""
    await assembled.stop_word(BOB)
    await assembled.service.messages.batches.accept(f"to,text,class\n{BOB},x,marketing\n{ALICE},x,marketing\n".encode())
    assert [message.state for message in (await stored(assembled))[::-1]] == ["refused", "queued"]


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        pytest.param("", ["line 1: no column to, no column text, no column class; the columns are"], id="empty"),
        pytest.param("to,text,class\n", ["line 1: there are no rows"], id="no rows"),
        pytest.param("to,text\n+33612345678,x\n", ["line 1: no column class; the columns are"], id="no class"),
        pytest.param(
            "to,text,colour\n",
            ["line 1: no column class, unknown column 'colour'; the columns are"],
            id="unknown column",
        ),
        pytest.param(
            "to,text,class\n1,2,3,4\n+33612345678,x\nnobody,x,otp\n+33612345678,x,\n",
            [
                "line 2: has 4 fields, the first line 3",
                "line 3: has 2 fields, the first line 3",
                "line 4: 'nobody' is not",
                "line 5: '' is no class",
            ],
            id="every bad row",
        ),
        pytest.param(
            'to,text,class\n+33612345678,ok,otp\n+33612345678,"x\ny\n',
            ["line 3: unexpected end of data, in the row that begins here"],
            id="a quotation without end",
        ),
        pytest.param("to,text,class,to\n", ["line 1: column to twice; the columns are"], id="a column twice"),
    ],
)
async def test_malformed_rows_reject_the_file(assembled: AssembledService, text: str, problems: list[str]) -> None:
    """Every row that is wrong is named by its line with the reason, and nothing of the file is accepted."""
    with pytest.raises(BadRows) as refused:
        await assembled.service.messages.batches.accept(text.encode())
    found = sorted(refused.value.problems)
    assert len(found) == len(problems)
    for line, beginning in zip(found, problems, strict=True):
        assert line.startswith(beginning)
    assert await stored(assembled) == []


async def test_a_key_that_is_taken_rejects_all_rows(assembled: AssembledService) -> None:
    """One commit holds a file: a row whose key belongs to other content takes the whole back."""
    await assembled.service.messages.submission.submit(MessageRequest(ALICE, "first", key="k"))
    with pytest.raises(Refused, match="'k' belongs to message 1"):
        await assembled.service.messages.batches.accept(
            f"to,text,class,key\n{BOB},x,otp,new\n{ALICE},other,otp,k\n".encode()
        )
    assert len(await stored(assembled)) == 1


async def test_a_message_may_name_its_sim(assembled: AssembledService) -> None:
    """Then it is that SIM's alone. A SIM that was never met is warned of, since it may be put in later; what is no ICCID is
    refused."""
    answer = await assembled.service.messages.submission.submit(
        MessageRequest("+33612345678", "hello", sim="8933010000000000010")
    )
    sql = "SELECT l.home FROM part p JOIN lane l ON l.id = p.lane WHERE l.kind = 'sender'"
    lanes = await assembled.store.read(lambda db: [row["home"] for row in db.execute(sql)])
    assert (answer.message.state, lanes) == ("queued", ["8933010000000000010"])
    assert [warning.split(":")[0] for warning in answer.warnings] == ["SIM 8933010000000000010 was never met"]
    await assembled.store.write(
        lambda db: sims.record_sim(db, "8933010000000000010", None, None, "351234050000017", assembled.clock.now())
    )
    met = await assembled.service.messages.submission.submit(
        MessageRequest("+33612345678", "again", sim="8933010000000000010")
    )
    assert met.warnings == ()
    with pytest.raises(Refused, match="no ICCID"):
        await assembled.service.messages.submission.submit(MessageRequest("+33612345678", "hello", sim="west"))


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        pytest.param("a\x1ab", "bad_text", "U+001A at character 1", id="Ctrl-Z"),
        pytest.param("ab\x1b", "bad_text", "U+001B at character 2", id="escape"),
        pytest.param("\x07ab", "bad_text", "U+0007 at character 0", id="bell"),
        pytest.param("a\x00", "bad_text", "U+0000 at character 1", id="NUL"),
        pytest.param("a\x7f", "bad_text", "U+007F at character 1", id="delete"),
        pytest.param("a\x9b", "bad_text", "U+009B at character 1", id="a control of eight bits"),
        pytest.param("  \n\t ", "empty_text", "only blanks and invisible characters", id="blanks"),
        pytest.param("\u200b", "empty_text", "only blanks and invisible characters", id="zero width space"),
        pytest.param("\u2066\u00a0\u2069", "empty_text", "only blanks and invisible characters", id="isolates"),
        pytest.param("", "empty_text", "the text is empty", id="nothing"),
    ],
)
async def test_a_text_that_says_nothing_or_steers_is_refused(
    assembled: AssembledService, text: str, code: str, said: str
) -> None:
    """A control character is refused with its place, in one message and in a row of a file; so is a text without a letter."""
    with pytest.raises(Refused, match=re.escape(said)) as refused:
        await assembled.service.messages.submission.submit(MessageRequest(ALICE, text))
    assert refused.value.code == code
    with pytest.raises(BadRows, match=re.escape(said)):
        await assembled.service.messages.batches.accept(f'to,text,class\n{ALICE},"{text}",otp\n'.encode())
    assert await stored(assembled) == []


@pytest.mark.parametrize("text", ["a\tb", "a\r\nb", "a\fb", "\U0001f44d", "\ue000", "\u200f\u05d0", "."])
async def test_an_odd_text_that_says_something_is_taken(assembled: AssembledService, text: str) -> None:
    """Tabs, line ends, page breaks, emoji, private characters and marks of direction are sent as they are."""
    answer = await assembled.service.messages.submission.submit(MessageRequest(ALICE, text))
    assert answer.message.text == text


async def test_a_letter_and_its_accent_are_sent_as_one(assembled: AssembledService) -> None:
    """macOS writes é as two characters; as one it is in the GSM alphabet, and the text has one part instead of two."""
    answer = await assembled.service.messages.submission.submit(MessageRequest(ALICE, "cafe\u0301 " * 20))
    assert (answer.message.text, answer.message.parts) == ("caf\u00e9 " * 20, 1)
