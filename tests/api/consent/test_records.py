"""The routes of consent records."""

from __future__ import annotations

from pathlib import Path

from modemd.store.consent import statements
from modemd.store.consent.statements import ConsentStatement
from tests.api.client import Client, narrow_app
from tests.service.assembled import NOON, assembled_service


async def test_where_a_number_stands(tmp_path: Path) -> None:
    """A number is found in any spelling; a text that is no number is refused."""
    async with assembled_service(tmp_path, country="FR") as assembled:
        client = Client(narrow_app(assembled.service))
        said = ConsentStatement("+33612345678", False, "stop", "en", "sms")
        await assembled.store.write(lambda db: statements.apply_statement(db, said, NOON))
        found = (await client.get("/v1/consent/numbers/0612345678")).json
        assert (found["number"], found["marketing"]) == ("+33612345678", "opted_out")
        assert [event["action"] for event in found["events"]] == ["opt_out"]
        assert (await client.get("/v1/consent/numbers/!")).code == "bad_number"
