"""Store: one SQLite file (WAL, synchronous=FULL), one thread that writes it, and readers of their own.

`Store` runs functions over a connection: `await store.write(change)` in the writer's transaction, `await store.read(query)` on a
read-only connection. The functions are in this package by subject: `outbox` accepts messages, `queue` sends them (its docstring
is the theory of operation), `inbound` stores what comes in; `consent`, `sims`, `schedules`, `alarms`, `retention`, `listings`.
Each takes the connection first, and knows no thread and no loop; those that list return the classes of `rows`. `files` opens,
backs up, restores and checks the database file.
"""

from modemd.store.store import Store

__all__ = ["Store"]
