"""Client of one provider: its connections, how many there are at a time, and when a kept one is used again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from modemd.light_dataclass import dataclass
from modemd.providers.exchange import NotSent, ProviderAnswer, ProviderRequest
from modemd.providers.http.connecting import connect, make_tls_context
from modemd.providers.http.exchanging import Exchange
from modemd.providers.http.proxy import Proxy
from modemd.providers.http.streams import Streams

FirstOctetHook = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """Limits of a client. Seconds: `place_s` for a free place among the connections, `connect_s` for all steps of connecting,
    `answer_s` for the whole exchange after that, `kept_s` for which a connection that is not used is kept. `window`: exchanges at
    the same time; `largest_body`: octets of an answer."""

    place_s: float = 10.0
    connect_s: float = 10.0
    answer_s: float = 30.0
    # A server closes an idle connection at a moment of its own; a POST that meets this moment is lost, perhaps after it was read.
    kept_s: float = 30.0
    window: int = 4
    largest_body: int = 1024 * 1024


@dataclass(slots=True)
class _Kept:
    """Open connection. `opened_at`, `used_at`: of the loop's clock."""

    streams: Streams
    opened_at: float
    used_at: float


class ProviderClient:
    """Client of a provider. One request is one exchange: nothing is repeated, and a redirect is an answer like any other. It
    belongs to one event loop."""

    def __init__(
        self, limits: HttpLimits | None = None, ca_file: Path | None = None, proxy: Proxy | None = None
    ) -> None:
        """Reads the certificates to trust. ConfigError if `ca_file` cannot be used."""
        self._limits = limits or HttpLimits()
        self._tls = make_tls_context(ca_file)
        self._proxy = proxy
        self._places = asyncio.Semaphore(self._limits.window)
        self._kept: dict[str, list[_Kept]] = {}
        self._is_closed = False

    async def send(self, request: ProviderRequest, on_first_octet: FirstOctetHook | None = None) -> ProviderAnswer:
        """Sends a request, and returns the answer, whatever its status.

        `on_first_octet` is awaited when the connection stands, before the first octet is written. If it raises, nothing is
        written, and its error passes. Raises NotSent if surely no octet was written; that can be after the hook, if the
        connection closed meanwhile. Raises ResponseLost if octets were written, and no whole answer came. If the call is
        cancelled after the hook, the request may have been written, too."""
        exchange = Exchange(request, self._limits.largest_body)
        async with self._place():
            kept = await self._find_kept(request) or await self._open(request)
            is_over = False
            try:
                if on_first_octet is not None:
                    await on_first_octet()
                    if not await kept.streams.is_usable():
                        raise NotSent("the connection closed before the first octet was written")
                answer = await exchange.run(kept.streams, self._limits.answer_s)
                is_over = True
            finally:
                if not is_over:
                    kept.streams.abort()
        self._keep(request, kept, exchange)
        return answer

    def close(self) -> None:
        """Closes the connections that are kept, and takes no more requests. What is under way goes on."""
        self._is_closed = True
        for kept in (each for list_ in self._kept.values() for each in list_):
            kept.streams.abort()
        self._kept.clear()

    @contextlib.asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """Holds one of the places of the window. Raises NotSent."""
        if self._is_closed:
            raise NotSent("the client is closed")
        try:
            async with asyncio.timeout(self._limits.place_s):
                await self._places.acquire()
        except TimeoutError:
            raise NotSent(f"all {self._limits.window} connections are busy for {self._limits.place_s:g} s") from None
        try:
            yield
        finally:
            self._places.release()

    async def _find_kept(self, request: ProviderRequest) -> _Kept | None:
        """Returns a kept connection that may carry a request; closes those that may carry none."""
        kept = self._kept.get(request.target.origin, [])
        while kept:
            found = kept.pop()  # the last one used has been idle for the shortest time
            now = asyncio.get_running_loop().time()
            # A look-up may use a connection as long as it is not idle; it can be asked again.
            since = found.used_at if request.method == "GET" else found.opened_at
            is_good = False
            try:
                is_good = now - since <= self._limits.kept_s and await found.streams.is_usable()
            finally:  # also if it is cancelled
                if not is_good:
                    found.streams.abort()
            if is_good:
                return found
        return None

    async def _open(self, request: ProviderRequest) -> _Kept:
        streams = await connect(request.target, self._tls, self._proxy, self._limits.connect_s)
        now = asyncio.get_running_loop().time()
        return _Kept(streams, now, now)

    def _keep(self, request: ProviderRequest, kept: _Kept, exchange: Exchange) -> None:
        if self._is_closed or not exchange.may_go_on:
            kept.streams.abort()
            return
        kept.used_at = asyncio.get_running_loop().time()
        self._kept.setdefault(request.target.origin, []).append(kept)
