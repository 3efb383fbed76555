"""Texts that are removed before their time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from modemd.errors import Refused
from modemd.service.messages.submission import MessageRequest
from modemd.store.events import Authorship
from modemd.store.queue.outcomes import AttemptOutcome, AttemptResult, close_attempt
from modemd.store.twilio import removal
from tests.service.assembled import AssembledService, assembled_service
from tests.service.twilio.own_sims import ALICE, BOB, CONFIGURED, arrive, meet_sims, try_next

ANN = Authorship("ann", "she asked for it")


async def one(assembled: AssembledService, sql: str, *values: object) -> dict[str, Any]:
    return await assembled.store.read(lambda db: dict(db.execute(sql, values).fetchone()))


async def test_an_inbound_text_is_gone_from_every_table(tmp_path: Path) -> None:
    """Also as octets; the row stays, so that a repetition is known."""
    async with assembled_service(tmp_path, **CONFIGURED) as assembled:
        id = await arrive(assembled, text="secret")
        for _ in range(2):
            await assembled.store.write(lambda db: removal.redact_inbound(db, id, ANN, assembled.clock.now()))
        row = await one(assembled, "SELECT text, redacted_at, deleted_at FROM inbox WHERE id = ?", id)
        assert (row["text"], row["redacted_at"] is None, row["deleted_at"]) == ("", False, None)
        assert (await one(assembled, "SELECT tpdu FROM inbox_part WHERE inbox_id = ?", id))["tpdu"] == b""
        assert (await one(assembled, "SELECT count(*) AS n FROM event WHERE what = 'redacted'"))["n"] == 1
        await assembled.store.write(lambda db: removal.delete_inbound(db, id, ANN, assembled.clock.now()))
        assert (await one(assembled, "SELECT deleted_at FROM inbox"))["deleted_at"] is not None


async def test_what_is_not_there_is_not_removed(tmp_path: Path) -> None:
    """Neither of the two kinds."""
    async with assembled_service(tmp_path) as assembled:
        for remove in (
            removal.redact_outbound,
            removal.delete_outbound,
            removal.redact_inbound,
            removal.delete_inbound,
        ):
            with pytest.raises(Refused) as refused:
                await assembled.store.write(lambda db, remove=remove: remove(db, 9, ANN, assembled.clock.now()))  # type: ignore[misc]
            assert refused.value.code == "not_found"


async def test_a_redacted_message_is_sent_no_more(tmp_path: Path) -> None:
    """Neither by a person nor because its refusal was the fault of the SIM: there is nothing to send."""
    async with assembled_service(tmp_path, **CONFIGURED) as assembled:
        await meet_sims(assembled)
        submission, decisions = assembled.service.messages.submission, assembled.service.messages.decisions
        await submission.submit(MessageRequest(ALICE, "secret"))
        await try_next(assembled, result=AttemptResult.REFUSED, reference=None, error="+CMS ERROR: 28")
        await assembled.store.write(lambda db: removal.redact_outbound(db, 1, ANN, assembled.clock.now()))
        with pytest.raises(Refused) as refused:
            await decisions.resend(1, ANN)
        assert refused.value.code == "empty_text"
        await submission.submit(MessageRequest(BOB, "another"))
        await try_next(assembled, result=AttemptResult.REFUSED, reference=None, error="+CMS ERROR: 28")

        def put_back(db: Any) -> None:
            now = assembled.clock.now()
            db.execute("UPDATE attempt SET outcome = 'open' WHERE id = 2")
            close_attempt(db, AttemptOutcome(2, AttemptResult.REFUSED, now, put_back=(1,)), now)

        await assembled.store.write(put_back)
        assert (await one(assembled, "SELECT state, text FROM message WHERE id = 1")) == {"state": "failed", "text": ""}
