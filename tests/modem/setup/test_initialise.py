"""Set-up as transcripts, one for each behaviour that modems of the field have shown."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from modemd.at import Urc
from modemd.errors import CommandFailed, NeedsPerson, ReplyTimeout, Silent
from modemd.modem.link.dialogue import PROBES, Dialogue
from modemd.modem.setup.busy_sim import BUSY_TRIES
from modemd.modem.setup.first_words import wake_modem
from modemd.modem.setup.initialise import identify, initialise_modem
from modemd.modem.status import Identity
from modemd.profiles import Profile, Profiles
from tests.modem.backend import GENERIC
from tests.modem.scripted_port import script, simulated
from tests.profiles.shipped import shipped_profiles

SHIPPED = shipped_profiles()
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
    storage=("SM", "ME"),
    notify=("+CNMI=2,1,0,1,0", "+CNMI=2,1,0,2,0"),
)


CSCS = '>> AT+CSCS? \n << +CSCS: "IRA" | OK \n'


def asked(
    *,
    cgmi: str = "Generic | OK",
    cgmm: str = "Stick | OK",
    cgsn: str = "351234050000017 | OK",
    cgmr: str = "11.126 | OK",
    cpin: str = ">> AT+CPIN? \n << +CPIN: READY | OK",
    iccid: str = ">> AT+CCID \n << 8944100030123456789 | OK \n" * 2,
    cimi: str = "234150000000001 | OK",
    cnum: str = "OK",
) -> str:
    """The transcript of an identification; each answer may be another. What has no check digit is asked for twice, and so is a
    name that no family has."""
    named = f">> AT+CGMI \n << {cgmi} \n >> AT+CGMM \n << {cgmm} \n"
    return f"""
        >> AT+CMEE=1
        << OK
        {named * (2 if cgmi.startswith("Generic") else 1)}
        {CSCS}
        >> AT+CGSN
        << {cgsn}
        >> AT+CGMR
        << {cgmr}
        {cpin}
        {iccid}
        >> AT+CIMI
        << {cimi}
        >> AT+CIMI
        << {cimi}
        >> AT+CNUM
        << {cnum}
    """


HUAWEI_ICCID = ">> AT^ICCID? \n << ^RSSI:18 | ^ICCID: 8944100030123456789 | OK \n" * 2


async def identified(transcript: str, profiles: Profiles = SHIPPED) -> Identity:
    with script(transcript) as port:
        return await identify(Dialogue(port), profiles, None)


@simulated
async def test_a_huawei_modem_in_its_flood_of_notices() -> None:
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
            cgmm="E1752 | OK",
            iccid=HUAWEI_ICCID,
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
        await wake_modem(dialogue)
        who = await identify(dialogue, SHIPPED, None)
        assert (who.manufacturer, who.model, who.firmware) == ("huawei", "E1752", "11.126.85.00.209")
        assert (who.imei, who.iccid, who.imsi) == ("351234050000017", "8944100030123456789", "234150000000001")
        assert Urc("^BOOT:27710117,0,0,0,75") in dialogue.notices
        assert asyncio.get_running_loop().time() == pytest.approx(0.1 + 0.2 + 2, abs=0.03), "2 s for the busy SIM"


@simulated
async def test_auto_baud_loses_the_first_probes() -> None:
    """A SIM800 hears nothing at first: the probes go on, noise in front of the answer does no harm."""
    with script(">> ^[ \n >> AT \n >> AT \n << \xff\xfe\x80 | AT | OK \n >> ATE0 \n << ATE0 | OK") as port:
        await wake_modem(Dialogue(port))


@simulated
async def test_a_modem_that_loses_the_first_command_is_asked_again() -> None:
    """ATE0 unanswered: ESC, a probe, and ATE0 once more."""
    with script(f">> ^[ \n >> AT \n << OK \n >> ATE0 \n {KNOCKS}") as port:
        await wake_modem(Dialogue(port))


@simulated
async def test_nobody_answers() -> None:
    """A port without a modem behind it ends in an error of its own, after a bounded time."""
    with script(">> ^[ \n" + ">> AT \n" * PROBES) as port:
        with pytest.raises(Silent):
            await wake_modem(Dialogue(port))
        assert asyncio.get_running_loop().time() <= 16


@simulated
async def test_an_identity_of_several_lines_is_read_whole() -> None:
    """27.007 5.1 allows that (Nokia N79 tells five lines to +CGMR)."""
    who = await identified(asked(cgmm="Nokia N79 | RM-348 | OK", cgmr="V ICPR72 | 24-11-08 | OK"))
    assert (who.model, who.firmware) == ("Nokia N79 RM-348", "V ICPR72 24-11-08")


@simulated
async def test_a_quectel_boots() -> None:
    """Its notices come while it is asked, with one inside the answer."""
    boot = "<< RDY \n << +CFUN: 1 [1] \n << +CPIN: READY [2] \n << +QUSIM: 1"
    iccid = """
        >> AT+QCCID
        << +QIND: PB DONE | +QCCID: 8944100030123456789F | +QIND: SMS DONE | OK
        >> AT+QCCID
        << +QCCID: 8944100030123456789F | OK
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
        ("+CICCID", "+ICCID: 8944100030123456789"),
    ],
)
@simulated
async def test_an_iccid_in_every_form(command: str, answer: str) -> None:
    """With and without name, quotes and filler; SIMCom's 4G modules answer under another name."""
    profiles = Profiles({"generic": replace(GENERIC, iccid=(command,))})
    who = await identified(asked(iccid=f">> AT{command} \n << {answer} | OK \n" * 2), profiles)
    assert who.iccid == "8944100030123456789"


