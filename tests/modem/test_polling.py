"""Polling of the status, over a modem that answers from a table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from modemd.at import Urc
from modemd.at.replies import Registration, StorageFill
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.messages.receiver import Receiver
from modemd.modem.polling import StatusPolling
from modemd.modem.setup.negotiation import Storage
from modemd.modem.status import ModemStatus
from tests.modem.backend import FakeBackend, identity
from tests.modem.scripted_port import simulated
from tests.modem.stub_modem import StubModem

BOB = '+CLIP: "+447700900456",145,"",0,"",0'


@dataclass
class PollingBench:
    """Polling of a stub modem, with all that it uses."""

    stub: StubModem
    backend: FakeBackend
    status: ModemStatus
    polling: StatusPolling
    unstored_calls: list[str]

    async def handle(self, *lines: str) -> None:
        for line in lines:
            assert await self.polling.handle_notice(Urc(line)), f"{line!r} is somebody else's"


@asynccontextmanager
async def polling_bench(charset: str | None = None, **answers: str) -> AsyncIterator[PollingBench]:
    stub, backend, status = StubModem(), FakeBackend(), ModemStatus(registration=Registration.HOME)
    stub.answers |= {"+CSCA?": '+CSCA: "+33609001390",145|OK', "+CPMS?": '+CPMS: "SM",1,50|OK'} | answers
    dialogue = Dialogue(await stub.open("/dev/west"))
    dialogue.charset = charset
    receiver = Receiver(dialogue, identity(), backend, Storage("SM", notices="+CNMI=2,1,0,2,0", tells_notices=True))
    unstored_calls: list[str] = []
    yield PollingBench(
        stub,
        backend,
        status,
        StatusPolling(dialogue, identity(), backend, status, receiver, unstored_calls),
        unstored_calls,
    )


@simulated
async def test_a_call_is_told_and_left_to_ring() -> None:
    """Unless calls are to be hung up, nothing is said to the modem."""
    async with polling_bench() as b:
        await b.handle("RING", BOB, "RING", BOB)
        assert b.backend.calls == ["+447700900456"]
        assert b.stub.commands() == []


@pytest.mark.parametrize(
    ("chup", "commands"), [("OK", ["+CHUP"]), ("ERROR", ["+CHUP", "H"])], ids=["AT+CHUP", "ATH where that is unknown"]
)
@simulated
async def test_a_call_is_hung_up_once(chup: str, commands: list[str]) -> None:
    """When its number is known; a call that is over is not."""
    async with polling_bench(**{"+CHUP": chup}) as b:
        b.backend.is_rejecting_calls = True
        await b.handle("RING", BOB, "NO CARRIER")
        assert b.stub.commands() == commands
        await b.handle("RING", "NO CARRIER")
        assert b.stub.commands() == commands, "it was over before anybody knew of it"
        assert b.backend.calls == ["+447700900456", ""]


@simulated
async def test_a_call_that_cannot_be_kept_is_told_later() -> None:
    """In order, once the database takes changes again; over the sessions it waits in `unstored_calls`."""
    async with polling_bench() as b:
        b.backend.is_full = True
        await b.handle("RING", BOB, "NO CARRIER")
        await b.handle("RING", "NO CARRIER")
        assert (b.backend.calls, b.unstored_calls) == ([], ["+447700900456", ""])
        b.backend.is_full = False
        await b.polling.poll()
        assert (b.backend.calls, b.unstored_calls) == (["+447700900456", ""], [])


@simulated
async def test_a_call_that_rang_once_is_reported_at_the_next_poll() -> None:
    """Without a number, and without an end."""
    async with polling_bench() as b:
        await b.handle("RING")
        await b.polling.poll()
        assert b.backend.calls == [], "it may ring again"
        await asyncio.sleep(15)
        await b.polling.poll()
        assert b.backend.calls == [""]


@simulated
async def test_the_networks_time_is_handed_on() -> None:
    """A notice is of now; a zone without a time says nothing, and is nobody else's."""
    async with polling_bench() as b:
        await b.handle('*PSUTTZ: 2026,3,11,9,15,8,"+4",0', "+CTZV: +04")
        assert b.backend.times == [(datetime(2026, 3, 11, 9, 15, 8, tzinfo=UTC), True)]


@pytest.mark.parametrize(("ctzu", "times"), [("+CTZU: 1|OK", 1), ("+CTZU: 0|OK", 0), ("ERROR", 0)])
@simulated
async def test_the_modems_clock_is_read_where_the_network_sets_it(ctzu: str, times: int) -> None:
    """It may have been set long ago: it is not fresh."""
    async with polling_bench(**{"+CTZU?": ctzu, "+CCLK?": '+CCLK: "26/03/11,10:15:08+04"|OK'}) as b:
        await b.polling.start()
        assert b.backend.times == [(datetime(2026, 3, 11, 9, 15, 8, tzinfo=UTC), False)] * times


@simulated
async def test_the_operator_is_shown_and_given_up_where_it_takes_too_long() -> None:
    """Asked once in vain, it is asked no more, not even after a restart."""
    async with polling_bench(**{"+COPS?": '+COPS: 0,0,"Orange F",7|OK'}) as b:
        await b.polling.poll()
        assert b.status.operator == "Orange F"
        b.stub.answers["+COPS?"] = ""
        await b.polling.poll()
        await b.polling.poll()
        assert len(b.stub.times("+COPS?")) == 2
        assert not b.status.has_operator_name


@simulated
async def test_the_operator_is_not_asked_for_without_a_network() -> None:
    """That is when it takes minutes."""
    async with polling_bench() as b:
        b.status.registration = Registration.SEARCHING
        await b.polling.poll()
        assert b.stub.times("+COPS?") == []


