"""Tables of opt-outs by e-mail: the addresses of contacts, and the mails of the mailbox that were handled."""

from __future__ import annotations

STATEMENTS = (
    # A person with two telephones has two rows; so has a family with one address. `address`: in small letters.
    """CREATE TABLE contact_email (
        address TEXT NOT NULL,
        number TEXT NOT NULL,
        at TEXT NOT NULL,
        PRIMARY KEY (address, number)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX contact_email_number ON contact_email (number)",
    # `mailbox`: user, server and folder; `uidvalidity` and `uid`: of the server (RFC 3501 2.3.1.1); `digest`: of the mail, which
    # stays when the server numbers its mails anew; `flagged`: 0 until the server has taken the flags.
    """CREATE TABLE handled_mail (
        mailbox TEXT NOT NULL,
        uidvalidity INTEGER NOT NULL,
        uid INTEGER NOT NULL,
        digest BLOB NOT NULL,
        at TEXT NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('opt_out', 'review', 'none')),
        flagged INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (mailbox, uidvalidity, uid)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX handled_mail_digest ON handled_mail (digest)",
    "CREATE INDEX handled_mail_unflagged ON handled_mail (mailbox, uidvalidity, uid) WHERE flagged = 0",
)
