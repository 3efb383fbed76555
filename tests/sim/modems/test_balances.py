"""What SIMs have left: asked in simulated days, by code and by message, kept, and told once where it is low."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from modemd.emulator.network.ussd_services import UssdAnswer
from modemd.errors import Refused
from modemd.service.operations.alarm_checks import CHECK_INTERVAL_S
from modemd.store.rows import AlarmRow
from tests.sim.conftest import RunScenario
from tests.sim.world.assembled import Simulation

OPERATOR = "+33600000123"
DAY_S = 86400.0
FIRST_ICCID = "8933010000000000010"
PATTERN = r"([0-9]+[.,][0-9]{2})"


def balance(simulation: Simulation) -> Any:
    return simulation.service.modems.views.list_modems()[0].balance


async def alarms(simulation: Simulation) -> list[AlarmRow]:
    return list((await simulation.service.operations.health.read_status()).alarms)


def kept(simulation: Simulation, what: str = "balance") -> list[dict[str, Any]]:
    return simulation.all("SELECT at, detail FROM event WHERE message_id IS NULL AND what = ? ORDER BY id", what)


def configured(**how: Any) -> dict[str, Any]:
    """`sims`, with how to ask the first one."""
    return {FIRST_ICCID: {"balance": {"pattern": PATTERN, "every": "24h", **how}}}


def test_a_sim_is_asked_at_the_start_and_then_every_day(run_scenario: RunScenario) -> None:
    """By code: known within a minute, asked once more after a day and not before, also over a restart."""

    async def scenario(simulation: Simulation) -> None:
        assert simulation.sims[0].iccid == FIRST_ICCID
        simulation.network.ussd["*100#"] = UssdAnswer("Balance: 12.50 EUR")
        await simulation.until(lambda: balance(simulation) is not None, within_s=90)
        assert (balance(simulation).amount, balance(simulation).is_low) == (Decimal("12.5"), False)
        assert [row.balance for row in await simulation.service.sims.list_sims()] == [balance(simulation)]
        simulation.network.ussd["*100#"] = UssdAnswer("Balance: 11,00 EUR")
        await asyncio.sleep(DAY_S / 2)
        await simulation.stop()
        simulation.restart_service()
        await simulation.start()
        await simulation.until(lambda: balance(simulation) is not None, within_s=90)
        await asyncio.sleep(600)
        assert (balance(simulation).amount, len(kept(simulation))) == (Decimal("12.5"), 1)
        await asyncio.sleep(DAY_S / 2)
        assert (balance(simulation).amount, len(kept(simulation))) == (Decimal("11.0"), 2)
        assert await alarms(simulation) == []

    run_scenario(scenario, modems=1, sims=configured(ussd="*100#", low=2.0))


def test_a_low_balance_is_told_once_until_it_has_been_higher(
    run_scenario: RunScenario, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning at each crossing, an alarm as long as it lasts, neither of them anew by a restart."""

    def warnings() -> int:
        return sum("balance is low" in record.getMessage() for record in caplog.records)

    async def scenario(simulation: Simulation) -> None:
        simulation.network.ussd["*100#"] = UssdAnswer("Balance: 1.99 EUR")
        await simulation.until(lambda: balance(simulation) is not None, within_s=90)
        await asyncio.sleep(3 * CHECK_INTERVAL_S)
        (alarm,) = await alarms(simulation)
        assert (alarm.code, alarm.subject) == ("balance_low", FIRST_ICCID)
        assert alarm.text == "SIM ..000010 has 1.99 left, less than 2.00"
        await asyncio.sleep(3 * 3600 - 3 * CHECK_INTERVAL_S)
        assert (len(kept(simulation)), warnings()) == (3, 1)
        await simulation.stop()
        simulation.restart_service()
        await simulation.start()
        await asyncio.sleep(3 * 3600)
        assert (len(kept(simulation)), warnings(), len(await alarms(simulation))) == (6, 1, 1)
        simulation.network.ussd["*100#"] = UssdAnswer("Balance: 20.00 EUR")
        await asyncio.sleep(3700)
        assert await alarms(simulation) == []
        simulation.network.ussd["*100#"] = UssdAnswer("Balance: 0.50 EUR")
        await asyncio.sleep(3700)
        assert (warnings(), len(await alarms(simulation))) == (2, 1)

    caplog.set_level(logging.INFO)
    run_scenario(scenario, modems=1, sims=configured(ussd="*100#", low=2.0, every="1h"))


