"""USSD strings in every coding, both ways, and the step with a modem."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modemd.errors import CommandFailed, DecodeError, EncodeError, PortGone, ReplyTimeout
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.ussd import coding as ussd_coding
from modemd.modem.ussd import session
from modemd.modem.ussd.coding import UssdCommand, UssdMessage, UssdState
from modemd.pdu import Alphabet, pack_ussd
from modemd.profiles import USSD_CODINGS, Profile
from tests.modem.scripted_port import script, simulated

PLAIN, PACKED, CHARSET = (Profile("generic", ussd=coding, restart=("RDY",)) for coding in USSD_CODINGS)


@pytest.mark.parametrize(
    ("text", "coding", "expected"),
    [
        pytest.param("*100#", "plain", UssdCommand("*100#", 15), id="plain"),
        pytest.param("*100#", "packed_hex", UssdCommand("AA180C3602", 15), id="packed"),
        pytest.param("*100*1#", "packed_hex", UssdCommand("AA180CA68A8D1A", 15), id="packed, padded with CR"),
        pytest.param("Да", "packed_hex", UssdCommand("04140430", 72), id="packed cannot say it"),
        pytest.param("*100#", "charset", UssdCommand("*100#", 15, "GSM"), id="GSM"),
        pytest.param("a@b", "charset", UssdCommand("006100400062", 15, "UCS2"), id="a septet that is NUL on the line"),
        pytest.param(
            'say "x"', "charset", UssdCommand("0073006100790020002200780022", 15, "UCS2"), id="a quotation mark"
        ),
        pytest.param("Да", "charset", UssdCommand("04140430", 72, "UCS2"), id="UCS2"),
    ],
)
def test_what_a_modem_is_told(text: str, coding: str, expected: UssdCommand) -> None:
    """Each coding has one way to write a text; nothing in it can end or void the command line."""
    assert ussd_coding.encode_text(text, coding) == expected


@pytest.mark.parametrize(
    ("text", "coding"),
    [
        ("", "plain"),
        ("é", "plain"),
        ('"', "plain"),
        ("1\r", "plain"),
        ("1" * 183, "packed_hex"),
        ("Д" * 81, "charset"),
        ("\ud83d", "charset"),
        ("**04*1111*2222*2222#", "charset"),
        ("**052*11111111*2222*2222#", "packed_hex"),
        ("*#06#", "plain"),
    ],
)
def test_what_cannot_or_must_not_be_said(text: str, coding: str) -> None:
    """Too long, not in the alphabet, the end of a line, or a code that the telephone would obey itself."""
    with pytest.raises(EncodeError):
        ussd_coding.encode_text(text, coding)


@pytest.mark.parametrize(
    ("line", "coding", "charset", "expected"),
    [
        ('+CUSD: 0,"Balance: 12.50 EUR",15', "charset", "GSM", UssdMessage(UssdState.DONE, "Balance: 12.50 EUR")),
        ('+CUSD: 0,"Balance: 12.50 EUR",15', "plain", None, UssdMessage(UssdState.DONE, "Balance: 12.50 EUR")),
        (
            '+CUSD: 0,"C2303BEC1E9775A098CC5583818A5529",15',
            "packed_hex",
            None,
            UssdMessage(UssdState.DONE, "Balance: 12.50 EUR"),
        ),
        (
            '+CUSD: 0,"04110430043B0430043D0441002000310032002E00350030",72',
            "packed_hex",
            None,
            UssdMessage(UssdState.DONE, "Баланс 12.50"),
        ),
        ('+CUSD:0,"04110430",72', "charset", "GSM", UssdMessage(UssdState.DONE, "Ба")),
        ('+CUSD: 0,"00410042",15', "charset", "UCS2", UssdMessage(UssdState.DONE, "AB")),
        (
            '+CUSD: 1,"1 Balance\n2 Bonus",15',
            "charset",
            "GSM",
            UssdMessage(UssdState.REPLY_WANTED, "1 Balance\n2 Bonus"),
        ),
        ('+CUSD: 0,"a \x00 b, c",15', "charset", "GSM", UssdMessage(UssdState.DONE, "a @ b, c")),
        ('+CUSD: 0,"say "5" now",15', "plain", None, UssdMessage(UssdState.DONE, 'say "5" now')),
        ('+CUSD: 0,"no dcs"', "charset", "GSM", UssdMessage(UssdState.DONE, "no dcs")),
        ('+CUSD: 0,"empty dcs",', "charset", "GSM", UssdMessage(UssdState.DONE, "empty dcs")),
        ("+CUSD: 0,bare,15", "plain", None, UssdMessage(UssdState.DONE, "bare")),
        ('+CUSD: 0,"torn, 12,50', "plain", None, UssdMessage(UssdState.DONE, "torn, 12,50")),
        ('+CUSD: 0,"not hex",72', "charset", "GSM", UssdMessage(UssdState.DONE, "not hex")),
        ('+CUSD: 0,"not hex",15', "packed_hex", None, UssdMessage(UssdState.DONE, "not hex")),
        ('+CUSD: 0,"C3A9",68', "packed_hex", None, UssdMessage(UssdState.DONE, "C3A9")),
        ('+CUSD: 0,"en\rhello",16', "plain", None, UssdMessage(UssdState.DONE, "hello")),
        ('+CUSD: 0,"00650064000D00410042",17', "packed_hex", None, UssdMessage(UssdState.DONE, "AB")),
        ("+CUSD: 2", "charset", "GSM", UssdMessage(UssdState.ENDED)),
        ("+CUSD:4", "charset", "GSM", UssdMessage(UssdState.NOT_SUPPORTED)),
        ("+CUSD: 5", "charset", "GSM", UssdMessage(UssdState.TIMED_OUT)),
    ],
)
def test_what_a_modem_says(line: str, coding: str, charset: str | None, expected: UssdMessage) -> None:
    """State and text, in the coding of the modem or, where firmware says it otherwise, as it stands."""
    assert ussd_coding.decode_line(line, coding, charset) == expected


@pytest.mark.parametrize("line", ["+CUSD: 7", "+CUSD: x", "+CUSD:", '+CUSD: "text",15'])
def test_what_says_nothing_is_an_error(line: str) -> None:
    """A state that the standard does not have, or none."""
    with pytest.raises(DecodeError):
        ussd_coding.decode_line(line, "plain", None)


@given(st.text(), st.sampled_from(USSD_CODINGS), st.sampled_from([None, "GSM", "UCS2"]), st.integers(0, 255))
def test_any_line_is_understood_or_refused(text: str, coding: str, charset: str | None, dcs: int) -> None:
    """Whatever a modem says, no other exception comes of it."""
    assert ussd_coding.decode_line(f'+CUSD: 0,"{text}",{dcs}', coding, charset).state is UssdState.DONE
    try:
        ussd_coding.decode_line(text, coding, charset)
    except DecodeError:
        return


@given(st.text("0123456789*#ABCabc@é€ ", min_size=1, max_size=80), st.sampled_from(["packed_hex", "charset"]))
def test_what_is_said_is_understood_again(text: str, coding: str) -> None:
    """The two directions of a coding fit."""
    if text.startswith("**0") or text == "*#06#":
        return
    typed = ussd_coding.encode_text(text, coding)
    assert ussd_coding.decode_line(f'+CUSD: 0,"{typed.string}",{typed.dcs}', coding, typed.charset).text == text


@pytest.mark.parametrize(
    ("dcs", "alphabet"),
    [
        (0x00, Alphabet.GSM7),
        (0x0F, Alphabet.GSM7),
        (0x11, Alphabet.UCS2),
        (0x44, Alphabet.DATA8),
        (0x48, Alphabet.UCS2),
        (0x58, Alphabet.UCS2),
        (0x94, Alphabet.DATA8),
        (0xF0, Alphabet.GSM7),
        (0xF4, Alphabet.DATA8),
        (0xE0, Alphabet.GSM7),
    ],
)
def test_alphabets_by_dcs(dcs: int, alphabet: Alphabet) -> None:
    """3GPP TS 23.038 clause 5, which is not the coding of messages."""
    assert ussd_coding.alphabet_of(dcs) is alphabet


# With a modem


async def said_to(dialogue: Dialogue, profile: Profile, text: str, *, limit_s: float) -> UssdMessage:
    said, coding = await session.send_text(dialogue, profile, text, coding=profile.ussd, limit_s=limit_s)
    assert coding == profile.ussd
    return said


@simulated
async def test_an_answer_after_the_ok() -> None:
    """The usual way: OK at once, the answer seconds later."""
    with script('>> AT+CSCS="GSM" \n << OK \n >> AT+CUSD=1,"*100#",15 \n << OK \n << +CUSD: 0,"12.50",15 [6]') as port:
        assert await said_to(Dialogue(port), CHARSET, "*100#", limit_s=60) == UssdMessage(UssdState.DONE, "12.50")


@simulated
async def test_an_answer_before_the_ok_and_twice() -> None:
    """Some firmware says it first; its copy is not left for the next step."""
    with script('>> AT+CUSD=1,"1",15 \n << +CUSD: 1,"menu",15 | OK \n << +CUSD: 1,"menu",15 [0.1]') as port:
        dialogue = Dialogue(port)
        assert await said_to(dialogue, PLAIN, "1", limit_s=60) == UssdMessage(UssdState.REPLY_WANTED, "menu")
        assert not dialogue.notices


@simulated
async def test_an_old_answer_is_not_taken_for_the_new() -> None:
    """What came before the question is no answer to it; other notices stay where they are."""
    with script(
        '>> AT \n << OK \n << +CUSD: 2 \n << ^RSSI:9 \n >> AT+CUSD=1,"1",15 \n << OK \n << +CUSD: 0,"new",15 [1]'
    ) as port:
        dialogue = Dialogue(port)
        await dialogue.ask("")
        await dialogue.pause(0.1)
        assert (await said_to(dialogue, PLAIN, "1", limit_s=60)).text == "new"
        assert [notice.line for notice in dialogue.notices] == ["^RSSI:9"]


@simulated
async def test_a_modem_without_the_character_set_is_taken_as_it_is() -> None:
    """No `GSM`: the text is written and read as it stands."""
    with script('>> AT+CSCS="GSM" \n << ERROR \n >> AT+CUSD=1,"*1#",15 \n << OK \n << +CUSD: 0,"a_b",15') as port:
        assert (await said_to(Dialogue(port), CHARSET, "*1#", limit_s=60)).text == "a_b"


@simulated
async def test_a_modem_that_stays_in_ucs2_is_spoken_to_in_ucs2() -> None:
    """No `GSM`, and the modem takes hex only (TinyGSM #140, gammu #358): code and answer are in hex."""
    with script(
        """
        >> AT+CSCS="GSM"
        << +CME ERROR: 4
        >> AT+CUSD=1,"002A0031003000300023",15
        << OK
        << +CUSD: 0,"00310032002E00350030",15
        """
    ) as port:
        dialogue = Dialogue(port)
        dialogue.charset = "UCS2"
        assert (await said_to(dialogue, CHARSET, "*100#", limit_s=60)).text == "12.50"


@simulated
async def test_the_character_set_is_as_before_after_a_text() -> None:
    """What needed UCS2 leaves no numbers and names in hex behind, also after a refusal."""
    ask = '>> AT+CSCS="UCS2" \n << OK \n >> AT+CUSD=1,"04140430",72 \n'
    with script(
        f"""
        {ask} << OK \n << +CUSD: 0,"00310032",72
        >> AT+CSCS="IRA"
        << OK
        {ask} << +CME ERROR: 30
        >> AT+CSCS="IRA"
        << OK
        """
    ) as port:
        dialogue = Dialogue(port)
        dialogue.charset = "IRA"
        assert (await said_to(dialogue, CHARSET, "Да", limit_s=60)).text == "12"
        assert dialogue.charset == "IRA"
        with pytest.raises(CommandFailed, match=r"30$"):
            await said_to(dialogue, CHARSET, "Да", limit_s=60)
        assert dialogue.charset == "IRA"


@simulated
async def test_a_refusal_carries_the_result() -> None:
    """What the modem said to the code, or to the character set that the code needs."""
    with script('>> AT+CUSD=1,"AA180C3602",15 \n << +CME ERROR: 30 \n >> AT+CSCS="UCS2" \n << ERROR') as port:
        dialogue = Dialogue(port)
        with pytest.raises(CommandFailed, match=r"30$"):
            await said_to(dialogue, PACKED, "*100#", limit_s=60)
        with pytest.raises(CommandFailed, match="CSCS"):
            await said_to(dialogue, CHARSET, "Да", limit_s=60)


@simulated
async def test_no_answer_is_waited_for_no_longer_than_said() -> None:
    """ReplyTimeout at the limit; at once where the modem restarts; PortGone where the port goes."""
    with script(
        '>> AT+CUSD=1,"1",15 \n << OK \n >> AT+CUSD=1,"1",15 \n << OK \n << RDY [1] \n !! unplugged [9]'
    ) as port:
        dialogue = Dialogue(port)
        with pytest.raises(ReplyTimeout, match="in 5 s"):
            await said_to(dialogue, PLAIN, "1", limit_s=5)
        with pytest.raises(ReplyTimeout, match="RDY"):
            await said_to(dialogue, PLAIN, "1", limit_s=60)
        assert [notice.line for notice in dialogue.notices] == ["RDY"]
        with pytest.raises(PortGone, match="unplugged"):
            await dialogue.wait_for_notice("+CUSD:", timeout_s=60)


@simulated
async def test_a_modem_of_another_coding_than_its_driver_says_is_understood() -> None:
    """Refused as text, or unknown as hex: said once more in the other coding, and that one is told."""
    with script(
        """
        >> AT+CUSD=1,"*1#",15
        << ERROR
        >> AT+CUSD=1,"2A980C",15
        << OK
        << +CUSD: 0,"4127",15
        >> AT+CUSD=1,"2A980C",15
        << OK
        << +CUSD: 4
        >> AT+CSCS="GSM"
        << OK
        >> AT+CUSD=1,"*1#",15
        << OK
        << +CUSD: 0,"12",15
        """.replace("2A980C", pack_ussd(b"*1#").hex().upper())
    ) as port:
        dialogue = Dialogue(port)
        _, coding = await session.send_code(dialogue, PLAIN, "*1#", coding="plain", limit_s=60)
        assert coding == "packed_hex"
        assert await session.send_code(dialogue, PACKED, "*1#", coding="packed_hex", limit_s=60) == (
            UssdMessage(UssdState.DONE, "12"),
            "charset",
        )


@simulated
async def test_a_code_that_neither_coding_makes_known_fails_as_at_first() -> None:
    """The first refusal, or the network's first word, is the one that is told; no network is no question of coding."""
    packed = pack_ussd(b"*1#").hex().upper()
    with script(
        f"""
        >> AT+CUSD=1,"*1#",15
        << ERROR
        >> AT+CUSD=1,"{packed}",15
        << +CME ERROR: 4
        >> AT+CUSD=1,"{packed}",15
        << OK
        << +CUSD: 4
        >> AT+CSCS="GSM"
        << OK
        >> AT+CUSD=1,"*1#",15
        << ERROR
        >> AT+CUSD=1,"*1#",15
        << +CME ERROR: 30
        """
    ) as port:
        dialogue = Dialogue(port)
        with pytest.raises(CommandFailed, match=r"answered ERROR$"):
            await session.send_code(dialogue, PLAIN, "*1#", coding="plain", limit_s=60)
        assert await session.send_code(dialogue, PACKED, "*1#", coding="packed_hex", limit_s=60) == (
            UssdMessage(UssdState.NOT_SUPPORTED),
            "packed_hex",
        )
        with pytest.raises(CommandFailed, match=r"30$"):
            await session.send_code(dialogue, PLAIN, "*1#", coding="plain", limit_s=60)
