"""Every fault there is, met by a client that knows nothing but bytes. A kind that no client has met fails here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from modemd.emulator import Device
from modemd.emulator.lab.lab import LabModem
from modemd.emulator.lab.requests.faults import fault_kinds
from modemd.emulator.lab.requests.network import fault
from modemd.emulator.links import MemoryLink
from modemd.emulator.links.pty import PtyLink
from tests.emulator.bench import ALICE, HELLO, HELLO_WORLD, SIM_NUMBER, Bench, Host


class _Line:
    """A line in memory, pulled and plugged as the orders do it with a pty."""

    def __init__(self, link: MemoryLink) -> None:
        self._link = link

    def unplug(self) -> None:
        self._link.unplug()

    def replug(self, path: Path | None) -> None:
        assert path is None
        self._link.replug()


class Client:
    """A host with its echo off and notices on, and the faults of its modem."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.host: Host = self.bench.host
        self.modem = LabModem(self.bench.device, self.bench.sim, cast(PtyLink, _Line(self.bench.link)))
        self.host.set_up()
        self.ask("AT+CMEE=1")

    def fault(self, kind: str, **values: Any) -> None:
        fault(kind, values).apply(self.modem)

    def ask(self, command: str, seconds: float = 0.0) -> str:
        return self.host.ask(command, seconds)

    def send(self, pdu: str = HELLO, seconds: float = 10.0) -> str:
        return self.host.send(pdu, seconds)

    def hear(self, seconds: float = 0.0) -> bytes:
        return self.host.hear(seconds)

    def comes(self, text: str = "hi") -> None:
        """Somebody writes to the modem's number."""
        self.bench.network.phone(ALICE).send(SIM_NUMBER, text)

    @property
    def accepted(self) -> int:
        return len(self.bench.network.journal)

    def back(self) -> None:
        """Wait until the port is there again, and open it."""
        self.bench.timers.run(60.0)
        self.host.open()
        self.hear()
        self.host.set_up()


Meeting = Callable[[Client], None]
MET: dict[str, Meeting] = {}


def met(kind: str) -> Callable[[Meeting], Meeting]:
    """Enter how a client meets this kind."""

    def enter(meeting: Meeting) -> Meeting:
        MET[kind] = meeting
        return meeting

    return enter


@pytest.mark.parametrize("kind", fault_kinds())
def test_each_fault_is_met_by_a_bare_client(kind: str) -> None:
    """What the fault's order says is what a client sees on the line."""
    MET[kind](Client())


def test_nothing_else_is_met() -> None:
    """The table holds no kind that is gone."""
    assert set(MET) == set(fault_kinds())


def test_a_report_is_that_of_the_modems_own_sim() -> None:
    """Another SIM's report comes as it should; the order waits."""
    client = Client()
    network, timers = client.bench.network, client.bench.timers
    device = Device("other", "generic", network, timers, network.sim("+33700000002"), send_latency_s=1.0)
    other = Host(timers, MemoryLink(device, timers)).set_up()
    client.fault("report", comes="never")
    for host, lost in ((other, 0), (client.host, 1)):
        host.send(HELLO_WORLD)
        assert network.reports_lost == lost


@met("lose_answer")
def _lose_answer(client: Client) -> None:
    client.fault("lose_answer")
    assert client.send(seconds=120.0) == ""
    assert client.accepted == 1
    assert client.ask("AT") == "OK"
    assert client.send().startswith("+CMGS: ")


@met("late_answer")
def _late_answer(client: Client) -> None:
    client.fault("late_answer", seconds=90)
    assert client.send(seconds=60.0) == ""
    assert client.accepted == 1
    assert client.hear(40.0).startswith(b"\r\n+CMGS: ")


@met("lose_prompt")
def _lose_prompt(client: Client) -> None:
    client.fault("lose_prompt")
    assert client.host.say(b"AT+CMGS=18\r", 30.0) == b""
    assert client.host.say(b"\x1b") == b"\r\nOK\r\n"
    assert client.send().startswith("+CMGS: ")


@met("refuse")
def _refuse(client: Client) -> None:
    client.fault("refuse", cause=38)
    assert client.send() == "+CMS ERROR: 38"
    assert client.accepted == 0
    assert client.send().startswith("+CMGS: ")


