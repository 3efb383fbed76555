"""A service over a database of its own, not started, with a clock that tests move and no modem that answers."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from modemd.config import CurrentSettings, Settings
from modemd.errors import PortGone
from modemd.modem.link.port import Port
from modemd.rules.consent.words.matching import Words
from modemd.service.assembly import Collaborators, assemble
from modemd.service.pages import PagedList, Row
from modemd.service.service import Service
from modemd.store import Store
from modemd.store.consent import statements
from modemd.store.consent.statements import ConsentStatement
from tests.profiles.shipped import shipped_profiles
from tests.sim.world.unrestricted import unrestricted

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class HandClock:
    """A clock that stands until it is moved."""

    moment: datetime = NOON

    def now(self) -> datetime:
        return self.moment

    def passes(self, **duration: float) -> None:
        self.moment += timedelta(**duration)


async def no_port(path: str) -> Port:
    """Nothing is plugged in."""
    raise PortGone(f"{path}: nothing is plugged in")


@dataclass(frozen=True)
class AssembledService:
    """A service, and what it was built of."""

    service: Service
    store: Store
    clock: HandClock
    settings: Settings

    async def stop_word(self, number: str) -> None:
        """Somebody says STOP."""
        said = ConsentStatement(number, opts_in=False, keyword="stop", language="en", channel="sms")
        await self.store.write_consent(lambda db: statements.apply_statement(db, said, self.clock.now()))


async def all_rows(listed: PagedList[Row]) -> list[Row]:
    """Every row of a list."""
    return [row async for page in listed.pages for row in page]


@contextlib.asynccontextmanager
async def assembled_service(folder: Path, **configured: Any) -> AsyncIterator[AssembledService]:
    """A service in `folder`, with these settings on top of the smallest configuration."""
    modems = [{"name": "west", "port": str(folder / "modem0")}]
    settings = Settings.model_validate(
        {"database": str(folder / "modemd.db"), "modems": modems} | unrestricted(configured)
    )
    store, clock = await Store.open(settings.database), HandClock()
    try:
        given = Collaborators(
            settings=CurrentSettings(settings),
            store=store,
            clock=clock,
            open_port=no_port,
            profiles=shipped_profiles(),
            words=Words.load(),
            random=Random(1),
        )
        yield AssembledService(assemble(given), store, clock, settings)
    finally:
        await store.close()
