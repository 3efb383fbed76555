"""A TCP door before the application, and the official SDK as its client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import uvicorn
from twilio.rest import Client

from modemd.api.access.doorkeeper import AuditedDoor, KeyedDoor
from modemd.service.keys.keys import KeyRequest
from modemd.service.service import Service
from tests.api.client import narrow_app
from tests.service.assembled import AssembledService

T = TypeVar("T")


@dataclass(frozen=True)
class Credentials:
    """The account of a key."""

    account: str
    token: str
    key: str


async def make_key(assembled: AssembledService, *scopes: str, name: str = "crm", **more: Any) -> Credentials:
    """A key with these scopes."""
    issued = await assembled.service.keys.create(KeyRequest(name, scopes, **more))
    assert issued.auth_token is not None
    return Credentials(issued.row.account_sid, issued.auth_token, issued.key)


class _Server(uvicorn.Server):
    """One that waits for nothing at its end; uvicorn's own looks up ten times a second."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await asyncio.Event().wait()

    def close(self) -> None:
        """Closes the port and every connection."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()


@dataclass
class TwilioDoor:
    """The SDK, unmodified but for its base URL; its blocking calls run on a thread."""

    assembled: AssembledService
    base_url: str
    credentials: Credentials
    clients: list[Client] = field(default_factory=list)

    def client(self, user: str = "", token: str = "", account: str | None = None) -> Client:
        """A client with these credentials, or with those of the key."""
        made = Client(user or self.account, token or self.credentials.token, account)
        made.api.base_url = self.base_url
        self.clients.append(made)
        return made

    async def call(self, work: Callable[[Client], T], client: Client | None = None) -> T:
        """Does something with a client."""
        return await asyncio.to_thread(work, client or self.client())

    @property
    def service(self) -> Service:
        return self.assembled.service

    @property
    def account(self) -> str:
        return self.credentials.account


@contextlib.asynccontextmanager
async def twilio_door(assembled: AssembledService, credentials: Credentials) -> AsyncIterator[TwilioDoor]:
    """The application behind a port of this machine."""
    keys = assembled.service.keys
    app: Any = KeyedDoor(AuditedDoor(narrow_app(assembled.service), keys), keys)
    server = _Server(uvicorn.Config(app, host="127.0.0.1", port=0, lifespan="off", log_config=None, access_log=False))
    task = asyncio.create_task(server.serve())
    while not server.started:
        assert not task.done()
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    door = TwilioDoor(assembled, f"http://127.0.0.1:{port}", credentials)
    try:
        yield door
    finally:
        for client in door.clients:
            client.http_client.session.close()
        server.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
