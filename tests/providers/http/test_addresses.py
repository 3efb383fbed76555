"""Addresses of a name."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from modemd.providers.http import addresses
from modemd.providers.http.addresses import look_up, take_turns


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        (["1", "2"], ["1", "2"]),
        ([":1", ":2", ":3", "1"], [":1", "1", ":2", ":3"]),
        (["1", "2", ":1"], ["1", ":1", "2"]),
    ],
)
def test_kinds_take_turns(given: list[str], expected: list[str]) -> None:
    """The first stays the first."""
    assert take_turns(given) == expected


async def test_this_machine_has_an_address() -> None:
    """A name is looked up, an address is one."""
    assert "127.0.0.1" in await look_up("localhost", 443)
    assert await look_up("::1", 443) == ["::1"]


async def test_an_error_passes() -> None:
    """From the thread to whoever waits."""
    with pytest.raises(UnicodeError):
        await look_up("a" * 64 + ".example", 443)


async def test_a_look_up_that_hangs_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gives up goes on, other work finds threads, and a late answer is dropped."""
    release = threading.Event()

    def hang(host: str, port: int) -> list[str]:
        release.wait(5)
        raise socket.gaierror(socket.EAI_AGAIN, "late")

    monkeypatch.setattr(addresses, "resolve", hang)
    waiting = [asyncio.ensure_future(look_up("x.example", 443)) for _ in range(40)]
    assert await asyncio.wait_for(asyncio.to_thread(lambda: 1), 2) == 1
    for each in waiting:
        each.cancel()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert {type(each) for each in found} == {asyncio.CancelledError}
    release.set()
    for thread in [each for each in threading.enumerate() if each.name == "look-up"]:
        await asyncio.to_thread(thread.join, 5)
    await asyncio.sleep(0)
