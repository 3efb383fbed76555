"""SIMs as they were met."""

from __future__ import annotations

import sqlite3

from modemd.store import sims
from modemd.store.sims import TriedPins
from tests.store.bench import EAST, START, WEST, Bench


def met(bench: Bench) -> sqlite3.Row:
    row: sqlite3.Row = bench.db.execute("SELECT * FROM sim WHERE iccid = ?", (WEST,)).fetchone()
    return row


def seen(bench: Bench, *, admit: bool = True) -> tuple[bool, str | None]:
    return sims.record_sim(bench.db, WEST, None, None, "1", bench.now, admit=admit)


def test_a_sim_is_noted_with_the_stick_it_sits_in(bench: Bench) -> None:
    """A SIM that moves to another stick is the same SIM."""
    sims.record_sim(bench.db, WEST, "208010000000001", "+33700000001", "861234029413211", bench.now)
    bench.passes(hours=1)
    sims.record_sim(bench.db, WEST, "208010000000001", "+33700000001", "865939027498552", bench.now)
    row = met(bench)
    assert row["modem"] == "865939027498552"
    assert (row["first_seen"], row["last_seen"]) == tuple(
        moment.isoformat("T", "microseconds") for moment in (START, bench.now)
    )


def test_what_was_known_stays_known(bench: Bench) -> None:
    """A modem that cannot read number or IMSI does not make us forget them; another number replaces the old one."""
    sims.record_sim(bench.db, WEST, "208010000000001", "+33700000001", "1", bench.now)
    sims.record_sim(bench.db, WEST, None, None, "1", bench.now)
    assert (met(bench)["imsi"], met(bench)["number"]) == ("208010000000001", "+33700000001")
    sims.record_sim(bench.db, WEST, None, "+33700000009", "1", bench.now)
    assert met(bench)["number"] == "+33700000009"


def test_a_sim_waits_until_it_is_admitted(bench: Bench) -> None:
    """One that was met under `auto`, or admitted by a person, stays so, also where new ones have to wait now."""
    assert seen(bench, admit=False) == (False, None)
    assert seen(bench, admit=False) == (False, None), "meeting it again admits nobody"
    assert sims.admit(bench.db, WEST, bench.now)
    assert seen(bench, admit=False) == (True, None)
    sims.record_sim(bench.db, EAST, None, None, "1", bench.now)
    assert sims.record_sim(bench.db, EAST, None, None, "1", bench.now, admit=False) == (True, None)
    assert not sims.admit(bench.db, "8933010000000000099", bench.now), "nobody has met that one"


def test_a_sims_service_centre_is_remembered(bench: Bench) -> None:
    """To be put back where the SIM has lost it."""
    seen(bench)
    sims.record_service_centre(bench.db, WEST, "+33609001390")
    assert seen(bench) == (True, "+33609001390")


def test_tries_of_a_pin_are_remembered_until_one_is_right(bench: Bench) -> None:
    """What goes out is unanswered until it is refused; a busy SIM has not looked at it; each holder has its own."""
    sims.record_pin_try(bench.db, WEST, b"wrong", bench.now, refused=False)
    assert sims.read_tried_pins(bench.db, WEST) == TriedPins(frozenset(), frozenset({b"wrong"}))
    sims.record_pin_try(bench.db, WEST, b"wrong", bench.now, refused=True)
    sims.record_pin_try(bench.db, WEST, b"busy", bench.now, refused=False)
    sims.forget_pin_try(bench.db, WEST, b"busy")
    assert sims.read_tried_pins(bench.db, WEST) == TriedPins(frozenset({b"wrong"}), frozenset())
    assert sims.read_tried_pins(bench.db, EAST) == TriedPins(frozenset(), frozenset())
    sims.clear_pin_tries(bench.db, WEST)
    assert sims.read_tried_pins(bench.db, WEST) == TriedPins(frozenset(), frozenset())
