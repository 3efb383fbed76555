"""Kinds of the change feed that decisions of people and programs make: each is told once and in order, with its change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from modemd.errors import Refused
from modemd.rules.changes.kinds import EventKind
from modemd.rules.consent.words.keywords import ChangeKind
from modemd.service.keys.keys import KeyRequest
from modemd.store import sims
from modemd.store.changes import feed
from modemd.store.changes.feed import Cursor
from modemd.store.events import Authorship
from modemd.store.webhooks import subscriptions
from tests.service.assembled import NOON, AssembledService, assembled_service
from tests.service.messages.test_batches import file

ALICE, MAIL, SIM = "+33612345678", "ana@example.com", "8933000000000000001"
WORD = Authorship("ann", "wrong price")
SAID = {"by": "ann", "why": "wrong price"}


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path, country="FR", webhooks={"private_targets": "allow"}) as assembled:
        yield assembled


async def told(assembled: AssembledService, after: Cursor | None = None) -> list[tuple[str, dict[str, Any]]]:
    """What the feed tells, without the messages."""
    page = await assembled.store.read(lambda db: feed.read_changes(db, after or Cursor(), 1000))
    return [(each.kind.value, each.detail) for each in page.changes if not each.kind.startswith("message.")]


async def test_a_batch_is_told_of(assembled: AssembledService) -> None:
    """Accepted, paused, resumed and cancelled, with who decided and why."""
    id = (await assembled.service.messages.batches.accept(file(3))).batch.id
    decisions = assembled.service.messages.batch_decisions
    await decisions.pause(id, WORD)
    await decisions.pause(id, WORD)  # once more is no change
    await decisions.resume(id, WORD)
    await decisions.cancel(id, WORD)
    assert await told(assembled) == [
        ("batch.accepted", {"batch": id}),
        ("batch.paused", {"batch": id, **SAID}),
        ("batch.resumed", {"batch": id, **SAID}),
        ("batch.cancelled", {"batch": id, **SAID}),
    ]


async def test_a_key_is_told_of_without_its_secrets(assembled: AssembledService) -> None:
    """Made, rotated and revoked; what is refused is no change."""
    keys = assembled.service.keys
    key = await keys.create(KeyRequest("crm", ("events:read",)))
    await keys.rotate(key.row.id, timedelta(hours=1))
    await keys.revoke(key.row.id)
    for refused in (keys.revoke(key.row.id), keys.rotate(key.row.id, timedelta(0))):
        with pytest.raises(Refused):
            await refused
    assert await told(assembled) == [
        ("key.created", {"key": key.row.id, "name": "crm"}),
        ("key.rotated", {"key": key.row.id}),
        ("key.revoked", {"key": key.row.id}),
    ]


async def test_a_webhook_is_told_of_without_its_address(assembled: AssembledService) -> None:
    """An address can have a secret in it. The webhook is not told of its own beginning."""
    webhooks = assembled.service.webhooks
    id = (await webhooks.add("http://127.0.0.1:1/token", ["*"], "modemd", None)).webhook.id
    (target,) = await assembled.store.read(lambda db: subscriptions.list_targets(db, NOON))
    assert target.starts == await assembled.store.read(feed.find_end)
    await webhooks.rotate(id)
    await webhooks.remove(id)
    assert await told(assembled) == [
        ("webhook.added", {"webhook": id}),
        ("webhook.rotated", {"webhook": id}),
        ("webhook.removed", {"webhook": id}),
    ]


async def test_a_sim_is_told_of(assembled: AssembledService) -> None:
    """When it is seen first, and when a person admits it."""
    for _ in range(2):
        await assembled.store.write(lambda db: sims.record_sim(db, SIM, None, None, "35", NOON, admit=False))
    for _ in range(2):
        await assembled.service.sims.admit(SIM)
    assert await told(assembled) == [("sim.seen", {"sim": SIM, "admitted": False}), ("sim.admitted", {"sim": SIM})]


async def test_a_sim_that_the_configuration_admits_later_is_told_of(assembled: AssembledService) -> None:
    """Once, when it answers."""
    for admit in (False, True, True):
        seen = partial(sims.record_sim, iccid=SIM, imsi=None, number=None, modem="35", now=NOON, admit=admit)
        await assembled.store.write(seen)
    assert [kind for kind, _ in await told(assembled)] == ["sim.seen", "sim.admitted"]


async def test_an_email_address_is_told_of_without_it(assembled: AssembledService) -> None:
    """Added, which a second time is no change, and removed. An erasure of the number leaves no trace of it."""
    emails = assembled.service.consent.emails
    for _ in range(2):
        await emails.add(ALICE, MAIL)
    await emails.remove(ALICE, MAIL)
    assert await told(assembled) == [
        ("consent.email_added", {"number": ALICE}),
        ("consent.email_removed", {"number": ALICE}),
    ]
    await assembled.service.contacts.erase(ALICE, WORD)
    rows = await assembled.store.read(lambda db: db.execute("SELECT detail FROM event").fetchall())
    assert not [row for row in rows if ALICE in (row["detail"] or "") or MAIL in (row["detail"] or "")]


async def test_words_and_texts_of_consent_are_told_of(assembled: AssembledService) -> None:
    """With who decided and why; also when ours are in force again."""
    consent = assembled.service.consent
    await consent.words.change(ChangeKind.DISABLE, "stop all", WORD)
    await consent.reply_texts.set_text("fr", "opt_out_reply", "Au revoir. Répondez START.", WORD)
    await consent.reply_texts.reset_text("fr", "opt_out_reply", WORD)
    found = await told(assembled)
    assert [kind for kind, _ in found] == ["consent.word_changed", "consent.text_changed", "consent.text_changed"]
    assert all(detail.items() >= SAID.items() for _, detail in found)


async def test_each_kind_is_told_once_from_any_position(assembled: AssembledService) -> None:
    """Every kind of these subjects comes of a call of the service; whoever goes on behind one gets the rest, and no more."""
    service = assembled.service
    await service.sims.pause(None, None, WORD)
    await service.sims.resume(None, None, WORD)
    batch = (await service.messages.batches.accept(file(1))).batch.id
    decisions = service.messages.batch_decisions
    for decide in (decisions.pause, decisions.resume, decisions.cancel):
        await decide(batch, WORD)
    await assembled.store.write(lambda db: sims.record_sim(db, SIM, None, None, "35", NOON, admit=False))
    await service.sims.admit(SIM)
    key = (await service.keys.create(KeyRequest("crm", ("events:read",)))).row.id
    await service.keys.rotate(key, timedelta(0))
    await service.keys.revoke(key)
    webhook = (await service.webhooks.add("http://127.0.0.1:1/", ["alarm.*"], "modemd", None)).webhook.id
    await service.webhooks.rotate(webhook)
    await service.webhooks.remove(webhook)
    subjects = ("sending", "batch", "sim", "key", "webhook")
    chosen = [kind for kind in EventKind if kind.partition(".")[0] in subjects]
    read = partial(feed.read_changes, cursor=Cursor(), limit=1000, kinds=chosen)
    changes = (await assembled.store.read(read)).changes
    assert sorted(change.kind for change in changes) == sorted(chosen)
    for place, change in enumerate(changes):
        rest = (await assembled.store.read(partial(read, cursor=change.cursor))).changes
        assert [each.id for each in rest] == [each.id for each in changes[place + 1 :]]
