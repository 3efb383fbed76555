"""Consent statements of contacts, stored append-only; an opt-out cancels the marketing that waits, in the same transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.consent.double_opt_in import OptInEvent
from modemd.rules.consent.policy import Marketing
from modemd.rules.sender_numbers import list_national_forms
from modemd.store.consent import ledger, lists, opt_in_requests, reviews
from modemd.store.consent.ledger import ConsentAction, ConsentEvent
from modemd.store.consent.proof import NO_PROOF, Proof, store_file
from modemd.store.consent.stamps import find_time, is_credible
from modemd.store.ending import cancel_waiting_messages
from modemd.store.events import Authorship, add_event
from modemd.store.keyed_hashes import suppression
from modemd.store.keyed_hashes.suppression import StoredContact
from modemd.store.timestamps import from_text, to_text

# Channel of an opt-out that binds a number only because the sender's digits can mean it too.
READING = "reading"
# Channel of a person's word that such an opt-out was meant for another number.
UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class ConsentStatement:
    """Statement about one number: a keyword in a message, or a person's entry. `channel` is `sms`, `reading`, or how a person
    learnt of it; `stated_at`: the network's stamp of the message, None if it is not known; `list_name`: the only list that it is
    about, None for all marketing; `words`: the exact text; `sim`: the ICCID of the SIM that received it; `proof`: of what a
    person entered."""

    number: str
    opts_in: bool
    keyword: str | None
    language: str | None
    channel: str
    inbox_id: int | None = None
    stated_at: datetime | None = None
    list_name: str | None = None
    words: str | None = None
    sim: str | None = None
    proof: Proof = NO_PROOF


@dataclass(frozen=True, slots=True)
class ConsentEffect:
    """Effect of a statement. `needs_confirmation`: a confirmation is due, if `rules.consent.answers` allows it;
    `withdrawn_messages`: how many were cancelled."""

    has_changed: bool
    needs_confirmation: bool
    withdrawn_messages: int = 0


def read_marketing(db: sqlite3.Connection, number: str) -> Marketing:
    """Returns what a number has said about marketing so far. A number that was erased is opted out if it was so then. A number
    that has said nothing is bound by an opt-out in a national form of it whose country was not known."""
    return _with_ending(db, number, _read_own_marketing(db, number))


def find_marketing(db: sqlite3.Connection, number: str, contact: StoredContact) -> Marketing:
    """Returns what `read_marketing` does, for a number whose contact was read."""
    # A new contact was looked up in the list of the erased when it was made.
    said = contact.marketing if contact.is_new else _with_suppression(db, number, contact.marketing)
    return _with_ending(db, number, said)


def _read_own_marketing(db: sqlite3.Connection, number: str) -> Marketing:
    row = db.execute("SELECT marketing FROM contact WHERE number = ?", (number,)).fetchone()
    return _with_suppression(db, number, Marketing(row["marketing"]) if row else Marketing.UNKNOWN)


def _with_suppression(db: sqlite3.Connection, number: str, said: Marketing) -> Marketing:
    is_suppressed = said is Marketing.UNKNOWN and suppression.find_suppression(db, number) is not None
    return Marketing.OPTED_OUT if is_suppressed else said


def _with_ending(db: sqlite3.Connection, number: str, said: Marketing) -> Marketing:
    return Marketing.OPTED_OUT if said is Marketing.UNKNOWN and _is_bound_by_ending(db, number) else said


# The index has nothing in it where every sender's country is known.
_ENDINGS = "contact INDEXED BY contact_ending WHERE marketing = 'opted_out' AND number >= '0' AND number < ':'"
_HAS_ENDINGS = f"SELECT EXISTS (SELECT 1 FROM {_ENDINGS}), {suppression.HAS_ENDINGS}"  # noqa: S608 - our own words


def _is_bound_by_ending(db: sqlite3.Connection, number: str) -> bool:
    has_contacts, has_erased = db.execute(_HAS_ENDINGS).fetchone()
    if not number.startswith("+") or not (has_contacts or has_erased):
        return False  # to list the forms takes longer than all else
    forms = sorted(list_national_forms(number))
    if has_erased and any(suppression.find_suppression(db, form) is not None for form in forms):
        return True
    marks = ", ".join("?" * len(forms))
    return db.execute(f"SELECT 1 FROM {_ENDINGS} AND number IN ({marks})", forms).fetchone() is not None  # noqa: S608 - marks


def apply_statement(db: sqlite3.Connection, statement: ConsentStatement, now: datetime) -> ConsentEffect:
    """Stores an opt-out or opt-in, and withdraws the marketing that waits after an opt-out.

    An opt-in in a message of someone who had opted out counts only if it was said after that; else nothing is stored, nor if the
    number has opted in already. Another number's opt-in (`reading`) counts only for someone who had opted out. An opt-in that a
    person enters counts for everybody; for someone who had opted out, only if it is dated after that: else raises
    Refused (`evidence_too_old`). An opt-out that is repeated is stored, and gets no confirmation. A statement about all marketing
    closes every subscription, or opens what it has closed; one about a list changes this list alone.
    """
    if statement.list_name is not None:
        return _apply_to_list(db, statement, statement.list_name, now)
    before = (read_marketing if statement.opts_in else _read_own_marketing)(db, statement.number)
    wanted = Marketing.OPTED_IN if statement.opts_in else Marketing.OPTED_OUT
    _check_opt_in(db, statement, before)
    if statement.opts_in and _is_message(statement) and not _counts(db, statement, before, now):
        return ConsentEffect(has_changed=False, needs_confirmation=False)
    _add_to_ledger(db, statement, now)
    reviews.settle_by_word(db, statement.number, now)
    if before is Marketing.PENDING:
        opt_in_requests.close(db, statement.number, None, now, wanted.value)
    if before is wanted:
        return ConsentEffect(has_changed=False, needs_confirmation=False)
    answer = statement.channel == "sms"
    db.execute(
        """INSERT INTO contact (number, marketing, marketing_since, language) VALUES (?, ?, ?, ?)
           ON CONFLICT (number) DO UPDATE SET marketing = excluded.marketing, marketing_since = excluded.marketing_since,
               language = coalesce(excluded.language, language)""",
        (statement.number, wanted, to_text(now), statement.language),
    )
    withdrawn = 0
    if statement.opts_in:
        suppression.lift(db, statement.number)
        lists.forget_notice(db, statement.number)
        lists.reopen_all(db, statement.number, now)
    else:
        lists.close_all(db, statement.number, now)
        withdrawn = cancel_waiting_messages(db, statement.number, MessageClass.MARKETING, now, "opted_out")
    _supersede_confirmations(db, statement.number, now)
    return ConsentEffect(has_changed=True, needs_confirmation=answer, withdrawn_messages=withdrawn)


def _apply_to_list(db: sqlite3.Connection, statement: ConsentStatement, list_name: str, now: datetime) -> ConsentEffect:
    """Stores an opt-out of one list or the return to it, and withdraws the marketing of this list that waits after an opt-out."""
    before = lists.read_state(db, statement.number, list_name)
    _check_opt_in(db, statement, before)
    if statement.opts_in and _is_message(statement):
        is_return = before is Marketing.OPTED_OUT and _is_newer_than_opt_out(db, statement, now)
        if not is_return:
            return ConsentEffect(has_changed=False, needs_confirmation=False)
    event = OptInEvent.OPTED_OUT
    if statement.opts_in:
        event = OptInEvent.RETURNED if _is_message(statement) else OptInEvent.RECORDED
    if statement.proof.file is not None:
        store_file(db, statement.proof.file, now)
    if lists.change(db, event, _make_entry(statement), now) is before:
        return ConsentEffect(has_changed=False, needs_confirmation=False)
    answer = statement.channel == "sms"
    db.execute(
        """INSERT INTO contact (number, language) VALUES (?, ?)
           ON CONFLICT (number) DO UPDATE SET language = coalesce(excluded.language, language)""",
        (statement.number, statement.language),
    )
    withdrawn = (
        0
        if statement.opts_in
        else cancel_waiting_messages(
            db, statement.number, MessageClass.MARKETING, now, "list_opted_out", list_name=list_name
        )
    )
    _supersede_confirmations(db, statement.number, now)
    return ConsentEffect(has_changed=True, needs_confirmation=answer, withdrawn_messages=withdrawn)


def _counts(db: sqlite3.Connection, statement: ConsentStatement, before: Marketing, now: datetime) -> bool:
    """Returns True if the opt-in of a message changes anything."""
    if before is Marketing.OPTED_OUT:
        return _is_newer_than_opt_out(db, statement, now)
    return statement.channel == "sms" and before is not Marketing.OPTED_IN


def _is_message(statement: ConsentStatement) -> bool:
    """Returns True if a statement is the person's own message, and False if somebody entered it."""
    return statement.channel in ("sms", READING)


