"""Mails that were handled, as they are stored."""

from __future__ import annotations

from datetime import timedelta

from modemd.store.consent import handled_mails, statements
from modemd.store.consent.handled_mails import MailPlace
from modemd.store.consent.statements import ConsentStatement
from tests.store.bench import ALICE, BOB, Bench

BOX = "stop@mail.example.com:993/INBOX"


def test_what_is_new_is_above_the_highest(bench: Bench) -> None:
    """Each mailbox, and each numbering of it, has its own."""
    assert handled_mails.find_highest_uid(bench.db, BOX, 7) == 0
    for uid in (3, 9):
        handled_mails.add(bench.db, MailPlace(BOX, 7, uid), bytes([uid]), "none", bench.now)
    assert handled_mails.find_highest_uid(bench.db, BOX, 7) == 9
    assert handled_mails.find_highest_uid(bench.db, BOX, 8) == 0
    assert handled_mails.find_highest_uid(bench.db, f"{BOX}2", 7) == 0


def test_a_mail_waits_for_its_flags(bench: Bench) -> None:
    """Until the server has taken them."""
    for uid, outcome in ((1, "opt_out"), (2, "none")):
        handled_mails.add(bench.db, MailPlace(BOX, 7, uid), bytes([uid]), outcome, bench.now)
    assert handled_mails.list_unflagged(bench.db, BOX, 7, 10) == [(1, "opt_out"), (2, "none")]
    handled_mails.mark_flagged(bench.db, MailPlace(BOX, 7, 1))
    assert handled_mails.list_unflagged(bench.db, BOX, 7, 10) == [(2, "none")]
    assert handled_mails.find_outcome(bench.db, b"\1") == "opt_out"
    assert handled_mails.find_outcome(bench.db, b"\3") is None


def test_a_contact_is_somebody_who_was_written_to(bench: Bench) -> None:
    """Other numbers of a mail are strangers."""
    bench.submit()
    assert handled_mails.find_contacts(bench.db, (ALICE, "+33600000000")) == {ALICE}


def test_an_opt_in_counts_from_its_time(bench: Bench) -> None:
    """One that came before the mail does not."""
    statements.apply_statement(bench.db, ConsentStatement(BOB, False, "stop", "en", "sms"), bench.now)
    bench.passes(hours=1)
    said = ConsentStatement(BOB, True, "start", "en", "sms", stated_at=bench.now)
    statements.apply_statement(bench.db, said, bench.now)
    moment = timedelta(minutes=1)
    assert handled_mails.have_opted_in_since(bench.db, [ALICE, BOB], bench.now - moment)
    assert not handled_mails.have_opted_in_since(bench.db, [ALICE, BOB], bench.now + moment)
