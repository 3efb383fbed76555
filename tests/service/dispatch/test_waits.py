"""Why a message waits, as each face says it, without a daemon."""

from __future__ import annotations

import pytest

from modemd.api.app import create_app
from modemd.service.messages.submission import MessageRequest
from tests.api.client import Client
from tests.service.assembled import AssembledService


@pytest.mark.parametrize(("at", "state"), [(None, "queued"), ("2026-11-22T14:00+00:00", "held")])
async def test_what_has_expired_is_not_about_to_be_sent(
    assembled: AssembledService, at: str | None, state: str
) -> None:
    """From the end of its validity until a daemon ends it, each face says that it will not be sent."""
    await assembled.service.messages.submission.submit(MessageRequest("+33612345678", "Hello", at=at, valid="100s"))
    client = Client(create_app(assembled.service))
    assert (await client.get("/v1/messages/1")).json["waits"]["code"] != "over"
    assembled.clock.passes(hours=3)
    found = (await client.get("/v1/messages/1")).json
    assert (found["state"], found["waits"]["code"]) == (state, "over")
    assert found["waits"]["message"].endswith(": it has expired and will not be sent")
    (listed,) = (await client.get("/v1/messages")).json
    (waiting,) = (await client.get("/v1/status")).json["waiting"]
    assert listed["waits"] == waiting["waits"] == found["waits"]
