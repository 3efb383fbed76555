"""`modemd webhooks`, without a daemon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modemd.store.changes.feed import Cursor
from modemd.store.connection import connect
from modemd.store.schema import migrate
from modemd.store.webhooks import deliveries
from modemd.store.webhooks.deliveries import NewDelivery
from tests.cli.shell import Modemd
from tests.store.bench import START

CRM = "https://crm.example.com/sms"


@pytest.fixture
def database(modemd: Modemd, tmp_path: Path) -> Path:
    path = tmp_path / "modemd.db"
    connection = connect(path)
    migrate(connection)
    connection.close()
    return path


def test_a_webhook_is_added_listed_rotated_and_removed(modemd: Modemd, database: Path) -> None:
    """The secret is printed once for each; the list has none."""
    added = modemd("webhooks", "add", "--config", "FILE", CRM, "--events", "message.*, alarm.raised")
    assert added.status == 0
    first, secret, last = added.out.splitlines()
    assert first == f"webhook 1 to {CRM}"
    assert secret.startswith("signing secret: whsec_")
    assert "not shown again" in last
    (row,) = json.loads(modemd("webhooks", "list", "--config", "FILE", "--json").out)
    assert (row["id"], row["url"], row["events"]) == (1, CRM, ["message.*", "alarm.raised"])
    assert secret.split()[-1] not in modemd("webhooks", "list", "--config", "FILE").out
    rotated = json.loads(modemd("webhooks", "rotate", "--config", "FILE", "1", "--json").out)
    assert rotated["secret"] != secret.split()[-1]
    assert modemd("webhooks", "remove", "--config", "FILE", "1").out == f"webhook 1 to {CRM} removed\n"
    assert modemd("webhooks", "list", "--config", "FILE").out == "no webhooks\n"
    assert modemd("webhooks", "remove", "--config", "FILE", "1").status == 1


def test_a_webhook_of_twilios_format_has_no_secret(modemd: Modemd, database: Path) -> None:
    """The auth token of its API key signs, so none is printed, and none can be changed. The key is named by name or id."""
    assert modemd("keys", "create", "shop", "--scope", "all", "--config", "FILE").status == 0
    for named in ("shop", "1"):
        added = modemd("webhooks", "add", "--config", "FILE", CRM, "--format", "twilio", "--key", named)
        assert added.out.splitlines()[1:] == ["signed with the auth token of API key 1"]
    refused = modemd("webhooks", "rotate", "--config", "FILE", "1")
    assert (refused.status, refused.out) == (1, "")
    assert "modemd keys rotate 1" in refused.err
    unknown = modemd("webhooks", "add", "--config", "FILE", CRM, "--format", "twilio", "--key", "shed")
    assert (unknown.status, "modemd keys list" in unknown.err) == (1, True)


def test_a_webhook_without_tls_is_warned_of(modemd: Modemd, database: Path) -> None:
    """On stderr, and in the JSON."""
    added = modemd("webhooks", "add", "--config", "FILE", "http://crm.example.com/", "--json")
    assert "not encrypted" in added.err
    document = json.loads(added.out)
    assert document["secret"].startswith("whsec_")
    assert len(document["warnings"]) == 1
    refused = modemd("webhooks", "add", "--config", "FILE", "http://192.168.7.9/")
    assert (refused.status, refused.out) == (1, "")
    assert "webhooks.private_targets" in refused.err


def test_dead_letters_are_listed_and_sent_again(modemd: Modemd, database: Path) -> None:
    """One, those of a webhook, or all."""
    modemd("webhooks", "add", "--config", "FILE", CRM)
    assert modemd("webhooks", "deliveries", "--config", "FILE").out == "no deliveries\n"
    db = connect(database)
    new = [NewDelivery("webhook:1", f"message:{each}", "e1-1", "message.sent", webhook=1) for each in range(3)]
    deliveries.add(db, new, Cursor(), START)
    for id in (1, 2):
        deliveries.bury(db, id, "the receiver answered 500", START)
    db.close()
    listed = modemd("webhooks", "deliveries", "--config", "FILE", "--dead").out
    assert listed.count("the receiver answered 500") == 2
    rows = json.loads(modemd("webhooks", "deliveries", "--config", "FILE", "--webhook", "1", "--json").out)
    assert [row["state"] for row in rows] == ["waiting", "dead", "dead"]
    assert modemd("webhooks", "replay", "--config", "FILE", "2").out == "1 delivery will be sent again\n"
    again = json.loads(modemd("webhooks", "replay", "--config", "FILE", "--webhook", "1", "--json").out)
    assert again == {"deliveries": 1}
    assert modemd("webhooks", "deliveries", "--config", "FILE", "--dead").out == "no dead letters\n"