NO_ICCID = ">> AT+CCID \n << ERROR \n" * 2 + ">> AT^ICCID? \n << OK \n" * 2
TWO_WAYS = Profiles({"generic": replace(GENERIC, iccid=("+CCID", "^ICCID?"))})


@simulated
async def test_without_an_iccid_the_sim_is_known_by_its_imsi() -> None:
    """Every way of asking is tried, twice; the SIM is the same in every modem all the same."""
    who = await identified(asked(iccid=NO_ICCID), TWO_WAYS)
    assert who.iccid == who.imsi == "234150000000001"


@simulated
async def test_a_sim_that_tells_nothing_is_known_by_its_modem() -> None:
    """It can send: that is no reason to leave it idle, and a remark says what follows."""
    who = await identified(asked(iccid=NO_ICCID, cimi="ERROR"), TWO_WAYS)
    assert (who.iccid, who.imsi) == ("unknown-in-351234050000017", None)
    assert who.remark is not None
    assert "neither ICCID nor IMSI" in who.remark


@simulated
async def test_a_modem_without_an_imei_is_known_by_its_name() -> None:
    """Its port and its SIM are identity enough."""
    with script(asked(cgsn="ERROR \n >> AT+CGSN \n << ERROR")) as port:
        who = await identify(Dialogue(port), SHIPPED, None, name="west")
    assert (who.imei, who.device, who.sender.device, who.iccid) == (None, "west", "west", "8944100030123456789")
    assert who.remark == "the modem tells no IMEI: it is known by its port, as west"


@simulated
async def test_a_sim_that_asks_for_its_puk_is_a_persons() -> None:
    """Nothing more is asked; tests/modem/setup/test_sim_pin.py has every state."""
    transcript = asked(cpin=">> AT+CPIN? \n << +CPIN: SIM PUK | OK").partition(">> AT+CCID")[0]
    with script(transcript) as port, pytest.raises(NeedsPerson, match="unlock it in a phone"):
        await identify(Dialogue(port), SHIPPED, None)


@simulated
async def test_a_damaged_name_makes_no_other_family_of_a_modem() -> None:
    """A Huawei whose name lost a letter is asked again, before it is asked for what hangs it."""
    named = ">> AT+CGMI \n << hawei | OK \n >> AT+CGMM \n << E3372 | OK \n"
    whole = asked(cgmi="huawei | OK", cgmm="E3372 | OK", iccid=HUAWEI_ICCID)
    who = await identified(whole.replace(">> AT+CGMI", f"{named} >> AT+CGMI"))
    assert (who.manufacturer, who.profile.name) == ("huawei", "huawei_e3372")


@simulated
async def test_a_modem_that_says_nothing_before_its_sim_is_read() -> None:
    """A ZTE answers ERROR to everything but the PIN's state, and to that too at first; then its own commands come first."""
    transcript = (
        """
        >> AT+CMEE=1
        << ERROR
        >> AT+CGMI
        << ERROR
        >> AT+CPIN?
        << ERROR
        >> AT+CGMI
        << ERROR
        >> AT+CPIN?
        << +CPIN: READY | OK
        >> AT+CMEE=1
        << OK
        >> AT+CGMI
        << ZTE INCORPORATED | OK
        >> AT+CGMM
        << MF190 | OK
        >> AT+CPIN?
        << +CPIN: READY | OK
        >> AT+CPMS?
        << +CPMS: "SM",0,20,"SM",0,20,"SM",0,20 | OK
    """
        + f"{CSCS} >> AT+CGSN"
        + asked(iccid=">> AT+ICCID \n << ICCID: 8944100030123456789 | OK \n" * 2).partition(">> AT+CGSN")[2]
    )
    who = await identified(transcript)
    assert (who.profile.name, who.iccid) == ("zte", "8944100030123456789")
    assert asyncio.get_running_loop().time() == pytest.approx(2, abs=0.1)


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


