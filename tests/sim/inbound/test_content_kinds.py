"""What comes in and is nobody's text is kept apart; calls are told once; a storage that stays full is told."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from modemd import pdu
from modemd.emulator.network.message_memory import MessageStatus, StoredMessage
from modemd.emulator.network.messages import MessageContent, Mms, Raw, Text, Voicemail
from modemd.emulator.network.voice_calls import CallState
from modemd.service.inbox.inbound import InboxSearch
from modemd.service.messages.submission import MessageRequest
from modemd.store.rows import InboxRow
from tests.service.assembled import all_rows
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import FAMILIES, Simulation

WRITER = "+33612345678"


def ready(simulation: Simulation) -> bool:
    return bool(simulation.service.modems.views.list_modems()[0].health == "ready")


async def came(simulation: Simulation, kind: str | None = None) -> list[InboxRow]:
    return await all_rows(await simulation.service.inbox.list_messages(InboxSearch(kind=kind), limit=0))


def sim_data() -> Raw:
    """A SIM data download: PID 7F, 8-bit data of class 2."""
    message = pdu.Deliver(
        pdu.Address.parse(WRITER),
        pdu.UserData(b"\x02\x70\x00"),
        pdu.Timestamp(bytes.fromhex("62302080000000")),
        0xF6,
        0x7F,
    )
    return Raw(message.encode())


@pytest.mark.parametrize(
    ("letter", "kind", "words"),
    [
        pytest.param(
            Mms("http://mmsc/x1", size=51234),
            "mms",
            "picture message (MMS), 51234 bytes, at http://mmsc/x1, for 1 day, 0:00:00",
            id="MMS",
        ),
        pytest.param(
            Mms("http://mmsc.example/" + "x" * 200),
            "mms",
            "picture message (MMS), 500 bytes, at http://mmsc.example/" + "x" * 200 + ", for 1 day, 0:00:00",
            id="MMS in several parts",
        ),
        pytest.param(Voicemail(2), "voicemail", "2 voice messages wait", id="voicemail"),
        pytest.param(Voicemail(0), "voicemail", "no voice messages wait any more", id="voicemail heard"),
        pytest.param(Voicemail(1, "STOP"), "voicemail", "1 voice message waits: STOP", id="voicemail with a text"),
        pytest.param(sim_data(), "sim_data", "027000", id="SIM data"),
        pytest.param(Text("flash", message_class=0), "text", "flash", id="class 0 that the modem stores"),
    ],
)
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_not_a_text_is_kept_apart(
    run_scenario: RunScenario, family: str, letter: MessageContent, kind: str, words: str
) -> None:
    """With its kind, in words, and never taken for a word of consent."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: ready(simulation), within_s=60)
        simulation.network.phone(WRITER).send(simulation.sims[0].number, letter)
        await simulation.until(lambda: bool(simulation.all("SELECT 1 FROM inbox WHERE complete = 1")), within_s=70)
        (row,) = await came(simulation, kind)
        assert row.text == words
        assert len(await came(simulation)) == 1
        assert simulation.all("SELECT 1 FROM consent_event") == []
        await asyncio.sleep(5)
        assert len(list(simulation.sims[0].memory)) == 0

    run_scenario(scenario, modems=1, families=(family,))


def test_a_type_0_message_is_in_no_inbox(run_scenario: RunScenario) -> None:
    """It came: that is all there is to it."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: ready(simulation), within_s=60)
        simulation.network.phone(WRITER).send(simulation.sims[0].number, Text("are you there", silent=True))
        await simulation.until(
            lambda: bool(simulation.all("SELECT 1 FROM event WHERE what = 'type 0 message'")), within_s=70
        )
        assert await came(simulation) == []

    run_scenario(scenario, modems=1)


@pytest.mark.parametrize("family", ["huawei_e3372", "sim800", "simcom_sim7600", "quectel_ec25"])
def test_a_call_is_a_row_of_the_inbox(run_scenario: RunScenario, family: str) -> None:
    """With the caller's number, once however often it rings; called again, it is told again."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: ready(simulation), within_s=60)
        phone = simulation.network.phone(WRITER)
        for _ in range(2):
            call = phone.call(simulation.sims[0].number, for_s=20)
            await asyncio.sleep(40)
            assert call.state is CallState.HUNG_UP, "nobody answers, and nobody refuses"
        rows = await came(simulation, "call")
        assert [(row.sender, row.to_sim) for row in rows] == [(WRITER, simulation.sims[0].number)] * 2

    run_scenario(scenario, modems=1, families=(family,))