def _add_to_ledger(db: sqlite3.Connection, statement: ConsentStatement, now: datetime) -> None:
    if statement.proof.file is not None:
        store_file(db, statement.proof.file, now)
    ledger.add(db, _make_entry(statement), now)


def _make_entry(statement: ConsentStatement) -> ConsentEvent:
    proof = statement.proof
    return ConsentEvent(
        statement.number,
        ConsentAction.OPT_IN if statement.opts_in else ConsentAction.OPT_OUT,
        statement.channel,
        list_name=statement.list_name,
        occurred_at=proof.occurred_at or statement.stated_at,
        zone=proof.zone,
        sender=statement.sim,
        actor=proof.actor,
        word=statement.keyword,
        language=statement.language,
        words=statement.words,
        inbox_id=statement.inbox_id,
        said_at=statement.stated_at,
        wording=proof.wording,
        wording_version=proof.wording_version,
        wording_language=proof.wording_language,
        basis=proof.basis,
        evidence=proof.evidence,
        evidence_file=proof.file.digest if proof.file is not None else None,
        evidence_name=proof.file.name if proof.file is not None else None,
        url=proof.url,
        ip=proof.ip,
        user_agent=proof.user_agent,
        contact_id=proof.contact_id,
    )


def _supersede_confirmations(db: sqlite3.Connection, number: str, now: datetime) -> None:
    """Cancels confirmations of earlier statements that still wait: they would now be wrong. Open requests stay."""
    requests = [message for request in opt_in_requests.list_of(db, number) for message in request.messages]
    cancel_waiting_messages(db, number, MessageClass.SYSTEM, now, "superseded", keep=requests)


