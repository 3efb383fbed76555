"""Consent ledger as the faces and the nightly job use it: its verification, and its anchor of the day."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path

from modemd import logs
from modemd.clock import Clock
from modemd.store import Store
from modemd.store.consent import ledger
from modemd.store.consent.verification import Anchor, AnchorFile, Verification, Verifier
from modemd.store.files.anchors import append_anchor, read_anchors
from modemd.store.keyed_hashes.keys import list_key_ids
from modemd.store.timestamps import to_text

log = logs.get(__name__)

# A ledger that began earlier has an anchor, unless the daemon ran in no night since.
FIRST_ANCHOR_WITHIN = timedelta(days=2)


class ConsentLedger:
    """Verification and anchors of the ledger. `anchors`: the path of the file of anchors; None: there are none."""

    def __init__(self, store: Store, clock: Clock, anchors: Path | None) -> None:
        self._store = store
        self._clock = clock
        self._anchors = anchors

    async def verify(self) -> Verification:
        """Checks every row of the ledger, page by page, against its chain, its keys and its anchors. Changes nothing."""
        # The anchors first: rows that come meanwhile are behind them.
        file = AnchorFile() if self._anchors is None else await asyncio.to_thread(read_anchors, self._anchors)
        verifier = Verifier(file)
        while await self._store.read(verifier.read_page):
            pass
        since = to_text(self._clock.now() - FIRST_ANCHOR_WITHIN) if self._anchors is not None else ""
        return await self._store.read(partial(verifier.finish, absent_since=since))

    async def write_anchor(self) -> None:
        """Adds the head of the ledger, as it is committed, to the file of anchors. A disk that does not take it is logged: the
        next night tries again."""
        if self._anchors is None:
            return
        (rows, chain), ids = await self._store.read(lambda db: (ledger.read_head(db), list_key_ids(db)))
        anchor = Anchor(self._clock.now(), rows, chain.hex(), ids[-1] if ids else "")
        try:
            await asyncio.to_thread(append_anchor, self._anchors, anchor)
        except OSError as error:
            log.error("the anchor of the consent ledger cannot be written", file=self._anchors, error=str(error))
