"""Outcome of a mail: decided and stored in one transaction, so that a crash repeats nothing and forgets nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime

from modemd.config import Settings
from modemd.light_dataclass import dataclass
from modemd.rules.consent.business_days import add_business_days
from modemd.rules.consent.mail.decision import MailAction, MailContent, MailDecision, decide
from modemd.rules.consent.mail.reading import Mail
from modemd.rules.geography.sim_country import find_sim_country
from modemd.store import sims
from modemd.store.consent import emails, handled_mails, reviews, statements
from modemd.store.consent.handled_mails import MailPlace
from modemd.store.consent.proof import Proof
from modemd.store.consent.reviews import ReviewKind, ReviewText
from modemd.store.consent.statements import ConsentStatement

CHANNEL = "email"
ACTOR = "mailbox"
# Countries of SIMs that a national number is tried with.
MOST_COUNTRIES = 5
# Characters of a mail that a person is shown.
LONGEST_REVIEW = 2000


@dataclass(frozen=True, slots=True)
class MailOutcome:
    """Outcome of a mail: the decision, how many messages were cancelled by it, and whether the mail was handled before, in
    another place."""

    decision: MailDecision
    withdrawn_messages: int = 0
    is_repeat: bool = False


def apply_mail(
    db: sqlite3.Connection,
    place: MailPlace,
    mail: Mail,
    content: MailContent,
    settings: Settings,
    received_at: datetime,
    now: datetime,
) -> MailOutcome:
    """Decides about a mail, applies the decision, and stores that the mail was handled. Runs in one transaction. `received_at`:
    when it came into the mailbox."""
    before = handled_mails.find_outcome(db, mail.digest)
    if before is not None:
        handled_mails.add(db, place, mail.digest, before, now)
        return MailOutcome(MailDecision(MailAction(before), (), None, "it was handled before"), is_repeat=True)
    known = handled_mails.find_contacts(db, (*content.numbers, *content.signature_numbers))
    decision = decide(mail, content, known, emails.find_numbers(db, content.senders))
    if handled_mails.have_opted_in_since(db, decision.numbers, received_at) and decision.action is MailAction.OPT_OUT:
        because = f"{decision.because}, but the contact has opted in after the mail came"
        decision = replace(decision, action=MailAction.REVIEW, because=because)
    withdrawn = 0
    if decision.action is MailAction.OPT_OUT:
        withdrawn = sum(_opt_out(db, number, decision, mail, received_at, now) for number in decision.numbers)
    elif decision.action is MailAction.REVIEW:
        _open_review(db, decision, mail, settings, now)
    handled_mails.add(db, place, mail.digest, decision.action.value, now)
    return MailOutcome(decision, withdrawn)


def describe_evidence(mail: Mail) -> str:
    """Returns what identifies a mail: its Message-ID, date, sender and subject, as its headers say them."""
    parts = (("message-id", mail.message_id), ("date", mail.date), ("from", mail.sender), ("subject", mail.subject))
    return "; ".join(f"{name}: {value}" for name, value in parts if value)[:1000]


def list_countries(db: sqlite3.Connection, settings: Settings) -> tuple[str, ...]:
    """Returns the countries that a number without + can belong to: the configured one; if there is none, those of the SIMs."""
    if settings.country is not None:
        return (settings.country,)
    found: dict[str, None] = {}
    for sim in sims.list_identities(db):
        configured = settings.sims.get(sim.id)
        number = (configured.number if configured is not None else None) or sim.number
        country = find_sim_country(replace(sim, number=number))
        if country is not None:
            found[country] = None
    return tuple(found)[:MOST_COUNTRIES]


def may_opt_out(content: MailContent) -> bool:
    """Returns True if a mail with this content may opt somebody out."""
    return content.word is not None


def _opt_out(
    db: sqlite3.Connection, number: str, decision: MailDecision, mail: Mail, received_at: datetime, now: datetime
) -> int:
    """Opts a number out. Returns how many waiting messages were cancelled by it."""
    proof = Proof(occurred_at=received_at, actor=ACTOR, evidence=describe_evidence(mail))
    statement = ConsentStatement(number, False, decision.word, None, CHANNEL, proof=proof)
    return statements.apply_statement(db, statement, now).withdrawn_messages


def _open_review(db: sqlite3.Connection, decision: MailDecision, mail: Mail, settings: Settings, now: datetime) -> None:
    """Hands a mail to a person, once for each number that it may be about; once without a number if there is none. Marketing to
    the number waits for the decision if the mail may be an opt-out of a person's own."""
    text = "\n".join((describe_evidence(mail), decision.because, mail.text.own or mail.text.forwarded))[:LONGEST_REVIEW]
    # Not by `service.consent.reviews`, for which every mail about a number counts as an opt-out in the end.
    due_at = add_business_days(now, settings.consent.review_after, settings.timezone) if decision.is_doubtful else None
    for number in decision.numbers or ("",):
        reviews.open_item(db, ReviewText(number, ReviewKind.MAIL, text, word=decision.word), due_at, now)
