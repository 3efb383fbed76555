"""Pages of a list, by the official SDK and by hand."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from twilio.base.exceptions import TwilioException

from tests.api.twilio.door import TwilioDoor
from tests.service.assembled import AssembledService
from tests.service.twilio.own_sims import ALICE, WEST_NUMBER, arrive


async def add_some(door: TwilioDoor, count: int) -> None:
    """Messages of both directions; each second one in the same moment as the one before."""
    for number in range(count):
        if number % 2:
            await arrive(door.assembled, text=f"text {number}")
        else:
            door.assembled.clock.passes(minutes=1)
            await send(door, f"text {number}")


async def send(door: TwilioDoor, body: str) -> None:
    await door.call(lambda client: client.messages.create(to=ALICE, from_=WEST_NUMBER, body=body))


async def get(door: TwilioDoor, uri: str, **query: Any) -> tuple[int, dict[str, Any]]:
    """Status and document of an answer."""
    client = door.client()

    def ask() -> tuple[int, dict[str, Any]]:
        answer = client.http_client.session.get(f"{door.base_url}{uri}", params=query, auth=client.auth)
        return answer.status_code, answer.json()

    return await asyncio.to_thread(ask)


@pytest.mark.parametrize("size", [1, 2, 3])
async def test_pages_are_the_same_from_both_sides(door: TwilioDoor, size: int) -> None:
    """Though messages come meanwhile, which are before the first page then."""
    await add_some(door, 7)
    there: list[list[str]] = []
    back: list[list[str]] = []

    def read(client: Any) -> None:
        page = client.messages.page(page_size=size)
        assert page.previous_page_url is None
        while page is not None:
            there.append([each.body for each in page])
            last, page = page, page.next_page()
        client.messages.create(to=ALICE, from_=WEST_NUMBER, body="meanwhile")
        page = last.previous_page()
        while page is not None:
            back.append([each.body for each in page])
            assert page.next_page_url is not None
            page = page.previous_page()

    await door.call(read)
    assert sorted(body for page in there for body in page) == [f"text {number}" for number in range(7)]
    assert back == [*there[-2::-1], ["meanwhile"]]


async def test_a_page_begins_where_the_one_before_ended(door: TwilioDoor) -> None:
    """By the URIs alone: each keeps the filters, and tells the number that the client counts."""
    await add_some(door, 6)
    path = f"/2010-04-01/Accounts/{door.account}/Messages.json"
    status, first = await get(door, path, PageSize=2, To=ALICE)
    assert (status, first["previous_page_uri"], first["page"]) == (200, None, 0)
    _, second = await get(door, first["next_page_uri"])
    assert (second["page"], second["start"], second["end"], second["next_page_uri"]) == (1, 2, 2, None)
    _, again = await get(door, second["previous_page_uri"])
    assert [each["sid"] for each in again["messages"]] == [each["sid"] for each in first["messages"]]
    assert (again["page"], again["next_page_uri"]) == (0, first["next_page_uri"])
    for uri in (second["first_page_uri"], second["uri"], again["uri"]):
        assert "To=%2B33612345678" in uri
        assert (await get(door, uri))[0] == 200
    _, begin = await get(door, second["first_page_uri"])
    assert begin["messages"] == first["messages"]


async def test_a_deleted_message_moves_no_page(door: TwilioDoor) -> None:
    """A page goes on behind a place, and not behind so many messages."""
    await add_some(door, 3)
    await door.call(lambda client: client.messages(f"SM1{1:031x}").delete())
    path = f"/2010-04-01/Accounts/{door.account}/Messages.json"
    _, first = await get(door, path, PageSize=1)
    await door.assembled.store.write(lambda db: db.execute("UPDATE message SET deleted_at = created_at WHERE id = 2"))
    _, second = await get(door, first["next_page_uri"])
    assert [each["body"] for each in second["messages"]] == ["text 0"]
    assert second["previous_page_uri"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"Page": "1"},
        {"Page": "-1"},
        {"PageSize": "0"},
        {"PageSize": "-50"},
        {"PageSize": "1001"},
        {"PageSize": "٣"},
        {"PageSize": "1e2"},
        {"PageSize": "9" * 5000},
        {"PageToken": "PA1"},
        {"PageToken": "PC1-1"},
        {"PageToken": "PB-1--1"},
        {"PageToken": f"PA{'f' * 17}-1"},
    ],
)
async def test_a_page_that_is_none_is_refused(door: TwilioDoor, wrong: dict[str, str]) -> None:
    """A number of a page without a place, too: what comes meanwhile would move it."""
    status, told = await get(door, f"/2010-04-01/Accounts/{door.account}/Messages.json", **wrong)
    assert (status, told["code"]) == (422, 20422)


async def test_a_place_beyond_everything_is_an_empty_page(door: TwilioDoor, assembled: AssembledService) -> None:
    """On either side."""
    await arrive(assembled)
    path = f"/2010-04-01/Accounts/{door.account}/Messages.json"
    _, below = await get(door, path, PageToken="PA0-0")
    _, above = await get(door, path, PageToken=f"PB{'f' * 16}-{'f' * 16}")
    for told, missing in ((below, "next_page_uri"), (above, "previous_page_uri")):
        assert (told["messages"], told[missing]) == ([], None)
    assert len((await get(door, below["previous_page_uri"]))[1]["messages"]) == 1
    assert len((await get(door, above["next_page_uri"]))[1]["messages"]) == 1


async def test_the_sdk_says_what_is_wrong_with_a_page(door: TwilioDoor) -> None:
    """As for any other error."""
    with pytest.raises(TwilioException, match="20422"):
        await door.call(lambda client: client.messages.page(page_number=3, page_size=2))
