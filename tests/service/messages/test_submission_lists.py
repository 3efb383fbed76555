"""Messages to a list of subscribers: from the request to the row, by every way in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from modemd.errors import ErrorCode, Refused
from modemd.service.calendar.recurring import ScheduleRequest
from modemd.service.messages.csv_rows import BadRows, FileOptions
from modemd.service.messages.submission import MessageRequest
from tests.service.assembled import AssembledService, assembled_service

ALICE, BOB = "+33612345678", "+33698765432"
CONSENT = {"lists": {"promo": {"title": "Offers"}, "news": {"title": "News"}}}


@pytest.fixture
async def listed(tmp_path: Path) -> AsyncIterator[AssembledService]:
    """A service with two lists."""
    async with assembled_service(tmp_path, country="FR", consent=CONSENT) as assembled:
        yield assembled


async def rows(assembled: AssembledService) -> list[tuple[str, str | None]]:
    """The numbers of all messages, with their lists."""
    found = await assembled.store.read(lambda db: db.execute("SELECT number, list FROM message ORDER BY id").fetchall())
    return [(row["number"], row["list"]) for row in found]


async def test_a_message_carries_its_list(listed: AssembledService) -> None:
    """The answer and the history show it."""
    result = await listed.service.messages.submission.submit(MessageRequest(ALICE, "x", "marketing", list_name="promo"))
    assert result.message.list_name == "promo"
    history = await listed.service.messages.histories.describe(result.message.id)
    assert history.message.list_name == "promo"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (MessageRequest(ALICE, "x", "marketing", list_name="other"), ErrorCode.UNKNOWN_LIST),
        (MessageRequest(ALICE, "x", "marketing", list_name=""), ErrorCode.UNKNOWN_LIST),
        (MessageRequest(ALICE, "x", "transactional", list_name="promo"), ErrorCode.LIST_NOT_ALLOWED),
    ],
    ids=["unknown", "empty", "no marketing"],
)
async def test_a_list_must_be_known_and_is_for_marketing(
    listed: AssembledService, request_: MessageRequest, code: ErrorCode
) -> None:
    """Else nothing is stored."""
    with pytest.raises(Refused) as refused:
        await listed.service.messages.submission.submit(request_)
    assert refused.value.code is code
    assert await rows(listed) == []


async def test_the_rows_of_a_file_carry_their_lists(listed: AssembledService) -> None:
    """Their own, else that of the whole file."""
    options = FileOptions(text="x", message_class="marketing", list_name="promo")
    await listed.service.messages.batches.accept(f"to,list\n{ALICE},\n{BOB},news\n".encode(), None, options)
    assert await rows(listed) == [(ALICE, "promo"), (BOB, "news")]


async def test_a_row_with_an_unknown_list_rejects_the_file(listed: AssembledService) -> None:
    """It is a mistake of the file, named by its line."""
    with pytest.raises(BadRows, match=r"line 2.*no list 'other'"):
        await listed.service.messages.batches.accept(f"to,text,class,list\n{ALICE},x,marketing,other\n".encode())


async def test_a_recurring_send_carries_its_list(listed: AssembledService) -> None:
    """As each of its messages will."""
    request = MessageRequest("", "x", "marketing", list_name="promo")
    added = await listed.service.calendar.add(ScheduleRequest("weekly", "@daily", (ALICE,), request, late=False))
    assert added.schedule.list_name == "promo"
    shown = await listed.service.calendar.describe("weekly")
    assert shown.schedule.list_name == "promo"
