"""Sick modems and what becomes of them and of the messages, with emulated modems in simulated time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from modemd.emulator import Device
from modemd.modem.modem import Modem
from modemd.modem.status import ModemHealth
from modemd.service.messages.submission import MessageRequest
from tests.sim.conftest import Live
from tests.sim.world.assembled import House

ALICE = "+33612345678"
USB, UART = "huawei_e3372", "sim800"
GOAL_S = 5.0


def modem_of(house: House, index: int = 0) -> Modem:
    return house.service.modems.registry.modems[index]


def healths(house: House) -> list[str]:
    return [modem["health"] for modem in house.service.modems.views.list_modems()]


def standing(house: House, index: int = 0) -> dict[str, Any]:
    recovery: dict[str, Any] = house.service.modems.views.list_modems()[index]["recovery"]
    return recovery


async def ready(house: House) -> None:
    """All are, and their network answers quickly."""
    for device in house.devices:
        device.send_latency_s = 0.5
    await house.until(lambda: all(health == "ready" for health in healths(house)), within_s=120, step_s=0.1)


async def submit(house: House, text: str, *, message_class: str = "transactional") -> int:
    answer = await house.service.messages.submission.submit(MessageRequest(ALICE, text, message_class))
    return int(answer.message["id"])


def accepted(house: House) -> int:
    return len(house.network.journal.accepted)


def trouble(device: Device) -> dict[str, Callable[[], None]]:
    """How a modem is made sick, by name."""
    return {
        "deaf": lambda: device.deaf_for(3600),
        "wedged": device.wedge,
        "hangs at the prompt": lambda: device.hang_next("+CMGS", 3600),
        "no prompt": device.lose_next_prompt,
    }


@pytest.mark.parametrize("how", ["deaf", "wedged", "hangs at the prompt", "no prompt"])
def test_a_sick_modem_delays_no_message(live: Live, how: str) -> None:
    """One of two modems falls silent with a message in its hands and nothing on the air: the other sends it within seconds."""

    async def story(house: House) -> None:
        await ready(house)
        sick = house.devices[0]
        trouble(sick)[how]()
        for number in range(4):
            await submit(house, f"hello {number}")
        await house.until(lambda: accepted(house) == 4, within_s=5 + 4 * 1.5 + 1, step_s=0.1)
        assert {row["state"] for row in house.all("SELECT state FROM message")} <= {"sent", "sending", "delivered"}
        await asyncio.sleep(120)
        assert accepted(house) == 4, "and nobody sends it again"

    live(story, families=(UART,), modems=2)


@pytest.mark.parametrize("family", [USB, UART])
def test_a_wedged_stick_is_reset_over_usb(live: Live, family: str) -> None:
    """It answers nothing until its power goes: escaped, reopened, reset; then it sends. Each rung is counted and timed."""

    async def story(house: House) -> None:
        await ready(house)
        house.devices[0].wedge()
        await submit(house, "hello")
        await house.until(lambda: accepted(house) == 1, within_s=180)
        assert house.usb_resets == ["1-1.0"]
        recovery = standing(house)
        assert recovery["counts"] == {"escape": 1, "reopen": 1, "usb reset": 1}
        assert recovery["spent_s"]["usb reset"] == pytest.approx(1.0)
        assert (recovery["trouble"], recovery["rung"]) == (None, None), "it is over"
        assert "AT" in recovery["reason"]

    live(story, families=(family,), modems=1)


def test_a_modem_that_stays_silent_is_put_into_quarantine_and_probed_on(live: Live) -> None:
    """Its resets are minutes apart, its state is told in words; and when it hears again, it sends within 5 s."""

    async def story(house: House) -> None:
        await ready(house)
        device = house.devices[0]
        for _ in range(1000):  # a reset does not mend it
            device.deaf_for(300)
            await asyncio.sleep(2)
        assert healths(house) == ["quarantined"]
        assert "no answer to AT" in house.service.modems.views.list_modems()[0]["reason"]
        status = await house.service.operations.health.read_status()
        assert status["can_send"] is False
        assert standing(house)["counts"]["quarantine"] >= 2
        assert len(house.usb_resets) <= 2000 / 300 + 1
        await submit(house, "hello")
        device.end_deafness()
        await house.until(lambda: accepted(house) == 1, within_s=GOAL_S, step_s=0.1)

    live(story, families=(USB,), modems=1)


def test_a_modem_without_network_has_its_radio_switched(live: Live) -> None:
    """After ten minutes: radio off and on, a reset, USB; never more often than the ladder allows; when the network is there
    again, it sends within 5 s."""

    async def story(house: House) -> None:
        await ready(house)
        device = house.devices[0]
        device.set_coverage(2)
        await asyncio.sleep(590)
        assert healths(house) == ["searching"]
        assert standing(house)["counts"] == {}
        await asyncio.sleep(120)
        assert healths(house) == ["unhealthy"]
        assert house.service.modems.views.list_modems()[0]["reason"] == "not registered for 10 min: searching"
        assert standing(house)["rung"] == "radio"
        await asyncio.sleep(1200)
        assert standing(house)["counts"] == {"radio": 2, "reset": 2, "usb reset": 2, "quarantine": 2}
        await submit(house, "hello")
        device.set_coverage(1)
        await house.until(lambda: device.registered, within_s=300, step_s=0.1)
        await house.until(lambda: accepted(house) == 1, within_s=GOAL_S, step_s=0.1)

    live(story, families=(UART,), modems=1)


def test_a_sim_that_is_refused_is_no_reason_for_a_reset(live: Live) -> None:
    """The network denies it, for a day: that is told, and the modem is left alone."""

    async def story(house: House) -> None:
        await ready(house)
        house.devices[0].set_coverage(3)
        await asyncio.sleep(7200)
        assert "has refused this SIM" in house.service.modems.views.list_modems()[0]["reason"]
        assert standing(house)["counts"] == {}
        assert house.usb_resets == []

    live(story, families=(UART,), modems=1)


def test_no_sim_is_no_reason_for_a_reset(live: Live) -> None:
    """A person is needed; when the SIM is there again, it sends within 5 s of its being registered."""

    async def story(house: House) -> None:
        await ready(house)
        device, sim = house.devices[0], house.sims[0]
        device.remove_sim()
        await asyncio.sleep(4 * 3600)
        assert healths(house) == ["needs a person"]
        assert not {"reset", "usb reset", "power"} & standing(house)["counts"].keys()
        await submit(house, "hello")
        device.insert_sim(sim)
        await house.until(lambda: device.registered, within_s=300, step_s=0.1)
        await house.until(lambda: accepted(house) == 1, within_s=GOAL_S, step_s=0.1)

    live(story, families=(UART,), modems=1)


def test_a_restart_in_the_middle_of_a_send_is_known_at_once(live: Live) -> None:
    """A brown-out on a UART: no port goes, its boot lines tell. The attempt is unknown then, not two minutes later, and the
    modem goes on with the next message."""

    async def story(house: House) -> None:
        await ready(house)
        device = house.devices[0]
        device.send_latency_s = 60.0
        await submit(house, "hello")
        await house.until(lambda: device.sending, within_s=10, step_s=0.05)
        device.restart()
        device.send_latency_s = 0.5
        await house.until(lambda: bool(house.all("SELECT 1 FROM event WHERE what = 'lost'")), within_s=40, step_s=0.1)
        await submit(house, "again")
        await house.until(lambda: device.registered, within_s=60, step_s=0.1)
        await house.until(lambda: accepted(house) == 1, within_s=GOAL_S, step_s=0.1)

    live(story, families=(UART,), modems=1)


def test_five_unanswered_messages_set_the_ladder_going(live: Live) -> None:
    """A modem that answers AT and swallows PDUs is set up again each time, and then its radio is switched, as it goes on."""

    async def story(house: House) -> None:
        await ready(house)
        device = house.devices[0]
        for _ in range(7):
            device.lose_next_answer()
        for number in range(8):
            await submit(house, f"hello {number}", message_class="conversational")
        await house.until(lambda: modem_of(house).status.sent == 1, within_s=3600, step_s=1)
        counts = standing(house)["counts"]
        assert counts["set up"] >= 1
        assert counts["radio"] == 1
        assert standing(house)["trouble"] is None, "one passed"

    live(story, families=(UART,), modems=1)


def test_an_unplugged_stick_is_back_within_seconds_after_days(live: Live) -> None:
    """Nothing is reset for it meanwhile."""

    async def story(house: House) -> None:
        await ready(house)
        device, link = house.devices[0], house.links["/sim/modem0"]
        link.unplug()
        await asyncio.sleep(3 * 86400)
        assert healths(house) == ["gone"]
        assert standing(house)["counts"] == {}
        await submit(house, "hello", message_class="alarm")
        link.replug()
        await house.until(lambda: device.registered, within_s=120, step_s=0.1)
        await house.until(lambda: accepted(house) == 1, within_s=GOAL_S, step_s=0.1)

    live(story, families=(USB,), modems=1)


def test_a_request_waits_for_the_answer_on_the_air(live: Live) -> None:
    """What others ask of a modem is done between its own work, and its outcome goes back to them."""

    async def story(house: House) -> None:
        await ready(house)
        device = house.devices[0]
        device.send_latency_s = 10.0
        await submit(house, "hello")
        await house.until(lambda: device.sending, within_s=10, step_s=0.05)

        async def signal(dialogue: Any, identity: Any) -> tuple[str, ...]:
            assert not device.sending
            return tuple(await dialogue.run_command("+CSQ"))

        lines = await modem_of(house).run_request(signal, within_s=30)
        assert lines[0].startswith("+CSQ:")
        assert modem_of(house).status.health is ModemHealth.READY

    live(story, families=(UART,), modems=1)


def test_a_short_loss_of_the_network_costs_a_second(live: Live) -> None:
    """Seen by a refusal, looked at every other second from then on: what was refused and what waits goes as it is back."""

    async def story(house: House) -> None:
        await ready(house)
        device = house.devices[0]
        device.set_coverage(2)
        await submit(house, "hello")
        await asyncio.sleep(10)
        device.set_coverage(1)
        await house.until(lambda: device.registered, within_s=60, step_s=0.1)
        await house.until(lambda: accepted(house) == 1, within_s=GOAL_S, step_s=0.1)

    live(story, families=(UART,), modems=1)


def test_a_modem_that_lost_its_pdu_mode_is_set_up_again(live: Live) -> None:
    """After a brown-out of its own, with no word of it: the refusal is not the message's, which leaves within seconds."""

    async def story(house: House) -> None:
        await ready(house)
        house.devices[0].forget_settings(text_mode=True)
        await submit(house, "hello")
        await house.until(lambda: accepted(house) == 1, within_s=GOAL_S, step_s=0.1)
        (tries,) = (row["tries"] for row in house.all("SELECT tries FROM part"))
        assert tries <= 1

    live(story, families=(UART,), modems=1)


def test_a_power_hook_is_run_for_its_modem(live: Live) -> None:
    """Where the stick's place is known its placeholders are filled; where it does not help, quarantine follows."""

    async def story(house: House) -> None:
        await ready(house)
        for _ in range(180):
            house.devices[0].deaf_for(300)
            await asyncio.sleep(2)
        assert house.hooks_run == [["relay", "modem0", "1-1", "0"]]
        assert standing(house)["rung"] == "quarantine"

    live(story, families=(UART,), modems=1, recovery={"power_hook": ["relay", "{name}", "{hub}", "{hub_port}"]})
