"""USSD through the real service, to emulated modems of every coding, beside messages that come and go."""

from __future__ import annotations

import asyncio
import logging

import pytest

from modemd.emulator.device.family import families
from modemd.emulator.network.ussd_services import BALANCE, UssdAnswer, UssdState
from modemd.errors import PortGone, Refused
from modemd.service.messages.submission import MessageRequest
from modemd.service.modems.ussd import REPLY_S, UssdResult
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import Simulation

ALICE = "+33612345678"
MENU = UssdAnswer(
    "1 Balance\n2 Bonus",
    menu={"1": UssdAnswer("Your balance is 12.50"), "2": UssdAnswer("1 More", menu={"1": BALANCE})},
)


async def ready(simulation: Simulation) -> None:
    await simulation.until(
        lambda: all(modem.health == "ready" for modem in simulation.service.modems.views.list_modems()), within_s=120
    )


async def say(simulation: Simulation, text: str, session: int | None = None) -> UssdResult:
    return await simulation.service.modems.ussd.send("modem0", text, session=session)


async def refused(simulation: Simulation, code: str, text: str, session: int | None = None) -> str:
    with pytest.raises(Refused) as caught:
        await say(simulation, text, session)
    assert caught.value.code == code
    return caught.value.reason


@pytest.mark.parametrize("family", sorted(families))
@pytest.mark.parametrize(
    "text", ["Balance: 12.50 EUR", "7@{$}€ Ünder", "Баланс 12.50"], ids=["plain", "extended", "ucs2"]
)
def test_every_family_is_asked_and_understood(run_scenario: RunScenario, family: str, text: str) -> None:
    """A code and its answer arrive whole in the coding of the modem's family, whatever the alphabet."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.ussd["*100#"] = UssdAnswer(text)
        await ready(simulation)
        expected = (
            text.encode("ascii", "replace").decode() if simulation.devices[0].family.ussd.coding == "plain" else text
        )
        if "Б" in text:
            expected = text
        assert await say(simulation, "*100#") == UssdResult("done", expected, None)

    run_scenario(scenario, modems=1, families=(family,))


@pytest.mark.parametrize("family", ["huawei_e3372", "sim800", "generic", "quectel_ec25"])
def test_a_menu_is_gone_through_reply_by_reply(run_scenario: RunScenario, family: str) -> None:
    """Line ends within the text stay, each reply reaches the session, and the last answer ends it."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.ussd["*123#"] = MENU
        await ready(simulation)
        first = await say(simulation, "*123#")
        assert (first.state, first.text) == ("reply wanted", "1 Balance\n2 Bonus")
        second = await say(simulation, "2", first.session)
        assert (second.state, second.text) == ("reply wanted", "1 More")
        assert (await say(simulation, "1", second.session)).text == "Balance: 12.50 EUR"
        await refused(simulation, "no_session", "1", second.session)

    run_scenario(scenario, modems=1, families=(family,))


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        pytest.param(UssdAnswer(ends=UssdState.NOT_SUPPORTED), "ussd_not_supported", "does not know the code", id="4"),
        pytest.param(UssdAnswer(ends=UssdState.ENDED), "ussd_ended", "ended by the network", id="2"),
        pytest.param(UssdAnswer(ends=UssdState.TIMED_OUT), "ussd_timed_out", "not answer in time", id="5"),
        pytest.param(UssdAnswer("too late", after_s=100.0), "ussd_timed_out", r"no +CUSD: in 65 s", id="never"),
    ],
)
def test_what_the_network_refuses_is_told_in_words(
    run_scenario: RunScenario, answer: UssdAnswer, code: str, words: str
) -> None:
    """Each way to fail has its code and its words; the modem can be asked again at once."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.ussd |= {"*1#": answer, "*100#": BALANCE}
        await ready(simulation)
        assert words in await refused(simulation, code, "*1#")
        assert (await say(simulation, "*100#")).text == "Balance: 12.50 EUR"

    run_scenario(scenario, modems=1)


def test_a_modem_without_network_says_so(run_scenario: RunScenario) -> None:
    """Before modemd has noticed that it is gone, the modem's own refusal is put into words; after, nothing is asked."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        simulation.devices[0].set_coverage(2)
        assert "no network" in await refused(simulation, "ussd_refused", "*100#")
        await simulation.until(
            lambda: simulation.service.modems.views.list_modems()[0].health == "searching", within_s=120
        )
        assert "searching" in await refused(simulation, "not_ready", "*100#")

    run_scenario(scenario, modems=1)


def test_an_answer_said_twice_or_closed_aloud_is_heard_once(run_scenario: RunScenario) -> None:
    """The copy, and a `+CUSD: 2` behind it, are not taken for the next answer."""

    async def scenario(simulation: Simulation) -> None:
        twice = UssdAnswer("1 On", menu={"1": UssdAnswer("On now", closes=True)}, times=2)
        simulation.network.ussd |= {"*5#": twice, "*100#": BALANCE}
        await ready(simulation)
        first = await say(simulation, "*5#")
        assert (await say(simulation, "1", first.session)).text == "On now"
        assert (await say(simulation, "*100#")).text == "Balance: 12.50 EUR"

    run_scenario(scenario, modems=1)


