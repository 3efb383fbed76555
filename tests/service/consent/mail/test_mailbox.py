"""The mailbox for opt-outs, in simulated time, over a server in memory."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from modemd.config import CurrentSettings, Settings
from modemd.errors import ErrorCode, StoreUnavailable
from modemd.rules.consent.policy import Marketing
from modemd.rules.consent.words.matching import Words
from modemd.service.consent.mail.mailbox import FAILURES_BEFORE_ALARM, LONGEST_WAIT_S, OPEN_S, STEP_S, Mailbox
from modemd.service.consent.mail.stop_words import MailStopWords
from modemd.store import Store
from modemd.store.consent import emails, statements
from modemd.store.consent import reviews as stored_reviews
from modemd.store.consent.statements import ConsentStatement
from tests.service.assembled import NOON, HandClock
from tests.service.consent.mail.servers import FakeServer
from tests.sim.world.loop import simulate
from tests.sim.world.store import fresh_database, store_over

ALICE, BOB = "+33612345678", "+33698765432"
EVERY_S = 300.0
DAY = timedelta(days=1)


def mail(subject: str, name: str = "1", sender: str = "ana@example.com") -> bytes:
    return f"From: {sender}\nMessage-ID: <{name}@x>\nSubject: {subject}\n\n".encode()


@dataclass
class Bench:
    """A mailbox over a store and a server, and the alarms that it raised."""

    mailbox: Mailbox
    store: Store
    server: FakeServer
    clock: HandClock
    settings: Settings
    alarms: list[str] = field(default_factory=list)
    cleared: int = 0

    async def poll(self) -> int:
        return await self.mailbox.poll()

    async def marketing(self, number: str) -> Marketing:
        return await self.store.read(lambda db: statements.read_marketing(db, number))

    async def count(self, sql: str) -> int:
        return await self.store.read(lambda db: int(db.execute(sql).fetchone()[0]))

    async def opt_outs(self) -> int:
        return await self.count("SELECT count(*) FROM consent_event WHERE action = 'opt_out'")

    async def reviews(self) -> int:
        return await self.count("SELECT count(*) FROM consent_review WHERE kind = 'mail'")


def add_contact(db: sqlite3.Connection, number: str) -> None:
    db.execute("INSERT INTO contact (number) VALUES (?)", (number,))


@contextlib.asynccontextmanager
async def bench(folder: Path, server: FakeServer, *, is_simulated: bool = False) -> AsyncIterator[Bench]:
    """`is_simulated`: the time of the loop jumps, so the store has no threads."""
    mailbox = {"host": "mail.example.com", "user": "stop", "password_file": "/nowhere"}
    settings = Settings.model_validate(
        {"database": str(folder / "modemd.db"), "country": "FR", "consent": {"mailbox": mailbox}}
    )
    store = store_over(fresh_database(), Random(1)) if is_simulated else await Store.open(settings.database)
    clock = HandClock()
    made: Bench | None = None
    words = MailStopWords(Words.load())

    def fail(text: str) -> None:
        assert made is not None
        made.alarms.append(text)

    def work() -> None:
        assert made is not None
        made.cleared += 1

    try:
        assert settings.consent.mailbox is not None
        built = Mailbox(
            store, CurrentSettings(settings), settings.consent.mailbox, clock, lambda: words, server.open,
            on_failing=fail, on_working=work, run_in_thread=server.run_inline,
        )  # fmt: skip
        made = Bench(built, store, server, clock, settings)
        for number in (ALICE, BOB):
            await store.write(partial(add_contact, number=number))
        yield made
    finally:
        await store.close()


async def run_for(made: Bench, seconds: float) -> None:
    """The task runs so long."""
    task = asyncio.ensure_future(made.mailbox.run())
    await asyncio.sleep(seconds)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def scenario(folder: Path, server: FakeServer, act: Callable[[Bench], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        async with bench(folder, server, is_simulated=True) as made:
            await act(made)

    simulate(main())


async def test_each_mail_is_handled_once_and_flagged(tmp_path: Path) -> None:
    """An opt-out and an unclear mail are marked as read; a mail that asks for nothing stays unread."""
    server = FakeServer()
    for subject in (f"STOP {ALICE}", "STOP", "Hello"):
        server.deliver(mail(subject, subject[-3:]))
    async with bench(tmp_path, server) as made:
        assert await made.poll() == 3
        assert server.flags == {1: {"done", "seen"}, 2: {"done", "seen"}, 3: {"done"}}
        assert await made.marketing(ALICE) is Marketing.OPTED_OUT
        assert (await made.opt_outs(), await made.reviews()) == (1, 1)
        assert await made.poll() == 0
        assert server.fetched == [1, 2, 3]
        assert (await made.opt_outs(), await made.reviews()) == (1, 1)


async def test_the_opt_out_moves_the_consent_epoch(tmp_path: Path) -> None:
    """A part whose claim came before the mail does not go on the air after it."""
    server = FakeServer()
    server.deliver(mail(f"STOP {ALICE}"))
    async with bench(tmp_path, server) as made:
        before = made.store.consent_epoch
        await made.poll()
        assert made.store.consent_epoch == before + 1


async def test_a_crash_before_the_flag_repeats_only_the_flag(tmp_path: Path) -> None:
    """The opt-out is stored first; the next run flags the mail, and handles nothing again."""
    server = FakeServer(faults=["flag"])
    server.deliver(mail(f"STOP {ALICE}"))
    async with bench(tmp_path, server) as made:
        with pytest.raises(Exception, match="flag failed"):
            await made.poll()
        assert await made.marketing(ALICE) is Marketing.OPTED_OUT
        assert server.flags == {}
        assert await made.poll() == 0
        assert server.flags == {1: {"done", "seen"}}
        assert (await made.opt_outs(), server.fetched) == (1, [1])


async def test_a_crash_before_the_commit_forgets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail whose outcome was not stored is not flagged, and the next run handles it."""
    server = FakeServer()
    server.deliver(mail(f"STOP {ALICE}"))
    async with bench(tmp_path, server) as made:

        def refuse(change: object) -> None:
            raise StoreUnavailable(ErrorCode.DISK_FULL, "no room")

        with monkeypatch.context() as broken:
            broken.setattr(made.store, "write_consent", refuse)
            with pytest.raises(StoreUnavailable):
                await made.poll()
        assert (server.flags, server.abandoned) == ({}, 1)
        await made.poll()
        assert await made.marketing(ALICE) is Marketing.OPTED_OUT
        assert server.flags == {1: {"done", "seen"}}


