"""Set-up as transcripts, one for each behaviour that modems of the field have shown."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from modemd import data
from modemd.at import Urc
from modemd.errors import CommandFailed, NeedsPerson, ReplyTimeout
from modemd.modem.desk import Identity
from modemd.modem.dialogue import Dialogue
from modemd.modem.setup import BUSY_TRIES, identify, knock, prepare
from modemd.profiles import Profile, Profiles
from tests.modem.desk import GENERIC
from tests.modem.script import script, simulated

SHIPPED = Profiles.load([data.folder("drivers")])
KNOCKS = """
    >> ^[
    >> AT
    << OK
    >> ATE0
    << OK
"""
PREPARED = Profile(
    "generic",
    init=("E0", "+CMGF=0"),
    optional=("+CSMS=0",),
    storage=('+CPMS="SM","SM","SM"', '+CPMS="ME","ME","ME"'),
    notify=("+CNMI=2,1,0,1,0", "+CNMI=2,1,0,2,0"),
)


def asked(
    *,
    cgmi: str = "huawei | OK",
    cgmm: str = "E1752 | OK",
    cgsn: str = "351234050000017 | OK",
    cgmr: str = "11.126 | OK",
    cpin: str = ">> AT+CPIN? \n << +CPIN: READY | OK",
    iccid: str = ">> AT+CCID \n << 8944100030123456789 | OK",
    cimi: str = "234150000000001 | OK",
    cnum: str = "OK",
) -> str:
    """The transcript of an identification; each answer may be another."""
    return f"""
        >> AT+CMEE=1
        << OK
        >> AT+CGMI
        << {cgmi}
        >> AT+CGMM
        << {cgmm}
        >> AT+CGSN
        << {cgsn}
        >> AT+CGMR
        << {cgmr}
        {cpin}
        {iccid}
        >> AT+CIMI
        << {cimi}
        >> AT+CNUM
        << {cnum}
    """


async def identified(transcript: str, profiles: Profiles = SHIPPED) -> Identity:
    with script(transcript) as port:
        return await identify(Dialogue(port), profiles, None)


@simulated
async def test_a_huawei_stick_in_its_flood_of_notices() -> None:
    """Junk in the buffer, echo on, notices everywhere, SIM busy: who it is comes out all the same."""
    transcript = f"""
        << ^BOOT:27710117,0,0,0,75
        << ^RSSI:17
        >> ^[
        >> AT
        << AT | OK
        >> ATE0
        << ATE0 | OK
        {
        asked(
            cgmi="^RSSI:17 | huawei | OK",
            cgmr="^BOOT:27710117,0,0,0,75 | 11.126.85.00.209 | OK",
            cpin='''>> AT+CPIN?
                       << +CME ERROR: 14
                       >> AT+CPIN?
                       << +CPIN: READY | OK''',
        )
    }
    """
    with script(transcript) as port:
        dialogue = Dialogue(port)
        await asyncio.sleep(0.1)
        await knock(dialogue)
        who = await identify(dialogue, SHIPPED, None)
        assert (who.manufacturer, who.model, who.firmware) == ("huawei", "E1752", "11.126.85.00.209")
        assert (who.imei, who.iccid, who.imsi) == ("351234050000017", "8944100030123456789", "234150000000001")
        assert Urc("^BOOT:27710117,0,0,0,75") in dialogue.notices
        assert asyncio.get_running_loop().time() == pytest.approx(0.1 + 0.2 + 2, abs=0.01), "2 s for the busy SIM"


@simulated
async def test_auto_baud_loses_the_first_probes() -> None:
    """A SIM800 hears nothing at first: the probes go on, noise in front of the answer does no harm."""
    with script(">> ^[ \n >> AT \n >> AT \n << \xff\xfe\x80 | AT | OK \n >> ATE0 \n << ATE0 | OK") as port:
        await knock(Dialogue(port))


@simulated
async def test_a_modem_that_loses_the_first_command_is_asked_again() -> None:
    """ATE0 unanswered: ESC, a probe, and ATE0 once more."""
    with script(f">> ^[ \n >> AT \n << OK \n >> ATE0 \n {KNOCKS}") as port:
        await knock(Dialogue(port))


@simulated
async def test_nobody_answers() -> None:
    """A port without a modem behind it ends in a timeout, after a bounded time."""
    with script(">> ^[ \n >> AT \n >> AT \n >> AT \n" * 4) as port:
        with pytest.raises(ReplyTimeout):
            await knock(Dialogue(port))
        assert asyncio.get_running_loop().time() <= 60


@simulated
async def test_a_quectel_boots() -> None:
    """Its notices come while it is asked; QCCID is tried after the others were refused."""
    boot = "<< RDY \n << +CFUN: 1 [1] \n << +CPIN: READY [2] \n << +QUSIM: 1"
    iccid = """
        >> AT+CCID
        << ERROR
        >> AT+ICCID
        << ERROR
        >> AT+CICCID
        << ERROR
        >> AT^ICCID?
        << ERROR
        >> AT+QCCID
        << +QIND: PB DONE | +QCCID: 8944100030123456789F | +QIND: SMS DONE | OK
    """
    with script(boot + asked(cgmi="Quectel | OK", cgmm="EC25 | OK", iccid=iccid)) as port:
        dialogue = Dialogue(port)
        await asyncio.sleep(4)
        who = await identify(dialogue, SHIPPED, None)
        assert who.iccid == "8944100030123456789"
        assert [urc.line for urc in dialogue.notices] == [
            "RDY", "+CFUN: 1", "+CPIN: READY", "+QUSIM: 1", "+QIND: PB DONE", "+QIND: SMS DONE",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        ('+CNUM: "Own","+447700900456",145 | OK', "+447700900456"),
        ('+CNUM: ,"0612345678",129 | OK', "0612345678"),
        ('+CNUM: "","",129 | OK', None),
        ("OK", None),
        ("+CME ERROR: 22", None),
    ],
    ids=["international", "national", "empty", "no line", "refused"],
)
@simulated
async def test_the_own_number_where_the_sim_has_it(answer: str, number: str | None) -> None:
    """Mostly it was never written there, which is no error."""
    assert (await identified(asked(cnum=answer))).number == number


@pytest.mark.parametrize("answer", ["ERROR", "OK", "COMMAND NOT SUPPORT"])
@simulated
async def test_firmware_and_imsi_may_be_missing(answer: str) -> None:
    """Wavecom answers +CGMR with ERROR; an IMSI may not be readable."""
    who = await identified(asked(cgmr=answer, cimi=answer))
    assert (who.firmware, who.imsi) == ("", None)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("+CCID", "8944100030123456789"),
        ("+CCID", '+CCID: "8944100030123456789"'),
        ("+CCID", "+CCID: 8944100030123456789F"),
        ("^ICCID?", "^ICCID: 8944100030123456789"),
    ],
)
@simulated
async def test_an_iccid_in_every_form(command: str, answer: str) -> None:
    """With and without name, quotes and filler."""
    profiles = Profiles({"generic": replace(GENERIC, iccid=(command,))})
    who = await identified(asked(iccid=f">> AT{command} \n << {answer} | OK"), profiles)
    assert who.iccid == "8944100030123456789"


@simulated
async def test_without_an_iccid_there_is_no_sim_to_send_by() -> None:
    """Every way of asking is tried, then the error names them."""
    profiles = Profiles({"generic": replace(GENERIC, iccid=("+CCID", "^ICCID?"))})
    with (
        script(asked(iccid=">> AT+CCID \n << ERROR \n >> AT^ICCID? \n << OK").partition(">> AT+CIMI")[0]) as port,
        pytest.raises(CommandFailed, match=r"\+CCID, \^ICCID\?"),
    ):
        await identify(Dialogue(port), profiles, None)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("+CPIN: SIM PIN | OK", r"said SIM PIN; take the PIN off in a phone"),
        ("+CPIN: SIM PUK | OK", r"said SIM PUK; unlock the SIM with its PUK"),
        ("+CPIN: PH-NET PIN | OK", r"said PH-NET PIN; put the SIM into a phone"),
        ("+CPIN: NOT INSERTED | OK", r"said NOT INSERTED"),
        ("+CME ERROR: 10", "no SIM; insert one"),
        ("+CMS ERROR: 310", "no SIM; insert one"),
        ("+CME ERROR: SIM not inserted", "no SIM; insert one"),
    ],
)
@simulated
async def test_what_only_a_person_can_do(answer: str, words: str) -> None:
    """PIN, PUK, no SIM: the error says what helps, and no PIN is ever tried."""
    transcript = asked(cpin=f">> AT+CPIN? \n << {answer}").partition(">> AT+CCID")[0]
    with script(transcript) as port, pytest.raises(NeedsPerson, match=words):
        await identify(Dialogue(port), SHIPPED, None)


@simulated
async def test_a_wavecom_ends_cpin_without_ok() -> None:
    """After the deadline its line is believed, and is no sign of a restart."""
    with script(asked(cpin=">> AT+CPIN? \n << +CPIN: READY \n >> ^[ \n >> AT \n << OK")) as port:
        dialogue = Dialogue(port)
        await identify(dialogue, SHIPPED, None)
        assert not dialogue.notices


@simulated
async def test_a_cpin_without_any_answer_is_a_timeout() -> None:
    """Only the line itself excuses the missing OK; a boot notice from before does not."""
    transcript = "<< +CPIN: READY \n" + asked(cpin=">> AT+CPIN?").partition(">> AT+CCID")[0]
    with script(transcript) as port:
        dialogue = Dialogue(port)
        await asyncio.sleep(0.1)
        with pytest.raises(ReplyTimeout):
            await identify(dialogue, SHIPPED, None)


def prepares(storage: str = '>> AT+CPMS="SM","SM","SM" \n << +CPMS: 2,50,2,50,2,50 | OK', notify: str = "") -> str:
    return f"""
        >> ATE0
        << OK
        >> AT+CMGF=0
        << OK
        >> AT+CSMS=0
        << ERROR
        {storage}
        {notify or CNMI}
    """


CNMI = ">> AT+CNMI=2,1,0,1,0 \n << OK \n >> AT+CNMI? \n << +CNMI: 2,1,0,1,0 | OK"


async def prepared(transcript: str) -> str:
    with script(transcript) as port:
        return await prepare(Dialogue(port), PREPARED)


@simulated
async def test_prepared_in_full() -> None:
    """What is optional may be refused; storage and notices are set and read back."""
    assert await prepared(prepares()) == "SM"


@simulated
async def test_a_storage_that_is_refused_gives_way_to_the_next() -> None:
    """The memory in use is the one that was accepted."""
    storage = '>> AT+CPMS="SM","SM","SM" \n << ERROR \n >> AT+CPMS="ME","ME","ME" \n << +CPMS: 1,255,1,255,1,255 | OK'
    assert await prepared(prepares(storage)) == "ME"


@simulated
async def test_no_storage_at_all_is_an_error() -> None:
    """Without one nothing could be received."""
    storage = '>> AT+CPMS="SM","SM","SM" \n << ERROR \n >> AT+CPMS="ME","ME","ME" \n << +CMS ERROR: 302'
    with script(prepares(storage).partition(">> AT+CNMI")[0]) as port, pytest.raises(CommandFailed, match="302"):
        await prepare(Dialogue(port), PREPARED)


@pytest.mark.parametrize("busy", ["+CMS ERROR: 314", "+CME ERROR: 14", "+CMS ERROR: 515", "+CMS ERROR: SIM busy"])
@simulated
async def test_a_busy_sim_is_polled(busy: str) -> None:
    """Every 2 s, by whichever command meets it first, in numbers or words."""
    text = prepares().replace(">> AT+CMGF=0\n", f">> AT+CMGF=0 \n << {busy} \n" * 5 + ">> AT+CMGF=0\n", 1)
    await prepared(text)
    assert asyncio.get_running_loop().time() == pytest.approx(10)


@simulated
async def test_a_sim_that_stays_busy_is_an_error_in_the_end() -> None:
    """After a minute, in words."""
    with (
        script(">> ATE0 \n << OK \n" + ">> AT+CMGF=0 \n << +CMS ERROR: 314 \n" * BUSY_TRIES) as port,
        pytest.raises(CommandFailed, match="SIM busy for a minute"),
    ):
        await prepare(Dialogue(port), PREPARED)


@pytest.mark.parametrize(
    "first",
    [
        pytest.param("<< +CMS ERROR: 303", id="advertised, then refused"),
        pytest.param("<< OK \n >> AT+CNMI? \n << +CNMI: 2,1,0,0,0 | OK", id="accepted, but reads back differently"),
    ],
)
@simulated
async def test_notices_fall_back_to_the_next_form(first: str) -> None:
    """Only what is accepted and in force counts."""
    second = ">> AT+CNMI=2,1,0,2,0 \n << OK \n >> AT+CNMI? \n << +CNMI:2,1,0,2,0 | OK"
    await prepared(prepares(notify=f">> AT+CNMI=2,1,0,1,0 \n {first} \n {second}"))


@simulated
async def test_notices_that_cannot_be_read_back_are_believed() -> None:
    """Some firmware sets them and cannot tell."""
    await prepared(prepares(notify=">> AT+CNMI=2,1,0,1,0 \n << OK \n >> AT+CNMI? \n << ERROR"))


@simulated
async def test_a_modem_that_takes_no_form_of_notices_is_used_without() -> None:
    """The sweep finds what nobody announces: no reason to leave the modem idle."""
    refused = ">> AT+CNMI=2,1,0,1,0 \n << +CMS ERROR: 303 \n >> AT+CNMI=2,1,0,2,0 \n << +CMS ERROR: 303"
    assert await prepared(prepares(notify=refused)) == "SM"


@simulated
async def test_after_a_restart_echo_and_text_mode_are_set_right_again() -> None:
    """Brown-out: echo is back, CMGF is 1, CNMI default. The same set-up works from there, through late boot notices."""
    transcript = """
        >> ATE0
        << ATE0 | OK
        >> AT+CMGF=0
        << +CMS ERROR: 314
        << Call Ready   [1]
        << SMS Ready    [0.5]
        << *PSUTTZ: 2025,3,11,9,15,8,"+0",0 | DST: 0
        >> AT+CMGF=0
        << OK
    """
    await prepared(transcript + prepares().partition("<< OK\n        >> AT+CMGF=0\n        << OK")[2])