def test_messages_pass_between_the_steps_of_a_session(run_scenario: RunScenario) -> None:
    """While a person reads a menu, messages go out and come in; the session is there afterwards."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.ussd["*123#"] = MENU
        await ready(simulation)
        first = await say(simulation, "*123#")
        await simulation.service.messages.submission.submit(MessageRequest(ALICE, "between"))
        simulation.network.phone(ALICE).send(simulation.sims[0].number, "hello")
        await simulation.until(
            lambda: (
                simulation.all("SELECT state FROM message") == [{"state": "delivered"}]
                and simulation.all("SELECT text FROM inbox") == [{"text": "hello"}]
            ),
            within_s=20,
        )
        assert (await say(simulation, "1", first.session)).text == "Your balance is 12.50"

    run_scenario(scenario, modems=1)


def test_one_session_at_a_time_and_none_for_ever(run_scenario: RunScenario) -> None:
    """A second code is refused while a menu waits; a menu nobody answers is ended, on the modem too."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.ussd["*123#"] = MENU
        await ready(simulation)
        first = await say(simulation, "*123#")
        await refused(simulation, "ussd_busy", "*123#")
        await asyncio.sleep(REPLY_S + 2)
        await refused(simulation, "no_session", "1", first.session)
        assert written(simulation)[-1] == "AT+CUSD=2"
        second = await say(simulation, "*123#")
        assert second.session is not None
        await simulation.service.modems.ussd.end("modem0", second.session)
        assert written(simulation)[-1] == "AT+CUSD=2"
        await say(simulation, "*123#")

    run_scenario(scenario, modems=1)


def test_the_end_of_the_daemon_ends_the_session(run_scenario: RunScenario) -> None:
    """A network that waits for a reply is told that none will come, and the stop is not held up by it."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.ussd["*123#"] = MENU
        await ready(simulation)
        await say(simulation, "*123#")
        began = asyncio.get_running_loop().time()
        await simulation.stop()
        assert asyncio.get_running_loop().time() - began < 5
        assert "AT+CUSD=2" in written(simulation)

    run_scenario(scenario, modems=1)


def test_a_stick_that_is_pulled_out_fails_the_question_at_once(run_scenario: RunScenario) -> None:
    """Whoever waits for the answer is told within seconds that the port has gone."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.ussd["*1#"] = UssdAnswer("late", after_s=50.0)
        await ready(simulation)
        asking = asyncio.ensure_future(say(simulation, "*1#"))
        await asyncio.sleep(3)
        simulation.links["/sim/modem0"].unplug()
        done, _ = await asyncio.wait({asking}, timeout=5)
        assert done
        assert "hung up" in str(asking.exception()) or "gone" in str(asking.exception()).lower()
        simulation.links["/sim/modem0"].replug()

    run_scenario(scenario, modems=1)


def test_the_last_lines_stand_in_the_log_with_what_went_wrong(
    run_scenario: RunScenario, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, masked, where a modem turns out not to be usable; and what was said before the port was lost is there after."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        simulation.links["/sim/modem0"].unplug()
        await asyncio.sleep(120)
        (told,) = [record.getMessage() for record in caplog.records if "hung up" in record.getMessage()]
        assert " wire=" in told
        assert "AT+C" in told.partition(" wire=")[2]
        assert simulation.sims[0].iccid not in caplog.text
        assert "AT+CSQ" in written(simulation)
        simulation.links["/sim/modem0"].replug()

    caplog.set_level(logging.INFO)
    run_scenario(scenario, modems=1)


def test_a_code_for_the_sim_itself_is_never_said(run_scenario: RunScenario) -> None:
    """PIN and PUK codes are refused before any octet is written."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation)
        for code in ("**04*1234*5678*5678#", "**05*12345678*1234*1234#", "**042*1*2*2#", "*#06#"):
            assert "PIN" in await refused(simulation, "bad_ussd", code)
        assert not any("CUSD" in line for line in written(simulation))

    run_scenario(scenario, modems=1)


def written(simulation: Simulation) -> list[str]:
    return [line.text for line in simulation.service.modems.views.list_wire_lines("modem0") if line.direction == ">"]


def test_whoever_asks_outlives_the_modem(run_scenario: RunScenario) -> None:
    """The task of the modem ends while an answer is awaited: the asker is told so, and not cancelled along with it."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.ussd["*1#"] = UssdAnswer("late", after_s=50.0)
        await ready(simulation)
        asking = asyncio.ensure_future(say(simulation, "*1#"))
        await asyncio.sleep(3)
        await simulation.stop()
        await asyncio.wait({asking}, timeout=5)
        assert isinstance(asking.exception(), PortGone)

    run_scenario(scenario, modems=1)
