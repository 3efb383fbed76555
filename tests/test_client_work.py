"""Work for clients: marked by its context."""

from __future__ import annotations

import asyncio

from modemd.client_work import SERVER, for_clients, is_for_client


async def test_what_a_client_has_asked_for_is_marked_later_too() -> None:
    """In the block, and in what is begun there; not behind it. The mark of a server is not lost by it."""

    async def look() -> bool:
        return is_for_client()

    with for_clients():
        assert is_for_client()
        begun = asyncio.ensure_future(look())
    assert not is_for_client()
    assert await begun
    server = object()
    token = SERVER.set(server)
    with for_clients():
        assert SERVER.get() is server
    assert SERVER.get() is server
    SERVER.reset(token)
