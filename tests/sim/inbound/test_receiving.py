"""What comes in is kept, once, and never stands in the way of what goes out."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from modemd import pdu
from modemd.emulator.network.message_memory import StoredMessage
from modemd.modem.status import Identity
from modemd.service.inbox.inbound import InboundMessages
from modemd.service.messages.submission import MessageRequest
from tests.service.assembled import all_rows
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import FAMILIES, Simulation

WRITER = "+33612345678"


def kept(simulation: Simulation) -> list[str]:
    return [row["text"] for row in simulation.all("SELECT text FROM inbox WHERE complete = 1 ORDER BY id")]


def stored_on_sim(simulation: Simulation, index: int = 0) -> int:
    return len(list(simulation.sims[index].memory))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("text", ["Yes please", "long " * 90, "Ça va 👍"], ids=["short", "long", "emoji"])
def test_a_message_is_kept_and_then_deleted_on_the_modem(run_scenario: RunScenario, family: str, text: str) -> None:
    """By its notice: whole, with the network's stamp, and the SIM is empty afterwards."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        simulation.network.phone(WRITER).send(simulation.sims[0].number, text)
        await simulation.until(lambda: kept(simulation) == [text], within_s=10)
        await asyncio.sleep(1)
        assert stored_on_sim(simulation) == 0
        (row,) = await all_rows(await simulation.service.inbox.list_messages(limit=0))
        assert (row.sender, row.to_sim) == (WRITER, simulation.sims[0].number)
        assert row.sent_at is not None
        assert row.sent_at < row.stored_at

    run_scenario(scenario, modems=1, families=(family,))


def test_what_waited_on_the_sim_is_found_at_the_start(run_scenario: RunScenario) -> None:
    """Messages that came while no daemon ran are swept in."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        await simulation.stop()
        for index in range(5):
            simulation.network.phone(WRITER).send(simulation.sims[0].number, f"waited {index}")
        await asyncio.sleep(60)
        assert stored_on_sim(simulation) == 5
        simulation.restart_service()
        await simulation.start()
        await simulation.until(lambda: kept(simulation) == [f"waited {index}" for index in range(5)], within_s=60)

    run_scenario(scenario, modems=1)


def test_a_message_whose_notice_was_lost_is_found_by_the_sweep(run_scenario: RunScenario) -> None:
    """Without any notice it is in the inbox within one interval."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        simulation.devices[0].lose_next_notice()
        simulation.network.phone(WRITER).send(simulation.sims[0].number, "unannounced")
        await simulation.until(lambda: kept(simulation) == ["unannounced"], within_s=70)

    run_scenario(scenario, modems=1)


def test_more_messages_than_the_sim_holds_all_come_through(run_scenario: RunScenario) -> None:
    """A full storage is emptied, and the service centre delivers the rest."""

    async def scenario(simulation: Simulation) -> None:
        simulation.sims[0].memory.capacity = 5
        texts = [f"flood {index}" for index in range(40)]
        for text in texts:
            simulation.network.phone(WRITER).send(simulation.sims[0].number, text)
        await simulation.until(lambda: len(kept(simulation)) == 40, within_s=4 * 3600)
        assert sorted(kept(simulation)) == sorted(texts)

    run_scenario(scenario, modems=1)


