"""Tally: the table of counts of version 1 of the schema, and the triggers that keep it."""

from __future__ import annotations


def _held_reason(row: str) -> str:
    return f"CASE {row}.state WHEN 'held' THEN coalesce({row}.reason, '') ELSE '' END"


def _count_up(kind: str, state: str = "''", message_class: str = "''", reason: str = "''") -> str:
    return (
        f"INSERT INTO tally (kind, state, class, reason, amount) VALUES ('{kind}', {state}, {message_class}, {reason}, 1) "  # noqa: S608 - our own words
        "ON CONFLICT (kind, state, class, reason) DO UPDATE SET amount = amount + 1;"
    )


def _count_down(kind: str, state: str = "''", message_class: str = "''", reason: str = "''") -> str:
    return (
        f"UPDATE tally SET amount = amount - 1 WHERE kind = '{kind}' AND state = {state} "  # noqa: S608 - our own words
        f"AND class = {message_class} AND reason = {reason};"
    )


def _trigger(name: str, when: str, *actions: str) -> str:
    return f"CREATE TRIGGER {name} AFTER {when} BEGIN {' '.join(actions)} END"


_NEW = ("NEW.state", "NEW.class", _held_reason("NEW"))
_OLD = ("OLD.state", "OLD.class", _held_reason("OLD"))

# Triggers keep the counts, and not each statement that changes a state: a count that one forgot would be wrong for ever.
STATEMENTS = (
    # Amounts by what is counted, so that a status of millions of rows counts none of them. `reason` only of what is held.
    """CREATE TABLE tally (
        kind TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT '',
        class TEXT NOT NULL DEFAULT '',
        reason TEXT NOT NULL DEFAULT '',
        amount INTEGER NOT NULL,
        PRIMARY KEY (kind, state, class, reason)
    ) STRICT, WITHOUT ROWID""",
    _trigger("tally_message_new", "INSERT ON message", _count_up("message", *_NEW)),
    _trigger("tally_message_gone", "DELETE ON message", _count_down("message", *_OLD)),
    _trigger(
        "tally_message_moved",
        "UPDATE OF state, reason ON message "
        "WHEN NEW.state <> OLD.state OR NEW.state = 'held' AND NEW.reason IS NOT OLD.reason",
        _count_down("message", *_OLD),
        _count_up("message", *_NEW),
    ),
    _trigger("tally_contact_new", "INSERT ON contact WHEN NEW.marketing = 'opted_out'", _count_up("opted_out")),
    _trigger(
        "tally_contact_out",
        "UPDATE OF marketing ON contact WHEN NEW.marketing = 'opted_out' AND OLD.marketing <> 'opted_out'",
        _count_up("opted_out"),
    ),
    _trigger(
        "tally_contact_in",
        "UPDATE OF marketing ON contact WHEN NEW.marketing <> 'opted_out' AND OLD.marketing = 'opted_out'",
        _count_down("opted_out"),
    ),
    _trigger("tally_contact_gone", "DELETE ON contact WHEN OLD.marketing = 'opted_out'", _count_down("opted_out")),
    _trigger("tally_report_new", "INSERT ON report WHEN NEW.attempt_id IS NULL", _count_up("unmatched")),
    _trigger("tally_report_gone", "DELETE ON report WHEN OLD.attempt_id IS NULL", _count_down("unmatched")),
    _trigger(
        "tally_report_owned",
        "UPDATE OF attempt_id ON report WHEN OLD.attempt_id IS NULL AND NEW.attempt_id IS NOT NULL",
        _count_down("unmatched"),
    ),
)
