"""The statements of the sixth migration: fewer indexes, and smaller ones. Each that a change of state touches is a page more in
its commit, and flash cards wear by pages."""

from __future__ import annotations

STATEMENTS = (
    # The end of the number tells whose of many attempts with one TP-MR a report can be (`rules.numbers.tail`).
    "DROP INDEX attempt_reference",
    "CREATE INDEX attempt_reference ON attempt (sim, reference, substr(number, -6)) WHERE outcome = 'sent'",
    # For reports, and for the start after a crash.
    "DROP INDEX attempt_open",
    "DROP INDEX attempt_unknown",
    "CREATE INDEX attempt_unanswered ON attempt (sim, matchable) WHERE outcome IN ('open', 'unknown')",
    # For a STOP, beside part_in_flight: what is never held is not in it.
    "DROP INDEX part_waiting",
    "CREATE INDEX part_held ON part (number, rank) WHERE state = 'held'",
    # For listings, and for the oldest of each class.
    "DROP INDEX message_waiting",
    "DROP INDEX message_state",
    "CREATE INDEX message_state ON message (state, class)",
    # Rows of one message lie in the order of their ids anyway.
    "DROP INDEX event_message",
    "CREATE INDEX event_message ON event (message_id)",
)
