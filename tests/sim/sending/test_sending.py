"""What becomes of a message when the modem, the port or the network misbehaves. Truth is the network's journal."""

from __future__ import annotations

import asyncio

import pytest

from modemd.pdu import Submit
from modemd.service.messages.submission import MessageRequest
from tests.sim.conftest import Live
from tests.sim.world.assembled import House

TO = "+33612345678"
OTHER = "+33612345679"


async def submit(
    house: House, text: str = "Hello", to: str = TO, message_class: str = "transactional", at: str | None = None
) -> int:
    answer = await house.service.messages.submission.submit(MessageRequest(to, text, message_class, at))
    return int(answer.message["id"])


def state(house: House, message: int) -> str:
    return str(house.all("SELECT state FROM message WHERE id = ?", message)[0]["state"])


def accepted(house: House) -> list[str | None]:
    """The texts that the network took, in order."""
    return [entry.text for entry in house.network.journal.accepted]


def outcomes(house: House) -> list[str]:
    return [row["outcome"] for row in house.all("SELECT outcome FROM attempt ORDER BY id")]


async def reaches(house: House, message: int, wanted: str, within_s: float = 60) -> None:
    await house.until(lambda: state(house, message) == wanted, within_s=within_s)


async def ready(house: House) -> None:
    await house.until(
        lambda: all(modem["health"] == "ready" for modem in house.service.modems.views.list_modems()), within_s=60
    )


@pytest.mark.parametrize(
    ("text", "parts"), [("Hello", 1), ("long " * 90, 3), ("👩‍🚀 on her way", 1)], ids=["short", "long", "emoji"]
)
def test_a_message_arrives_and_its_report_comes_back(live: Live, text: str, parts: int) -> None:
    """Sent, received whole on the phone, and delivered by its reports."""

    async def scenario(house: House) -> None:
        message = await submit(house, text)
        await reaches(house, message, "delivered")
        assert [received.text for received in house.network.phone(TO).inbox] == [text]
        assert outcomes(house) == ["sent"] * parts

    live(scenario)


def test_a_lost_answer_is_settled_by_its_report(live: Live) -> None:
    """Accepted, but never answered: unknown, until the report proves it; and it is not sent again."""

    async def scenario(house: House) -> None:
        house.network.phone(TO).switch_off()
        house.devices[0].lose_next_answer()
        message = await submit(house)
        await reaches(house, message, "unknown", within_s=300)
        house.network.phone(TO).switch_on()
        await reaches(house, message, "delivered", within_s=3600)
        await asyncio.sleep(3600)
        assert accepted(house) == ["Hello"]

    live(scenario, modems=1)


def test_without_evidence_an_unknown_message_stays_unknown(live: Live) -> None:
    """At most once: a transactional message whose answer and report are lost is never sent again, and closes as unknown."""

    async def scenario(house: House) -> None:
        house.network.report_loss = 1.0
        house.devices[0].lose_next_answer()
        message = await submit(house)
        await reaches(house, message, "unknown", within_s=300)
        await asyncio.sleep(3 * 24 * 3600)
        assert state(house, message) == "unknown"
        assert accepted(house) == ["Hello"]
        assert house.all("SELECT closed_at FROM message")[0]["closed_at"] is not None

    live(scenario, modems=1)


@pytest.mark.parametrize(("message_class", "window_s"), [("otp", 20), ("alarm", 60)])
def test_an_unknown_alarm_or_otp_is_sent_once_more(live: Live, message_class: str, window_s: float) -> None:
    """At least once: after its window, with TP-RD set, and only once."""

    async def scenario(house: House) -> None:
        house.network.report_loss = 1.0
        # Lost too late for its window would outlive the otp: the modem answers probes, so it is known after send_timeout_s.
        house.devices[0].lose_next_answer()
        await submit(house, "4821", message_class=message_class)
        await house.until(lambda: "unknown" in outcomes(house), within_s=200)
        lost = house.clock.now()
        await house.until(lambda: len(accepted(house)) == 2, within_s=window_s + 30)
        assert (house.clock.now() - lost).total_seconds() >= window_s
        await asyncio.sleep(2 * 3600)
        first, second = (Submit.decode(entry.tpdu) for entry in house.network.journal.accepted)
        assert (first.reject_duplicates, second.reject_duplicates) == (False, True)

    live(scenario, modems=1)


