"""SIMs as they were met."""

from __future__ import annotations

import sqlite3

from modemd.store import sims
from tests.store.bench import START, WEST, Bench


def met(bench: Bench) -> sqlite3.Row:
    row: sqlite3.Row = bench.db.execute("SELECT * FROM sim WHERE iccid = ?", (WEST,)).fetchone()
    return row


def test_a_sim_is_noted_with_the_stick_it_sits_in(bench: Bench) -> None:
    """A SIM that moves to another stick is the same SIM."""
    sims.seen(bench.db, WEST, "208010000000001", "+33700000001", "861234029413211", bench.now)
    bench.passes(hours=1)
    sims.seen(bench.db, WEST, "208010000000001", "+33700000001", "865939027498552", bench.now)
    row = met(bench)
    assert row["modem"] == "865939027498552"
    assert (row["first_seen"], row["last_seen"]) == tuple(
        moment.isoformat("T", "microseconds") for moment in (START, bench.now)
    )


def test_what_was_known_stays_known(bench: Bench) -> None:
    """A modem that cannot read number or IMSI does not make us forget them; another number replaces the old one."""
    sims.seen(bench.db, WEST, "208010000000001", "+33700000001", "1", bench.now)
    sims.seen(bench.db, WEST, None, None, "1", bench.now)
    assert (met(bench)["imsi"], met(bench)["number"]) == ("208010000000001", "+33700000001")
    sims.seen(bench.db, WEST, None, "+33700000009", "1", bench.now)
    assert met(bench)["number"] == "+33700000009"
