"""A device played from a capture: what was captured, in order and in time; the rest is the family's."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from modemd.emulator import Network
from modemd.emulator.capture.capture import Capture
from modemd.emulator.capture.playback import PlaybackDevice
from modemd.emulator.lab.lab import Lab, LabOptions, ModemPlan, SimPlan
from modemd.emulator.links import MemoryLink
from tests.emulator.bench import ALICE, HELLO, SIM_NUMBER, HandTimers, Host, becomes

CAPTURE = r"""modemd-capture 1
 0.0 > AT+CGMI\r
 0.0 < \r\nWAVECOM MODEM\r\n\r\nOK\r\n
 1.0 > AT+CPIN?\r
 1.2 < \r\n+CPIN: SIM PIN\r\n
 2.0 > AT+CPIN?\r
 2.0 < \r\n+CPIN: READY\r\n
 3.0 > AT+CNMI?\r
 3.0 < \r\n+CNMI: 3,2,0,1,1\r\n\r\nOK\r\n
 4.0 > AT+CNMI=?\r
 4.0 < \r\n+CNMI: (3),(2)\r\n\r\nOK\r\n
 5.0 > AT+QCFG="ims"\r
 5.1 < \r\n+QCFG: "ims",0,1
 5.4 < \r\n\r\nOK\r\n
 6.0 > AT+CCID\r
 20.0 ! \r\n+WIND: 4\r\n
 30.0 > AT+CMGF=1\r
 30.0 < \r\nERROR\r\n
 31.0 > AT+CMGL=4\r
 31.0 < \r\n+CMGL: 1,1,,18\r\n0000\r\n\r\nOK\r\n
"""


class Played:
    def __init__(self) -> None:
        self.timers = HandTimers()
        self.network = Network(self.timers)
        sim = self.network.sim(SIM_NUMBER)
        capture = Capture.read(CAPTURE)
        self.device = PlaybackDevice(
            "modem0", "generic", self.network, self.timers, sim, send_latency_s=3.0, capture=capture
        )
        self.host = Host(self.timers, MemoryLink(self.device, self.timers))
        self.host.ask("ATE0")


@pytest.fixture
def played() -> Played:
    return Played()


def test_the_captured_answer_is_given_octet_for_octet(played: Played) -> None:
    """Also where the family would answer otherwise, and where no OK ends it."""
    assert played.host.say(b"AT+CGMI\r") == b"\r\nWAVECOM MODEM\r\n\r\nOK\r\n"
    assert played.host.say(b"at+cgmi\r") == b"\r\nWAVECOM MODEM\r\n\r\nOK\r\n"


async def test_a_lab_plays_what_was_planned(tmp_path: Path) -> None:
    """The modem of a plan with a capture is the captured one."""
    plan = ModemPlan("west", "generic", SimPlan(SIM_NUMBER), capture=Capture.read(CAPTURE))
    lab = Lab(LabOptions(tmp_path, planned=(plan,)), asyncio.get_running_loop())
    try:
        heard = bytearray()
        device = lab.modems["west"].device
        device.connect(heard.extend)
        device.feed(b"ATE0\r")
        heard.clear()
        device.feed(b"AT+CGMI\r")
        await becomes(lambda: bytes(heard) == b"\r\nWAVECOM MODEM\r\n\r\nOK\r\n")
    finally:
        lab.close()


def test_answers_come_in_their_order_and_the_last_again(played: Played) -> None:
    """A SIM that wants its PIN, then does not, never wants it again."""
    said = [played.host.say(b"AT+CPIN?\r", 1.0) for _ in range(3)]
    assert said == [b"\r\n+CPIN: SIM PIN\r\n", b"\r\n+CPIN: READY\r\n", b"\r\n+CPIN: READY\r\n"]


def test_answers_take_their_time(played: Played) -> None:
    """Each piece comes as late as it came; what is typed meanwhile is read behind it."""
    assert played.host.say(b'AT+QCFG="ims"\r', 0.05) == b""
    assert played.host.say(b"AT+CGMI\r", 0.1) == b'\r\n+QCFG: "ims",0,1'
    assert played.host.hear(1.0) == b"\r\n\r\nOK\r\n\r\nWAVECOM MODEM\r\n\r\nOK\r\n"


def test_silence_is_played_too(played: Played) -> None:
    """What was never answered is not answered; the next command is."""
    assert played.host.say(b"AT+CCID\r", 100.0).replace(b"\r\n+WIND: 4\r\n", b"") == b""
    assert played.host.ask("AT") == "OK"


def test_what_was_not_asked_is_the_familys(played: Played) -> None:
    """Sending and receiving work on the emulated network."""
    played.host.set_up("2,1,0,0,0")
    assert played.host.send(HELLO).endswith("OK")
    assert [received.text for received in played.network.phone(ALICE).inbox] == ["Hello"]
    played.network.phone(ALICE).send(SIM_NUMBER, "Hello back")
    assert "+CMTI:" in played.host.hear(5.0).decode()


def test_what_does_something_is_done_and_not_played(played: Played) -> None:
    """A captured set command or listing would be said without being so."""
    assert played.host.ask("AT+CMGF=1") == "OK"
    assert played.device.settings.text_mode
    played.host.ask("AT+CMGF=0")
    assert played.host.ask("AT+CMGL=4") == "OK"


def test_a_setting_reads_as_captured_until_it_is_set(played: Played) -> None:
    """From then on as set; after a restart as captured again. What =? offers stays."""
    host = played.host
    assert host.ask("AT+CNMI?") == "+CNMI: 3,2,0,1,1\r\nOK"
    assert host.ask("AT+CNMI=2,1,0,0,0") == "OK"
    assert host.ask("AT+CNMI?") == "+CNMI: 2,1,0,0,0\r\nOK"
    assert host.ask("AT+CNMI=?") == "+CNMI: (3),(2)\r\nOK"
    played.device.power_off()
    played.device.power_on()
    host.hear(30.0)
    host.ask("ATE0")
    assert host.ask("AT+CNMI?") == "+CNMI: 3,2,0,1,1\r\nOK"


def test_notices_come_at_their_times_for_each_host(played: Played) -> None:
    """Counted from the opening of the port; those of a host that is gone are not for the next."""
    assert played.host.hear(19.5) == b""
    assert played.host.hear(1.0) == b"\r\n+WIND: 4\r\n"
    played.host.port.close()
    played.host.open()
    assert played.host.hear(10.0) == b""
    played.host.port.close()
    played.host.open()
    assert played.host.hear(15.0) == b""
    assert played.host.hear(10.0) == b"\r\n+WIND: 4\r\n"


def test_without_verbose_results_the_family_answers(played: Played) -> None:
    """The captured octets are those of ATV1 and ATQ0; under ATV0 they would be a lie."""
    played.host.ask("ATV0")
    assert played.host.say(b"AT+CGMI\r") == b"Generic\r\n0\r"