def test_a_menu_is_answered_on_the_way(run_scenario: RunScenario) -> None:
    """Replies lead through it, and the session does not stay open behind it."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.ussd["*123#"] = UssdAnswer(
            "1 Balance", menu={"1": UssdAnswer("7.25 EUR\n1 Back", menu={"1": UssdAnswer()})}
        )
        await simulation.until(lambda: balance(simulation) is not None, within_s=90)
        assert balance(simulation).amount == Decimal("7.25")
        assert (await simulation.service.modems.ussd.send("modem0", "*123#")).text == "1 Balance"

    run_scenario(scenario, modems=1, sims=configured(ussd="*123#", replies=["1"]))


def test_an_answer_without_amount_is_asked_again_after_an_hour(
    run_scenario: RunScenario, caplog: pytest.LogCaptureFixture
) -> None:
    """A service that is out of order does no harm: it is told, and asked again; its text is not in the log."""

    async def scenario(simulation: Simulation) -> None:
        simulation.network.ussd["*100#"] = UssdAnswer("Out of order")
        await asyncio.sleep(1800)
        assert balance(simulation) is None
        assert [record.getMessage() for record in caplog.records if "balance not known" in record.getMessage()]
        assert "Out of order" not in caplog.text
        simulation.network.ussd["*100#"] = UssdAnswer("5.00")
        await asyncio.sleep(1700)
        assert balance(simulation) is None
        await asyncio.sleep(300)
        assert balance(simulation).amount == Decimal("5.0")

    caplog.set_level(logging.INFO)
    run_scenario(scenario, modems=1, sims=configured(ussd="*100#"))


def test_a_sim_is_asked_by_message(run_scenario: RunScenario) -> None:
    """The message goes out by that SIM once a day; only what its operator answers is read, and it stays in the inbox."""

    async def scenario(simulation: Simulation) -> None:
        operator = simulation.network.phone(OPERATOR)
        await simulation.until(lambda: len(operator.inbox) == 1, within_s=120)
        assert (operator.inbox[0].text, operator.inbox[0].sender) == ("SOLDE", simulation.sims[0].number)
        simulation.network.phone("+33612345678").send(simulation.sims[0].number, "I owe you 99.99")
        await simulation.until(lambda: len(simulation.all("SELECT 1 FROM inbox")) == 1, within_s=60)
        assert balance(simulation) is None
        operator.send(simulation.sims[0].number, "Votre solde: 3,07 EUR")
        await simulation.until(lambda: balance(simulation) is not None, within_s=60)
        assert balance(simulation).amount == Decimal("3.07")
        assert len(simulation.all("SELECT 1 FROM inbox")) == 2
        await asyncio.sleep(DAY_S + 120)
        assert (len(operator.inbox), len(kept(simulation, "balance asked"))) == (2, 2)
        (first, _) = simulation.all("SELECT class, pinned FROM message ORDER BY id")
        assert first == {"class": "system", "pinned": FIRST_ICCID}

    run_scenario(scenario, modems=2, sims=configured(sms={"to": OPERATOR, "text": "SOLDE"}))


def test_a_query_by_message_is_valid_as_long_as_the_settings_in_force_say(run_scenario: RunScenario) -> None:
    """A validity that was taken over while the daemon runs holds for the next query."""

    async def scenario(simulation: Simulation) -> None:
        current = simulation.service.settings.current()
        longer = current.validity.model_copy(update={"system": timedelta(hours=5)})
        simulation.service.settings.reload(current.model_copy(update={"validity": longer}))
        await simulation.until(lambda: bool(simulation.all("SELECT id FROM message")), within_s=120)
        (message,) = simulation.all("SELECT created_at, expires_at FROM message")
        lasts = datetime.fromisoformat(message["expires_at"]) - datetime.fromisoformat(message["created_at"])
        assert lasts == timedelta(hours=5)

    run_scenario(scenario, modems=1, sims=configured(sms={"to": OPERATOR, "text": "SOLDE"}))


def test_a_message_that_nobody_answers_is_sent_once_a_day(run_scenario: RunScenario) -> None:
    """Also over restarts: what was asked for is kept with the message, in one transaction."""

    async def scenario(simulation: Simulation) -> None:
        operator = simulation.network.phone(OPERATOR)
        for _ in range(3):
            await asyncio.sleep(3600)
            await simulation.stop()
            simulation.restart_service()
            await simulation.start()
        await asyncio.sleep(3600)
        assert len(operator.inbox) == 1

    run_scenario(scenario, modems=1, sims=configured(sms={"to": OPERATOR, "text": "SOLDE"}))


def test_nobody_is_asked_without_configuration(run_scenario: RunScenario) -> None:
    """No code is said that nobody wrote into the file."""

    async def scenario(simulation: Simulation) -> None:
        await asyncio.sleep(3600)
        assert not any("CUSD" in line.text for line in simulation.service.modems.views.list_wire_lines("modem0"))
        with pytest.raises(Refused, match="no modem 'nobody'"):
            simulation.service.modems.views.list_wire_lines("nobody")

    run_scenario(scenario, modems=1)
