"""What an adversary tried: each of these once lost a message, sent one too many, or told a lie about it."""

from __future__ import annotations

import asyncio
import sqlite3

import pytest

from modemd import pdu
from modemd.errors import StoreError
from modemd.service.messages.submission import MessageRequest
from modemd.store import writer
from tests.sim.conftest import Live
from tests.sim.world.assembled import House

ALICE = "+33612345678"
BOB = "+33612345679"


async def submit(house: House, to: str, text: str, message_class: str = "transactional") -> int:
    return int((await house.service.messages.submission.submit(MessageRequest(to, text, message_class))).message["id"])


def state(house: House, message: int) -> str:
    return str(house.all("SELECT state FROM message WHERE id = ?", message)[0]["state"])


def marketing(house: House, number: str) -> str:
    return str(house.all("SELECT marketing FROM contact WHERE number = ?", number)[0]["marketing"])


async def said(house: House, sender: pdu.Address | str, text: str, seconds_ago: float = 0) -> None:
    """A message that reached us now, and was sent earlier."""
    moment = house.clock.now().replace(microsecond=0)
    stamp = pdu.Timestamp.of(moment.fromtimestamp(moment.timestamp() - seconds_ago, moment.tzinfo))
    (deliver,) = pdu.compose_deliver(sender, text, stamp)
    await house.hand_in(pdu.frame(deliver.encode()))


def test_a_report_proves_nothing_about_what_was_written_after_it(live: Live) -> None:
    """An unmatched report lay there; an alarm to that number is lost on its way. It is repeated, not believed delivered."""

    async def scenario(house: House) -> None:
        house.network.report_loss = 1.0
        await asyncio.sleep(20)
        now = pdu.Timestamp.of(house.clock.now())
        report = pdu.StatusReport(77, pdu.Address.parse(ALICE), now, now, 0)
        await house.hand_in(pdu.frame(report.encode()))
        await asyncio.sleep(60)
        house.devices[0].lose_next_answer()
        alarm = await submit(house, ALICE, "FIRE", "alarm")
        await house.until(lambda: len(house.network.journal) == 2, within_s=400)
        assert state(house, alarm) != "delivered"
        assert house.all("SELECT attempt_id FROM report") == [{"attempt_id": None}]

    live(scenario, modems=1)