@pytest.mark.parametrize("family", FAMILIES)
def test_calls_are_hung_up_where_that_is_wished(run_scenario: RunScenario, family: str) -> None:
    """After they are told, within a few seconds."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: ready(simulation), within_s=60)
        call = simulation.network.phone(WRITER).call(simulation.sims[0].number)
        await simulation.until(lambda: not call.open, within_s=10)
        assert call.state is CallState.REFUSED
        await asyncio.sleep(20)
        assert len(await came(simulation, "call")) == 1

    run_scenario(scenario, modems=1, families=(family,), calls="hang_up")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("calls", ["ignore", "hang_up"])
def test_calls_disturb_no_send(run_scenario: RunScenario, family: str, calls: str) -> None:
    """Every message leaves once while somebody calls again and again; nothing is unknown."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: ready(simulation), within_s=60)
        for index in range(20):
            await simulation.service.messages.submission.submit(MessageRequest(WRITER, f"message {index}"))
        for _ in range(20):
            simulation.network.phone("+33612345699").call(simulation.sims[0].number, for_s=6)
            await asyncio.sleep(9)
        await simulation.until(lambda: len(simulation.network.journal.accepted) == 20, within_s=600)
        await asyncio.sleep(30)
        texts = [str(entry.text) for entry in simulation.network.journal.accepted]
        assert sorted(texts) == sorted(f"message {index}" for index in range(20))
        assert simulation.all("SELECT 1 FROM attempt WHERE outcome <> 'sent'") == []
        assert await came(simulation, "call")

    run_scenario(scenario, modems=1, families=(family,), calls=calls)


def test_a_storage_that_others_fill_is_told(run_scenario: RunScenario) -> None:
    """Drafts of another program stay, and with them what is in the way: a person is told, and again when it is over."""

    async def scenario(simulation: Simulation) -> None:
        simulation.sims[0].memory.capacity = 10
        simulation.sims[0].memory._slots = simulation.sims[0].memory._slots[:10]
        for _ in range(10):
            simulation.sims[0].memory.store(
                StoredMessage(b"\0", bytes.fromhex("0100048121430000055832"), MessageStatus.UNSENT)
            )
        await simulation.until(lambda: ready(simulation), within_s=60)
        (modem,) = simulation.service.modems.views.list_modems()
        assert modem.storage == "10/10"
        assert any("is full: nothing can come in (10 of 10)" in remark for remark in modem.remarks)
        for slot in range(10):
            simulation.sims[0].memory.delete(slot)
        await simulation.until(lambda: simulation.service.modems.views.list_modems()[0].remarks == (), within_s=130)

    run_scenario(scenario, modems=1)


def test_a_full_storage_is_emptied_at_its_notice(run_scenario: RunScenario) -> None:
    """With sweeps a day apart, what fills the storage unannounced is taken out within a minute or two."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: ready(simulation), within_s=60)
        await asyncio.sleep(90)
        for index in range(9):
            message = pdu.compose_deliver(WRITER, f"silent {index}", pdu.Timestamp.of(simulation.clock.now()))[0]
            simulation.sims[0].memory.store(StoredMessage(b"\0", message.encode()))
        simulation.sims[0].memory.capacity = 10
        await simulation.until(lambda: len(simulation.all("SELECT 1 FROM inbox")) == 9, within_s=130)

    run_scenario(scenario, modems=1, sweep_interval="1d")


def test_a_slot_that_cannot_be_emptied_is_remembered_over_a_restart_of_the_modem(run_scenario: RunScenario) -> None:
    """It is read once, kept once, and not tried to delete with every sweep."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: ready(simulation), within_s=60)
        for _ in range(50):
            simulation.devices[0].script_next("+CMGD", "+CMS ERROR: 500")
        simulation.network.phone(WRITER).send(simulation.sims[0].number, "sticks")
        await simulation.until(lambda: len(simulation.all("SELECT 1 FROM inbox")) == 1, within_s=70)
        simulation.devices[0].restart()
        await asyncio.sleep(600)
        assert len(simulation.all("SELECT 1 FROM inbox")) == 1
        left = 0
        while simulation.devices[0].faults.answer("+CMGD", "+CMGD=0") is not None:
            left += 1
        assert left == 49, "it was tried once"

    run_scenario(scenario, modems=1)


@pytest.mark.parametrize(
    ("family", "form"),
    [
        ("sim800", '*PSUTTZ: {:%Y,%m,%d,%H,%M,%S},"+0",0'),
        ("simcom_sim7600", "+NITZ: {:%y/%m/%d,%H:%M:%S},+00,0"),
        ("huawei_e3372", "^NWTIME: {:%y/%m/%d,%H:%M:%S}+00,00"),
        ("quectel_ec25", '+CTZE: "+00",0,"{:%Y/%m/%d,%H:%M:%S}"'),
    ],
)
def test_the_networks_time_is_heard(run_scenario: RunScenario, family: str, form: str) -> None:
    """A machine that is a year ahead is found out by a modem's notice of the network's time, with nothing sent or received."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: ready(simulation), within_s=60)
        simulation.clock.off = timedelta(days=366)
        await asyncio.sleep(60)
        assert simulation.service.operations.clock.is_trusted, "nobody has said otherwise yet"
        simulation.devices[0].notice(form.format(simulation.timers.now()))
        await simulation.until(lambda: not simulation.service.operations.clock.is_trusted, within_s=5)
        assert "the network says" in str((await simulation.service.operations.health.read_status()).clock_distrust)

    run_scenario(scenario, modems=1, families=(family,))