def test_evidence_stops_the_repetition(live: Live) -> None:
    """An alarm whose report comes within its window is not sent twice."""

    async def scenario(house: House) -> None:
        house.devices[0].lose_next_answer()
        message = await submit(house, "Pump 3 stands still", message_class="alarm")
        await reaches(house, message, "delivered", within_s=300)
        await asyncio.sleep(3600)
        assert len(accepted(house)) == 1

    live(scenario, modems=1)


def test_a_late_answer_is_credited(live: Live) -> None:
    """An answer that comes after its deadline, with the port still open, settles the attempt."""

    async def scenario(house: House) -> None:
        house.network.report_loss = 1.0
        house.devices[0].delay_next_answer(95)
        message = await submit(house)
        await reaches(house, message, "unknown", within_s=300)
        await reaches(house, message, "sent", within_s=300)
        assert accepted(house) == ["Hello"]

    live(scenario, modems=1)


def test_a_prompt_that_never_comes_costs_nothing(live: Live) -> None:
    """Nothing was claimed: the message is sent when the modem answers again, once."""

    async def scenario(house: House) -> None:
        house.devices[0].lose_next_prompt()
        message = await submit(house)
        await reaches(house, message, "delivered", within_s=300)
        assert outcomes(house) == ["sent"]
        assert accepted(house) == ["Hello"]

    live(scenario, modems=1)


@pytest.mark.parametrize(
    ("cause", "wanted"),
    [
        pytest.param(1, "failed", id="unassigned number: for good"),
        pytest.param(38, "held", id="network out of order: later"),
    ],
)
def test_a_refusal_is_answered_by_its_class(live: Live, cause: int, wanted: str) -> None:
    """A permanent error fails the message; a passing one holds it, and it is sent when it is due again."""

    async def scenario(house: House) -> None:
        house.network.reject(TO, cause)
        message = await submit(house)
        await reaches(house, message, wanted)
        neighbour = await submit(house, to=OTHER)
        await reaches(house, neighbour, "delivered")
        house.network.accept(TO)
        await asyncio.sleep(3600)
        assert state(house, message) == ("delivered" if wanted == "held" else "failed")

    live(scenario, modems=1)


def test_a_message_is_not_lost_with_its_stick(live: Live) -> None:
    """Unplugged while messages wait, plugged in again: they go out, each once."""

    async def scenario(house: House) -> None:
        await ready(house)
        house.devices[0].send_latency_s = 0.3
        messages = [await submit(house, f"number {index}", to=f"+336123456{index:02d}") for index in range(10)]
        await house.until(lambda: outcomes(house) == ["sent"] * 3, within_s=30, step_s=0.05)
        house.links["/sim/modem0"].unplug()
        await asyncio.sleep(60)
        house.links["/sim/modem0"].replug()
        await asyncio.sleep(300)
        assert sorted(filter(None, accepted(house))) == [f"number {index}" for index in range(10)]
        assert {state(house, message) for message in messages} == {"delivered"}

    live(scenario, modems=1)


def test_a_reboot_in_the_middle_of_a_send_is_unknown_not_twice(live: Live) -> None:
    """The answer dies with the modem. After its restart it is set up anew, and goes on with the next message."""

    async def scenario(house: House) -> None:
        await ready(house)
        device = house.devices[0]
        device.lose_next_answer()
        message = await submit(house)
        await house.until(lambda: len(accepted(house)) == 1, within_s=60, step_s=0.1)
        device.restart()
        second = await submit(house, "after the restart", to=OTHER)
        await reaches(house, second, "delivered", within_s=600)
        assert outcomes(house)[0] in ("unknown", "sent"), "sent only where a report proved it"
        assert state(house, message) in ("unknown", "sent", "delivered")
        assert accepted(house) == ["Hello", "after the restart"]

    live(scenario, modems=1, families=("sim800",))


