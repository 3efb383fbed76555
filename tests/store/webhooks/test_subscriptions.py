"""Webhooks in the database."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modemd.errors import Refused
from modemd.store.api_keys import keys as api_keys
from modemd.store.api_keys.keys import NewApiKey
from modemd.store.changes import feed
from modemd.store.webhooks import deliveries, mark, subscriptions
from modemd.store.webhooks.deliveries import DeliveryFilter, NewDelivery
from modemd.store.webhooks.subscriptions import NewWebhook, WebhookRow
from tests.store.bench import Bench

URL = "https://crm.example.com/sms"


def add(bench: Bench, url: str = URL) -> WebhookRow:
    return subscriptions.add(bench.db, NewWebhook(url, ("message.*",), "modemd", "secret", None), bench.now)


def test_a_webhook_is_told_of_what_comes_behind_it(bench: Bench) -> None:
    """Its start is the end of the feed, behind the event of its own, and so is the mark if it is the first."""
    bench.submit()
    add(bench)
    end = feed.find_end(bench.db)
    bench.submit()
    assert mark.read(bench.db) == end
    (target,) = subscriptions.list_targets(bench.db, bench.now)
    assert (target.starts, target.secrets) == (end, ("secret",))
    add(bench)  # leaves the mark where it was
    assert mark.read(bench.db) == end


def test_the_former_secret_signs_for_a_while(bench: Bench) -> None:
    """Beside the new one, and no longer."""
    id = add(bench).id
    row = subscriptions.rotate(bench.db, id, "new", bench.now + timedelta(hours=24), bench.now)
    assert row.previous_until is not None
    found = subscriptions.find_target(bench.db, id, bench.now)
    assert found is not None
    assert found.secrets == ("new", "secret")
    bench.passes(hours=24)
    found = subscriptions.find_target(bench.db, id, bench.now)
    assert found is not None
    assert found.secrets == ("new",)


def test_the_end_of_a_key_ends_its_webhooks(bench: Bench) -> None:
    """Revoked or expired: whoever has lost the key is told nothing more. The webhooks of others go on."""
    ends = bench.now + timedelta(hours=1)
    keys = [
        api_keys.add_key(bench.db, NewApiKey(name, name.encode(), ("all",), (), 1, None, end), bench.now)
        for name, end in (("revoked", None), ("expires", ends), ("other", None))
    ]
    new = [NewWebhook(URL, ("*",), "modemd", "secret", key) for key in (*keys, None)]
    ids = [subscriptions.add(bench.db, each, bench.now).id for each in new]

    def targets() -> list[int]:
        found = [each.id for each in subscriptions.list_targets(bench.db, bench.now)]
        assert found == [id for id in ids if subscriptions.find_target(bench.db, id, bench.now) is not None]
        return found

    assert targets() == ids
    api_keys.revoke_key(bench.db, keys[0] or 0, bench.now)
    assert targets() == ids[1:]
    bench.passes(hours=1)
    assert targets() == ids[2:]
    assert len(subscriptions.list_webhooks(bench.db)) == 4


def test_a_removed_webhook_leaves_nothing(bench: Bench) -> None:
    """No delivery, and no mark if it was the last."""
    first, second = add(bench), add(bench)
    for each in (first, second):
        new = NewDelivery("webhook:1", "message:1", "e1-1", "message.sent", webhook=each.id)
        deliveries.add(bench.db, [new], feed.Cursor(), bench.now)
    assert [row.waiting for row in subscriptions.list_webhooks(bench.db)] == [1, 1]
    subscriptions.remove(bench.db, first.id, bench.now)
    assert mark.read(bench.db) is not None
    subscriptions.remove(bench.db, second.id, bench.now)
    assert mark.read(bench.db) is None
    assert deliveries.list_deliveries(bench.db, DeliveryFilter(), 0) == []
    with pytest.raises(Refused):
        subscriptions.remove(bench.db, second.id, bench.now)
    late = NewDelivery("webhook:1", "message:1", "e1-1", "message.sent", webhook=second.id)
    deliveries.add(bench.db, [late], feed.Cursor(), bench.now)
    assert deliveries.list_deliveries(bench.db, DeliveryFilter(), 0) == []
    assert add(bench).id > second.id


def test_webhooks_are_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One too many is refused."""
    monkeypatch.setattr(subscriptions, "MOST_WEBHOOKS", 1)
    add(bench)
    with pytest.raises(Refused) as refused:
        add(bench)
    assert refused.value.code == "too_many_webhooks"
