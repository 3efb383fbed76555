"""`modemd consent subscribers`, without a daemon."""

from __future__ import annotations

import json
from pathlib import Path

from modemd.store.connection import connect
from modemd.store.schema import migrate
from tests.cli.shell import Modemd

ALICE, BOB = "+33612345678", "+33612345679"


def test_a_list_shows_who_is_on_it(modemd: Modemd, tmp_path: Path) -> None:
    """By number, with those who left; a list that is not configured is refused."""
    config = tmp_path / "lists.yaml"
    config.write_text(f"database: {tmp_path / 'modemd.db'}\nconsent: {{lists: {{promo: {{title: Offers}}}}}}\n")
    connection = connect(tmp_path / "modemd.db")
    migrate(connection)
    assert (
        modemd("consent", "subscribers", "promo", "--config", str(config)).out
        == "nobody has said anything about this list\n"
    )
    for number, state in ((BOB, "opted_out"), (ALICE, "opted_in")):
        connection.execute(
            "INSERT INTO subscription (number, list, state, since) VALUES (?, 'promo', ?, '2026-11-22T12:00:00.000000+00:00')",
            (number, state),
        )
    connection.close()
    shown = json.loads(modemd("consent", "subscribers", "promo", "--config", str(config), "--json").out)
    assert [(each["number"], each["state"]) for each in shown] == [(ALICE, "opted_in"), (BOB, "opted_out")]
    refused = modemd("consent", "subscribers", "nobody", "--config", str(config))
    assert (refused.status, "there is no list 'nobody'" in refused.err) == (1, True)
