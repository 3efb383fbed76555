"""The handles for other people's tests: plain calls, a thread behind them, nothing left."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from modemd.emulator import Text
from modemd.emulator.network.status_reports import Oddity
from modemd.emulator.network.subscribers import Received
from modemd.emulator.network.ussd_services import UssdAnswer, UssdState
from modemd.emulator.testing import Modem, Network, NotReceived
from modemd.errors import ConfigError, Refused
from tests.emulator.testing.pyserial_client import Sender

ALICE = "+447700900123"


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as network:
        yield network


def test_a_message_goes_from_port_to_phone(network: Network) -> None:
    """Any serial software opens `port`; the phone has what it sent, and the journal too."""
    modem, phone = network.modem(), network.phone()
    with closing(Sender(modem.port)) as sender:
        sender.send(phone.number, "Your code is 1234")
    received = phone.wait_for("1234")
    assert (received.text, received.sender) == ("Your code is 1234", modem.number)
    assert phone.inbox == [received]
    assert [entry.text for entry in network.wait_for_accepted()] == ["Your code is 1234"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"number": "0612"}, "number: '0612' is not E"),
        ({"number": ""}, "number: '' is not E"),
        ({"pin": "12"}, "pin: "),
        ({"capacity": 0}, "capacity: "),
    ],
)
def test_a_modem_has_a_sim_that_can_be(network: Network, given: dict[str, Any], told: str) -> None:
    """What a scenario refuses is refused, and no modem is made."""
    with pytest.raises(ConfigError, match=f"^{told}"):
        network.modem(**given)
    assert network.modems == []


def test_a_phone_writes_to_a_modem(network: Network) -> None:
    """What a phone writes to a modem is told on its port and stored on its SIM."""
    modem = network.modem("+33700000042")
    with closing(Sender(modem.port)) as sender:
        sender.ask("AT+CNMI=2,1")
        network.phone(ALICE).send(modem, "STOP")
        assert sender.ask("", until=b'+CMTI: "SM",1\r\n')
    assert modem.stored == 1


def test_a_phone_calls_a_modem(network: Network) -> None:
    """It rings on the port until the phone hangs up."""
    modem, phone = network.modem(), network.phone()
    with closing(Sender(modem.port)) as sender:
        phone.call(modem)
        assert sender.ask("", until=b"RING\r\n")
        assert phone.calls == ["ringing"]
        phone.hang_up()
        assert sender.ask("", until=b"NO CARRIER\r\n")
        assert phone.calls == ["hung_up"]


def test_a_code_is_answered(network: Network) -> None:
    """A code gets the answer it was given, and none after that was taken back."""
    modem = network.modem()
    network.answer_ussd("*100#", "Balance: 12.50 EUR")
    with closing(Sender(modem.port)) as sender:
        sender.ask('AT+CUSD=1,"*100#",15')
        assert sender.ask("", until=b"15\r\n") == '+CUSD: 0,"Balance: 12.50 EUR",15'
        network.answer_ussd("*100#", None)
        network.answer_ussd("*5#", UssdAnswer(ends=UssdState.ENDED, after_s=0))
        sender.ask('AT+CUSD=1,"*5#",15')
        assert sender.ask("", until=b"2\r\n") == "+CUSD: 2"


def test_a_message_is_handed_out_once(network: Network) -> None:
    """Waiting twice for one text wants it to come twice, in any order with others."""
    alice, phone = network.phone(ALICE), network.phone()
    for text in ("first", "second", "first"):
        alice.send(phone.number, text)
    assert phone.wait_for("second").text == "second"
    assert phone.wait_for(re.compile("^f.*t$")).text == "first"
    assert phone.wait_for().text == "first"
    assert len(phone.inbox) == 3
    with pytest.raises(NotReceived, match="already handed out"):
        phone.wait_for("first", timeout=0)


def test_what_did_not_come_is_explained(network: Network) -> None:
    """The message names what was wanted, what came instead, and what the network has accepted."""
    modem, phone = network.modem(), network.phone()
    with pytest.raises(NotReceived) as nothing:
        phone.wait_for("code", timeout=0)
    assert "waited 0 s for 'code'; it has received nothing\nThe network has accepted nothing" in str(nothing.value)
    with closing(Sender(modem.port)) as sender:
        sender.send(phone.number, "Hello")
    phone.switch_off()
    with pytest.raises(NotReceived) as other:
        phone.wait_for("code", timeout=0.2)
    told = str(other.value)
    assert f"it has received 1:\n  from {modem.number}: 'Hello'\n" in told
    assert f"The network has accepted 1:\n  {modem.number} to {phone.number}: 'Hello'" in told
    assert told.endswith("The phone is switched off.")
    with pytest.raises(NotReceived, match="for 2 accepted"):
        network.wait_for_accepted(2, timeout=0)


def test_a_phone_that_is_off_gets_it_later(network: Network) -> None:
    """The service centre keeps what a phone could not take."""
    phone = network.phone()
    phone.switch_off()
    network.phone(ALICE).send(phone.number, "Later")
    with pytest.raises(NotReceived):
        phone.wait_for("Later", timeout=0.05)
    phone.switch_on()
    assert phone.wait_for("Later").sender == ALICE


def test_a_phone_answers(network: Network) -> None:
    """`answer` and `on_received` are a phone's behaviour."""
    alice, phone = network.phone(ALICE), network.phone()
    seen: list[Received] = []
    phone.answer("I am asleep")
    phone.on_received(seen.append)
    alice.send(phone.number, "Are you there?")
    assert alice.wait_for("asleep").sender == phone.number
    assert [received.text for received in seen] == ["Are you there?"]


