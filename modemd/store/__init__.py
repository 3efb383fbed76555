"""What modemd keeps: one SQLite file (WAL, synchronous=FULL), one thread that writes it, readers of their own.

`Store` runs functions over a connection: `await store.write(change)` inside the writer's transaction, `await store.read(query)`
on a read-only connection. The functions live in this package by subject: `outbox`, `claims`, `inbox`, `reports`, `consent`,
`sims`, `listings`; each takes the connection first, and knows no thread and no loop.
"""

from modemd.store.store import Store

__all__ = ["Store"]