@met("stick_send")
def _stick_send(client: Client) -> None:
    client.fault("stick_send")
    assert client.send(seconds=3600.0) == ""
    assert client.host.say(b"\x1b\rAT\r", 600.0) == b""
    assert client.accepted == 0
    client.fault("restart")
    client.back()
    assert client.send().startswith("+CMGS: ")


@met("answer")
def _answer(client: Client) -> None:
    client.fault("answer", command="+cpin?", result="+CME ERROR: 14", times=2)
    client.fault("answer", command="AT+CMGD", result="+CMS ERROR: 500")
    assert [client.ask("AT+CPIN?") for _ in range(3)] == ["+CME ERROR: 14", "+CME ERROR: 14", "+CPIN: READY\r\nOK"]
    client.comes()
    client.hear(5.0)
    assert client.ask("AT+CMGD=1") == "+CMS ERROR: 500"
    assert client.ask("AT+CPMS?").startswith('+CPMS: "SM",1,')


@met("hang")
def _hang(client: Client) -> None:
    client.fault("hang", command="+CMGL", seconds=60)
    assert client.ask("AT+CMGL=4", 59.0) == ""
    assert client.hear(2.0) == b"\r\nOK\r\n"


@met("wedge")
def _wedge(client: Client) -> None:
    client.fault("wedge")
    assert client.ask("AT", 3600.0) == ""
    client.fault("notice", line="^RSSI:9")
    assert client.hear(1.0) == b""
    client.fault("unplug")
    client.fault("replug")
    client.back()
    assert client.send().startswith("+CMGS: ")


@met("deaf")
def _deaf(client: Client) -> None:
    client.fault("deaf", seconds=30)
    assert client.ask("AT", 29.0) == ""
    client.comes()
    assert client.hear(2.0) == b'\r\n+CMTI: "SM",1\r\n'
    assert client.ask("AT") == "OK"


@met("restart")
def _restart(client: Client) -> None:
    client.host.say(b"AT+CMGS=18\r", 1.0)
    client.host.say(HELLO.encode() + b"\x1a", 1.0)
    client.fault("restart")
    assert (client.hear(), client.host.lost) == (b"", 1)
    client.bench.timers.run(60.0)
    assert client.accepted == 0
    client.host.open()
    client.hear()
    assert client.host.say(b"AT+CNMI?\r") == b"AT+CNMI?\r\r\n+CNMI: 0,0,0,0,0\r\n\r\nOK\r\n"


@met("unplug")
def _unplug(client: Client) -> None:
    client.fault("unplug")
    assert (client.hear(60.0), client.host.lost) == (b"", 1)
    with pytest.raises(OSError, match="gone"):
        client.host.port.write(b"AT\r")
    with pytest.raises(FileNotFoundError):
        client.host.open()


@met("replug")
def _replug(client: Client) -> None:
    client.fault("unplug")
    client.hear(1.0)
    client.fault("replug")
    client.back()
    assert client.send().startswith("+CMGS: ")


@met("coverage")
def _coverage(client: Client) -> None:
    client.ask("AT+CREG=1")
    client.fault("coverage", state=2)
    assert client.hear() == b"\r\n+CREG: 2\r\n"
    assert client.ask("AT+CSQ") == "+CSQ: 99,99\r\nOK"
    assert client.send() == "+CMS ERROR: 331"
    client.fault("coverage", state=1)
    assert client.hear() == b"\r\n+CREG: 1\r\n"
    assert client.send().startswith("+CMGS: ")


@met("remove_sim")
def _remove_sim(client: Client) -> None:
    client.fault("remove_sim")
    assert client.ask("AT+CPIN?") == "+CME ERROR: 10"
    assert client.ask("AT+CMGS=18") == "+CMS ERROR: 310"
    assert client.ask("AT+CREG?") == "+CREG: 0,0\r\nOK"


@met("insert_sim")
def _insert_sim(client: Client) -> None:
    client.fault("remove_sim")
    client.fault("insert_sim")
    assert client.ask("AT+CPIN?") == "+CME ERROR: 14"
    client.hear(10.0)
    assert client.ask("AT+CPIN?") == "+CPIN: READY\r\nOK"
    assert client.ask("AT+CNMI?") == "+CNMI: 0,0,0,0,0\r\nOK"
    assert client.send().startswith("+CMGS: ")


