"""Addresses of a name, looked up on a thread of its own: a name server that hangs holds up nobody else, and not the end of the
process, as it would on the threads that asyncio shares."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import threading
from ipaddress import ip_address


async def look_up(host: str, port: int) -> list[str]:
    """Returns the IP addresses of a name, in the order in which they are to be tried. Raises OSError, and UnicodeError. If it is
    cancelled, the look-up goes on without a listener."""
    with contextlib.suppress(ValueError):
        return [str(ip_address(host))]
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def tell(addresses: list[str], error: Exception | None) -> None:
        if found.done():
            return
        if error is None:
            found.set_result(addresses)
        else:
            found.set_exception(error)

    def run() -> None:
        addresses: list[str] = []
        failure: Exception | None = None
        try:
            addresses = resolve(host, port)
        except (OSError, UnicodeError) as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell, addresses, failure)

    threading.Thread(target=run, name="look-up", daemon=True).start()
    turns = take_turns(await found)
    if not turns:
        raise OSError("the name has no address")
    return turns


def resolve(host: str, port: int) -> list[str]:
    """Returns the IP addresses of a name as the system orders them. Raises OSError, and UnicodeError for a name that is none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def take_turns(addresses: list[str]) -> list[str]:
    """Returns addresses so that IPv6 and IPv4 take turns, first the kind that the system prefers: one of the two is often
    announced, and broken."""
    first = [each for each in addresses if (":" in each) == (":" in addresses[0])]
    others = [each for each in addresses if each not in first]
    turns = itertools.chain.from_iterable(itertools.zip_longest(first, others))
    return [each for each in turns if each is not None]