def test_first_attempts_to_one_number_keep_their_order(live: Live) -> None:
    """Two modems share a queue; one recipient's messages arrive in the order of acceptance."""

    async def scenario(house: House) -> None:
        await ready(house)
        for index in range(20):
            await submit(house, f"{index}")
        await house.until(lambda: len(accepted(house)) == 20, within_s=120)
        assert accepted(house) == [str(index) for index in range(20)]

    live(scenario)


def test_an_alarm_goes_between_the_parts_of_a_long_message(live: Live) -> None:
    """The bound for an alarm on a busy SIM is one part; the same class does not step in."""

    async def scenario(house: House) -> None:
        await ready(house)
        await submit(house, "long " * 120)
        await submit(house, "an equal", to=OTHER)
        await house.until(lambda: outcomes(house) == ["open"], within_s=30, step_s=0.1)
        await submit(house, "alarm", to=OTHER, message_class="alarm")
        await house.until(lambda: len(house.network.journal) == 6, within_s=60)
        long_one = "long"
        order = [long_one if entry.recipient == TO else entry.text for entry in house.network.journal.accepted]
        assert order == [long_one, "alarm", long_one, long_one, long_one, "an equal"]

    live(scenario, modems=1)


def test_a_scheduled_message_waits_for_its_time(live: Live) -> None:
    """Held with its reason, then sent at its minute."""

    async def scenario(house: House) -> None:
        message = await submit(house, at="2026-03-02T18:30+01:00")
        assert state(house, message) == "held"
        await asyncio.sleep(11 * 3600)
        assert accepted(house) == []
        await asyncio.sleep(1800 + 10)
        entry = house.network.journal.accepted[0]
        assert entry.at.isoformat(timespec="minutes") == "2026-03-02T17:30+00:00"

    live(scenario)


def test_a_message_that_finds_no_modem_expires(live: Live) -> None:
    """Past its validity it is not sent any more, and says so."""

    async def scenario(house: House) -> None:
        house.links["/sim/modem0"].unplug()
        message = await submit(house, message_class="otp")
        await reaches(house, message, "expired", within_s=400)
        house.links["/sim/modem0"].replug()
        await asyncio.sleep(600)
        assert accepted(house) == []

    live(scenario, modems=1)


def test_stopping_waits_for_the_answer_on_the_air(live: Live) -> None:
    """SIGTERM's way: the part in flight is answered and journaled, the next is not claimed."""

    async def scenario(house: House) -> None:
        await ready(house)
        house.devices[0].send_latency_s = 3.0
        for index in range(3):
            await submit(house, f"{index}", to=f"+3361234560{index}")
        await house.until(lambda: outcomes(house) == ["open"], within_s=30, step_s=0.01)
        await house.stop()
        assert outcomes(house) == ["sent"]
        assert accepted(house) == ["0"]

    live(scenario, modems=1)


def test_a_stop_that_is_cut_leaves_unknown(live: Live) -> None:
    """What is on the air when the grace is over is journaled as unknown, and not sent again after the next start."""

    async def scenario(house: House) -> None:
        await ready(house)
        house.network.report_loss = 1.0
        house.devices[0].send_latency_s = 30.0
        message = await submit(house)
        await house.until(lambda: outcomes(house) == ["open"], within_s=30, step_s=0.01)
        await asyncio.sleep(1)
        await house.stop(grace_s=2)
        await asyncio.sleep(1)
        assert outcomes(house) == ["unknown"]
        house.restart_service()
        await house.start()
        await asyncio.sleep(3600)
        assert state(house, message) == "unknown"
        assert len(accepted(house)) <= 1

    live(scenario, modems=1)