@met("ask_pin")
def _ask_pin(client: Client) -> None:
    client.fault("ask_pin", pin="4711", tries=1)
    assert client.ask("AT+CPIN?") == "+CPIN: SIM PIN\r\nOK"
    assert client.ask("AT+CMGS=18") == "+CMS ERROR: 311"
    assert client.ask('AT+CPIN="4711"') == "OK"
    client.hear(60.0)
    assert client.send().startswith("+CMGS: ")


@met("ask_puk")
def _ask_puk(client: Client) -> None:
    client.fault("ask_puk")
    assert client.ask("AT+CPIN?") == "+CPIN: SIM PUK\r\nOK"
    assert client.ask("AT+CMGS=18") == "+CMS ERROR: 316"
    assert client.ask('AT+CPIN="1234"') == "+CME ERROR: 12"
    assert client.ask('AT+CPIN="12345678","4321"') == "OK"


@met("lose_smsc")
def _lose_smsc(client: Client) -> None:
    client.fault("lose_smsc")
    assert client.ask("AT+CSCA?").startswith('+CSCA: "",')
    assert client.send() == "+CMS ERROR: 330"
    assert client.send("07913306091093F0" + HELLO[2:]).startswith("+CMGS: ")
    assert client.ask('AT+CSCA="+33609001390",145') == "OK"
    assert client.send().startswith("+CMGS: ")


@met("clock")
def _clock(client: Client) -> None:
    assert client.ask("AT+CCLK?") == '+CCLK: "25/03/11,09:15:00+00"\r\nOK'
    client.fault("clock", seconds=-600)
    assert client.ask("AT+CCLK?") == '+CCLK: "25/03/11,09:05:00+00"\r\nOK'
    client.fault("restart")
    client.back()
    assert client.ask("AT+CCLK?") == '+CCLK: "25/03/11,09:16:00+00"\r\nOK'


def _reports(client: Client, comes: str, seconds: float) -> list[bytes]:
    """The PDUs of the reports heard in this time, of a message for whose report this was ordered."""
    client.ask("AT+CNMI=2,1,0,1,0")
    client.fault("report", comes=comes)
    client.send(HELLO_WORLD, 3.0)
    heard = client.hear(seconds)
    return [piece.split(b"\r\n")[1] for piece in heard.split(b"+CDS: ")[1:]]


@met("report")
def _report(client: Client) -> None:
    assert _reports(Client(), "late", 50.0) == []
    assert len(_reports(Client(), "late", 100.0)) == 1
    first, second = _reports(Client(), "twice", 100.0)
    assert first == second
    assert len({report[16:36] for report in _reports(Client(), "foreign", 100.0)}) == 2
    assert _reports(client, "never", 86400.0) == []
    client.send(HELLO_WORLD, 3.0)
    assert client.hear(10.0).count(b"+CDS: ") == 1


@met("trickle")
def _trickle(client: Client) -> None:
    pieces: list[bytes] = []
    client.fault("trickle", every_s=0.1)
    client.host.port.on_data = pieces.append
    client.host.port.write(b"AT+CSQ\r")
    client.bench.timers.run(1.05)
    assert pieces == [bytes((octet,)) for octet in b"\r\n+CSQ: 17"]
    client.fault("trickle", every_s=0)
    client.bench.timers.run()
    assert pieces[10:] == [b",99\r\n\r\nOK\r\n"]


@met("noise")
def _noise(client: Client) -> None:
    client.fault("noise", inserted=0.5)
    heard = client.host.say(b"AT+CSQ\r" * 20)
    assert len(heard) > 20 * len(b"\r\n+CSQ: 17,99\r\n\r\nOK\r\n")
    assert any(octet > 0x7F for octet in heard)
    client.fault("noise", lost=1.0)
    assert client.ask("AT") == ""
    client.fault("noise")
    assert client.ask("AT") == "OK"


@met("interrupt")
def _interrupt(client: Client) -> None:
    client.fault("interrupt", line="^RSSI:9")
    assert client.ask("AT+CSQ") == "+CSQ: 17,99\r\n^RSSI:9\r\nOK"
    assert client.ask("AT+CSQ") == "+CSQ: 17,99\r\nOK"


@met("notice")
def _notice(client: Client) -> None:
    client.host.say(b"AT+CMGS=18\r", 1.0)
    client.fault("notice", line="^RSSI:9")
    assert client.hear() == b"\r\n^RSSI:9\r\n"
    assert client.host.say(HELLO.encode() + b"\x1a", 10.0).startswith(b"\r\n+CMGS: ")


