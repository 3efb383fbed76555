"""`modemd quiet-hours`, without a daemon."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modemd.store.connection import connect
from modemd.store.schema import migrate
from tests.cli.shell import Modemd


@pytest.fixture(autouse=True)
def database(tmp_path: Path) -> Path:
    """A database with nothing in it: no daemon has computed holidays."""
    connection = connect(tmp_path / "modemd.db")
    migrate(connection)
    connection.close()
    return tmp_path / "modemd.db"


def test_table_of_all_countries(modemd: Modemd) -> None:
    """Each country has a line with its hours, and the command says that it gives no legal advice."""
    shown = modemd("quiet-hours", "--config", "FILE")
    assert shown.status == 0
    lines = {line.split()[0]: line for line in shown.out.splitlines() if line}
    assert "08:00-20:00" in lines["FR"]
    assert "blocked" in lines["FR"]
    assert "no legal advice" in shown.out


def test_country_tells_where_its_hours_come_from(modemd: Modemd) -> None:
    """The hours in words, the basis, the source, the confidence, and what is not known."""
    shown = " ".join(modemd("quiet-hours", "--config", "FILE", "FR").out.split())
    assert "in France marketing goes out Monday to Friday 08:00-20:00" in shown
    assert "basis: operator" in shown
    assert "Sarbacane" in shown
    assert "the public holidays are not known" in shown
    american = modemd("quiet-hours", "--config", "FILE", "US-FL").out
    assert "501.059" in american
    assert "holidays are not known" not in american


def test_number_is_told_whether_when_and_why(modemd: Modemd) -> None:
    """The state, the zones, and whether marketing may go at a time; a number in doubt waits for a person."""
    opened = " ".join(
        modemd("quiet-hours", "--config", "FILE", "+13055550123", "--at", "2026-07-15T15:00:00Z").out.split()
    )
    assert "+13055550123: US, FL; America/New_York" in opened
    assert "marketing may go at 2026-07-15 15:00:00, until 2026-07-16 00:00:00" in opened
    held = " ".join(
        modemd("quiet-hours", "--config", "FILE", "+13055550123", "--at", "2026-07-15T02:00:00Z").out.split()
    )
    assert "is held at 2026-07-15 02:00:00 (quiet_hours): in United States" in held
    assert "until 2026-07-15 12:00:00" in held
    doubtful = " ".join(modemd("quiet-hours", "--config", "FILE", "+18005550123").out.split())
    assert "(zone_unknown)" in doubtful
    assert "until the message expires, or the configuration changes" in doubtful


def test_fallback_zone_is_told(modemd: Modemd, tmp_path: Path) -> None:
    """If the configured zone decides, the command says so."""
    file = tmp_path / "fallback.yaml"
    file.write_text(
        f"database: {tmp_path}/modemd.db\nmodems: auto\nquiet_hours:\n  fallback_zones: {{RU: Europe/Moscow}}\n",
        encoding="utf-8",
    )
    shown = modemd("quiet-hours", "--config", str(file), "+79161234567", "--at", "2026-07-15T10:00:00Z")
    assert "counted: Europe/Moscow (quiet_hours.fallback_zones)" in shown.out
    assert "marketing may go" in shown.out


def test_json_has_the_whole_answer(modemd: Modemd, database: Path) -> None:
    """A program gets every key; nothing is written to the database."""
    before = database.read_bytes()
    found = json.loads(modemd("quiet-hours", "--config", "FILE", "FR", "--json").out)
    assert set(found) == {"enabled", "rows", "holidays", "holidays_known_until", "number", "notice"}
    assert found["rows"][0]["days"]["sun"] == "none"
    assert database.read_bytes() == before


def test_unknown_country_is_one_line(modemd: Modemd) -> None:
    """What is neither a country nor a number ends with 1 and one line."""
    ended = modemd("quiet-hours", "--config", "FILE", "XX")
    assert (ended.status, ended.err.count("\n")) == (1, 1)
    assert "no country" in ended.err
