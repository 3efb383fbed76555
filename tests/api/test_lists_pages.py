"""Pages of lists: a program that follows the header Link gets each row once, whatever is written meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from modemd.api.lists import make_cursor, read_cursor
from modemd.errors import Refused
from modemd.service import pages
from modemd.store import alarms
from modemd.store.api_keys import audit
from modemd.store.api_keys import keys as api_keys
from modemd.store.api_keys.audit import AuditedChange
from modemd.store.api_keys.keys import NewApiKey
from modemd.store.changes.feed import Cursor
from modemd.store.consent import emails, reviews
from modemd.store.consent.reviews import ReviewKind, ReviewText
from modemd.store.inbound import inbox
from modemd.store.timestamps import to_text
from modemd.store.webhooks import deliveries
from modemd.store.webhooks.deliveries import NewDelivery
from tests.api.client import Answer, Client, narrow_app
from tests.service.assembled import NOON, AssembledService, assembled_service

ALICE, WEST = "+33612345678", "8933010000000000010"


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    lists = {"promo": {"title": "Offers"}}
    async with assembled_service(tmp_path, country="FR", consent={"lists": lists}) as assembled:
        yield assembled


@pytest.fixture
def client(assembled: AssembledService) -> Client:
    return Client(narrow_app(assembled.service))


def insert_change(db: sqlite3.Connection, n: int) -> None:
    audit.add_changes(db, [AuditedChange(NOON, None, "", "", "POST", f"/{n}", 200)])


def insert_message(db: sqlite3.Connection, n: int) -> None:
    db.execute(
        """INSERT INTO message (number, text, class, state, parts, report, created_at, expires_at)
           VALUES (?, '', 'otp', 'sent', 1, 0, ?, ?)""",
        (ALICE, at(n), at(n)),
    )


def insert_report(db: sqlite3.Connection, n: int) -> None:
    db.execute(
        """INSERT INTO report (sim, tpdu, reference, number, status, outcome, stored_at, last_attempt, fingerprint)
           VALUES (?, x'00', 1, ?, 0, 'delivered', ?, 0, ?)""",
        (WEST, ALICE, at(n), bytes([n])),
    )


def insert_batch(db: sqlite3.Connection, n: int) -> None:
    db.execute("INSERT INTO batch (digest, state, created_at) VALUES (x'00', 'promoted', ?)", (at(n),))


def insert_opt_out(db: sqlite3.Connection, n: int) -> None:
    # Two have the same time.
    db.execute(
        "INSERT INTO contact (number, marketing, marketing_since) VALUES (?, 'opted_out', ?)", (number(n), at(n // 2))
    )


def insert_subscriber(db: sqlite3.Connection, n: int) -> None:
    db.execute("INSERT INTO subscription VALUES (?, 'promo', 'opted_in', ?, 0)", (number(n), at(n)))


def insert_schedule(db: sqlite3.Connection, n: int) -> None:
    db.execute(
        """INSERT INTO schedule (name, cron, zone, recipients, text, class, report, late, created_at, looked_at)
           VALUES (?, '0 9 * * *', 'UTC', '[]', '', 'otp', 0, 0, ?, ?)""",
        (f"s{n:02}", at(n), at(n)),
    )


def insert_key(db: sqlite3.Connection, n: int) -> None:
    api_keys.add_key(db, NewApiKey(f"k{n}", bytes([n]), ("all",), (), 1, None, None), NOON)


def insert_delivery(db: sqlite3.Connection, n: int) -> None:
    new = NewDelivery("callback", "message:1", f"e{n}-1", "message.sent", callback=n)
    deliveries.add(db, [new], Cursor(), NOON)


def insert_review(db: sqlite3.Connection, n: int) -> None:
    reviews.open_item(db, ReviewText(number(n), ReviewKind.CHECK, "stop it"), None, NOON)


def number(n: int) -> str:
    return f"+336123456{n:02}"


def at(n: int) -> str:
    return to_text(NOON.replace(minute=n))


Insert = Callable[[sqlite3.Connection, int], Any]
LISTS: dict[str, tuple[Insert, str]] = {
    "/v1/messages": (insert_message, "message"),
    "/v1/messages?class=otp&state=sent": (insert_message, "message"),
    "/v1/reports": (insert_report, "report"),
    "/v1/batches": (insert_batch, "batch"),
    "/v1/inbox": (lambda db, n: inbox.store_missed_call(db, WEST, number(n), NOON.replace(minute=n)), "inbox"),
    "/v1/inbox?kind=call&since=2026-11-22T12:01:00Z": (
        lambda db, n: inbox.store_missed_call(db, WEST, number(n), NOON.replace(minute=1 + n // 2)),
        "inbox",
    ),
    "/v1/optouts": (insert_opt_out, "contact"),
    "/v1/alarms?cleared=true": (lambda db, n: alarms.raise_alarm(db, "modem_unusable", str(n), "", NOON), "alarm"),
    "/v1/consent/reviews": (insert_review, "consent_review"),
    "/v1/consent/lists/promo/subscribers": (insert_subscriber, "subscription"),
    "/v1/consent/emails": (lambda db, n: emails.add(db, number(n), f"a{n // 2:02}@example.com", NOON), "contact_email"),
    "/v1/schedules": (insert_schedule, "schedule"),
    "/v1/keys": (insert_key, "api_key"),
    "/v1/audit": (insert_change, "audit"),
    "/v1/webhooks/deliveries": (insert_delivery, "webhook_delivery"),
}


async def add(assembled: AssembledService, insert: Insert, n: int) -> None:
    await assembled.store.write(lambda db: insert(db, n))


def next_page(answer: Answer) -> str | None:
    """The address in the header Link."""
    link = answer.headers.get("link")
    if link is None:
        return None
    assert link.startswith("</v1/")
    assert link.endswith('>; rel="next"')
    return link.removesuffix('>; rel="next"')[1:]


@pytest.mark.parametrize("target", LISTS)
async def test_each_row_comes_once_while_others_come_and_go(
    client: Client, assembled: AssembledService, target: str
) -> None:
    """Between two pages, a row is added at either end, and one that was listed is deleted, as is one that was not."""
    insert, table = LISTS[target]

    for n in range(10, 21):
        await add(assembled, insert, n)
    query = f"{target}{'&' if '?' in target else '?'}limit=2"
    before = (await client.get(query.replace("limit=2", "limit=0"))).json
    assert len(before) == 11
    came: list[str] = []
    place: str | None = query
    pages_read = 0
    while place is not None:
        answer = await client.get(place)
        assert (answer.status, answer.headers["x-total-count"] if pages_read == 0 else "11") == (200, "11")
        came += map(str, answer.json)
        place, pages_read = next_page(answer), pages_read + 1
        if pages_read == 2:
            await add(assembled, insert, 5)
            await add(assembled, insert, 30)
            for n in (11, 19):
                await add(assembled, lambda db, n: delete_row(db, table, n), n)
    stayed = [str(row) for row in before if str(row) in map(str, (await client.get(target + all_of(target))).json)]
    assert len(stayed) == 9
    assert len(set(came)) == len(came)
    assert [row for row in came if row in stayed] == stayed


def delete_row(db: sqlite3.Connection, table: str, n: int) -> None:
    """Delete the row that `insert(db, n)` made."""
    column = {"contact": "number", "subscription": "number", "contact_email": "number", "schedule": "name"}.get(table)
    if column is not None:
        value = f"s{n:02}" if column == "name" else number(n)
        assert db.execute(f"DELETE FROM {table} WHERE {column} = ?", (value,)).rowcount == 1
    else:
        if table == "inbox":
            db.execute("DELETE FROM inbox_part WHERE inbox_id = ?", (n - 9,))
        assert db.execute(f"DELETE FROM {table} WHERE id = ?", (n - 9,)).rowcount == 1


def all_of(target: str) -> str:
    return f"{'&' if '?' in target else '?'}limit=0"


async def test_a_thread_is_read_to_its_beginning(client: Client, assembled: AssembledService) -> None:
    """The newest page comes first, and each older one has the rows in the order of time, in both directions at one time."""
    for n in range(4):
        await add(assembled, insert_message, n)
        await add(assembled, lambda db, n: inbox.store_missed_call(db, WEST, ALICE, NOON.replace(minute=n)), n)
    whole = (await client.get("/v1/numbers/0612345678/thread?limit=0")).json
    assert len(whole) == 8
    came: list[Any] = []
    place: str | None = "/v1/numbers/0612345678/thread?limit=3"
    while place is not None:
        answer = await client.get(place)
        came = answer.json + came
        place = next_page(answer)
        await add(assembled, insert_message, 9)
    assert came == whole


@pytest.mark.parametrize("limit", [3, 4, 5])
async def test_the_last_page_has_no_next_one(
    client: Client, assembled: AssembledService, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither has a list that is as long as its limit, nor one of more rows than are read at once: it would begin before its end
    is known."""
    monkeypatch.setattr(pages, "ROWS_PER_PAGE", 4)
    for n in range(4):
        await add(assembled, insert_message, n)
    assert next_page(await client.get(f"/v1/messages?limit={limit}")) == (
        "/v1/messages?limit=3&before=2" if limit == 3 else None
    )


@pytest.mark.parametrize(
    "target",
    [
        "/v1/optouts?after=x",
        "/v1/optouts?after=%C3%A9",
        f"/v1/optouts?after={make_cursor('2026', 1)}",
        f"/v1/optouts?after={make_cursor('2026')}",
        f"/v1/inbox?after={make_cursor('2026', 2**63)}",
        "/v1/numbers/0612345678/thread?before=bm8",
        "/v1/consent/emails?after=WyJcdWQ4MDAiLCAiIl0",  # half a surrogate pair
    ],
)
async def test_a_cursor_of_another_kind_is_refused(client: Client, target: str) -> None:
    """With its code: the client did not take it from the header."""
    answer = await client.get(target)
    assert (answer.status, answer.code) == (422, "bad_cursor")


def test_a_cursor_is_read_as_it_was_made() -> None:
    """Whatever is in it, and it needs no quoting in an address."""
    for values in (("2026-11-22T12:00:00+00:00", "+33612345678"), ("é/~?", "")):
        assert read_cursor(make_cursor(*values), str, str) == values
        assert make_cursor(*values).replace("-", "").replace("_", "").isalnum()
    with pytest.raises(Refused):
        read_cursor(make_cursor(1), str)
