"""Known modems: those that were found by themselves and are expected again, until a person forgets them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.errors import StoreError
from modemd.service.modems.names import is_same_imei
from modemd.store import Store, modems
from modemd.store.modems import KnownModem

log = logs.get(__name__)


class KnownModems:
    """Modems that were found, as the database has them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._known: dict[str, KnownModem] = {}

    async def load(self) -> list[KnownModem]:
        """Reads the modems that were found before. Returns them, by name."""
        found = await self._store.read(modems.list_known)
        self._known = {modem.name: modem for modem in found}
        return found

    def names_of(self, imeis: Iterable[str]) -> list[str]:
        """Returns the names of the modems that have one of these IMEIs."""
        told = set(imeis)
        return [known.name for known in self._known.values() if any(is_same_imei(known.imei, imei) for imei in told)]

    async def remember(self, modem: KnownModem) -> None:
        """Stores a modem that answers, if something about it is new. If the database does not take it, it is stored when the
        modem answers again."""
        if self._known.get(modem.name) == modem:
            return
        try:
            await self._store.write(partial(modems.record_modem, modem=modem, now=self._clock.now()))
        except StoreError as error:
            log.warning("a modem that was found is not stored yet", modem=modem.name, error=str(error))
            return
        self._known[modem.name] = modem

    async def forget(self, name: str) -> None:
        """Deletes a modem. Raises StoreError."""
        await self._store.write(partial(modems.forget, name=name))
        self._known.pop(name, None)