def _check_opt_in(db: sqlite3.Connection, statement: ConsentStatement, before: Marketing) -> None:
    """Raises Refused if an opt-in that a person enters is not dated after the opt-out that it would end."""
    if statement.opts_in and not _is_message(statement) and before is Marketing.OPTED_OUT:
        _check_date(db, statement)


def _check_date(db: sqlite3.Connection, statement: ConsentStatement) -> None:
    """Raises Refused if an opt-in that a person enters is not dated after the opt-outs of its number."""
    number, said = statement.number, statement.proof.occurred_at
    since = find_last_opt_out(db, number, statement.list_name)
    if said is None or (since is not None and said <= from_text(since)):
        when = f" at {since}" if since is not None else ""
        raise Refused(
            ErrorCode.EVIDENCE_TOO_OLD,
            f"{number} opted out{when}; only START from it, or an opt-in with evidence that is dated after that, ends this: say "
            "when the person agreed",
        )


def find_last_opt_out(db: sqlite3.Connection, number: str, list_name: str | None = None) -> str | None:
    """Returns when the last opt-out of a number from all marketing, or from a list if one is named, was stored, as a stored time;
    None if there is none."""
    rows = db.execute(
        "SELECT at FROM consent_event WHERE number = ? AND action = 'opt_out' AND (list IS NULL OR list = ?)",
        (number, list_name),
    ).fetchall()
    contact = db.execute(
        "SELECT marketing_since FROM contact WHERE number = ? AND marketing = 'opted_out'", (number,)
    ).fetchone()
    found = [row["at"] for row in rows] + [contact["marketing_since"] if contact is not None else None]
    return max(filter(None, (*found, *_list_suppressed(db, number, list_name))), default=None)


def _list_suppressed(db: sqlite3.Connection, number: str, list_name: str | None) -> list[str]:
    """Returns when a number that was erased had opted out of all marketing, and of a list if one is named."""
    found = {suppression.find_suppression(db, number), suppression.find_suppression(db, number, list_name)}
    return sorted(filter(None, found))


def _is_newer_than_opt_out(db: sqlite3.Connection, statement: ConsentStatement, now: datetime) -> bool:
    """Returns True if an opt-in was said after the stored opt-outs, by the network's stamps. An SMS whose stamp is rubbish may
    have been said before them: it undoes nothing."""
    return is_said_after_opt_outs(db, statement.number, statement.list_name, statement.stated_at, now)


