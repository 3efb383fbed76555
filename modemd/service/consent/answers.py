"""Automatic answers: collects the facts by which `rules/consent/answers.py` decides whether one may go."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from modemd.config import Settings
from modemd.rules.consent.answers import AnswerDecision, AnswerFacts, AnswerLimits, decide
from modemd.rules.consent.texts.kinds import TextKind
from modemd.rules.sender_numbers import SenderNumber
from modemd.store.consent import answers, statements
from modemd.store.inbound.inbox import CompleteMessage


def find_answer(
    db: sqlite3.Connection,
    limits: AnswerLimits,
    settings: Settings,
    whole: CompleteMessage,
    sender: SenderNumber,
    others: tuple[str, ...],
    own_numbers: frozenset[str],
    kind: TextKind,
    now: datetime,
    *,
    is_invited: bool = False,
) -> AnswerDecision:
    """Returns whether an answer of a kind may go to the sender of a message, and to which of the numbers that can be meant.
    `is_invited`: the word is one that strangers are asked to send, a join word: they are answered, too."""
    meant = tuple(dict.fromkeys((*sender.readings, *others)))
    since = now - settings.consent.confirm_within
    written_to = meant[:1] if is_invited else tuple(statements.list_written_to(db, meant, since))
    number = written_to[0] if written_to else sender.number
    counts, said = answers.read_counts(db, number, now), answers.read_statements(db, sender.number, now)
    facts = AnswerFacts(
        kind,
        whole.sender,
        whole.text,
        meant,
        written_to,
        own_numbers,
        is_ending=sender.is_ending,
        answered=counts.kinds,
        changes=said.changes,
        words=said.words,
        count_number_day=counts.number_day,
        count_prefix_hour=counts.prefix_hour,
        count_hour=counts.hour,
    )
    return decide(facts, limits)
