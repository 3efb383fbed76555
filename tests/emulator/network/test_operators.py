"""Several operators on one network: whose SIM it is, and what follows from that."""

from __future__ import annotations

from itertools import pairwise

import pytest

from modemd.emulator import Device, Network, Operator, Sim
from modemd.emulator.links import MemoryLink
from modemd.pdu import compose
from tests.emulator.bench import ALICE, HELLO, HELLO_WORLD, START, HandTimers, Host, pdu

BRITISH = "+447700900001"


class Britain:
    """A French network with a British operator, one SIM of which sits in a modem with a host."""

    def __init__(
        self,
        *,
        delivery_latency_s: float | None = None,
        report_latency_s: float | None = None,
        parts_per_s: float | None = None,
    ) -> None:
        self.timers = HandTimers()
        self.network = Network(self.timers, seed=1)
        self.operator: Operator = self.network.operator(
            "23415",
            "Britannia",
            smsc="+447785016005",
            country_code="44",
            delivery_latency_s=delivery_latency_s,
            report_latency_s=report_latency_s,
            parts_per_s=parts_per_s,
        )
        self.sim: Sim = self.network.sim(BRITISH, operator=self.operator)
        self.device = Device("north", "generic", self.network, self.timers, self.sim, send_latency_s=1.0)
        self.host = Host(self.timers, MemoryLink(self.device, self.timers)).set_up("2,2,0,1,0")


@pytest.fixture
def britain() -> Britain:
    return Britain()


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        pytest.param("AT+CIMI", "234150000000001", id="IMSI begins with the operator's code"),
        pytest.param("AT+CCID", "894415", id="ICCID begins with country and network"),
        pytest.param("AT+COPS?", '+COPS: 0,0,"Britannia"', id="name"),
        pytest.param("AT+COPS=3,2;+COPS?", '+COPS: 0,2,"23415"', id="code"),
        pytest.param("AT+CSCA?", '+CSCA: "+447785016005",145', id="service centre"),
        pytest.param(
            "AT+COPS=?",
            '+COPS: (2,"Britannia","Britannia","23415"),(3,"Emulated","Emulated","20801"),,(0-4),(0-2)',
            id="the others are there, and forbidden",
        ),
    ],
)
def test_a_device_sees_the_operator_of_its_sim(britain: Britain, command: str, answer: str) -> None:
    """Identities, name and service centre are the operator's."""
    assert answer in britain.host.ask(command)


def test_a_sim_of_the_first_operator_sees_that_one(britain: Britain) -> None:
    """Whoever names no operator belongs to the first."""
    sim = britain.network.sim("+33700000001")
    device = Device("south", "generic", britain.network, britain.timers, sim)
    host = Host(britain.timers, MemoryLink(device, britain.timers)).set_up()
    assert '"Emulated"' in host.ask("AT+COPS?")
    assert (sim.operator, sim.iccid[:6], sim.imsi[:5]) == (britain.network.home, "893301", "20801")


def test_messages_cross_from_one_operator_to_the_other(britain: Britain) -> None:
    """Phones and SIMs are reached across operators, and from there."""
    french = britain.network.sim("+33700000001")
    Device("south", "generic", britain.network, britain.timers, french)
    britain.host.send(pdu(french.number, "across", report=False))
    assert french.memory.used == 1
    britain.network.phone("+33612345678").send(BRITISH, "and back")
    assert b"+CMT: " in britain.host.hear(5.0)
    britain.host.send(HELLO)
    assert [received.text for received in britain.network.phone(ALICE).inbox] == ["Hello"]


def test_a_message_comes_from_its_operators_service_centre(britain: Britain) -> None:
    """The address in front of the TPDU is that of the SIM's service centre."""
    britain.network.phone(ALICE).send(BRITISH, "hi")
    assert b"\r\n0791447758100650" in britain.host.hear(5.0)


def test_national_numbers_are_those_of_the_senders_country(britain: Britain) -> None:
    """What a British SIM or phone dials with a 0 is British."""
    britain.host.send(pdu("07700900123", "hi", report=False))
    assert [received.text for received in britain.network.phone(ALICE).inbox] == ["hi"]
    abroad = britain.network.phone("+447700900456", britain.operator)
    abroad.send("07700900123", "from next door")
    britain.timers.run(5.0)
    assert [received.text for received in britain.network.phone(ALICE).inbox] == ["hi", "from next door"]


def test_reports_write_numbers_of_their_own_country(britain: Britain) -> None:
    """A British operator's national form is British."""
    britain.network.unkind.reports_national = 1.0
    britain.host.send(HELLO_WORLD, 1.2)
    assert [str(report.recipient) for report in britain.host.hear_reports(5.0)] == ["07700900123"]


def test_short_codes_stay_what_they_are_in_reports(britain: Britain) -> None:
    """One that begins with the country's digits is no number of the country."""
    britain.network.unkind.reports_national = 1.0
    britain.host.send(pdu("4412", "vote"), 1.2)
    assert [str(report.recipient) for report in britain.host.hear_reports(5.0)] == ["4412"]


def test_each_operator_has_its_latencies() -> None:
    """Delivery and report take what the sender's operator needs; the other's SIMs take the network's."""
    britain = Britain(delivery_latency_s=20.0, report_latency_s=30.0)
    britain.host.send(HELLO_WORLD, 15.0)
    assert britain.network.phone(ALICE).inbox == []
    britain.timers.run(10.0)
    assert len(britain.network.phone(ALICE).inbox) == 1
    assert britain.host.hear_reports(20.0) == []
    assert len(britain.host.hear_reports(15.0)) == 1
    french = britain.network.sim("+33700000001")
    (submit,) = compose(ALICE, "quick")
    britain.network.submit(french, submit, submit.encode(), device="south", first_octet_at=START)
    britain.timers.run(1.0)
    assert britain.network.phone(ALICE).inbox[-1].text == "quick"


def test_a_rate_makes_the_answer_wait() -> None:
    """What is sent faster than the operator takes it is accepted at its rate, and nothing is refused."""
    britain = Britain(parts_per_s=0.25)
    answered = []
    for _ in range(3):
        assert b"> " in britain.host.say(b"AT+CMGS=18\r", 0.0) + britain.host.hear(0.5)
        britain.host.port.write(HELLO.encode() + b"\x1a")
        while not britain.host.hear(0.1).endswith(b"OK\r\n"):
            pass
        answered.append(britain.timers.now())
    gaps = [(later - sooner).total_seconds() for sooner, later in pairwise(answered)]
    assert all(3.9 <= gap <= 4.6 for gap in gaps)
    assert len(britain.network.journal) == 3


def test_one_sims_rate_is_not_anothers() -> None:
    """Each SIM has its own turn."""
    britain = Britain(parts_per_s=0.1)
    other = britain.network.sim("+447700900002", operator=britain.operator)
    assert [britain.network.reserve_send_slot(sim) for sim in (britain.sim, other, britain.sim)] == [0.0, 0.0, 10.0]


def test_an_operator_is_made_once(britain: Britain) -> None:
    """Asking for it again changes what is said, and leaves the rest."""
    again = britain.network.operator("23415", parts_per_s=2.0)
    assert again is britain.operator
    assert (again.name, again.smsc, again.parts_per_s) == ("Britannia", "+447785016005", 2.0)
    other = britain.network.operator("20810")
    assert (other.name, other.smsc, other.country_code) == ("20810", britain.network.home.smsc, "33")