CPMS = '>> AT+CPMS=? \n << +CPMS: ("SM","ME"),("SM","ME"),("SM","ME") | OK \n'
CPMS_SM = '>> AT+CPMS="SM","SM","SM" \n << +CPMS: 2,50,2,50,2,50 | OK'
CNMI = ">> AT+CNMI=? \n << +CNMI: (0-3),(0-3),(0,2),(0-2),(0,1) | OK \n"
CNMI_DIRECT = ">> AT+CNMI=2,1,0,1,0 \n << OK \n >> AT+CNMI? \n << +CNMI: 2,1,0,1,0 | OK"


def prepares(storage: str = CPMS_SM, notify: str = CNMI_DIRECT) -> str:
    return f"""
        >> ATE0
        << OK
        >> AT+CMGF=0
        << OK
        >> AT+CSMS=0
        << ERROR
        {CPMS}
        {storage}
        {CNMI}
        {notify}
    """


async def prepared(transcript: str) -> str | None:
    with script(transcript) as port:
        return (await initialise_modem(Dialogue(port), PREPARED)).memory or ""


@simulated
async def test_prepared_in_full() -> None:
    """What is optional may be refused; storage and notices are set and read back."""
    assert await prepared(prepares()) == "SM"


@simulated
async def test_conveniences_are_wishes() -> None:
    """A modem that keeps its echo, its form of errors and its only mode is used: sending needs nothing of that but PDU mode."""
    profile = replace(PREPARED, init=("E0", "V1", "+CMEE=1", "+CMGF=0"))
    refused = "".join(f">> AT{command} \n << ERROR \n" for command in profile.init)
    transcript = f"{refused} >> AT+CMGF? \n << +CMGF: 0 | OK \n >> AT+CSMS=0 {prepares().partition('>> AT+CSMS=0')[2]}"
    with script(transcript) as port:
        assert (await initialise_modem(Dialogue(port), profile)).memory == "SM"


@pytest.mark.parametrize("mode", ["+CMGF: 1 | OK", "ERROR", "OK"])
@simulated
async def test_pdu_mode_is_a_condition(mode: str) -> None:
    """A modem that refuses it and does not say that it is in it is not used, and the error says why: a PDU in text mode goes to a
    wrong number."""
    with (
        script(f">> ATE0 \n << OK \n >> AT+CMGF=0 \n << ERROR \n >> AT+CMGF? \n << {mode}") as port,
        pytest.raises(CommandFailed, match=r"AT\+CMGF=0 answered ERROR; modemd sends in PDU mode only"),
    ):
        await initialise_modem(Dialogue(port), PREPARED)


@simulated
async def test_a_modem_that_keeps_its_echo_is_awake() -> None:
    """ATE0 may be refused: that, too, is an answer."""
    with script(">> ^[ \n >> AT \n << AT | OK \n >> ATE0 \n << ATE0 | ERROR") as port:
        await wake_modem(Dialogue(port))


@simulated
async def test_a_storage_that_is_refused_gives_way_to_the_next() -> None:
    """The memory in use is the one that was accepted."""
    storage = '>> AT+CPMS="SM","SM","SM" \n << ERROR \n >> AT+CPMS="ME","ME","ME" \n << +CPMS: 1,255,1,255,1,255 | OK'
    assert await prepared(prepares(storage)) == "ME"


@pytest.mark.parametrize("busy", ["+CMS ERROR: 314", "+CME ERROR:14", "+CMS ERROR: 515", "+CMS ERROR: SIM busy"])
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
        await initialise_modem(Dialogue(port), PREPARED)


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


UCS2_NUMBER = "002B00330033003700300030003000300030003000300031"


@pytest.mark.parametrize(
    ("charset", "number"),
    [
        pytest.param(
            """
            >> AT+CSCS?
            << +CSCS: "UCS2" | OK
            >> AT+CSCS="GSM"
            << OK
            >> AT+CSCS?
            << +CSCS: "GSM" | OK
            """,
            "+33700000001",
            id="it can be set",
        ),
        pytest.param(
            """
            >> AT+CSCS?
            << +CSCS: "UCS2" | OK
            >> AT+CSCS="GSM"
            << +CME ERROR: 4
            >> AT+CSCS="IRA"
            << OK
            >> AT+CSCS?
            << +CSCS: "UCS2" | OK
            """,
            UCS2_NUMBER,
            id="it stays",
        ),
        pytest.param(
            '>> AT+CSCS? \n << +CSCS: "0047004D0053" | OK'.replace("004D0053", "0053004D"),
            "+33700000001",
            id="GSM, in hex",
        ),
        pytest.param(">> AT+CSCS? \n << ERROR", "+33700000001", id="it does not tell"),
    ],
)
@simulated
async def test_strings_are_read_in_the_character_set_that_the_modem_is_in(charset: str, number: str) -> None:
    """Another program left it in UCS2: it is set, and read back; a modem that keeps it has its strings decoded."""
    with script(asked(cnum=f'+CNUM: "","{number}",145 | OK').replace(CSCS, charset + "\n")) as port:
        assert (await identify(Dialogue(port), SHIPPED, None)).number == "+33700000001"
