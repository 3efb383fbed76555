"""What is stored of alerts that came in."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from modemd.store import alert_texts
from modemd.store.alert_texts import AcceptedAlerts
from tests.service.assembled import NOON
from tests.sim.world.store import fresh_database

HOUR = timedelta(hours=1)


@pytest.fixture
def db() -> sqlite3.Connection:
    return fresh_database()


def new(key: str, receiver: str = "night", *, alerts: int = 1) -> AcceptedAlerts:
    return AcceptedAlerts("grafana", receiver, key, alerts, f"about {key}")


def counted(db: sqlite3.Connection, receiver: str = "night") -> int:
    return alert_texts.count_texts(db, "grafana", receiver, NOON - HOUR, NOON)


def test_what_came_in_is_known_for_a_time(db: sqlite3.Connection) -> None:
    """By its key. What a wrong clock dates after now neither counts nor is known."""
    alert_texts.add(db, new("a"), NOON - HOUR, withheld=False)
    alert_texts.add(db, new("b"), NOON, withheld=False)
    alert_texts.add(db, new("c"), NOON + HOUR, withheld=False)
    assert [alert_texts.is_known(db, key, NOON - HOUR, NOON) for key in "abcd"] == [False, True, False, False]
    assert counted(db) == 1
    assert counted(db, "day") == 0


def test_what_is_withheld_waits_until_it_is_told(db: sqlite3.Connection) -> None:
    """In order, with its summary, which is blanked afterwards; it never counts as a text of its own, and stays known."""
    alert_texts.add(db, new("told"), NOON, withheld=False)
    for key in ("a", "b"):
        alert_texts.add(db, new(key, alerts=2), NOON, withheld=True)
    alert_texts.delete_old(db, NOON + HOUR)
    waiting = alert_texts.list_withheld(db)
    assert [(each.receiver, each.alerts, each.summary, each.accepted_at) for each in waiting] == [
        ("night", 2, "about a", NOON),
        ("night", 2, "about b", NOON),
    ]
    alert_texts.mark_told(db, [each.id for each in waiting])
    assert alert_texts.list_withheld(db) == []
    assert counted(db) == 0
    assert alert_texts.is_known(db, "a", NOON - HOUR, NOON)
    assert {row["summary"] for row in db.execute("SELECT summary FROM alert_text")} == {""}
    alert_texts.delete_old(db, NOON + HOUR)
    assert not alert_texts.is_known(db, "a", NOON - HOUR, NOON)
