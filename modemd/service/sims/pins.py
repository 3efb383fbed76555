"""PINs of SIMs: read from files that only modemd's user can read; those that were tried are remembered."""

from __future__ import annotations

import os
import re
import stat
from functools import partial
from pathlib import Path

from modemd.clock import Clock
from modemd.config import Settings
from modemd.errors import SimUnusable
from modemd.modem.setup.sim_pin import LOCKED, Pin, PinTries
from modemd.store import Store, sims

_PIN_FORM = re.compile(r"[0-9]{4,8}")  # 3GPP TS 31.101 9.5.1
_READ_LIMIT = 64


class PinFiles:
    """All PINs that are configured: `sims.<iccid>.pin_file`, a credential `pin-<iccid>` or `pin_<iccid>`, `modems[].pin_file`, a
    credential `pin-<name>` or `pin_<name>`, in this order. `credentials` is the folder that systemd made for this service
    (`LoadCredential=`)."""

    def __init__(self, settings: Settings, credentials: Path | None = None) -> None:
        self._credentials = credentials
        self._by_sim = {iccid: sim.pin_file for iccid, sim in settings.sims.items() if sim.pin_file is not None}
        self._by_modem = {modem.name: modem.pin_file for modem in settings.modems if modem.pin_file is not None}

    def find(self, modem: str, iccid: str | None) -> Pin | None:
        """Returns the PIN for a SIM, or None if none is configured. The file is read each time: a person may have changed it.
        Raises SimUnusable, as `read_pin` does."""
        places = [self._by_sim.get(iccid), self._credential(iccid)] if iccid is not None else []
        places += [self._by_modem.get(modem), self._credential(modem)]
        path = next((path for path in places if path is not None), None)
        return read_pin(path) if path is not None else None

    def _credential(self, name: str) -> Path | None:
        if self._credentials is None:
            return None
        # LoadCredential=pin-NAME:FILE makes the name with a hyphen, LoadCredential=pin:FOLDER the one with an underscore.
        paths = (self._credentials / f"pin-{name}", self._credentials / f"pin_{name}")
        return next((path for path in paths if path.exists()), None)


class PinStore(PinFiles):
    """PINs, and those that were tried. A `holder` is a SIM by its ICCID, or, if that cannot be read before the PIN, a modem by
    its name."""

    def __init__(self, store: Store, settings: Settings, clock: Clock, credentials: Path | None = None) -> None:
        super().__init__(settings, credentials)
        self._store = store
        self._clock = clock

    def for_modem(self, modem: str) -> ModemPins:
        """Returns the PINs for the SIM in a modem, whichever SIM that is."""
        return ModemPins(self, modem)

    async def tried(self, holder: str) -> PinTries:
        """Returns the PINs that were tried for a holder: those that were refused, and those that were never answered."""
        found = await self._store.read(partial(sims.read_tried_pins, holder=holder))
        return PinTries(found.refused, found.unanswered)

    async def record_try(self, holder: str, digest: bytes, *, refused: bool) -> None:
        """Stores that a PIN goes out now; `refused`: that it was refused. It is durable when this returns."""
        now = self._clock.now()
        await self._store.write(partial(sims.record_pin_try, holder=holder, digest=digest, now=now, refused=refused))

    async def accepted(self, holder: str) -> None:
        """Forgets all tries of a holder: its SIM is open."""
        await self._store.write(partial(sims.clear_pin_tries, holder=holder))

    async def not_tried(self, holder: str, digest: bytes) -> None:
        """Forgets one try of a holder: the modem did not look at the PIN after all."""
        await self._store.write(partial(sims.forget_pin_try, holder=holder, digest=digest))


class ModemPins:
    """Implementation of `modemd.modem.setup.sim_pin.PinSource` for one modem."""

    def __init__(self, pins: PinStore, name: str) -> None:
        self._pins = pins
        self.name = name

    def find_pin(self, iccid: str | None) -> Pin | None:
        return self._pins.find(self.name, iccid)

    async def read_tries(self, holder: str) -> PinTries:
        return await self._pins.tried(holder)

    async def record_try(self, holder: str, digest: bytes) -> None:
        await self._pins.record_try(holder, digest, refused=False)

    async def record_refusal(self, holder: str, digest: bytes) -> None:
        await self._pins.record_try(holder, digest, refused=True)

    async def forget_tries(self, holder: str) -> None:
        await self._pins.accepted(holder)

    async def forget_try(self, holder: str, digest: bytes) -> None:
        await self._pins.not_tried(holder, digest)


def read_pin(path: Path) -> Pin:
    """Returns the PIN in a file: 4 to 8 digits, with blanks and line ends round them. Raises SimUnusable if it has none, cannot
    be read, or can be read by everybody."""

    def unusable(why: str) -> SimUnusable:
        return SimUnusable(LOCKED, f"the SIM asks for its PIN, and {path} {why}")

    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & stat.S_IROTH:
                raise unusable("can be read by everybody; take that right away (chmod o-r)")
            text = file.read(_READ_LIMIT).decode("ascii", "replace").strip()
    except OSError as error:
        raise unusable(f"cannot be read: {error.strerror or error}") from None
    if _PIN_FORM.fullmatch(text) is None:
        raise unusable("holds no PIN, which is 4 to 8 digits and nothing else")
    return Pin(text, str(path))
