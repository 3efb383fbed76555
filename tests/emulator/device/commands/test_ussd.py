"""USSD: codes, menus, and each family's way of writing them."""

from __future__ import annotations

import pytest

from modemd.emulator.device.family import families
from modemd.emulator.device.results import CmeError
from modemd.emulator.device.ussd import decode_string, encode_string
from modemd.emulator.network.ussd_services import UssdAnswer, UssdState
from tests.emulator.bench import Bench

BALANCE = "Balance: 12.50 EUR"
RUSSIAN = "Баланс 12.50"
MENU = UssdAnswer("1 Balance\n2 Bonus", {"1": UssdAnswer("Your balance is 12.50")})


@pytest.fixture
def bench() -> Bench:
    """A plain modem on a network with two services."""
    return _bench("generic")


def _bench(family: str) -> Bench:
    bench = Bench(family)
    bench.network.ussd |= {"*100#": UssdAnswer(BALANCE), "*111#": MENU, "*112#": UssdAnswer(RUSSIAN)}
    bench.timers.run(1.0)
    for command in ("ATE0", "AT+CMEE=1"):
        bench.host.ask(command)
    return bench


def test_the_answer_comes_after_the_ok(bench: Bench) -> None:
    """OK at once; the network's answer seconds later, as a notice."""
    assert bench.host.ask('AT+CUSD=1,"*100#",15') == "OK"
    assert bench.host.hear(1.9) == b""
    assert bench.host.hear(0.2) == f'\r\n+CUSD: 0,"{BALANCE}",15\r\n'.encode()


def test_reading_and_asking_what_can_be(bench: Bench) -> None:
    """The mode is read back; a string is no part of it, and other modes there are none."""
    assert bench.host.ask("AT+CUSD?") == "+CUSD: 0\r\nOK"
    assert bench.host.ask("AT+CUSD=?") == "+CUSD: (0-2)\r\nOK"
    bench.host.ask('AT+CUSD=1,"*100#"')
    assert bench.host.ask("AT+CUSD?") == "+CUSD: 1\r\nOK"
    assert bench.host.ask("AT+CUSD=3") == "+CME ERROR: 50"


def test_without_wishing_for_it_nothing_is_shown(bench: Bench) -> None:
    """n=0 keeps the network's words to itself."""
    assert bench.host.ask('AT+CUSD=0,"*100#",15') == "OK"
    assert bench.host.hear(60.0) == b""


def test_a_menu_wants_a_reply(bench: Bench) -> None:
    """A real line break inside the quotes, then the reply by the same command, then the end."""
    bench.host.ask('AT+CUSD=1,"*111#",15')
    assert bench.host.hear(3.0) == b'\r\n+CUSD: 1,"1 Balance\n2 Bonus",15\r\n'
    bench.host.ask('AT+CUSD=1,"1",15')
    assert bench.host.hear(3.0) == b'\r\n+CUSD: 0,"Your balance is 12.50",15\r\n'
    bench.host.ask('AT+CUSD=1,"1",15')
    assert bench.host.hear(3.0) == b"\r\n+CUSD: 4\r\n"


def test_a_menu_that_is_not_answered_or_not_understood_ends(bench: Bench) -> None:
    """The network ends the session: at a reply it does not know, and after a minute of silence."""
    bench.host.ask('AT+CUSD=1,"*111#",15')
    bench.host.hear(3.0)
    bench.host.ask('AT+CUSD=1,"7",15')
    assert bench.host.hear(3.0) == b"\r\n+CUSD: 2\r\n"
    bench.host.ask('AT+CUSD=1,"*111#",15')
    bench.host.hear(3.0)
    assert bench.host.hear(58.0) == b""
    assert bench.host.hear(3.0) == b"\r\n+CUSD: 2\r\n"


def test_a_host_can_end_a_session(bench: Bench) -> None:
    """n=2 forgets the menu, and an answer that is still to come."""
    bench.host.ask('AT+CUSD=1,"*111#",15')
    bench.host.hear(3.0)
    assert bench.host.ask("AT+CUSD=2") == "OK"
    bench.host.ask('AT+CUSD=1,"*100#",15')
    assert bench.host.ask('AT+CUSD=1,"*100#",15') == "+CME ERROR: 3"
    assert bench.host.ask("AT+CUSD=2") == "OK"
    assert bench.host.hear(120.0) == b""


@pytest.mark.parametrize(
    ("answer", "after_s", "heard"),
    [
        pytest.param(UssdAnswer(ends=UssdState.NOT_SUPPORTED), 2.0, b"\r\n+CUSD: 4\r\n", id="not supported"),
        pytest.param(UssdAnswer(ends=UssdState.ENDED), 2.0, b"\r\n+CUSD: 2\r\n", id="ended by the network"),
        pytest.param(
            UssdAnswer("Bye", ends=UssdState.ENDED), 2.0, b'\r\n+CUSD: 2,"Bye",15\r\n', id="ended with a word"
        ),
        pytest.param(UssdAnswer(ends=UssdState.TIMED_OUT), 60.0, b"\r\n+CUSD: 5\r\n", id="never answered"),
        pytest.param(UssdAnswer("x", times=2), 2.0, b'\r\n+CUSD: 0,"x",15\r\n' * 2, id="said twice"),
        pytest.param(
            UssdAnswer("x", closes=True), 2.0, b'\r\n+CUSD: 0,"x",15\r\n\r\n+CUSD: 2\r\n', id="closed with a line more"
        ),
    ],
)
def test_how_a_session_ends(bench: Bench, answer: UssdAnswer, after_s: float, heard: bytes) -> None:
    """Each of the ends that networks choose, and when it comes."""
    bench.network.ussd["*5#"] = answer
    bench.host.ask('AT+CUSD=1,"*5#",15')
    assert bench.host.hear(after_s - 0.1) == b""
    assert bench.host.hear(0.2) == heard


