"""The routes of reviews."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from modemd.service.consent.reviews import open_review
from modemd.store.consent.reviews import ReviewKind, ReviewText
from tests.api.client import Client, narrow_app
from tests.service.assembled import NOON, assembled_service

ALICE, BOB = "+33612345678", "+33698765432"
ANNA = {"by": "anna", "why": "asked by phone"}


async def test_an_item_is_listed_until_it_is_decided(tmp_path: Path) -> None:
    """With `all`, afterwards too; a second decision is refused."""
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        for number, kind in ((ALICE, ReviewKind.AMBIGUOUS), (BOB, ReviewKind.CHECK)):
            new = ReviewText(number, kind, "the bus stop")
            await assembled.store.write(partial(open_review, settings=assembled.settings, new=new, now=NOON))
        listed = (await client.get("/v1/consent/reviews")).json
        assert [(each["number"], each["kind"], each["text"]) for each in listed] == [
            (BOB, "check", "the bus stop"),
            (ALICE, "ambiguous", "the bus stop"),
        ]
        alice, bob = (each["id"] for each in reversed(listed))
        decided = (await client.post(f"/v1/consent/reviews/{alice}/dismiss", ANNA)).json
        assert (decided["resolution"], decided["by"], decided["why"]) == ("dismissed", "anna", "asked by phone")
        assert (await client.post(f"/v1/consent/reviews/{alice}/opt-out", ANNA)).code == "resolved"
        assert (await client.post(f"/v1/consent/reviews/{bob}/undo", ANNA)).code == "own_opt_out"
        assert [each["id"] for each in (await client.get("/v1/consent/reviews")).json] == [bob]
        assert len((await client.get("/v1/consent/reviews?all=true")).json) == 2


async def test_a_decided_opt_out_binds(tmp_path: Path) -> None:
    """As the word itself would."""
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        new = ReviewText(ALICE, ReviewKind.AMBIGUOUS, "the bus stop")
        review = await assembled.store.write(lambda db: open_review(db, assembled.settings, new, NOON))
        await client.post(f"/v1/consent/reviews/{review}/opt-out", ANNA)
        assert (await client.get(f"/v1/consent/numbers/{ALICE}")).json["marketing"] == "opted_out"