async def test_new_numbers_of_the_server_change_nothing(tmp_path: Path) -> None:
    """After a change of UIDVALIDITY, each mail is known by its digest, and only flagged."""
    server = FakeServer()
    server.deliver(mail(f"STOP {ALICE}", "1"))
    server.deliver(mail("STOP", "2"))
    async with bench(tmp_path, server) as made:
        await made.poll()
        server.uidvalidity, server.flags = 8, {}
        server.mails = {11: server.mails[2], 12: server.mails[1], 13: mail(f"STOP {BOB}", "3")}
        assert await made.poll() == 3
        assert (await made.opt_outs(), await made.reviews()) == (2, 1)
        assert await made.marketing(BOB) is Marketing.OPTED_OUT
        assert server.flags.keys() == {11, 12, 13}
        assert await made.poll() == 0


async def test_a_mail_older_than_an_opt_in_goes_to_a_person(tmp_path: Path) -> None:
    """A mailbox that is configured later has old mails; who has come back since is not opted out by them."""
    server = FakeServer(received_at=NOON - DAY)
    server.deliver(mail(f"STOP {ALICE}"))
    async with bench(tmp_path, server) as made:
        stop = ConsentStatement(ALICE, False, "stop", "en", "sms", stated_at=NOON - 3 * DAY)
        start = ConsentStatement(ALICE, True, "start", "en", "sms", stated_at=NOON - timedelta(hours=1))
        await made.store.write(lambda db: statements.apply_statement(db, stop, NOON - 3 * DAY))
        await made.store.write(lambda db: statements.apply_statement(db, start, NOON - timedelta(hours=1)))
        await made.poll()
        assert await made.marketing(ALICE) is Marketing.OPTED_IN
        assert await made.reviews() == 1


async def test_an_address_opts_out_all_of_its_numbers(tmp_path: Path) -> None:
    """Both telephones of a person, each with a statement of its own."""
    server = FakeServer()
    server.deliver(mail("STOP"))
    async with bench(tmp_path, server) as made:
        for number in (ALICE, BOB):
            await made.store.write(partial(emails.add, number=number, address="ana@example.com", now=NOON))
        await made.poll()
        assert [await made.marketing(number) for number in (ALICE, BOB)] == [Marketing.OPTED_OUT] * 2


async def test_a_mail_that_the_server_does_not_give_goes_to_a_person(tmp_path: Path) -> None:
    """It stops no mail behind it, and is not asked for again."""
    server = FakeServer(withheld={1})
    server.deliver(mail("STOP"))
    server.deliver(mail(f"STOP {ALICE}", "2"))
    async with bench(tmp_path, server) as made:
        await made.poll()
        assert (await made.opt_outs(), await made.reviews()) == (1, 1)
        assert await made.poll() == 0