@met("lose_notice")
def _lose_notice(client: Client) -> None:
    client.fault("lose_notice")
    client.comes("one")
    assert client.hear(5.0) == b""
    client.comes("two")
    assert client.hear(5.0) == b'\r\n+CMTI: "SM",2\r\n'
    assert client.ask("AT+CMGL=4").count("+CMGL: ") == 2


@met("flood")
def _flood(client: Client) -> None:
    client.fault("flood", line="^RSSI:9", times=500, every_s=0.01)
    assert client.ask("AT+CSQ", 1.0).count("^RSSI:9") == 101
    assert client.hear(10.0) == b"\r\n^RSSI:9\r\n" * 399


@met("forget_settings")
def _forget_settings(client: Client) -> None:
    client.fault("forget_settings")
    assert client.hear(60.0) == b""
    assert client.host.say(b"AT+CMGF?;+CNMI?\r") == (
        b"AT+CMGF?;+CNMI?\r\r\n+CMGF: 0\r\n\r\n+CNMI: 0,0,0,0,0\r\n\r\nOK\r\n"
    )
    client.fault("forget_settings", text_mode=True)
    assert client.host.say(b"ATE0;+CMGF?\r").endswith(b"\r\n+CMGF: 1\r\n\r\nOK\r\n")
    assert client.host.say(b"AT+CMGS=18\r", 1.0) == b"\r\n+CMS ERROR: 305\r\n"
    client.fault("forget_settings", charset="UCS2")
    assert client.host.say(b"ATE0;+CSCS?\r").endswith(b'\r\n+CSCS: "UCS2"\r\n\r\nOK\r\n')


@met("no_blanks")
def _no_blanks(client: Client) -> None:
    client.host.say(b"ATE0\r")
    client.fault("no_blanks")
    assert client.host.say(b"AT+CMGF?\r") == b"\r\n+CMGF:0\r\n\r\nOK\r\n"
    client.fault("no_blanks", on=False)
    assert client.host.say(b"AT+CMGF?\r") == b"\r\n+CMGF: 0\r\n\r\nOK\r\n"


@met("error_in_words")
def _error_in_words(client: Client) -> None:
    client.fault("error_in_words")
    assert client.ask("AT+NONSENSE") == "ERROR: Command not supported"
    assert client.ask("AT+CMGR=1") == "+CMS ERROR: 321"
    client.fault("error_in_words", words="BAD COMMAND")
    assert client.ask("AT+NONSENSE") == "ERROR: BAD COMMAND"
    client.fault("error_in_words", words="")
    assert client.ask("AT+NONSENSE") == "ERROR"


@met("wrong_length")
def _wrong_length(client: Client) -> None:
    client.comes()
    client.hear(5.0)
    told = []
    for counts in ("all", "nothing", "tpdu"):
        client.fault("wrong_length", counts=counts)
        header, line, _ = client.ask("AT+CMGR=1").split("\r\n")
        told.append(int(header.rpartition(",")[2]))
    octets = len(line) // 2
    assert told == [octets, 0, octets - 8]


@met("short_smsc")
def _short_smsc(client: Client) -> None:
    client.fault("short_smsc")
    client.comes()
    client.hear(5.0)
    assert client.ask("AT+CMGR=1").split("\r\n")[1].startswith("010004")
    client.fault("short_smsc", on=False)
    client.comes()
    client.hear(5.0)
    assert client.ask("AT+CMGR=2").split("\r\n")[1].startswith("07913306")


@met("fill_memory")
def _fill_memory(client: Client) -> None:
    client.fault("fill_memory")
    assert client.ask("AT+CPMS?").startswith('+CPMS: "SM",50,50,')
    client.comes()
    assert client.hear(5.0) == b""
    client.ask("AT+CMGD=7")
    assert client.hear(5.0) == b'\r\n+CMTI: "SM",7\r\n'


@met("stick_slot")
def _stick_slot(client: Client) -> None:
    client.comes()
    client.hear(5.0)
    client.fault("stick_slot", index=1)
    assert client.ask("AT+CMGD=1") == "+CMS ERROR: 320"
    assert client.ask("AT+CMGL=4").count("+CMGL: ") == 1


@met("free_slot")
def _free_slot(client: Client) -> None:
    _stick_slot(client)
    client.fault("free_slot", index=1)
    assert client.ask("AT+CMGD=1") == "OK"
    assert client.ask("AT+CMGL=4") == "OK"
