"""Tables of webhooks."""

from __future__ import annotations

STATEMENTS = (
    # `events`: patterns of kinds, as JSON; `key_id`: of the API key that it belongs to; `starts`: the position in the feed
    # (`store.changes.feed.Cursor`) behind which it begins. The former secret still signs until `previous_until`.
    """CREATE TABLE webhook (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        url TEXT NOT NULL,
        events TEXT NOT NULL,
        format TEXT NOT NULL CHECK (format IN ('modemd', 'twilio')),
        secret TEXT NOT NULL,
        previous_secret TEXT,
        previous_until TEXT,
        key_id INTEGER,
        created_at TEXT NOT NULL,
        starts TEXT NOT NULL
    ) STRICT""",
    # The address that is told of one message, in the form of Twilio.
    """CREATE TABLE webhook_callback (
        message_id INTEGER PRIMARY KEY,
        url TEXT NOT NULL,
        method TEXT NOT NULL CHECK (method IN ('GET', 'POST')),
        key_id INTEGER NOT NULL
    ) STRICT""",
    # `lane`: the receiver; `subject`: rows of one subject go out in the order of their ids; `change_id`: of `store.changes.feed`;
    # `strikes`: how often a receiver that worked did not take it. `webhook` or `callback` (a message) says where it goes.
    """CREATE TABLE webhook_delivery (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        lane TEXT NOT NULL,
        subject TEXT NOT NULL,
        change_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        webhook INTEGER,
        callback INTEGER,
        state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'dead')),
        created_at TEXT NOT NULL,
        due TEXT NOT NULL,
        tried_at TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        strikes INTEGER NOT NULL DEFAULT 0,
        status INTEGER,
        error TEXT,
        ended_at TEXT
    ) STRICT""",
    "CREATE INDEX webhook_delivery_next ON webhook_delivery (lane, tried_at, id) WHERE state = 'waiting'",
    "CREATE INDEX webhook_delivery_subject ON webhook_delivery (lane, subject, id) WHERE state = 'waiting'",
    "CREATE INDEX webhook_delivery_webhook ON webhook_delivery (webhook, id)",
    "CREATE INDEX webhook_delivery_dead ON webhook_delivery (id) WHERE state = 'dead'",
    # For retention.
    "CREATE INDEX webhook_delivery_ended ON webhook_delivery (state, ended_at) WHERE ended_at IS NOT NULL",
    # One row: the position in the feed up to which the deliveries are made. None: there is nobody to tell.
    "CREATE TABLE webhook_mark (id INTEGER PRIMARY KEY CHECK (id = 1), cursor TEXT NOT NULL) STRICT",
)
