"""What SIMs have left: asked in simulated days, by code and by message, kept, and told once where it is low."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Any

import pytest

from modemd.emulator.network.ussd_services import UssdAnswer
from modemd.errors import Refused
from modemd.service.operations.checks import CHECK_INTERVAL_S
from tests.sim.conftest import Live
from tests.sim.world.assembled import House

OPERATOR = "+33600000123"
DAY_S = 86400.0
FIRST_ICCID = "8933010000000000010"
PATTERN = r"([0-9]+[.,][0-9]{2})"


def balance(house: House) -> Any:
    return house.service.modems.views.list_modems()[0]["balance"]


async def alarms(house: House) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await house.service.operations.health.read_status())["alarms"]
    return found


def kept(house: House, what: str = "balance") -> list[dict[str, Any]]:
    return house.all("SELECT at, detail FROM event WHERE message_id IS NULL AND what = ? ORDER BY id", what)


def configured(**how: Any) -> dict[str, Any]:
    """`sims`, with how to ask the first one."""
    return {FIRST_ICCID: {"balance": {"pattern": PATTERN, "every": "24h", **how}}}


def test_a_sim_is_asked_at_the_start_and_then_every_day(live: Live) -> None:
    """By code: known within a minute, asked once more after a day and not before, also over a restart."""

    async def scenario(house: House) -> None:
        assert house.sims[0].iccid == FIRST_ICCID
        house.network.ussd["*100#"] = UssdAnswer("Balance: 12.50 EUR")
        await house.until(lambda: balance(house) is not None, within_s=90)
        assert (balance(house)["amount"], balance(house)["low"]) == (12.5, False)
        assert [row["balance"] for row in await house.service.sims.list_sims()] == [balance(house)]
        house.network.ussd["*100#"] = UssdAnswer("Balance: 11,00 EUR")
        await asyncio.sleep(DAY_S / 2)
        await house.stop()
        house.restart_service()
        await house.start()
        await house.until(lambda: balance(house) is not None, within_s=90)
        await asyncio.sleep(600)
        assert (balance(house)["amount"], len(kept(house))) == (12.5, 1)
        await asyncio.sleep(DAY_S / 2)
        assert (balance(house)["amount"], len(kept(house))) == (11.0, 2)
        assert await alarms(house) == []

    live(scenario, modems=1, sims=configured(ussd="*100#", low=2.0))


def test_a_low_balance_is_told_once_until_it_has_been_higher(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    """A warning at each crossing, an alarm as long as it lasts, neither of them anew by a restart."""

    def warnings() -> int:
        return sum("balance is low" in record.getMessage() for record in caplog.records)

    async def scenario(house: House) -> None:
        house.network.ussd["*100#"] = UssdAnswer("Balance: 1.99 EUR")
        await house.until(lambda: balance(house) is not None, within_s=90)
        await asyncio.sleep(3 * CHECK_INTERVAL_S)
        (alarm,) = await alarms(house)
        assert (alarm["code"], alarm["subject"]) == ("balance_low", FIRST_ICCID)
        assert alarm["text"] == "SIM ..000010 has 1.99 left, less than 2.00"
        await asyncio.sleep(3 * 3600 - 3 * CHECK_INTERVAL_S)
        assert (len(kept(house)), warnings()) == (3, 1)
        await house.stop()
        house.restart_service()
        await house.start()
        await asyncio.sleep(3 * 3600)
        assert (len(kept(house)), warnings(), len(await alarms(house))) == (6, 1, 1)
        house.network.ussd["*100#"] = UssdAnswer("Balance: 20.00 EUR")
        await asyncio.sleep(3700)
        assert await alarms(house) == []
        house.network.ussd["*100#"] = UssdAnswer("Balance: 0.50 EUR")
        await asyncio.sleep(3700)
        assert (warnings(), len(await alarms(house))) == (2, 1)

    caplog.set_level(logging.INFO)
    live(scenario, modems=1, sims=configured(ussd="*100#", low=2.0, every="1h"))


def test_a_menu_is_answered_on_the_way(live: Live) -> None:
    """Replies lead through it, and the session does not stay open behind it."""

    async def scenario(house: House) -> None:
        house.network.ussd["*123#"] = UssdAnswer(
            "1 Balance", menu={"1": UssdAnswer("7.25 EUR\n1 Back", menu={"1": UssdAnswer()})}
        )
        await house.until(lambda: balance(house) is not None, within_s=90)
        assert balance(house)["amount"] == 7.25
        assert (await house.service.modems.ussd.send("modem0", "*123#"))["text"] == "1 Balance"

    live(scenario, modems=1, sims=configured(ussd="*123#", replies=["1"]))


def test_an_answer_without_amount_is_asked_again_after_an_hour(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    """A service that is out of order does no harm: it is told, and asked again; its text is not in the log."""

    async def scenario(house: House) -> None:
        house.network.ussd["*100#"] = UssdAnswer("Out of order")
        await asyncio.sleep(1800)
        assert balance(house) is None
        assert [record.getMessage() for record in caplog.records if "balance not known" in record.getMessage()]
        assert "Out of order" not in caplog.text
        house.network.ussd["*100#"] = UssdAnswer("5.00")
        await asyncio.sleep(1700)
        assert balance(house) is None
        await asyncio.sleep(300)
        assert balance(house)["amount"] == 5.0

    caplog.set_level(logging.INFO)
    live(scenario, modems=1, sims=configured(ussd="*100#"))


def test_a_sim_is_asked_by_message(live: Live) -> None:
    """The message goes out by that SIM once a day; only what its operator answers is read, and it stays in the inbox."""

    async def scenario(house: House) -> None:
        operator = house.network.phone(OPERATOR)
        await house.until(lambda: len(operator.inbox) == 1, within_s=120)
        assert (operator.inbox[0].text, operator.inbox[0].sender) == ("SOLDE", house.sims[0].number)
        house.network.phone("+33612345678").send(house.sims[0].number, "I owe you 99.99")
        await house.until(lambda: len(house.all("SELECT 1 FROM inbox")) == 1, within_s=60)
        assert balance(house) is None
        operator.send(house.sims[0].number, "Votre solde: 3,07 EUR")
        await house.until(lambda: balance(house) is not None, within_s=60)
        assert balance(house)["amount"] == 3.07
        assert len(house.all("SELECT 1 FROM inbox")) == 2
        await asyncio.sleep(DAY_S + 120)
        assert (len(operator.inbox), len(kept(house, "balance asked"))) == (2, 2)
        (first, _) = house.all("SELECT class, pinned FROM message ORDER BY id")
        assert first == {"class": "system", "pinned": FIRST_ICCID}

    live(scenario, modems=2, sims=configured(sms={"to": OPERATOR, "text": "SOLDE"}))


def test_a_query_by_message_is_valid_as_long_as_the_settings_in_force_say(live: Live) -> None:
    """A validity that was taken over while the daemon runs holds for the next query."""

    async def scenario(house: House) -> None:
        current = house.service.settings.current()
        longer = current.validity.model_copy(update={"system": timedelta(hours=5)})
        house.service.settings.reload(current.model_copy(update={"validity": longer}))
        await house.until(lambda: bool(house.all("SELECT id FROM message")), within_s=120)
        (message,) = house.all("SELECT created_at, expires_at FROM message")
        lasts = datetime.fromisoformat(message["expires_at"]) - datetime.fromisoformat(message["created_at"])
        assert lasts == timedelta(hours=5)

    live(scenario, modems=1, sims=configured(sms={"to": OPERATOR, "text": "SOLDE"}))


def test_a_message_that_nobody_answers_is_sent_once_a_day(live: Live) -> None:
    """Also over restarts: what was asked for is kept with the message, in one transaction."""

    async def scenario(house: House) -> None:
        operator = house.network.phone(OPERATOR)
        for _ in range(3):
            await asyncio.sleep(3600)
            await house.stop()
            house.restart_service()
            await house.start()
        await asyncio.sleep(3600)
        assert len(operator.inbox) == 1

    live(scenario, modems=1, sims=configured(sms={"to": OPERATOR, "text": "SOLDE"}))


def test_nobody_is_asked_without_configuration(live: Live) -> None:
    """No code is said that nobody wrote into the file."""

    async def scenario(house: House) -> None:
        await asyncio.sleep(3600)
        assert not any("CUSD" in line["text"] for line in house.service.modems.views.list_wire_lines("modem0"))
        with pytest.raises(Refused, match="no modem 'nobody'"):
            house.service.modems.views.list_wire_lines("nobody")

    live(scenario, modems=1)