def is_said_after_opt_outs(
    db: sqlite3.Connection, number: str, list_name: str | None, stated_at: datetime | None, now: datetime
) -> bool:
    """Returns True if a message with this stamp was said after every general opt-out of a number, and after those of a list if
    one is named. A stamp that is not known, or is rubbish, proves nothing."""
    if stated_at is None or not is_credible(stated_at, now):
        return False
    rows = db.execute(
        """SELECT at, said_at FROM consent_event
           WHERE number = ? AND action = 'opt_out' AND (list IS NULL OR list = ?)""",
        (number, list_name),
    ).fetchall()
    times = [*map(find_time, rows), *_list_suppressed(db, number, list_name)]
    return all(to_text(stated_at) >= time for time in times)


def read_language(db: sqlite3.Connection, number: str) -> str | None:
    """Returns the language of a contact's last keyword; None if there was none."""
    row = db.execute("SELECT language FROM contact WHERE number = ?", (number,)).fetchone()
    return row["language"] if row else None


def find_by_ending(db: sqlite3.Connection, digits: str) -> list[str]:
    """Returns the contacts that a national number can be, whatever their country. Scans the table: for the rare sender whose
    country is unknown."""
    ending = digits[-6:]
    rows = db.execute(
        "SELECT number FROM contact WHERE substr(number, ?) = ? AND number LIKE '+%'", (-len(ending), ending)
    )
    return [row["number"] for row in rows if digits in list_national_forms(row["number"])]


def is_bound_by_reading_alone(db: sqlite3.Connection, number: str) -> bool:
    """Returns True if a number is opted out, and its last opt-out was said by digits that can mean it, not by its own number."""
    row = db.execute(
        """SELECT channel FROM consent_event
           WHERE number = ? AND action = 'opt_out' AND list IS NULL ORDER BY id DESC LIMIT 1""",
        (number,),
    ).fetchone()
    return row is not None and row["channel"] == READING and read_marketing(db, number) is Marketing.OPTED_OUT


def undo_reading(db: sqlite3.Connection, number: str, authorship: Authorship, now: datetime) -> None:
    """Undoes an opt-out that the number's own message did not say: a sender's digits can mean it too, or a person entered it by
    mistake. The number is then as it was before.

    Raises Refused: `not_found` if the number is not opted out; `own_opt_out` if its own message says so, which only its own START
    undoes, or if it is bound by a national number of an unknown country.
    """
    if read_marketing(db, number) is not Marketing.OPTED_OUT:
        raise Refused(ErrorCode.NOT_FOUND, f"{number} has not opted out")
    own = db.execute(
        """SELECT action FROM consent_event
           WHERE number = ? AND channel IN ('sms', 'review') AND list IS NULL AND action IN ('opt_in', 'opt_out', 'confirm')
           ORDER BY id DESC LIMIT 1""",
        (number,),
    ).fetchone()
    if _read_own_marketing(db, number) is not Marketing.OPTED_OUT:
        raise Refused(
            ErrorCode.OWN_OPT_OUT,
            f"{number} is bound by the opt-out of a national number whose country modemd does not know; set `country` in the "
            "configuration, or wait for START from that number",
        )
    if own is not None and own["action"] == "opt_out":
        raise Refused(ErrorCode.OWN_OPT_OUT, f"{number} has opted out by its own message; only START from it ends that")
    undone = ConsentEvent(number, ConsentAction.UNDO, UNDONE, actor=authorship.by, evidence=authorship.why)
    ledger.add(db, undone, now)
    before = Marketing.UNKNOWN if own is None else Marketing.OPTED_IN
    db.execute("UPDATE contact SET marketing = ?, marketing_since = ? WHERE number = ?", (before, to_text(now), number))
    lists.reopen_all(db, number, now)
    add_event(db, None, now, "opt-out undone", number=number, by=authorship.by, why=authorship.why)


def list_written_to(db: sqlite3.Connection, numbers: Sequence[str], since: datetime) -> list[str]:
    """Returns those of `numbers` to whom a message left since then, in the same order. Confirmations do not count."""
    return [
        number
        for number in numbers
        if db.execute("SELECT 1 FROM contact WHERE number = ? AND written_at >= ?", (number, to_text(since))).fetchone()
    ]
