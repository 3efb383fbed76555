"""What comes in is kept, once, and never stands in the way of what goes out."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from modemd import pdu
from modemd.emulator.device.settings import Notifications
from modemd.modem.status import Identity
from modemd.service.inbox.inbound import InboundMessages
from modemd.service.messages.submission import MessageRequest
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
        (row,) = await simulation.service.inbox.list_messages(id=None, limit=0)
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
        # As after a restart that nobody noticed: messages are stored, and not announced.
        simulation.devices[0].settings.notifications = Notifications()
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
