"""Numbers of the SIMs, as Twilio's API lists those that an account owns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from modemd.config import CurrentSettings
from modemd.errors import Refused
from modemd.light_dataclass import dataclass
from modemd.rules import phone_numbers
from modemd.service.views import BalanceView
from modemd.store import Store, listings
from modemd.store.rows import SimRow
from modemd.store.timestamps import from_text


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """Number of a SIM. `sim`: its ICCID; `name`: as configured; `since`: when the SIM was met first; `seen_at`: and last."""

    number: str
    sim: str
    name: str | None
    since: datetime
    seen_at: datetime


class OwnNumbers:
    """Numbers of the admitted SIMs: as configured, else as the SIM itself tells. `find_balance` returns the balance of a SIM."""

    def __init__(
        self, store: Store, settings: CurrentSettings, find_balance: Callable[[str], BalanceView | None]
    ) -> None:
        self._store = store
        self._settings = settings
        self._find_balance = find_balance

    async def list_numbers(self) -> list[OwnNumber]:
        """Returns the numbers, in order. A SIM whose number nobody knows is left out."""
        return self.make_numbers(await self._store.read(listings.list_sims))

    def make_numbers(self, rows: Sequence[SimRow]) -> list[OwnNumber]:
        """Returns the numbers of SIMs that were read, as `list_numbers`."""
        settings, found = self._settings.current(), []
        for row in rows:
            configured = settings.sims.get(row.iccid)
            number = (configured.number if configured is not None else None) or row.number
            if number and row.admitted_at is not None:
                name = configured.name if configured is not None else None
                found.append(OwnNumber(number, row.iccid, name, from_text(row.first_seen), from_text(row.last_seen)))
        return sorted(found, key=lambda each: (each.number, each.sim))

    async def find_sims(self, text: str) -> tuple[str, ...]:
        """Returns the SIMs whose number a text is, as it is dialled; none if it is no number of ours."""
        try:
            meant = phone_numbers.list_spellings(text, self._settings.current().country)
        except Refused:
            return ()
        return tuple(each.sim for each in await self.list_numbers() if each.number in meant)

    def map_numbers(self, rows: Sequence[SimRow]) -> Mapping[str, str]:
        """Returns the number of each SIM that has one, by its ICCID, of SIMs that were read."""
        return {each.sim: each.number for each in self.make_numbers(rows)}

    async def add_balances(self) -> Decimal | None:
        """Returns what the SIMs have left, all together, in the currency of their operators; None if that is known of none."""
        views = [self._find_balance(row.iccid) for row in await self._store.read(listings.list_sims)]
        known = [view.amount for view in views if view is not None]
        return sum(known, Decimal()) if known else None
