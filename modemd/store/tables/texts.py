"""Tables of the texts that administrators have put in place of those that come with modemd."""

from __future__ import annotations

STATEMENTS = (
    # `kind`: a `rules.consent.texts.kinds.TextKind`; `segments`: how many the text may make.
    """CREATE TABLE consent_text (
        language TEXT NOT NULL,
        kind TEXT NOT NULL,
        text TEXT NOT NULL,
        proofread INTEGER NOT NULL DEFAULT 0,
        segments INTEGER NOT NULL DEFAULT 1,
        changed_at TEXT NOT NULL,
        changed_by TEXT NOT NULL,
        why TEXT NOT NULL,
        PRIMARY KEY (language, kind)
    ) STRICT, WITHOUT ROWID""",
)
