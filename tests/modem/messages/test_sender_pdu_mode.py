"""PDU mode, said with each part: in the line of AT+CMGS, or in a line before it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from modemd.connector import AttemptEnding
from modemd.errors import ReplyTimeout
from tests.modem.backend import GENERIC, draft
from tests.modem.messages.test_sender import ESCAPES, HELLO_PDU, bench, ended, sent
from tests.modem.scripted_port import simulated

JOINED = replace(GENERIC, pdu_mode="joined")
BEFORE = replace(GENERIC, pdu_mode="before")
TOGETHER = ">> AT+CMGF=0;+CMGS=18 \n"
APART = ">> AT+CMGF=0 \n << OK \n >> AT+CMGS=18 \n <<$ >"


@simulated
async def test_pdu_mode_is_said_in_the_line_of_each_part() -> None:
    """A modem that somebody has put into text mode is in PDU mode at its prompt."""
    async with bench("\n".join(f"{TOGETHER} <<$ > \n {sent(reference)}" for reference in (1, 2)), JOINED) as b:
        for part in (1, 2):
            assert ended(await b.send(draft(part))).ending is AttemptEnding.ACCEPTED


@pytest.mark.parametrize("refusal", ["ERROR", "+CME ERROR: 4", "+CMS ERROR: 302", "COMMAND NOT SUPPORT"])
@simulated
async def test_a_modem_that_refuses_the_joined_line_gets_two_lines_from_then_on(refusal: str) -> None:
    """It is asked once in a session, and a new set-up over the same port remembers it."""
    async with bench(
        f"{TOGETHER} << {refusal} \n {ESCAPES} \n {APART} \n {sent(1)} \n {APART} \n {sent(2)}", JOINED
    ) as b:
        assert ended(await b.send()).reference == 1
        before, b.sender = b.sender, b.renewed()
        b.sender.inherit_state(before)
        assert ended(await b.send(draft(2))).reference == 2


@simulated
async def test_a_modem_that_refuses_the_joined_line_and_shows_a_prompt_gets_two_lines() -> None:
    """It has run the second command alone: its prompt is left, and nothing is written at it."""
    async with bench(
        f"{TOGETHER} << ERROR \n <<$ > \n {ESCAPES} \n {APART} \n {sent(1)} \n {APART} \n {sent(2)}", JOINED
    ) as b:
        for part in (1, 2):
            assert ended(await b.send(draft(part))).reference == part
        assert b.air == 2


@simulated
async def test_a_refusal_of_the_message_is_not_asked_again() -> None:
    """No network, no SIM: the modem has understood the line."""
    async with bench(f"{TOGETHER} << +CMS ERROR: 331 \n {TOGETHER} <<$ > \n {sent(1)}", JOINED) as b:
        assert ended(await b.send()).code == 331
        assert ended(await b.send(draft(2))).reference == 1


@simulated
async def test_a_modem_that_has_taken_the_joined_line_once_is_believed() -> None:
    """Its later ERROR is about the message."""
    async with bench(f"{TOGETHER} <<$ > \n {sent(1)} \n {TOGETHER} << ERROR", JOINED) as b:
        await b.send()
        assert ended(await b.send(draft(2))).ending is AttemptEnding.REFUSED


@simulated
async def test_where_both_ways_are_refused_the_part_is_refused() -> None:
    """And the joined line is tried again with the next part."""
    refused = f"{TOGETHER} << ERROR \n {ESCAPES} \n >> AT+CMGF=0 \n << OK \n >> AT+CMGS=18 \n << +CMS ERROR: 310"
    async with bench(f"{refused} \n {TOGETHER} <<$ > \n {sent(1)}", JOINED) as b:
        assert ended(await b.send()).code == 310
        assert ended(await b.send(draft(2))).reference == 1


@simulated
async def test_a_modem_that_runs_only_the_first_command_gets_two_lines() -> None:
    """It answers the joined line with OK and shows no prompt: nothing is claimed, and the next part goes the other way."""
    async with bench(f"{TOGETHER} << OK \n {ESCAPES} \n {APART} \n {sent(1)}", JOINED) as b:
        with pytest.raises(ReplyTimeout):
            await b.send()
        assert ended(await b.send()).reference == 1


@pytest.mark.parametrize(
    ("mode", "then", "ending"),
    [
        pytest.param(
            "+CMGF: 0", f">> AT+CMGS=18 \n <<$ > \n {sent(1)}", AttemptEnding.ACCEPTED, id="it is in PDU mode"
        ),
        pytest.param("+CMGF: 1", "", AttemptEnding.REFUSED, id="it is in text mode"),
        pytest.param("", "", AttemptEnding.REFUSED, id="it does not say"),
    ],
)
@simulated
async def test_a_modem_that_refuses_pdu_mode_gets_a_part_only_if_it_is_in_it(
    mode: str, then: str, ending: AttemptEnding
) -> None:
    """Without PDU mode the length would be taken for a number."""
    told = f"<< {mode} | OK" if mode else "<< OK"
    async with bench(f">> AT+CMGF=0 \n << ERROR \n >> AT+CMGF? \n {told} \n {then}", BEFORE) as b:
        assert ended(await b.send()).ending is ending
        assert b.air == (ending is AttemptEnding.ACCEPTED)


@simulated
async def test_another_length_gets_its_mode_too() -> None:
    """The claim chose another part: its prompt is asked for in the same way."""
    async with bench(
        f"{TOGETHER} <<$ > \n {ESCAPES} \n >> AT+CMGF=0;+CMGS=17 \n <<$ > \n >> {HELLO_PDU[:-2]} ^Z \n << +CMGS: 1 | OK",
        JOINED,
    ) as b:
        b.backend.other_tpdus.append(bytes.fromhex(HELLO_PDU[2:-2]))
        assert ended(await b.send()).reference == 1
        await asyncio.sleep(0)