def test_without_a_network_there_is_none(bench: Bench) -> None:
    """No network: CME 30 at once; lost on the way: the network's time-out. A restart forgets the session."""
    bench.host.ask('AT+CUSD=1,"*100#",15')
    bench.device.set_coverage(2)
    assert bench.host.hear(3.0) == b"\r\n+CUSD: 5\r\n"
    assert bench.host.ask('AT+CUSD=1,"*100#",15') == "+CME ERROR: 30"
    bench.device.set_coverage(1)
    bench.host.ask('AT+CUSD=1,"*100#",15')
    bench.link.unplug()
    bench.link.replug()
    bench.host.open()
    assert b"CUSD" not in bench.host.hear(120.0)
    bench.host.ask("ATE0")
    assert bench.host.ask('AT+CUSD=1,"*100#",15') == "OK"
    assert b"Balance" in bench.host.hear(3.0)


def test_a_huawei_writes_and_reads_packed_hex() -> None:
    """Plain text is refused; *100# is AA180C3602; the answer is packed with dcs 15, or UCS-2 with dcs 72."""
    bench = _bench("huawei_e3372")
    bench.host.hear(60.0)
    assert bench.host.ask('AT+CUSD=1,"*100#",15') == "ERROR"
    assert bench.host.hear(5.0) == b""
    assert bench.host.ask('AT+CUSD=1,"AA180C3602",15') == "OK"
    assert bench.host.hear(5.0) == b'\r\n+CUSD: 0,"C2303BEC1E9775A098CC5583818A5529",15\r\n'
    assert bench.host.ask('AT+CUSD=1,"002A0031003100320023",72') == "OK"
    assert bench.host.hear(5.0) == (b'\r\n+CUSD: 0,"04110430043B0430043D0441002000310032002E00350030",72\r\n')


def test_a_sim800_follows_its_character_set() -> None:
    """`+CSCS` decides how codes and answers are written; what its alphabet lacks is UCS-2 with dcs 72."""
    bench = _bench("sim800")
    bench.host.hear(60.0)
    bench.host.ask('AT+CSCS="UCS2"')
    assert bench.host.ask('AT+CUSD=1,"002A0031003000300023",15') == "OK"
    assert bench.host.hear(5.0) == b'\r\n+CUSD: 0,"%s",15\r\n' % BALANCE.encode("utf-16-be").hex().upper().encode()
    bench.host.ask('AT+CSCS="HEX"')
    assert bench.host.ask('AT+CUSD=1,"2A31303023",15') == "OK"
    assert bench.host.hear(5.0) == b'\r\n+CUSD: 0,"%s",15\r\n' % BALANCE.encode().hex().upper().encode()
    bench.host.ask('AT+CSCS="GSM"')
    bench.host.ask('AT+CUSD=1,"*112#",15')
    assert bench.host.hear(5.0).endswith(b",72\r\n")


@pytest.mark.parametrize("coding", ["plain", "charset", "packed_hex"])
@pytest.mark.parametrize("charset", ["IRA", "GSM", "UCS2", "HEX"])
@pytest.mark.parametrize("text", ["*100#", "1", "seven77", "eight888", "1 Balance\n2 Bonus"])
def test_what_is_written_is_read(coding: str, charset: str, text: str) -> None:
    """Both directions of a coding belong together."""
    typed, dcs = encode_string(text, coding, charset)
    assert decode_string(typed, dcs, coding, charset) == text


@pytest.mark.parametrize("family", list(families))
def test_every_family_reads_what_it_writes(family: str) -> None:
    """A code typed in the family's coding is answered in it, and the three codings are all there are."""
    bench = _bench(family)
    bench.host.hear(60.0)
    bench.host.ask("AT+CPMS?")
    coding, charset = bench.device.family.ussd.coding, bench.device.settings.alphabet
    assert coding in ("plain", "charset", "packed_hex")
    typed, dcs = encode_string("*100#", coding, charset)
    assert bench.host.ask(f'AT+CUSD=1,"{typed}",{dcs}', 0.1).endswith("OK")
    shown, dcs = encode_string(BALANCE, coding, charset)
    assert f'+CUSD: 0,"{shown}",{dcs}'.encode() in bench.host.hear(5.0)


def test_a_locked_sim_dials_nothing() -> None:
    """Before the PIN there is no USSD."""
    bench = Bench(pin="1234")
    with pytest.raises(CmeError) as raised:
        bench.device.ussd.send("*100#", 15)
    assert raised.value.code == 11