def test_faults_are_met_at_the_port(network: Network) -> None:
    """A refused message ends with its cause and never arrives; a lost answer loses nothing but the answer."""
    modem, phone = network.modem(), network.phone()
    with closing(Sender(modem.port, timeout_s=0.3)) as sender:
        modem.refuse_next(38)
        with pytest.raises(RuntimeError, match="CMS ERROR: 38"):
            sender.send(phone.number, "refused")
        network.reject(phone.number, 21)
        with pytest.raises(RuntimeError, match="CMS ERROR: 21"):
            sender.send(phone.number, "rejected")
        network.accept(phone.number)
        modem.lose_next_answer()
        with pytest.raises(RuntimeError, match="got b''"):
            sender.send(phone.number, "unanswered")
    assert [entry.text for entry in network.journal] == ["unanswered"]
    phone.wait_for("unanswered")


def test_any_fault_by_its_kind(network: Network) -> None:
    """`fault` takes what the control API takes, and tells what it does not."""
    modem = network.modem()
    modem.fault("unplug")
    assert not modem.plugged
    with pytest.raises(ConfigError, match="seconds: is needed"):
        modem.fault("deaf")


WRONG_FAULTS: dict[str, tuple[Callable[[Modem], None], str]] = {
    "refuse_next": (lambda modem: modem.refuse_next(-1), "cause: "),
    "delay_next_answer": (lambda modem: modem.delay_next_answer(-1), "seconds: "),
    "deaf_for": (lambda modem: modem.deaf_for(-1), "seconds: "),
    "set_coverage": (lambda modem: modem.set_coverage(12), "state: "),
    "next_report": (lambda modem: modem.next_report(cast(Oddity, "early")), "comes: "),
    "notice": (lambda modem: modem.notice(cast(str, None)), "line: "),
}
WRONG_CHANGES: dict[str, tuple[Callable[[Network], object], str]] = {
    "reject": (lambda network: network.reject(None, 1000), "cause: "),
    "fate": (lambda network: network.fate(ALICE, 256), "status: "),
    "next_report": (lambda network: network.next_report("late", seconds=-1), "seconds: "),
    "configure": (lambda network: network.configure(report_loss=1.5), "report_loss: "),
    "operator": (lambda network: network.operator("23415", parts_per_s=-1), "parts_per_s: "),
    "answer_ussd": (lambda network: network.answer_ussd("balance", "1 EUR"), "code: "),
    "the answer": (lambda network: network.answer_ussd("*100#", ""), "text: "),
}


@pytest.mark.parametrize(("puts", "told"), WRONG_FAULTS.values(), ids=WRONG_FAULTS)
def test_a_fault_has_one_check(network: Network, puts: Callable[[Modem], None], told: str) -> None:
    """A method refuses what `fault` and the control API refuse, in the same words."""
    modem = network.modem()
    with pytest.raises(ConfigError, match=f"^{told}"):
        puts(modem)


@pytest.mark.parametrize(("changes", "told"), WRONG_CHANGES.values(), ids=WRONG_CHANGES)
def test_a_change_of_the_network_has_one_check(
    network: Network, changes: Callable[[Network], object], told: str
) -> None:
    """A method refuses what the control API refuses, in the same words."""
    with pytest.raises(ConfigError, match=f"^{told}"):
        changes(network)
    assert "23415" not in network._core.operators


def test_a_network_that_cannot_be_is_not_begun() -> None:
    """It leaves no thread."""
    before = threading.active_count()
    with pytest.raises(ConfigError, match=r"^report_loss: "):
        Network(report_loss=1.5)
    assert threading.active_count() == before


def test_unplug_and_replug(network: Network, tmp_path: Path) -> None:
    """A pulled modem's port is gone; it comes back where it was, or elsewhere, and answers."""
    modem = network.modem()
    first = modem.port
    modem.unplug()
    assert (modem.plugged, os.path.lexists(first)) == (False, False)
    modem.replug()
    assert (modem.plugged, modem.port) == (True, first)
    modem.unplug()
    modem.replug(tmp_path / "elsewhere")
    assert modem.port == str(tmp_path / "elsewhere")
    with closing(Sender(modem.port)) as sender:
        assert sender.ask("AT") == "OK"