@pytest.mark.parametrize(
    ("said", "wanted", "commands", "remark"),
    [
        pytest.param('+CSCA: "+33609001390",145|OK', None, [], None, id="as it is"),
        pytest.param('+CSCA: "33609001390",145|OK', "+33609001390", [], None, id="the plus sign left out"),
        pytest.param('+CSCA: "",128|OK', None, [], "no service centre", id="none, and none known"),
        pytest.param("OK", None, [], "no service centre", id="a bare OK"),
        pytest.param(
            '+CSCA: "+1",145|OK', "+33609001390", ['+CSCA="+33609001390",145'], "does not take", id="it does not take ours"
        ),
        pytest.param("+CME ERROR: 14", "+33609001390", [], None, id="it does not say"),
    ],
)  # fmt: skip
@simulated
async def test_the_service_centre_is_looked_at(
    said: str, wanted: str | None, commands: list[str], remark: str | None
) -> None:
    """Set only where it is another than it should be, read back, and missed in words."""
    async with polling_bench(**{"+CSCA?": said}) as b:
        b.backend.smsc = wanted
        await b.polling.start()
        assert [command for command in b.stub.commands() if command.startswith("+CSCA=")] == commands
        assert (remark in b.status.remarks["smsc"]) if remark else "smsc" not in b.status.remarks


@pytest.mark.parametrize(
    ("cimi", "another"),
    [
        ("234150000000001|OK", False),
        ("234150000000009|OK", True),
        ("+CME ERROR: 10", True),
        ("+CME ERROR: 11", True),
        ("+CME ERROR: 14", False),
        ("ERROR", False),
    ],
)
@simulated
async def test_another_sim_is_noticed(cimi: str, another: bool) -> None:
    """Or one that is gone, or asks for its PIN; a busy one, or a modem that will not say, is no reason to begin anew."""
    async with polling_bench(**{"+CIMI": cimi}) as b:
        await b.polling.poll()
        assert b.polling.has_other_sim is another


@simulated
async def test_an_identity_that_noise_has_damaged_once_is_no_other_sim() -> None:
    """A digit that was lost on the line is asked for again; only an answer that comes twice is another SIM."""
    async with polling_bench(**{"+CIMI": "23415000000001|OK"}) as b:
        polling = asyncio.ensure_future(b.polling.poll())
        await asyncio.sleep(b.stub.answer_s * 1.5)
        b.stub.answers["+CIMI"] = "234150000000001|OK"
        await polling
        assert len(b.stub.times("+CIMI")) > 1
        assert not b.polling.has_other_sim


@simulated
async def test_a_remark_goes_with_its_reason() -> None:
    """A storage that stays full is told while it does."""
    async with polling_bench(**{"+CPMS?": '+CPMS: "SM",50,50|OK', "+CMGL=4": "OK"}) as b:
        await b.polling.poll()
        assert "is full: nothing can come in (50 of 50)" in b.status.remarks["storage"]
        assert b.status.storage == StorageFill(50, 50)
        b.stub.answers["+CPMS?"] = '+CPMS: "SM",0,50|OK'
        await b.polling.poll()
        assert "storage" not in b.status.remarks


CENTRE = "+33609001390"
CENTRE_UCS2 = "002B00330033003600300039003000300031003300390030"


@simulated
async def test_strings_in_ucs2_are_decoded_before_they_are_shown_or_compared() -> None:
    """A modem that another program left in UCS2: the centre is already the one that is wanted, so nothing is written."""
    async with polling_bench(
        "UCS2",
        **{"+CSCA?": f'+CSCA: "{CENTRE_UCS2}",145|OK', "+COPS?": '+COPS: 0,0,"0054006500730074006E00650074",7|OK'},
    ) as b:
        b.backend.smsc = CENTRE
        await b.polling.poll()
        assert (b.status.smsc, b.status.operator) == (CENTRE, "Testnet")
        assert not [command for command in b.stub.commands() if command.startswith("+CSCA=")]


@simulated
async def test_a_service_centre_is_written_in_the_character_set_and_once() -> None:
    """What the modem does not take is not written again at each poll, which would wear the SIM out."""
    other = CENTRE_UCS2.replace("0039", "0038")
    async with polling_bench("UCS2", **{"+CSCA?": f'+CSCA: "{other}",145|OK'}) as b:
        b.backend.smsc = CENTRE
        for _ in range(5):
            await b.polling.poll()
        written = [command for command in b.stub.commands() if command.startswith("+CSCA=")]
        assert written == [f'+CSCA="{CENTRE_UCS2}",145']
        assert "does not take" in b.status.remarks["smsc"]


@simulated
async def test_the_notices_are_asked_for_once_a_poll() -> None:
    """As long as they are as set. What else was set is not asked for."""
    async with polling_bench() as b:
        await b.polling.poll()
        await b.polling.poll()
        assert len(b.stub.times("+CNMI?")) == 2
        assert not {"+CMGF?", "+CMEE?"} & {*b.stub.commands()}
        assert not b.polling.has_lost_settings


@pytest.mark.parametrize(
    "lost",
    [
        pytest.param({"+CNMI?": "+CNMI: 0,0,0,0,0|OK", "+CMGF?": "+CMGF: 1|OK"}, id="PDU mode"),
        pytest.param({"+CPMS?": '+CPMS: "ME",1,50|OK'}, id="memories"),
    ],
)
@simulated
async def test_a_modem_that_lost_more_than_its_notices_is_to_be_set_up(lost: dict[str, str]) -> None:
    """The session sees it by `has_lost_settings`."""
    async with polling_bench() as b:
        await b.polling.poll()
        b.stub.answers |= lost
        await b.polling.poll()
        assert b.polling.has_lost_settings
