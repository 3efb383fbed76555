"""Examples with output in the docs: what the commands print on a terminal of 100 columns, from the answers here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from modemd.cli import inbox, messages, output, sims, status
from modemd.cli.lists import RowList
from tests.cli.shell import Modemd

DOCS = Path(__file__).resolve().parents[2] / "docs"
DAY = "2026-11-22"


def at(time: str) -> str:
    return f"{DAY}T{time}.000000+00:00"


def event(time: str, what: str, **detail: object) -> dict[str, object]:
    return {"at": at(time), "what": what, "detail": detail}


def message(id: int, to: str, text: str, state: str, *, reason: str | None = None, **more: object) -> dict[str, object]:
    return {
        "id": id, "to": to, "text": text, "class": "transactional", "state": state, "reason": reason, "parts": 1,
        "until": None, "reports": [], "waits": None, "answers": [], "list": None,
        "modems": {"861234029413211": "west", "865939027498552": "east"},
    } | more  # fmt: skip


REPORT = {
    "id": 1,
    "meaning": "received by the recipient",
    "accepted_at": at("08:48:03"),
    "discharged_at": at("08:48:04"),
}
ANSWERS: dict[str, Any] = {
    "/v1/messages/1": message(
        1, "+33612345678", "Hello from modemd", "delivered",
        reports=[REPORT],
        events=[
            event("08:48:03", "message queued", **{"class": "transactional"}),
            event(
                "08:48:03", "claimed", part=1, attempt=1, modem="861234029413211", sim="8933010000000000010",
                because="first free",
            ),
            event("08:48:03", "message sending"),
            event("08:48:03", "accepted", part=1, attempt=1, reference=131),
            event("08:48:03", "message sent"),
            event("08:48:04", "delivered", part=1, attempt=1, report=1, status="00"),
            event("08:48:04", "message delivered"),
        ],
    ),
    "/v1/messages/7": message(
        7, "+33612345699", "The price list", "unknown", reason="no_answer",
        events=[
            event("08:48:11", "message queued", **{"class": "transactional"}),
            event(
                "08:48:11", "claimed", part=1, attempt=6, modem="865939027498552", sim="8933010000000000028",
                because="first free",
            ),
            event("08:48:11", "message sending"),
            event("08:48:11", "lost", part=1, attempt=6, error="the device hung up"),
            event("08:48:11", "message unknown", reason="no_answer"),
        ],
    ),
    "/v1/inbox": [
        {"id": 2, "kind": "text", "from": "+33612345601", "to_sim": "+33700000001", "stored_at": at("08:50:57"),
         "complete": True, "text": "Bonjour 👋"},
        {"id": 1, "kind": "text", "from": "+33612345678", "to_sim": "+33700000001", "stored_at": at("08:50:57"),
         "complete": True, "text": "Is my order ready? I can come by this evening, if that suits you."},
    ],
    "/v1/optouts": [
        {"number": "+33612345678", "since": at("08:51:03"), "word": "ARRET", "language": "fr", "channel": "sms"},
    ],
    "/v1/sims": [
        {
            "sim": "89330000000000000017", "number": "+33612345678", "modem": "west", "admitted_at": at("08:40:00"),
            "paused": [],
            "limits": {
                "quota_day": {"used": 450, "most": 500}, "quota_month": {"used": 3120, "most": 10000},
                "marketing_brake": {"used": 200, "most": 200},
            },
        }
    ],
    "/v1/pauses": [],
    "/v1/status": {
        "message": "no modem can send now: west: /dev/west: No such file or directory (and 1 more)",
        "clock": {"trusted": True}, "alarms": [], "sims": [],
        "modems": [
            {"name": "west", "health": "gone", "reason": "/dev/west: No such file or directory", "model": "E3372",
             "number": "+33700000001", "registration": "home", "signal_dbm": -79, "sent": 3},
            {"name": "east", "health": "gone", "reason": "/dev/east: No such file or directory",
             "model": "SIMCOM_SIM800L", "number": "+33700000002", "registration": "home", "signal_dbm": -79, "sent": 2},
        ],
        "waiting": [
            {"state": "held", "class": "transactional", "messages": 1, "age_s": 540,
             "waits": {"code": "scheduled", "message": "its time is 2026-11-22 18:30:00 (valid until 2026-11-23 18:30:00)"}},
            {"state": "unknown", "class": "transactional", "messages": 1, "age_s": 480,
             "waits": {"code": "unproved", "message": "its outcome is unknown; a report may prove it until "
              "2026-11-24 09:39:12, or a person settles or resends it"}},
        ],
        "held": [{"messages": 1, "reason": "scheduled"}], "in_batches": 0, "opted_out": 0, "unmatched_reports": 0,
        "open_reviews": 0,
    },
}  # fmt: skip
# page, arguments: the output stands in the page as an indented block.
EXAMPLES = [
    ("sending.md", "explain 1"),
    ("sending.md", "sims list"),
    ("states.md", "explain 7"),
    ("receiving.md", "inbox"),
    ("consent.md", "optouts"),
    ("operating.md", "status"),
]


@pytest.fixture
def answered(modemd: Modemd, monkeypatch: pytest.MonkeyPatch) -> Modemd:
    """The command line, whose daemon gives the answers above, on a terminal of 100 columns without colours."""

    def call(settings: object, method: str, path: str, *, query: Mapping[str, object] | None = None) -> Any:
        return ANSWERS[path]

    def fetch(settings: object, path: str, query: Mapping[str, object]) -> RowList:
        return RowList(iter(ANSWERS[path]), None)

    for module in (inbox, messages, sims, status):
        monkeypatch.setattr(module, "call_api", call)
    for lists in (inbox, messages):
        monkeypatch.setattr(lists, "fetch_list", fetch)
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    return modemd


def blocks(page: str) -> list[str]:
    """The indented blocks of a page, without their indent."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.findall(r"(?:^ {4}.*\n)+", text, re.M)
    return ["".join(line[4:] for line in block.splitlines(keepends=True)) for block in found]


@pytest.mark.parametrize(("page", "command"), EXAMPLES, ids=[f"{page}: {command}" for page, command in EXAMPLES])
def test_the_docs_show_what_is_printed(answered: Modemd, page: str, command: str) -> None:
    """Each example is the output of its command, to the letter."""
    ended = answered(*command.split(), "--config", "FILE")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out in blocks(page)