def test_an_outcome_survives_a_database_that_fails(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commits fail for a while just as the answer comes: the outcome is kept later, and nothing is sent twice."""
    failing = [False]
    real = writer.run_group

    def sometimes(connection: sqlite3.Connection, group: list[writer.QueuedChange]) -> None:
        if failing[0]:
            for job in group:
                job.error = StoreError("disk full")
        else:
            real(connection, group)

    monkeypatch.setattr("tests.sim.world.store.run_group", sometimes)

    async def scenario(house: House) -> None:
        await asyncio.sleep(20)
        house.devices[0].send_latency_s = 3.0
        message = await submit(house, ALICE, "first")
        await house.until(lambda: bool(house.all("SELECT 1 FROM attempt")), within_s=30, step_s=0.01)
        await asyncio.sleep(1)
        failing[0] = True
        await asyncio.sleep(20)
        failing[0] = False
        await house.until(lambda: state(house, message) == "delivered", within_s=120)
        second = await submit(house, ALICE, "second")
        await house.until(lambda: state(house, second) == "delivered", within_s=60)
        assert [entry.text for entry in house.network.journal.accepted] == ["first", "second"]

    live(scenario, modems=1)


def test_one_number_holds_up_nobody_else(live: Live) -> None:
    """A part to Alice is not answered and 50 more wait for her: Bob's message goes out over the other modem at once."""

    async def scenario(house: House) -> None:
        await asyncio.sleep(20)
        for device in house.devices:
            device.lose_next_answer()
        for index in range(50):
            await submit(house, ALICE, f"{index}")
        await house.until(lambda: len(house.network.journal) == 1, within_s=30)
        await submit(house, BOB, "at once")
        await house.until(lambda: any(entry.text == "at once" for entry in house.network.journal.accepted), within_s=30)

    live(scenario)


def test_a_modem_without_network_lets_its_draft_go(live: Live) -> None:
    """Chosen by a modem that loses its registration: the other one sends it."""

    async def scenario(house: House) -> None:
        await asyncio.sleep(20)
        house.devices[0].set_coverage(2)
        house.devices[1].set_coverage(2)
        await asyncio.sleep(120)
        message = await submit(house, ALICE, "waits")
        house.devices[1].set_coverage(1)
        await house.until(lambda: state(house, message) == "delivered", within_s=120)

    live(scenario)


def test_an_older_start_does_not_undo_a_newer_stop(live: Live) -> None:
    """The storage lists them in any order; the network's stamps say which was said last."""

    async def scenario(house: House) -> None:
        await asyncio.sleep(20)
        await said(house, ALICE, "STOP", seconds_ago=60)
        await said(house, ALICE, "START", seconds_ago=120)
        assert marketing(house, ALICE) == "opted_out"
        await said(house, ALICE, "START")
        assert marketing(house, ALICE) == "opted_in"

    live(scenario, modems=1)


def test_a_stop_from_a_national_number_binds_without_a_configured_country(live: Live) -> None:
    """Read in the country of the SIM; and where nobody knows that, for every contact whose number ends so."""

    async def scenario(house: House) -> None:
        await asyncio.sleep(20)
        await submit(house, ALICE, "Your table is booked.")
        await said(house, pdu.Address("0612345678", pdu.TypeOfNumber.UNKNOWN), "STOP")
        assert marketing(house, ALICE) == "opted_out"
        refused = await house.service.messages.submission.submit(MessageRequest(ALICE, "offer", "marketing"))
        assert refused.message["state"] == "refused"

    live(scenario, modems=1, country=None)


def test_the_last_thing_read_is_not_an_answer_to_an_older_word(live: Live) -> None:
    """STOP, START, STOP within a moment: the answer to START that still waits is withdrawn."""

    async def scenario(house: House) -> None:
        await asyncio.sleep(20)
        house.devices[0].send_latency_s = 0.1
        house.network.reject(ALICE, 38)
        for word in ("STOP", "START", "STOP"):
            await said(house, ALICE, word)
            await asyncio.sleep(1)
        house.network.accept(ALICE)
        await asyncio.sleep(3600)
        assert len(house.network.phone(ALICE).inbox) == 1
        assert "plus" in (house.network.phone(ALICE).inbox[0].text or "")

    live(scenario, modems=1)


def test_a_sender_that_cannot_be_written_to_stops_nothing(live: Live) -> None:
    """An international address with letters is no number to answer: it is opted out, and the modem goes on."""

    async def scenario(house: House) -> None:
        await asyncio.sleep(20)
        await said(house, pdu.Address("336*12#", pdu.TypeOfNumber.INTERNATIONAL), "STOP")
        message = await submit(house, BOB, "goes out")
        await house.until(lambda: state(house, message) == "delivered", within_s=60)

    live(scenario, modems=1)


def test_an_unknown_alarm_whose_repetition_is_refused_stays_unknown(live: Live) -> None:
    """The first may have arrived: that the second was refused is no failure of the first."""

    async def scenario(house: House) -> None:
        house.network.report_loss = 1.0
        house.devices[0].lose_next_answer()
        alarm = await submit(house, ALICE, "FIRE", "alarm")
        await house.until(lambda: state(house, alarm) == "unknown", within_s=300)
        house.network.reject(ALICE, 1)
        await asyncio.sleep(600)
        assert [received.text for received in house.network.phone(ALICE).inbox] == ["FIRE"]
        assert state(house, alarm) == "unknown"
        assert len(house.all("SELECT 1 FROM attempt")) == 2

    live(scenario, modems=1)


def test_a_message_withdrawn_on_the_air_keeps_its_reason(live: Live) -> None:
    """STOP while a part is on the air: the message ends as cancelled, and says why."""

    async def scenario(house: House) -> None:
        await asyncio.sleep(20)
        house.devices[0].send_latency_s = 5.0
        await submit(house, ALICE, "offer " * 60, "marketing")
        await house.until(lambda: bool(house.all("SELECT 1 FROM attempt")), within_s=30, step_s=0.01)
        await asyncio.sleep(1)
        await said(house, ALICE, "STOP")
        await house.until(lambda: state(house, 1) == "cancelled", within_s=60)
        assert house.all("SELECT reason FROM message WHERE id = 1") == [{"reason": "opted_out"}]

    live(scenario, modems=1)


def test_a_deaf_modem_does_not_delay_the_end(live: Live) -> None:
    """With nothing on the air, stopping takes no time, whatever state the modem is in."""

    async def scenario(house: House) -> None:
        await asyncio.sleep(20)
        house.devices[0].deaf_for(3600)
        await asyncio.sleep(70)
        began = asyncio.get_running_loop().time()
        await house.stop()
        assert asyncio.get_running_loop().time() - began < 1

    live(scenario, modems=1)
