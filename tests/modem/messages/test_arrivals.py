"""What comes straight is durable before it is acknowledged, and is never dropped."""

from __future__ import annotations

import asyncio

import pytest

from modemd.at import Urc
from modemd.modem.messages.arrivals import MAX_REFUSALS
from modemd.modem.setup.negotiation import Storage
from tests.modem.messages.bench import FIRST, REPORT, SERVICE_0, bench
from tests.modem.scripted_port import simulated

HELLO = "07913396000000F0040B913396785634F200006211031200008005C8329BFD06"
NO_STORAGE = Storage(None)
CNMA = ">> AT+CNMA \n << OK"


@pytest.mark.parametrize("count", ["24", "32", "0", "999"])
@pytest.mark.parametrize("header", ["+CMT: ,{}", '+CMT: "+33698765432",{}', "+CMT: {}"])
@simulated
async def test_a_whole_message_is_taken_whatever_its_header_counts(header: str, count: str) -> None:
    """Android says 0, others count the SMSC field."""
    async with bench(SERVICE_0) as b:
        assert await b.receiver.handle_notice(Urc(header.format(count), HELLO))
        assert b.stored == [HELLO]


@simulated
async def test_a_report_without_service_centre_is_taken() -> None:
    """The header counts all octets of the line: all of it is the TPDU (ZTE)."""
    tpdu = REPORT[16:]
    async with bench(SERVICE_0) as b:
        await b.receiver.handle_notice(Urc(f"+CDS: {len(tpdu) // 2}", tpdu))
        await asyncio.sleep(1)
        assert b.stored == ["00" + tpdu]


@pytest.mark.parametrize(
    ("line", "octets"),
    [
        pytest.param(HELLO[:-2], bytes.fromhex(HELLO[:-2]), id="an octet was lost"),
        pytest.param("0BD0p26F8ED2603AABBCCDD", b"0BD0p26F8ED2603AABBCCDD", id="no hex"),
    ],
)
@simulated
async def test_a_damaged_message_is_stored_as_octets(line: str, octets: bytes) -> None:
    """Nothing is dropped. It is acknowledged when it came so twice: until then the network may send it whole."""
    async with bench(CNMA, storage=NO_STORAGE) as b:
        await b.receiver.handle_notice(Urc("+CMT: ,24", line))
        assert b.port.written == b""
        await b.receiver.handle_notice(Urc("+CMT: ,24", line))
        assert (b.stored, set(b.backend.damaged)) == ([], {octets})


@simulated
async def test_a_damaged_message_waits_for_room() -> None:
    """While the disk is full it is held, and stored as octets later."""
    async with bench("", storage=NO_STORAGE) as b:
        b.backend.is_full = True
        await b.receiver.handle_notice(Urc("+CMT: ,24", HELLO[:-2]))
        b.backend.is_full = False
        b.receiver._arrivals._acknowledges = False
        await b.receiver.sweep()
        assert (b.stored, b.backend.damaged) == ([], [bytes.fromhex(HELLO[:-2])])


@simulated
async def test_a_modem_without_storage_is_acknowledged_after_the_commit() -> None:
    """nRF9160: without +CNMA the network sends again. There is nothing to sweep, and no level to read."""
    async with bench(CNMA, storage=NO_STORAGE) as b:
        b.backend.commit_s = 1.0
        taking = asyncio.ensure_future(b.receiver.handle_notice(Urc("+CMT: ,26", FIRST)))
        await asyncio.sleep(0.9)
        assert b.port.written == b""
        await taking
        assert (b.stored, b.port.written) == ([FIRST], b"AT+CNMA\r")
        await b.receiver.sweep()
        await b.receiver.check_storage()
        await b.receiver.delete_stored()
        await b.receiver.handle_notice(Urc('+CMTI: "SM",1'))
        assert b.receiver.list_problems() == {}


@pytest.mark.parametrize("answer", ["ERROR", "+CMS ERROR: 340"])
@simulated
async def test_a_refused_acknowledgement_is_tolerated(answer: str) -> None:
    """The message is durable; a modem that always refuses is not asked again."""
    refused = f">> AT+CNMA \n << {answer} \n"
    async with bench(refused * MAX_REFUSALS, storage=NO_STORAGE) as b:
        for _ in range(MAX_REFUSALS + 2):
            await b.receiver.handle_notice(Urc("+CMT: ,26", FIRST))
        assert len(b.stored) == MAX_REFUSALS + 2


@simulated
async def test_what_cannot_be_stored_is_not_acknowledged() -> None:
    """It is held until there is room, and acknowledged then."""
    async with bench(CNMA, storage=NO_STORAGE) as b:
        b.backend.is_full = True
        await b.receiver.handle_notice(Urc("+CMT: ,26", FIRST))
        assert (b.stored, b.port.written) == ([], b"")
        b.backend.is_full = False
        await b.receiver.sweep()
        assert b.stored == [FIRST]
