"""Requests to confirm as the faces make them."""

from __future__ import annotations

from pathlib import Path

import pytest

from modemd.errors import ErrorCode, Refused
from modemd.service.consent.double_opt_in import OptInOrder
from tests.service.assembled import NOON, assembled_service

CONSENT = {"lists": {"promo": {"title": "Offers", "frequency": "weekly"}}}


def order(**given: str) -> OptInOrder:
    values = {"number": "0612345678", "list_name": "promo", "channel": "paper", "evidence": "card 4", "actor": "anna"}
    return OptInOrder(**(values | given))  # type: ignore[arg-type]


async def test_a_number_is_asked_in_any_spelling(tmp_path: Path) -> None:
    """The answer has the message, in the form of every other message."""
    async with assembled_service(tmp_path, country="FR", brand="Chez Paul", consent=CONSENT) as assembled:
        asked = await assembled.service.consent.requests.request(order())
        assert (asked.number, asked.list_name, asked.message.state) == ("+33612345678", "promo", "queued")
        assert "Chez Paul" in asked.message.text


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"channel": "rumour"}, ErrorCode.BAD_CHANNEL),
        ({"evidence": " "}, ErrorCode.NO_EVIDENCE),
        ({"actor": ""}, ErrorCode.NO_REASON),
        ({"evidence": "x" * 2001}, ErrorCode.BAD_TEXT),
        ({"number": "!"}, ErrorCode.BAD_NUMBER),
        ({"list_name": "other"}, ErrorCode.UNKNOWN_LIST),
    ],
)
async def test_a_request_needs_its_proof(tmp_path: Path, given: dict[str, str], code: ErrorCode) -> None:
    """Without one, nothing is sent or stored."""
    async with assembled_service(tmp_path, country="FR", brand="Chez Paul", consent=CONSENT) as assembled:
        with pytest.raises(Refused) as refused:
            await assembled.service.consent.requests.request(order(**given))
        assert refused.value.code is code
        assert await assembled.store.read(lambda db: db.execute("SELECT count(*) FROM message").fetchone()[0]) == 0


async def test_a_request_of_staff_waits_for_the_hours_of_the_number(tmp_path: Path) -> None:
    """Whoever filled in a form yesterday does not wait for it tonight."""
    async with assembled_service(tmp_path, country="FR", brand="Chez Paul", consent=CONSENT) as assembled:
        requests = assembled.service.consent.requests
        requests._find_opening = lambda number, now: NOON.replace(day=23)
        asked = await requests.request(order())
        assert (asked.message.state, asked.message.at) == ("held", "2026-11-23T12:00:00.000000+00:00")
