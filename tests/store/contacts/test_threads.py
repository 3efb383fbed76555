"""The messages to and from one number."""

from __future__ import annotations

from modemd.store.contacts import threads
from modemd.store.inbound import inbox
from modemd.store.inbound.inbound_part import Arrival
from tests.store.bench import ALICE, BOB, START, WEST, Bench


def test_a_thread_is_in_the_order_of_time(bench: Bench) -> None:
    """Both directions are mixed as they happened, with the newest at the end; a limit keeps the newest."""
    for number in range(3):
        bench.submit(text=f"to {number}")
        bench.submit(BOB)
        bench.passes(minutes=1)
        for sender in (ALICE, BOB):
            arrival = Arrival(WEST, f"{sender}{number}".encode(), sender, "text", f"from {number}", bench.now)
            inbox.store_arrival(bench.db, arrival, lambda tpdus: ("text", ""), bench.now)
        bench.passes(minutes=1)
    texts = ["to 0", "from 0", "to 1", "from 1", "to 2", "from 2"]
    rows = threads.list_thread(bench.db, [ALICE, "0612345678"], limit=0)
    assert [row.text for row in rows] == texts
    assert [row.direction for row in rows] == ["out", "in"] * 3
    assert (rows[0].state, rows[0].kind, rows[1].state, rows[1].kind) == ("queued", "transactional", None, "text")
    assert [row.text for row in threads.list_thread(bench.db, [ALICE], limit=2)] == texts[-2:]
    since = START.replace(minute=3)
    assert [row.text for row in threads.list_thread(bench.db, [ALICE], since=since)] == texts[3:]
