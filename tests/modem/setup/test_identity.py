"""Numbers of modem and SIM over a line that damages them."""

from __future__ import annotations

from random import Random

import pytest

from modemd.errors import CommandFailed
from modemd.modem.link import check_digit
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.setup.identity import read_iccid, read_imei, read_imsi
from modemd.profiles import Profile
from tests.modem.scripted_port import script, simulated

IMEI = "351234050000017"
ICCID = "8944100030123456789"
PROFILE = Profile("x", iccid=("+CCID", "^ICCID?"))


@pytest.mark.parametrize(
    ("digits", "passes"), [("351234050000017", True), ("351234050000016", False), ("490154203237518", True), ("", True)]
)
def test_the_check_digit(digits: str, passes: bool) -> None:
    """The formula of ISO/IEC 7812-1, on numbers whose digit is known."""
    assert check_digit.is_valid(digits) is passes


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        pytest.param([IMEI], IMEI, id="whole: its check digit proves it"),
        pytest.param(["351234050000018", IMEI], IMEI, id="a digit changed"),
        pytest.param(["35123405000017", IMEI], IMEI, id="a digit lost"),
        pytest.param(["35123405000001", "35123405000001"], "35123405000001", id="no check digit told: twice alike"),
        pytest.param(["3512340500000178", IMEI], IMEI, id="a digit too many"),
    ],
)
@simulated
async def test_an_imei_proves_itself_or_comes_twice(answers: list[str], found: str) -> None:
    """A damaged one is read again, so that no modem becomes another."""
    with script("".join(f">> AT+CGSN \n << {answer} | OK \n" for answer in answers)) as port:
        assert await read_imei(Dialogue(port)) == found


@simulated
async def test_an_iccid_comes_twice_alike() -> None:
    """Whatever its check digit says: a lost digit leaves a number of a usual length."""
    damaged = "894410003012345678"
    said = (ICCID, damaged, ICCID)
    with script("".join(f">> AT+CCID \n << {answer} | OK \n" for answer in said)) as port:
        assert await read_iccid(Dialogue(port), PROFILE) == ICCID


@simulated
async def test_one_refusal_is_no_reason_to_take_the_sim_for_another() -> None:
    """A command that the line damaged is refused: it is asked again before the next is tried."""
    with script(f">> AT+CCID \n << ERROR \n {f'>> AT+CCID {chr(10)} << {ICCID} | OK {chr(10)}' * 2}") as port:
        assert await read_iccid(Dialogue(port), PROFILE) == ICCID


@simulated
async def test_a_busy_sim_is_waited_for() -> None:
    """Else it would be known by its IMSI for once."""
    text = ">> AT+CCID \n << +CME ERROR: 14 \n" * 3 + f">> AT+CCID \n << {ICCID} | OK \n" * 2
    with script(text) as port:
        assert await read_iccid(Dialogue(port), PROFILE) == ICCID


@simulated
async def test_a_number_that_never_comes_alike_is_an_error() -> None:
    """Such a line is no use, and no identity is made up."""
    chance = Random(1)
    said = [f"2341500000{chance.randrange(10**5):05}" for _ in range(6)]
    with (
        script("".join(f">> AT+CIMI \n << {answer} | OK \n" for answer in said)) as port,
        pytest.raises(CommandFailed, match="6 different answers"),
    ):
        await read_imsi(Dialogue(port))


@pytest.mark.parametrize(
    "answer",
    ["ERROR", "+CME ERROR: memory failure", "1234567890 | OK", "2623CKLQ0000001 | OK", "000000000000000 | OK", "OK"],
)
@simulated
async def test_a_modem_may_tell_no_imei(answer: str) -> None:
    """Refused, a serial number, zeros, nothing: twice so is None, which no other modem is taken for."""
    times = 1 if answer.startswith("000") else 2
    with script(f">> AT+CGSN \n << {answer} \n" * times) as port:
        assert await read_imei(Dialogue(port)) is None


@pytest.mark.parametrize("digits", ["246813579", "00101123456", "234150000000001"])
@simulated
async def test_an_imsi_may_be_short(digits: str) -> None:
    """Up to 15 digits (3GPP TS 23.003 2.2); those of test SIMs and emulators have fewer."""
    with script(f">> AT+CIMI \n << {digits} | OK \n" * 2) as port:
        assert await read_imsi(Dialogue(port)) == digits


@pytest.mark.parametrize(
    ("command", "answer", "found"),
    [
        ("+CRSM=176,12258,0,0,10", '+CRSM: 144,0,"98330100000000000071"', "89331000000000000017"),
        ("+CRSM=176,12258,0,0,10", '+CRSM: 144,0,"984401300021436587F9"', "8944100300123456789"),
        ("^ICCID?", "^ICCID: 98330100000000000071", "89331000000000000017"),
        ("+CCID", "+CCID: 8933010000000000058F", "8933010000000000058"),
        ("+CCID", "+CCID: 898602B8091751100000", "898602B8091751100000"),
    ],
)
@simulated
async def test_swapped_digits_of_an_iccid_are_put_in_order(command: str, answer: str, found: str) -> None:
    """The card keeps them swapped, and so some commands tell them; the SIM is the same in every modem."""
    with script(f">> AT{command} \n << {answer} | OK \n" * 2) as port:
        assert await read_iccid(Dialogue(port), Profile("x", iccid=(command,))) == found
