"""An exchange with the network ends with its answer, or with its refusal, at once."""

from __future__ import annotations

import asyncio

import pytest

from modemd.errors import CommandFailed
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.ussd import session
from modemd.profiles import Profile
from tests.modem.scripted_port import script, simulated

PLAIN = Profile("plain", ussd="plain")
ASKED = '>> AT+CUSD=1,"*100#",15 \n << OK'


@pytest.mark.parametrize("error", ["+CME ERROR: 258", "+CME ERROR: 30", "+CME ERROR:258", "+CMS ERROR: 500", "ERROR"])
@simulated
async def test_an_error_after_ok_ends_the_request_at_once(error: str) -> None:
    """The modem says OK, and then that the network refused: nobody waits for the whole time."""
    with script(f"{ASKED} \n << {error} [0.4]") as port:
        began = asyncio.get_running_loop().time()
        with pytest.raises(CommandFailed) as caught:
            await session.send_text(Dialogue(port), PLAIN, "*100#", coding="plain", limit_s=65)
        assert caught.value.result == error
        assert asyncio.get_running_loop().time() - began < 1


@simulated
async def test_an_error_of_an_earlier_request_ends_no_later_one() -> None:
    """It came when nobody waited any more."""
    answer = '+CUSD: 0,"Balance: 12.50",15'
    with script(f"{ASKED} \n << +CME ERROR: 258 [0.4] \n {ASKED} \n << {answer} [1]") as port:
        dialogue = Dialogue(port)
        await dialogue.ask('+CUSD=1,"*100#",15')
        await asyncio.sleep(1)
        said, _ = await session.send_text(dialogue, PLAIN, "*100#", coding="plain", limit_s=65)
        assert said.text == "Balance: 12.50"