def test_a_repeated_delivery_is_kept_once(run_scenario: RunScenario) -> None:
    """The network delivers again what it believes was not acknowledged: the same TPDU is one message."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(20)
        (deliver,) = pdu.compose_deliver(WRITER, "once", pdu.Timestamp.of(simulation.clock.now()))
        for _ in range(3):
            await simulation.hand_in(pdu.frame(deliver.encode()))
        assert kept(simulation) == ["once"]

    run_scenario(scenario, modems=1)


def test_a_message_that_cannot_be_kept_delays_nobody(
    run_scenario: RunScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistake of ours about one message leaves it on the SIM; others come in and go out."""

    async def failing(
        self: InboundMessages, identity: Identity, octets: bytes, slot: str | None, *, real: object
    ) -> None:
        if b"poison" in octets or "poison" in str(pdu.decode_incoming(pdu.unframe(octets)[1]).text):
            raise RuntimeError("a mistake of ours")
        await real(self, identity, octets, slot=slot)  # type: ignore[operator]

    async def scenario(simulation: Simulation) -> None:
        simulation.network.phone(WRITER).send(simulation.sims[0].number, "poison")
        simulation.network.phone(WRITER).send(simulation.sims[0].number, "fine")
        answer = await simulation.service.messages.submission.submit(MessageRequest(WRITER, "goes out"))
        await simulation.until(lambda: kept(simulation) == ["fine"], within_s=70)
        await simulation.until(
            lambda: (
                simulation.all("SELECT state FROM message")[0]["state"] == "delivered" and answer.is_repeat is False
            ),
            within_s=60,
        )
        assert stored_on_sim(simulation) == 1

    real = InboundMessages.store_arrival
    monkeypatch.setattr(
        InboundMessages,
        "store_arrival",
        lambda self, sender, octets, slot=None: failing(self, sender, octets, slot, real=real),
    )
    run_scenario(partial(scenario), modems=1)


def test_a_stop_in_another_storage_is_found_by_the_first_sweep(run_scenario: RunScenario) -> None:
    """It came to the storage that the modem uses after power-on, before modemd started: it binds, and the slot is emptied."""

    async def scenario(simulation: Simulation) -> None:
        device = simulation.devices[0]
        await asyncio.sleep(20)
        await simulation.stop()
        me = device.memory("ME")
        (deliver,) = pdu.compose_deliver(WRITER, "STOP", pdu.Timestamp.of(simulation.clock.now()))
        me.store(StoredMessage(device.inbound.smsc_field(), deliver.encode()))
        simulation.restart_service()
        await simulation.start()
        await simulation.until(lambda: kept(simulation) == ["STOP"] and me.used == 0, within_s=60)
        assert simulation.all("SELECT marketing FROM contact WHERE number = ?", WRITER) == [{"marketing": "opted_out"}]

    run_scenario(scenario, modems=1, families=("generic",))


def test_a_message_that_its_slot_holds_for_days_is_one_message(run_scenario: RunScenario) -> None:
    """The modem refuses to delete it; modemd is off for eight days, and knows it when it starts again. Deleted at last, its slot
    takes the next one."""

    async def scenario(simulation: Simulation) -> None:
        device, phone = simulation.devices[0], simulation.network.phone(WRITER)
        await asyncio.sleep(20)
        device.stick_slot("SM", device.family.storage.index_base)
        phone.send(simulation.sims[0].number, "stuck")
        await simulation.until(lambda: kept(simulation) == ["stuck"], within_s=10)
        await simulation.stop()
        await asyncio.sleep(8 * 86400)
        simulation.restart_service()
        await simulation.start()
        await asyncio.sleep(200)
        assert (kept(simulation), stored_on_sim(simulation)) == (["stuck"], 1)
        device.free_slot("SM", device.family.storage.index_base)
        await simulation.stop()
        simulation.restart_service()
        await simulation.start()
        await simulation.until(lambda: stored_on_sim(simulation) == 0, within_s=60)
        phone.send(simulation.sims[0].number, "next")
        await simulation.until(lambda: kept(simulation) == ["stuck", "next"], within_s=10)

    run_scenario(scenario, modems=1)


def test_a_modem_that_refuses_the_list_is_ready_and_says_so(run_scenario: RunScenario) -> None:
    """EP06: 303 to CMGL, always. What waits without a notice is read slot by slot; the modem has a remark."""

    async def scenario(simulation: Simulation) -> None:
        device = simulation.devices[0]
        for _ in range(500):
            device.script_next("+CMGL", "+CMS ERROR: 303")
        await asyncio.sleep(20)
        device.lose_next_notice()
        simulation.network.phone(WRITER).send(simulation.sims[0].number, "unannounced")
        await simulation.until(lambda: kept(simulation) == ["unannounced"], within_s=130)
        await asyncio.sleep(130)
        (modem,) = simulation.service.modems.views.list_modems()
        assert modem.health == "ready"
        assert any("AT+CMGL=4: +CMS ERROR: 303" in remark for remark in modem.remarks)
        assert stored_on_sim(simulation) == 0

    run_scenario(scenario, modems=1)
