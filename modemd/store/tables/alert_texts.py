"""Table of the groups of alerts that came in by the alert doors."""

from __future__ import annotations

STATEMENTS = (
    # `key`: the same for the same alerts of a group. `alerts`: how many. `withheld`: 1 until the text about a storm tells of
    # them; `summary`: what that text will say, and nothing afterwards.
    """CREATE TABLE alert_text (
        id INTEGER PRIMARY KEY,
        door TEXT NOT NULL,
        receiver TEXT NOT NULL,
        key TEXT NOT NULL,
        accepted_at TEXT NOT NULL,
        alerts INTEGER NOT NULL,
        withheld INTEGER NOT NULL,
        summary TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX alert_text_key ON alert_text (key, accepted_at)",
    "CREATE INDEX alert_text_time ON alert_text (accepted_at)",
    "CREATE INDEX alert_text_withheld ON alert_text (id) WHERE withheld = 1",
)
