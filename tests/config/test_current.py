"""What a changed file changes in a daemon that runs."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from modemd.config import RELOADED_KEYS, SIM_RESTART_KEYS, CurrentSettings, Settings, SimSettings, load
from modemd.service.messages.submission import MessageRequest
from tests.service.assembled import assembled_service

SIM = "89330000000000000017"
OTHER: dict[str, Any] = {
    "log_level": "debug",
    "stop_grace_s": 10,
    "brand": "Acme",
    "country": "FR",
    "report": False,
    "validity": {"otp": "2min"},
    "admit_sims": "manual",
    "calls": "hang_up",
    "marketing_while_roaming": True,
    "quiet_hours": {"enabled": False},
    "sims": {SIM: {"name": "Paris"}},
    "socket": "other.sock",
    "modems": [{"name": "far", "port": "socket://192.0.2.7:5000"}],
    "finding": {"probe_bridges": True},
    "timezone": "Europe/Paris",
    "consent": {"marketing": "opted_in"},
    "geography": {"countries": "all"},
    "drivers": "drivers",
    "sweep_interval": "30s",
    "recovery": {"rest": "1min"},
    "alarms": {"to": ["+33612345678"]},
    "http": {"listen": "127.0.0.1:8080"},
    "doors": {"smseagle": {}},
    "webhooks": {"private_targets": "allow"},
    "retention": {"log": "90d"},
    "filter_watch": {"enabled": False},
    "limits": {"hour": 100},
    "routes": {"+33": [SIM]},
}
"""A value for each key that is not its default."""


def settings(folder: Path, **said: Any) -> Settings:
    path = folder / "modemd.yaml"
    path.write_text(json.dumps({"database": "modemd.db"} | said), encoding="utf-8")
    return load(path)


@pytest.mark.parametrize("key", sorted(Settings.model_fields.keys() - {"database"}))
def test_every_key_is_taken_over_or_named(tmp_path: Path, key: str) -> None:
    """A changed key is either in force now, or told as one that waits for the next start: never neither, never both."""
    old, new = settings(tmp_path), settings(tmp_path, **{key: OTHER[key]})
    source, before = CurrentSettings(old), getattr(old, key)
    found = source.reload(new)
    assert getattr(old, key) == before
    if key in RELOADED_KEYS:
        assert (found.applied, found.pending) == ((key,), ())
        assert getattr(source.current(), key) == getattr(new, key) != before
    else:
        assert (found.applied, found.pending) == ((), (key,))
        assert getattr(source.current(), key) == before


def test_another_database_waits(tmp_path: Path) -> None:
    """The queue is not exchanged under the daemon; its socket, which goes by it, is not either."""
    found = CurrentSettings(settings(tmp_path)).reload(settings(tmp_path, database="other.db"))
    assert found.applied == ()
    assert set(found.pending) == {"database", "socket"}


def test_the_same_file_changes_nothing(tmp_path: Path) -> None:
    """A reload without a reason does no harm."""
    found = CurrentSettings(settings(tmp_path, **OTHER)).reload(settings(tmp_path, **OTHER))
    assert (found.applied, found.pending) == ((), ())


@pytest.mark.parametrize("key", SIM_RESTART_KEYS)
def test_what_is_read_of_a_sim_at_the_start_is_named(tmp_path: Path, key: str) -> None:
    """Name and rate of a SIM are taken over; what is read of it at the start is named with the SIM."""
    said = {
        "pin_file": "pin",
        "balance": {"ussd": "*100#", "pattern": "([0-9]+)"},
        "limits": {"day": 10},
        "prefixes": ["+33"],
        "price": 0.04,
        "timezone": "Europe/Paris",
    }[key]
    found = CurrentSettings(settings(tmp_path)).reload(settings(tmp_path, sims={SIM: {"name": "Paris", key: said}}))
    assert found.applied == ("sims",)
    assert found.pending == (f"sims.{SIM}.{key}",)


def test_what_waits_is_named_as_long_as_it_waits(tmp_path: Path) -> None:
    """At each reload until the restart; and no more once the file says again what held at the start."""
    source = CurrentSettings(settings(tmp_path, sims={SIM: {"price": 0.04}}))
    dearer = settings(tmp_path, sims={SIM: {"price": 0.05}})
    assert source.reload(dearer).pending == source.reload(dearer).pending == (f"sims.{SIM}.price",)
    assert source.reload(settings(tmp_path, sims={SIM: {"price": 0.04}})).pending == ()


def test_keys_that_wait_are_keys() -> None:
    """What is named as waiting is what a SIM can have."""
    assert set(SIM_RESTART_KEYS) <= SimSettings.model_fields.keys()
    assert set(RELOADED_KEYS) <= Settings.model_fields.keys()


async def test_what_is_taken_over_is_in_force(tmp_path: Path) -> None:
    """A service that runs reads numbers by the new country, and gives the new validity."""
    async with assembled_service(tmp_path) as running:
        longer = running.settings.validity.model_copy(update={"transactional": timedelta(hours=30)})
        running.service.settings.reload(running.settings.model_copy(update={"country": "FR", "validity": longer}))
        answer = await running.service.messages.submission.submit(MessageRequest(to="06 12 34 56 78", text="hello"))
        assert answer.message.recipient == "+33612345678"
        expires_at = datetime.fromisoformat(answer.message.expires_at)
        assert expires_at == running.clock.now() + timedelta(hours=30)


def test_the_docs_say_which_keys_these_are() -> None:
    """docs/configuration.md lists the keys that a reload takes over, and those of a SIM that it does not."""
    text = (Path(__file__).resolve().parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    section = re.search(r"^## Reloading\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    assert section is not None
    taken, waiting = section[1].split("at the next start", 1)
    assert set(re.findall(r"`(\w+)`", taken)) >= set(RELOADED_KEYS)
    assert set(re.findall(r"`(\w+)`", waiting)) >= set(SIM_RESTART_KEYS)
