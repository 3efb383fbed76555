"""Recording a modem and playing it: over memory, in simulated time, with each of the emulator's families."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from modemd.emulator import Device, LoopTimers, Network, families
from modemd.emulator.capture.capture import Capture
from modemd.emulator.capture.playback import PlaybackDevice
from modemd.emulator.links.memory import MemoryLink, MemoryPort
from modemd.emulator.network.message_memory import MessageStatus
from modemd.errors import PortGone, ReplyTimeout
from modemd.modem.capture.recorder import (
    IDENTITY_COMMANDS,
    READ_COMMANDS,
    TEST_COMMANDS,
    VENDOR_COMMANDS,
    CaptureEntry,
    Recording,
    escape,
    record,
)
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.setup.first_words import wake_modem
from modemd.modem.setup.initialise import identify, initialise_modem
from modemd.pdu import compose, frame
from tests.modem.scripted_port import simulated
from tests.modem.stub_modem import StubModem
from tests.profiles.shipped import shipped_profiles
from tests.sim.world.loop import LoopClock
from tests.sim.world.process import DevicePort

PROFILES = shipped_profiles()
NUMBER = "+447700900101"
SENDER = "+447700900123"
SAID = "the door code is 4711"
QUESTIONS = (*IDENTITY_COMMANDS, *READ_COMMANDS, *TEST_COMMANDS, *VENDOR_COMMANDS)


class Bench:
    """An emulated modem that somebody uses, and its line."""

    def __init__(self, family: str, make: Any = Device, **options: Any) -> None:
        loop = asyncio.get_running_loop()
        timers = LoopTimers(loop, LoopClock(loop).now)
        self.network = Network(timers, seed=3)
        self.sim = self.network.sim(NUMBER)
        self.device = make("west", family, self.network, timers, self.sim, seed=3, **options)
        self.link = MemoryLink(self.device, timers)
        self.told: list[str] = []

    async def record(self, listen_s: float = 0.0) -> Recording:
        port = DevicePort(self.link.open())
        return await record(port, "west", PROFILES, self.told.append, listen_s=listen_s)

    async def heard(self, *lines: str) -> bytes:
        """What is said to these lines, from one opening of the port, in the next 60 seconds."""
        port = self.link.open()
        heard = bytearray()
        port.on_data = heard.extend
        for line in lines:
            port.write(line.encode() + b"\r")
            await asyncio.sleep(60)
        port.close()
        return bytes(heard)


@pytest.mark.parametrize("family", list(families))
@simulated
async def test_a_played_modem_answers_as_the_recorded_one(family: str) -> None:
    """Record a device, play it from the file, record that: the same questions get the same answers."""
    real = Bench(family)
    first = await real.record()
    played = Bench("generic", PlaybackDevice, capture=Capture.read(first.to_text()))
    second = await played.record()
    assert _answers(second) == _answers(first)
    assert played.told == real.told
    assert set(_answers(first)) >= {f"AT{question}".encode() for question in QUESTIONS}


def _answers(recording: Recording) -> dict[bytes, bytes]:
    """All that was said to each command. A stand-in of a stand-in is the same number, if numbers come in the same order."""
    answers: dict[bytes, bytes] = {}
    for entry in recording.entries:
        if entry.direction == ">":
            asked = entry.octets.rstrip()
            answers[asked] = b""
        elif entry.direction == "<":
            answers[asked] += entry.octets
    return answers


@pytest.mark.parametrize("family", list(families))
@simulated
async def test_nothing_personal_is_in_a_recording(family: str) -> None:
    """IMEI, ICCID, IMSI, numbers and texts occur in the file in no form: not in digits, not swapped, not in hex."""
    bench = Bench(family)
    port = DevicePort(bench.link.open())
    dialogue = Dialogue(port)
    notify = families[family].notify
    mode, *bfr = 2 if 2 in notify.mode else notify.mode[0], *notify.bfr[-1:]
    routing = "+CNMI=" + ",".join(map(str, (mode, 2, 0, notify.ds[0], *bfr)))
    for command in ("E0", "+CMGF=0", "+CSMS=1", "+CLIP=1", "+CREG=2", routing):
        await dialogue.ask(command)
    port.close()
    asyncio.get_running_loop().call_later(40, bench.network.phone(SENDER).send, NUMBER, SAID)
    recording = await bench.record(listen_s=120)
    written = recording.to_text()
    device, sim = bench.device, bench.sim
    for real in (device.imei[:14], sim.iccid[:-1], sim.imsi, NUMBER[1:], SENDER[1:], NUMBER[-7:], SENDER[-7:], SAID):
        for form in (real, _swapped(real), real.encode("utf-16-be").hex().upper()):
            assert form not in written
    (pdu,) = (frame(part.encode()).hex().upper() for part in compose(SENDER, SAID))
    assert pdu[-24:] not in written
    assert ("+CMT: " in written) is (2 in notify.mt)
    is_told = 2 in notify.mt and "+CNMI" not in families[family].commands.unsupported
    assert any("straight to this port" in told for told in bench.told) is is_told


def _swapped(digits: str) -> str:
    padded = digits + "F" * (len(digits) % 2)
    return "".join(padded[at + 1] + padded[at] for at in range(0, len(padded), 2))


@pytest.mark.parametrize("family", ["generic", "huawei_e3372", "sim800"])
@simulated
async def test_a_played_modem_can_be_used(family: str) -> None:
    """What the daemon does with a modem that it opens works on the played one: the settings it makes are read back."""
    capture = Capture.read((await Bench(family).record()).to_text())
    bench = Bench("generic", PlaybackDevice, capture=capture)
    dialogue = Dialogue(DevicePort(bench.link.open()))
    await wake_modem(dialogue)
    identity = await identify(dialogue, PROFILES, None)
    assert identity.profile.name == family
    assert (await initialise_modem(dialogue, identity.profile)).memory == "SM"
    assert not bench.device.settings.text_mode
    assert bench.device.settings.notifications.mt == 1


@simulated
async def test_nothing_changes_but_echo_which_is_put_back() -> None:
    """Settings, messages and PIN tries are what they were; echo, on before, is on."""
    for echo in (True, False):
        bench = Bench("generic", boot_factor=0.0)
        await bench.heard("ATE1" if echo else "ATE0", "AT+CMGF=1")
        bench.network.phone(SENDER).send(NUMBER, SAID)
        await asyncio.sleep(5)
        before = bench.device.settings.copy()
        await bench.record()
        after = replace(bench.device.settings, link_refused_until=before.link_refused_until)  # a matter of time alone
        assert after == before
        assert bench.device.settings.echo is echo
        assert [stored.status for _, stored in bench.sim.memory] == [MessageStatus.UNREAD]
        assert bench.sim.pin_tries == 3
        assert list(bench.network.journal) == []


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_is_harmless(question: str) -> None:
    """Reads, tests and plain forms that only tell: nothing with `=` but `=?`, and none of the commands that act."""
    assert "=" not in question.removesuffix("=?")
    name = question.rstrip("=?")
    acts = {"+CMGS", "+CMSS", "+CMGW", "+CMGD", "+CMGR", "+CMGL", "+CMGC", "+CNMA", "+CPIN", "+CFUN", "Z", "&F", "E"}
    assert question != name or name not in acts


@simulated
async def test_what_came_unasked_is_marked_and_timed() -> None:
    """While it is listened to, a notice stands with `!` and its time since the beginning."""
    bench = Bench("generic")
    asyncio.get_running_loop().call_later(70, bench.device.notice, "RING")
    recording = await bench.record(listen_s=100)
    (ring,) = [entry for entry in recording.entries if entry.direction == "!"]
    assert ring.octets == b"\r\nRING\r\n"
    assert ring.at_s == pytest.approx(70, abs=1)


@simulated
async def test_a_command_that_is_never_answered_is_written_down_as_such() -> None:
    """The recorder goes on behind it, and says so; what it did to find the modem again is no part of the dialogue."""
    stub = StubModem()
    stub.answers["+CIMI"] = ""
    told: list[str] = []
    recording = await record(await stub.open("west"), "west", PROFILES, told.append)
    answers = _answers(recording)
    assert answers[b"AT+CIMI"] == b""
    assert answers[b"AT+CNUM"].endswith(b"OK\r\n")
    assert b"AT" not in answers
    assert told == ["AT+CIMI was not answered"]


@simulated
async def test_the_heading_says_who_it_is_and_no_more() -> None:
    """A modem that tells its IMEI as its version, in letters of its own: masked, and ASCII all the same."""
    stub = StubModem()
    stub.answers |= {"+CGMR": "351234050000017|OK", "+CGMM": "St\xefck|OK"}
    written = (await record(await stub.open("west"), "west", PROFILES, list[str]().append)).to_text()
    assert written.splitlines()[1] == r"# Generic St\xEFck 351230000000016"
    assert "351234050000017" not in written


@simulated
async def test_an_answer_that_comes_octet_by_octet_is_one() -> None:
    """The line feed behind the last CR belongs to it, and is no notice."""

    class Dribbling(DevicePort):
        def __init__(self, host: MemoryPort) -> None:
            super().__init__(host)
            host.on_data = self._dribble
            self._loop = asyncio.get_running_loop()
            self._next_at = 0.0

        def _dribble(self, data: bytes) -> None:
            for octet in data:
                self._next_at = max(self._next_at, self._loop.time()) + 0.001
                self._loop.call_at(self._next_at, self._pass_on, bytes((octet,)))

        def _pass_on(self, octets: bytes) -> None:
            self.on_data(octets)

    bench = Bench("generic")
    whole = _answers(await bench.record())
    clock = b"AT+CCLK?"
    recording = await record(Dribbling(bench.link.open()), "west", PROFILES, bench.told.append)
    assert [entry for entry in recording.entries if entry.direction == "!"] == []
    assert _answers(recording) | {clock: b""} == whole | {clock: b""}  # time goes on


@simulated
async def test_direct_delivery_is_warned_of() -> None:
    """With +CNMI mt 2 a message that comes now is handed to the recorder alone, and a person must know."""
    stub = StubModem()
    stub.answers["+CNMI?"] = "+CNMI: 2,2,0,1,0|OK"
    told: list[str] = []
    await record(await stub.open("west"), "west", PROFILES, told.append)
    assert told == ["it hands new messages straight to this port (+CNMI mt 2): what comes meanwhile is stored nowhere"]


@simulated
async def test_a_silent_port_is_told_in_one_line() -> None:
    """Nothing answers: the port's name, what was tried, what to look at; the port is closed."""
    stub = StubModem()
    stub.answers[""] = ""
    with pytest.raises(ReplyTimeout, match=r"^west: no answer to AT in 15 s; is this its AT port, at this speed\?$"):
        await record(await stub.open("west"), "west", PROFILES, list[str]().append)
    assert stub.ports[0].closed


