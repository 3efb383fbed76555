"""Clients of the tests, and a hook that notes when it runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from modemd.providers.http.client import HttpLimits, ProviderClient
from modemd.providers.http.proxy import Proxy
from tests.providers.http.peers import Peer

PATIENT = HttpLimits(place_s=5, connect_s=10, answer_s=10)
QUICK = HttpLimits(place_s=0.05, connect_s=5, answer_s=0.15)
"""Limits for a server that does not answer."""


@contextlib.asynccontextmanager
async def client(
    limits: HttpLimits = PATIENT, ca_file: Path | None = None, proxy: Proxy | None = None
) -> AsyncIterator[ProviderClient]:
    made = ProviderClient(limits, ca_file, proxy)
    try:
        yield made
    finally:
        made.close()
        await asyncio.sleep(0)


class Hook:
    """A hook that counts its calls, and notes what the server had heard at that moment."""

    def __init__(self, peer: Peer | None = None) -> None:
        self.calls: list[int] = []
        self.peer = peer

    async def __call__(self) -> None:
        for _ in range(20):  # the server would have the time to hear an octet
            await asyncio.sleep(0)
        self.calls.append(len(self.peer.heard) if self.peer else 0)
