"""The routes of the texts of replies and notices."""

from __future__ import annotations

from pathlib import Path

from tests.api.client import Client, narrow_app
from tests.service.assembled import assembled_service

REPLIES = "/v1/consent/replies"
ANN = {"by": "ann", "why": "shorter"}


async def test_a_text_is_listed_changed_and_reset(tmp_path: Path) -> None:
    """Each answer is the text that is then in force."""
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        (ours,) = (await client.get(f"{REPLIES}?language=de&kind=notice")).json
        assert (ours["language"], ours["kind"], ours["proofread"], ours["by"]) == ("de", "notice", False, None)
        mine = {"text": "Genug? STOP", "proofread": True} | ANN
        changed = (await client.post(f"{REPLIES}/de/notice", mine)).json
        assert (changed["text"], changed["proofread"], changed["by"], changed["why"]) == (
            "Genug? STOP",
            True,
            "ann",
            "shorter",
        )
        assert (await client.get(f"{REPLIES}?language=de&kind=notice")).json == [changed]
        assert (await client.post(f"{REPLIES}/de/notice/reset", ANN)).json == ours


async def test_a_wrong_text_is_refused(tmp_path: Path) -> None:
    """Too long without being allowed, unknown kinds, and unknown languages."""
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        long = {"text": "STOP " + "x" * 160} | ANN
        assert (await client.post(f"{REPLIES}/de/notice", long)).code == "bad_text"
        assert (await client.post(f"{REPLIES}/de/notice", long | {"segments": 2})).status == 200
        assert (await client.post(f"{REPLIES}/de/notice", long | {"segments": 11})).code == "bad_request"
        assert (await client.get(f"{REPLIES}?kind=reply")).code == "bad_kind"
        missing = await client.get(f"{REPLIES}?language=tlh")
        assert (missing.status, missing.code) == (404, "not_found")