def test_nothing_is_left() -> None:
    """After the end there is no thread, no descriptor and no link."""
    descriptors, threads = set(os.listdir("/proc/self/fd")), threading.active_count()
    with Network() as network:
        ports = [network.modem().port for _ in range(3)]
        with closing(Sender(ports[0])):
            assert threading.active_count() == threads + 1
    assert threading.active_count() == threads
    assert set(os.listdir("/proc/self/fd")) == descriptors
    assert not any(os.path.lexists(port) or os.path.exists(os.path.dirname(port)) for port in ports)
    with pytest.raises(RuntimeError, match="closed"):
        network.phone()


def test_a_failing_reaction_fails_the_test() -> None:
    """What a phone's reaction raises on the emulator's thread comes out at the end."""
    network = Network()
    phone = network.phone()
    phone.on_received(lambda received: [][0])
    network.phone(ALICE).send(phone.number, "Hello")
    phone.wait_for("Hello")
    with pytest.raises(IndexError):
        network.close()


def test_wishes_that_cannot_be(network: Network) -> None:
    """An unknown family and a number in use are errors of the call."""
    with pytest.raises(ValueError, match="'nokia' is not one of android_cuttlefish, brovi_e3372_325"):
        network.modem(family="nokia")
    modem = network.modem()
    with pytest.raises(Refused):
        network.modem(modem.number)
    with pytest.raises(Refused):
        network.phone(modem.number)


def test_latencies_and_losses_can_be_turned(network: Network) -> None:
    """`configure` changes what it names."""
    network.configure(delivery_latency=3600)
    network.phone(ALICE).send(network.phone().number, "slow")
    with pytest.raises(NotReceived):
        network.phone().wait_for("slow", timeout=0.05)


def test_the_dialogue_is_kept(network: Network) -> None:
    """The transcript has a line for each line said, and shows what a terminal would not."""
    modem = network.modem()
    with closing(Sender(modem.port)) as sender:
        sender.send(ALICE, "A")
    assert str(modem.transcript).splitlines() == [
        "> ATE0",
        "< ATE0",
        "< OK",
        "> AT+CMGF=0",
        "< OK",
        "> AT+CMGS=15",
        "< > ",
        "> 0001000C914477000910320008020041<Ctrl-Z>",
        f"< +CMGS: {network.journal[0].reference}",
        "< OK",
    ]


def test_a_network_can_be_unkind_and_kind_again(network: Network) -> None:
    """A test's network is kind until it is asked to be as networks are."""
    assert network._core.kind
    network.be_unkind()
    assert (network._core.kind, network._core.report_loss) == (False, 0.1)
    network.be_kind()
    assert network._core.kind


def test_letters_of_every_kind_are_written_to_a_modem(network: Network) -> None:
    """A name sends a flash message; the modem tells of it on its port."""
    modem = network.modem()
    with closing(Sender(modem.port)) as sender:
        sender.ask("AT+CNMI=2,2")
        network.phone("MyBank").send(modem, Text("4821", message_class=0))
        told = sender.ask("", until=b"04349C2C06\r\n")
    assert "040BD0CDBC30EC5E030010" in told


def test_reports_can_be_ordered_and_recipients_have_fates(network: Network) -> None:
    """The next report never comes, another is told of one SIM; a fate is reported of the recipient."""
    modem, phone = network.modem(), network.phone()
    network.next_report("never")
    modem.next_report("late", seconds=0.1)
    network.fate(ALICE, 0x41)
    orders = list(network._core._reports._planned)
    assert [(order.oddity, order.sim is None, order.seconds) for order in orders] == [
        ("never", True, 60),
        ("late", False, 0.1),
    ]
    with closing(Sender(modem.port)) as sender:
        sender.send(ALICE, "never arrives")
        sender.send(phone.number, "arrives")
    assert phone.wait_for("arrives").text == "arrives"
    assert network.phone(ALICE).inbox == []
    network.fate(ALICE, None)
    assert network._core.fates == {}


def test_modems_of_several_operators(network: Network) -> None:
    """A SIM of an operator has its identities, and its messages reach phones of others."""
    operator = network.operator("23415", "Britannia", country_code="44", smsc="+447785016005")
    modem, home = network.modem("+447700900001", operator=operator), network.modem()
    assert (modem.imsi[:5], modem.iccid[:6], home.imsi[:5]) == ("23415", "894415", "20801")
    with closing(Sender(modem.port)) as sender:
        assert "Britannia" in sender.ask("AT+COPS?")
        sender.send(network.phone().number, "across")
    network.phone().wait_for("across")