@simulated
async def test_a_port_that_goes_away_is_told_in_one_line() -> None:
    """The modem was unplugged in the middle."""
    stub = StubModem()
    asyncio.get_running_loop().call_later(0.5, stub.unplug)
    with pytest.raises(PortGone, match=r"^west: the port went away: unplugged$"):
        await record(await stub.open("west"), "west", PROFILES, list[str]().append)


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        pytest.param(b"\r\nOK\r\n", r"\r\nOK\r\n", id="line ends"),
        pytest.param(b"\r\n> ", r"\r\n>\x20", id="a blank at the end"),
        pytest.param(b" WAVECOM", r"\x20WAVECOM", id="a blank in front"),
        pytest.param(b" ", r"\x20", id="nothing but a blank"),
        pytest.param(b"\\\x00\xff", r"\\\x00\xFF", id="backslash and octets beyond ASCII"),
    ],
)
def test_octets_are_written_for_people(octets: bytes, text: str) -> None:
    """What is printable stands as it is; the rest is escaped; nothing hangs on blanks at a line's end."""
    assert escape(octets) == text
    written = Recording((CaptureEntry(0.0, ">", b"AT+X\r"), CaptureEntry(0.25, "<", octets))).to_text()
    (answer,) = Capture.read(written).answers["+X"]
    assert [(said.after_s, said.octets) for said in answer] == [(0.25, octets)]
