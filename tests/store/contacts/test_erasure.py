"""Erasure of a number: nothing of it is left but what proves its consent, and what has not ended."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from modemd.rules.classes import MessageClass
from modemd.rules.consent.double_opt_in import OptInEvent
from modemd.rules.consent.policy import Marketing
from modemd.store import events, listings
from modemd.store.consent import emails, lists, statements, verification
from modemd.store.consent.ledger import ConsentAction, ConsentEvent
from modemd.store.consent.statements import ConsentStatement
from modemd.store.consent.verification import AnchorFile
from modemd.store.contacts import erasure
from modemd.store.contacts.erasure import ErasedRows, KeptRows
from modemd.store.events import Authorship
from modemd.store.inbound import inbox
from modemd.store.inbound.inbound_part import Arrival
from modemd.store.keyed_hashes.keys import LedgerKeys
from tests.store.bench import ALICE, BOB, WEST, Bench

ANN = Authorship("ann", "asked for it")
PRIVATE = "only for Alice"
TAIL = ALICE[-8:]


def arrives(bench: Bench, sender: str, text: str, *, total: int = 1) -> None:
    """A message comes in; of a long one only the first part."""
    tpdu = f"{sender} {text}".encode()
    arrival = Arrival(WEST, tpdu, sender, "text", text, bench.now, set_key=f"{sender}/1", total=total)
    inbox.store_arrival(bench.db, arrival, lambda tpdus: ("text", text), bench.now)


def erase(bench: Bench, *numbers: str, reports: tuple[str, ...] = ()) -> tuple[ErasedRows, KeptRows]:
    """The whole erasure, step by step as the service has it."""
    total = ErasedRows()
    while (done := erasure.erase_step(bench.db, numbers, (*numbers, *reports), bench.now)) != ErasedRows():
        total += done
    while erasure.erase_consent_step(bench.db, numbers, ANN, bench.now):
        pass
    return total, erasure.finish(bench.db, numbers, ANN, bench.now)


def traces(bench: Bench, *needles: str) -> set[str]:
    """The tables in which one of the texts still stands, in whatever column."""
    tables = [row[0] for row in bench.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {
        table
        for table in tables
        for row in bench.db.execute(f"SELECT * FROM {table}").fetchall()
        for value in row
        for text in (value.decode("latin-1") if isinstance(value, bytes) else str(value),)
        if any(needle in text for needle in needles)
    }


def test_nothing_is_left_but_the_hash_of_an_opt_out(bench: Bench) -> None:
    """Numbers and texts are gone from every table, and the rows are still counted. The opt-out is known all the same."""
    bench.submit(text=PRIVATE)
    bench.send(reference=7)
    bench.report(7, tpdu=f"of {ALICE}".encode())
    bench.report(9, number=f"0{ALICE[3:]}", tpdu=f"stray {ALICE}".encode())
    arrives(bench, ALICE, PRIVATE)
    events.add_event(bench.db, None, bench.now, "type 0 message", sender=ALICE)
    bench.says(ALICE)
    assert traces(bench, PRIVATE, TAIL) >= {"message", "part", "attempt", "report", "inbox", "inbox_part", "event"}
    erased, kept = erase(bench, ALICE, reports=(f"0{ALICE[3:]}",))
    assert erased == ErasedRows(messages=1, inbox=1, reports=1)
    assert kept == KeptRows(erasure.SUPPRESSED, 0, 0, ())
    assert traces(bench, PRIVATE, TAIL) == set()
    assert statements.read_marketing(bench.db, ALICE) is Marketing.OPTED_OUT
    assert statements.read_marketing(bench.db, BOB) is Marketing.UNKNOWN
    assert verification.verify(bench.db, AnchorFile()).problems == ()
    (row,) = listings.list_messages(bench.db)
    assert (row.recipient, row.text, row.state, row.sim) == ("", "", "delivered", WEST)
    assert listings.count_states(bench.db) == {"delivered": 1}


def test_others_are_not_touched(bench: Bench) -> None:
    """Only this number is erased, however many messages there are."""
    for _ in range(60):
        bench.submit(BOB)
        bench.send()
        bench.submit(ALICE)
        bench.send()
    bench.db.execute("UPDATE message SET closed_at = created_at")
    arrives(bench, BOB, "hi")
    erased, _ = erase(bench, ALICE)
    assert erased == ErasedRows(messages=60)
    assert {row.recipient for row in listings.list_messages(bench.db, limit=0)} == {BOB, ""}
    assert [row.text for row in listings.list_inbox(bench.db)] == ["hi"]


def test_what_has_not_ended_is_kept(bench: Bench) -> None:
    """A message that waits, parts that are not all there, and a recurring send still need the number."""
    waiting = bench.submit(at=bench.now + timedelta(hours=1))
    arrives(bench, ALICE, "half", total=2)
    _schedule(bench, "reminder", [BOB, ALICE])
    _schedule(bench, "old", [ALICE, BOB], removed=True)
    _, kept = erase(bench, ALICE)
    assert kept == KeptRows(None, 1, 1, ("reminder",))
    assert bench.message(waiting)["number"] == ALICE
    recipients = bench.db.execute("SELECT recipients FROM schedule WHERE name = 'old'").fetchone()[0]
    assert json.loads(recipients) == [BOB]


def _schedule(bench: Bench, name: str, recipients: list[str], *, removed: bool = False) -> None:
    bench.db.execute(
        """INSERT INTO schedule (name, cron, zone, recipients, text, class, report, late, created_at, looked_at, removed_at)
           VALUES (?, '0 9 * * *', 'UTC', ?, 'x', ?, 0, 0, '', '', ?)""",
        (name, json.dumps(recipients), MessageClass.TRANSACTIONAL, "2026" if removed else None),
    )


def test_who_said_nothing_is_forgotten(bench: Bench) -> None:
    """A contact without consent is no proof of anything; who had it erased is stored without the number."""
    bench.submit()
    bench.send()
    bench.db.execute("UPDATE message SET closed_at = created_at")
    assert bench.db.execute("SELECT count(*) FROM contact").fetchone()[0] == 1
    erase(bench, ALICE)
    assert bench.db.execute("SELECT count(*) FROM contact").fetchone()[0] == 0
    (detail,) = bench.db.execute("SELECT detail FROM event WHERE what = 'number erased'").fetchone()
    assert json.loads(detail) == {"by": "ann", "why": "asked for it"}


def test_an_erased_message_does_not_come_in_anew(bench: Bench) -> None:
    """The modem may still hold it: it is known by its fingerprint."""
    arrives(bench, ALICE, PRIVATE)
    erase(bench, ALICE)
    arrives(bench, ALICE, PRIVATE)
    assert [row.text for row in listings.list_inbox(bench.db)] == [""]


def test_addresses_and_their_mails_are_forgotten(bench: Bench) -> None:
    """A later mail from the address opts nobody out."""
    emails.add(bench.db, ALICE, "ana@example.com", bench.now)
    emails.add(bench.db, BOB, "ben@example.com", bench.now)
    erase(bench, ALICE)
    assert traces(bench, "ana@example.com", ALICE) == set()
    assert traces(bench, "ben@example.com") == {"contact_email"}


def test_a_long_text_does_not_stay_in_the_file(bench: Bench) -> None:
    """Its pages become free: they are overwritten too, and not only left."""
    path = Path(bench.db.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0])
    for number in range(30):
        bench.submit(text=f"{PRIVATE} " * 100 + str(number))
        bench.send()
        arrives(bench, ALICE, f"{PRIVATE} " * 100 + str(number))
    bench.db.execute("UPDATE message SET closed_at = created_at")
    bench.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert PRIVATE.encode() in path.read_bytes()
    erase(bench, ALICE)
    bench.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for needle in (PRIVATE, ALICE, TAIL):
        assert needle.encode() not in path.read_bytes(), needle


def test_an_undone_opt_out_is_forgotten(bench: Bench) -> None:
    """It binds nobody: its statements are blanked, and the event of the decision has the number no more."""
    bench.says(ALICE, channel=statements.READING)
    statements.undo_reading(bench.db, ALICE, ANN, bench.now)
    assert traces(bench, TAIL) == {"contact", "consent_event", "event"}
    _, kept = erase(bench, ALICE)
    assert kept == KeptRows(None, 0, 0, ())
    assert traces(bench, TAIL) == set()
    (detail,) = bench.db.execute("SELECT detail FROM event WHERE what = 'opt-out undone'").fetchone()
    assert json.loads(detail) == {"by": "ann", "why": "asked for it"}


def test_a_message_to_an_erased_number_finds_its_opt_out(bench: Bench) -> None:
    """The contact that is made anew is opted out, since then; START ends that for good."""
    bench.says(ALICE)
    since = statements.find_last_opt_out(bench.db, ALICE)
    erase(bench, ALICE)
    bench.passes(days=1)
    assert bench.state(bench.submit(message_class=MessageClass.MARKETING)) == "refused"
    row = bench.db.execute("SELECT marketing, marketing_since FROM contact").fetchone()
    assert tuple(row) == ("opted_out", since)
    old = ConsentStatement(ALICE, True, "start", "en", "sms", stated_at=bench.now - timedelta(days=2))
    assert not statements.apply_statement(bench.db, old, bench.now).has_changed
    new = ConsentStatement(ALICE, True, "start", "en", "sms", stated_at=bench.now)
    assert statements.apply_statement(bench.db, new, bench.now).has_changed
    assert bench.db.execute("SELECT count(*) FROM suppression").fetchone()[0] == 0
    assert bench.state(bench.submit(message_class=MessageClass.MARKETING)) == "queued"


def test_an_erased_opt_out_in_national_form_binds_whom_it_bound(bench: Bench) -> None:
    """Its country was not known, so it binds every number that ends so, also as a hash."""
    bench.says(f"0{ALICE[3:]}")
    assert statements.read_marketing(bench.db, ALICE) is Marketing.OPTED_OUT
    erase(bench, f"0{ALICE[3:]}")
    assert statements.read_marketing(bench.db, ALICE) is Marketing.OPTED_OUT
    assert statements.read_marketing(bench.db, BOB) is Marketing.UNKNOWN


def test_a_list_that_was_left_stays_left(bench: Bench) -> None:
    """Of subscriptions nothing is kept but the hash of a list that the person has left; a later START to it ends that."""
    for name in ("promo", "news"):
        entry = ConsentEvent(ALICE, ConsentAction.OPT_IN, "paper", list_name=name)
        lists.change(bench.db, OptInEvent.RECORDED, entry, bench.now)
    bench.says(ALICE, list_name="promo")
    erase(bench, ALICE)
    assert traces(bench, TAIL) == set()
    assert lists.read_state(bench.db, ALICE, "promo") is Marketing.OPTED_OUT
    assert lists.read_state(bench.db, ALICE, "news") is Marketing.UNKNOWN
    assert lists.read_state(bench.db, BOB, "promo") is Marketing.UNKNOWN
    bench.passes(minutes=1)
    back = ConsentStatement(ALICE, True, "start", "en", "sms", stated_at=bench.now, list_name="promo")
    assert statements.apply_statement(bench.db, back, bench.now).has_changed
    assert bench.db.execute("SELECT count(*) FROM suppression").fetchone()[0] == 0


def test_who_opted_in_is_forgotten(bench: Bench) -> None:
    """An opt-in binds nobody: nothing of it is kept but its row without content."""
    statements.apply_statement(bench.db, ConsentStatement(ALICE, True, None, None, "form"), bench.now)
    _, kept = erase(bench, ALICE)
    assert (kept.consent, traces(bench, TAIL)) == (None, set())


def test_without_a_key_an_opt_out_keeps_its_number(bench: Bench) -> None:
    """A hash that everybody can compute would hide nothing, so the contact stays, and that is told."""
    LedgerKeys((), "gone").register(bench.db)
    bench.says(ALICE)
    _, kept = erase(bench, ALICE)
    assert (kept.consent, traces(bench, TAIL)) == ("opted_out", {"contact"})


def test_the_event_of_another_number_is_not_touched(bench: Bench) -> None:
    """Only the decision about the erased number loses it."""
    bench.says(BOB, channel=statements.READING)
    statements.undo_reading(bench.db, BOB, ANN, bench.now)
    erase(bench, ALICE)
    assert "event" in traces(bench, BOB)
