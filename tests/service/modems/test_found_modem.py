"""A found modem by itself: whose open port is handed over, kept, or given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from modemd.config import ModemSettings
from modemd.errors import PortGone, ReplyTimeout
from modemd.modem.discovery.probe import ProbeResult
from modemd.modem.link.port import Port
from modemd.service.modems.found_modem import FoundModem

IMEI = "490154203237518"
OTHER = "868123456789012"


class FakePort:
    """A port of which only the end is of interest."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.closed = False
        self.unwritten = 0
        self.on_data: Callable[[bytes], None] = lambda data: None
        self.on_lost: Callable[[str], None] = lambda reason: None

    def write(self, data: bytes) -> None:
        raise PortGone("nothing is written here")

    def close(self) -> None:
        self.closed = True


class Bench:
    """A found_modem, the ports that were opened for it, and what the next of them answers."""

    def __init__(self) -> None:
        self.opened: list[FakePort] = []
        self.on_lost = 0
        self.looked = 0
        self.answers: str | Exception = IMEI
        settings = ModemSettings(name="west", imei=IMEI)
        self.found_modem = FoundModem(
            settings, open_port=self._open, identify=self._ask, rescan=self._look, on_lost=self._count
        )

    async def _open(self, path: str) -> Port:
        self.opened.append(FakePort(path))
        return self.opened[-1]

    async def _look(self) -> None:
        self.looked += 1

    async def _ask(self, port: Port) -> ProbeResult:
        if isinstance(self.answers, Exception):
            raise self.answers
        return ProbeResult(self.answers)

    def _count(self) -> None:
        self.on_lost += 1


async def test_a_modem_waits_until_it_is_plugged_in() -> None:
    """Nothing is opened for one that is nowhere; the port that it was found by is handed to it open."""
    bench, found = Bench(), FakePort("ttyUSB2")
    opening = asyncio.ensure_future(bench.found_modem.open(""))
    await asyncio.sleep(0)
    assert bench.found_modem.status.reason == f"the modem with the IMEI {IMEI} is not plugged in, or does not answer"
    bench.found_modem.attach("1-1", "ttyUSB2", found, IMEI)
    assert await opening is found
    assert (bench.opened, found.closed) == ([], False)
    assert (bench.found_modem.status.usb_location, bench.found_modem.status.port) == ("1-1", "ttyUSB2")


async def test_a_port_that_nobody_took_is_closed() -> None:
    """Pulled out before its modem took the port, or found again by another: no port is left open."""
    bench = Bench()
    ports = [FakePort("ttyUSB2"), FakePort("ttyUSB3")]
    bench.found_modem.attach("1-1", "ttyUSB2", ports[0], IMEI)
    bench.found_modem.attach("1-2", "ttyUSB3", ports[1], IMEI)
    assert [port.closed for port in ports] == [True, False]
    bench.found_modem.detach()
    assert [port.closed for port in ports] == [True, True]
    assert (bench.found_modem.status.usb_location, bench.found_modem.status.port) == (None, None)


async def test_a_reopened_port_must_be_its_own() -> None:
    """The same IMEI answers: the port is taken. Another one: it is let go, and the finder is told to look."""
    bench = Bench()
    bench.found_modem.attach("1-1", "ttyUSB2", FakePort("ttyUSB2"), IMEI)
    await bench.found_modem.open("")
    again = await bench.found_modem.open("")
    assert [again] == bench.opened
    assert bench.looked == 1, "whose port it is now was asked before it was opened"
    bench.answers = OTHER
    opening = asyncio.ensure_future(bench.found_modem.open(""))
    await asyncio.sleep(0.01)
    assert not opening.done()
    assert (bench.opened[-1].closed, bench.found_modem.place, bench.on_lost) == (True, None, 1)
    opening.cancel()


async def test_a_silent_port_is_closed_and_told() -> None:
    """Nothing answers: that is the modem's trouble, for its recovery to deal with; the port is free for the next try."""
    bench = Bench()
    bench.found_modem.attach("1-1", "ttyUSB2", FakePort("ttyUSB2"), IMEI)
    await bench.found_modem.open("")
    bench.answers = ReplyTimeout("nothing answers AT")
    with pytest.raises(ReplyTimeout):
        await bench.found_modem.open("")
    assert bench.opened[-1].closed
    assert bench.found_modem.place == "1-1"


async def test_a_silent_port_that_was_only_thought_to_be_its_own_is_given_up() -> None:
    """A port of its name came up elsewhere: where that is silent, it is another stick's, and the modem is looked for."""
    bench = Bench()
    bench.found_modem.attach("1-1", "ttyUSB2", FakePort("ttyUSB2"), IMEI)
    await bench.found_modem.open("")
    bench.found_modem.moved("1-4")
    assert bench.found_modem.status.usb_location == "1-4"
    bench.answers = ReplyTimeout("nothing answers AT")
    opening = asyncio.ensure_future(bench.found_modem.open(""))
    await asyncio.sleep(0.01)
    assert (opening.done(), bench.opened[-1].closed, bench.found_modem.place, bench.on_lost) == (False, True, None, 1)
    opening.cancel()


async def test_when_it_was_pulled_out_is_known() -> None:
    """From then on it is awaited, and forgotten in time."""
    bench = Bench()
    before = bench.found_modem.away_since
    await asyncio.sleep(0.01)
    bench.found_modem.detach()
    assert bench.found_modem.away_since == before, "it was nowhere already"
    bench.found_modem.attach("1-1", "ttyUSB2", FakePort("ttyUSB2"), IMEI)
    bench.found_modem.detach()
    assert bench.found_modem.away_since > before
