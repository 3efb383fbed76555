"""The routes by which a person enters consent, and those of the ledger."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.api.client import Client, narrow_app
from tests.service.assembled import assembled_service

ALICE = "/v1/consent/numbers/+33612345678"
IMPORT, ROWS = "/v1/consent/import", b"number\n+33612345678\n"
ENTRY: dict[str, Any] = {"channel": "email", "by": "ann", "evidence": "mail of today"}


async def test_an_entry_comes_back_in_the_history(tmp_path: Path) -> None:
    """With every field that was given, and its file."""
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        file = {"name": "mail.eml", "content": base64.b64encode(b"x" * 1024 * 1024).decode()}
        full = ENTRY | {"basis": "consent", "ip": "192.0.2.1", "wording": "Yes", "evidence_file": file}
        assert (await client.post(f"{ALICE}/opt-in", full)).json == {
            "number": "+33612345678", "list": None, "marketing": "opted_in", "changed": True, "withdrawn": 0,
        }  # fmt: skip
        found = (await client.get(f"{ALICE}/history")).json
        (event,) = found["events"]
        assert (event["action"], event["actor"], event["basis"], event["ip"]) == (
            "opt_in",
            "ann",
            "consent",
            "192.0.2.1",
        )
        assert (event["wording"], event["evidence_name"]) == ("Yes", "mail.eml")
        assert [each["sha256"] for each in found["files"]] == [event["evidence_file"]]
        verified = (await client.get("/v1/consent/verify")).json
        assert (verified["rows"], verified["problems"]) == (1, [])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"channel": "sms"}, "bad_kind"),
        ({"evidence": " "}, "no_reason"),
        ({"by": ""}, "no_reason"),
        ({"at": "2030-01-01T00:00:00Z"}, "bad_time"),
        ({"at": 5}, "bad_request"),
        ({"at": "1700000000"}, "bad_request"),
        ({"at": True}, "bad_request"),
        ({"evidence": "x" * 10_001}, "too_large"),
        ({"evidence": "a\x1b[2J"}, "bad_text"),
        ({"by": "ann\x07"}, "bad_text"),
        ({"evidence_file": {"name": "x\x00", "content": ""}}, "bad_text"),
        ({"wording_version": "1\x9b"}, "bad_text"),
        ({"language": "fr\x00"}, "bad_name"),
        ({"language": "French, please"}, "bad_name"),
        ({"language": "fr-aaaaaaaa-bbbbbbbb-cc"}, "bad_name"),
        ({"wording_language": "?"}, "bad_name"),
        ({"ip": "192.0.2.256"}, "bad_address"),
        ({"evidence_file": {"name": "x", "content": "?"}}, "bad_request"),
        ({"evidence_file": {"name": "x", "content": base64.b64encode(bytes(1024 * 1024 + 1)).decode()}}, "too_large"),
    ],
)
async def test_an_entry_without_proof_is_refused(tmp_path: Path, change: dict[str, Any], code: str) -> None:
    """By a code, and nothing is stored."""
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        for what in ("opt-in", "opt-out"):
            assert (await client.post(f"{ALICE}/{what}", {"basis": "consent"} | ENTRY | change)).code == code
        assert (await client.post(f"{ALICE}/opt-in", ENTRY)).code == "no_reason"
        assert (await client.get("/v1/consent/verify")).json["rows"] == 0


async def test_an_opt_in_that_is_too_old_has_a_code(tmp_path: Path) -> None:
    """Evidence from before the opt-out does not end it; evidence from after it does."""
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        await client.post(f"{ALICE}/opt-out", ENTRY)
        agreed = ENTRY | {"basis": "consent"}
        refused = await client.post(f"{ALICE}/opt-in", agreed | {"at": "2026-11-22T12:00:00Z"})
        assert (refused.status, refused.code) == (409, "evidence_too_old")
        assembled.clock.passes(hours=2)
        later = await client.post(f"{ALICE}/opt-in", agreed | {"at": "2026-11-22T13:00:00Z"})
        assert later.json["changed"] is True


async def test_a_file_of_opt_ins_is_imported(tmp_path: Path) -> None:
    """The query has what holds for all rows; without an author nothing is imported."""
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        assert (await client.call("POST", f"{IMPORT}?basis=consent", ROWS, "text/csv")).code == "no_reason"
        found = await client.call("POST", f"{IMPORT}?basis=consent&by=ann", ROWS, "text/csv")
        assert found.json == {"rows": 1, "opted_in": 1, "known": 0, "opted_out": 0, "kept_out": []}


async def test_an_entry_may_be_about_a_list(tmp_path: Path) -> None:
    """Only that list is left, and an import leaves it so; a list that is not configured is refused."""
    lists = {name: {"title": name, "frequency": "weekly"} for name in ("promo", "news")}
    async with assembled_service(tmp_path, consent={"lists": lists}) as assembled:
        client = Client(narrow_app(assembled.service))
        left = (await client.post(f"{ALICE}/opt-out", ENTRY | {"list": "promo"})).json
        assert (left["list"], left["marketing"]) == ("promo", "opted_out")
        assert (await client.get(ALICE)).json["marketing"] == "unknown"
        rows = b"number,list\n+33612345678,promo\n+33612345678,news\n"
        found = await client.call("POST", f"{IMPORT}?basis=consent&by=ann", rows, "text/csv")
        assert found.json == {"rows": 2, "opted_in": 1, "known": 0, "opted_out": 1, "kept_out": ["+33612345678"]}
        assert (await client.post(f"{ALICE}/opt-out", ENTRY | {"list": "other"})).code == "unknown_list"


async def test_an_emergency_number_has_no_consent(tmp_path: Path) -> None:
    """Nobody opts it in or out."""
    async with assembled_service(tmp_path) as assembled:
        client = Client(narrow_app(assembled.service))
        for what in ("opt-in", "opt-out"):
            answer = await client.post(f"/v1/consent/numbers/112/{what}", {"basis": "consent"} | ENTRY)
            assert answer.code == "emergency_number"


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("replies/en/help_reply", {"text": "Ask us\x07 at {brand}", "by": "ann", "why": "x"}),
        ("words/add", {"word": "ze\x00ro", "by": "ann", "why": "x", "action": "opt_out", "language": "en"}),
        ("words/disable", {"word": "arret", "by": "ann\x1b", "why": "x"}),
        ("requests", {"number": "+33612345678", "channel": "form", "evidence": "x\x07", "by": "ann"}),
        ("import?basis=consent%07&by=ann", {}),
    ],
)
async def test_control_characters_are_refused(tmp_path: Path, path: str, given: dict[str, Any]) -> None:
    """A terminal or a modem would obey them: no text that people enter has any."""
    async with assembled_service(tmp_path) as assembled:
        answer = await Client(narrow_app(assembled.service)).post(f"/v1/consent/{path}", given)
        assert answer.code == "bad_text"
        assert "control character" in answer.json["detail"]