async def test_a_mistake_of_ours_stops_one_mail_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail over which the reading fails goes to a person; those behind it are handled."""
    server = FakeServer()
    server.deliver(b"From: bad\n\n")
    server.deliver(mail(f"STOP {ALICE}", "2"))
    from modemd.rules.consent.mail import reading

    read = reading.read

    def sometimes(octets: bytes, *, is_cut: bool = False) -> reading.Mail:
        if b"bad" in octets:
            raise ZeroDivisionError
        return read(octets, is_cut=is_cut)

    monkeypatch.setattr(reading, "read", sometimes)
    async with bench(tmp_path, server) as made:
        await made.poll()
        assert (await made.opt_outs(), await made.reviews()) == (1, 1)


def test_it_is_read_every_few_minutes(tmp_path: Path) -> None:
    """At the start, and then each time that the configured time has passed."""
    server = FakeServer()

    async def act(made: Bench) -> None:
        await run_for(made, 2.5 * EVERY_S)
        assert server.opened_at == pytest.approx([0, EVERY_S, 2 * EVERY_S], abs=1)
        assert (made.alarms, made.cleared) == ([], 3)

    scenario(tmp_path, server, act)


def test_failures_wait_longer_and_longer_and_raise_an_alarm(tmp_path: Path) -> None:
    """A wrong password is not tried every five minutes for ever; the alarm comes after three tries, and ends with success."""
    server = FakeServer(faults=["open", "select", "fetch"] + ["open"] * 7)
    server.deliver(mail(f"STOP {ALICE}"))

    async def act(made: Bench) -> None:
        await run_for(made, 24 * 3600)
        waits = [after - before for before, after in zip(server.opened_at, server.opened_at[1:], strict=False)]
        assert waits[:9] == pytest.approx([300, 600, 1200, 2400, *[LONGEST_WAIT_S] * 5], abs=1)
        assert len(made.alarms) == 10 - FAILURES_BEFORE_ALARM + 1
        assert made.alarms[0].startswith(
            "the mailbox for opt-outs cannot be read, 3 times so far: mail.example.com: fetch"
        )
        assert made.cleared > 100
        assert await made.marketing(ALICE) is Marketing.OPTED_OUT

    scenario(tmp_path, server, act)


@pytest.mark.parametrize(
    ("step", "deadline_s"), [("open", OPEN_S), ("select", STEP_S), ("fetch", STEP_S), ("flag", STEP_S)]
)
def test_a_server_that_hangs_is_cut(tmp_path: Path, step: str, deadline_s: float) -> None:
    """Each step has a deadline; then the connection is cut, and the next try comes later."""
    server = FakeServer(hangs=step)
    server.deliver(mail("Hello"))

    async def act(made: Bench) -> None:
        task = asyncio.ensure_future(made.mailbox.run())
        await asyncio.sleep(deadline_s + 1)
        assert server.abandoned == (0 if step == "open" else 1)
        server.hangs = None
        await asyncio.sleep(EVERY_S + 1)
        assert server.flags == {1: {"done"}}
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    scenario(tmp_path, server, act)


def test_the_end_waits_for_no_server(tmp_path: Path) -> None:
    """A task that is cancelled while the server hangs ends at once, and cuts the connection."""
    server = FakeServer(hangs="fetch")
    server.deliver(mail("Hello"))

    async def act(made: Bench) -> None:
        task = asyncio.ensure_future(made.mailbox.run())
        await asyncio.sleep(10)
        task.cancel()
        began = asyncio.get_running_loop().time()
        await asyncio.gather(task, return_exceptions=True)
        assert asyncio.get_running_loop().time() == began
        assert server.abandoned == 1

    scenario(tmp_path, server, act)


async def test_a_doubtful_mail_holds_marketing_until_somebody_decides(tmp_path: Path) -> None:
    """The review has the number, the reason and the mail; one without a number holds nothing."""
    server = FakeServer()
    server.deliver(mail(f"The bus stop is closed {ALICE}", "1"))
    server.deliver(mail("STOP", "2"))
    async with bench(tmp_path, server) as made:
        await made.poll()
        first, second = sorted(
            await made.store.read(lambda db: stored_reviews.list_items(db)), key=lambda item: item.id
        )
        assert (first.number, first.word, first.due_at is not None) == (ALICE, "STOP", True)
        assert "subject: The bus stop is closed" in first.text
        assert "which may ask for an opt-out" in first.text
        assert (second.number, second.due_at) == ("", None)
