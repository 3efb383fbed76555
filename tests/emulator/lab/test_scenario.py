"""Scenarios: a lab, its phones and what happens, out of a file."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from modemd.emulator import Device, Network, families
from modemd.emulator.lab.lab import Lab, LabModem
from modemd.emulator.lab.scenario import EXAMPLES, Scenario, load
from modemd.emulator.links import MemoryLink, PtyLink
from modemd.errors import ConfigError
from modemd.pdu import Deliver, decode_incoming
from tests.emulator.bench import ALICE, HELLO, HandTimers, Host, becomes

WEST = '[[modem]]\nname = "west"\nnumber = "+33700000001"\n'
PHONE = "+33612345678"


def scenario(folder: Path, text: str) -> Scenario:
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


class Stage:
    """A lab in memory whose time is turned by hand, with the modem west and a scenario that has begun."""

    def __init__(self, scenario: Scenario) -> None:
        self.timers = HandTimers()
        self.network = Network(self.timers, delivery_latency_s=0)
        self.sim = sim = self.network.sim("+33700000001")
        self.device = Device("west", "generic", self.network, self.timers, sim, send_latency_s=1)
        lab = object.__new__(Lab)  # without ptys and folder
        lab.timers, lab.network = self.timers, self.network
        self.link = MemoryLink(self.device, self.timers)
        lab.modems = {"west": LabModem(self.device, sim, cast(PtyLink, self.link))}
        scenario.begin(lab)


def test_things_happen_at_their_time(tmp_path: Path) -> None:
    """Faults, messages, power, refusals and knobs come at their offsets, neither before nor after."""
    text = f"""{WEST}
        [[phone]]
        number = "{PHONE}"
        on = false
        [[event]]
        at_s = 10
        modem = "west"
        fault = {{kind = "coverage", state = 2}}
        [[event]]
        at_s = 20
        phone = "{PHONE}"
        on = true
        [[event]]
        at_s = 30
        every_s = 5
        phone = "+447700900123"
        send = {{to = "{PHONE}", text = "again"}}
        [[event]]
        at_s = 40
        network = {{report_loss = 0.5}}
        [[event]]
        at_s = 50
        phone = "{PHONE}"
        on = false
    """
    stage = Stage(scenario(tmp_path, text))
    phone = stage.network.phone(PHONE)
    assert (phone.on, stage.device.registration) == (False, 1)
    stage.timers.run(9.9)
    assert stage.device.registration == 1
    stage.timers.run(0.1)
    assert (stage.device.registration, phone.on) == (2, False)
    stage.timers.run(10)
    assert phone.on
    stage.timers.run(20)
    assert (len(phone.inbox), stage.network.report_loss) == (3, 0.5)
    stage.timers.run(10)
    assert not phone.on


def test_refusals_begin_and_end(tmp_path: Path) -> None:
    """With a cause SUBMITs are refused; without one, no longer."""
    begin = f'[[event]]\nat_s = 10\nreject = {{recipient = "{ALICE}", cause = 38}}\n'
    end = f'[[event]]\nat_s = 20\nreject = {{recipient = "{ALICE}"}}\n'
    stage = Stage(scenario(tmp_path, WEST + begin + end))
    host = Host(stage.timers, stage.link).set_up()
    assert [host.send(HELLO, 9).startswith("+CMS ERROR: 38") for _ in range(3)] == [False, True, False]
    assert len(stage.network.journal) == 2


def test_the_network_is_as_unkind_as_the_file_says(tmp_path: Path) -> None:
    """Its knobs are turned before anything happens; what is not said stays as it is."""
    knobs = "report_loss = 0.25\nreports_twice = 0.5\nclock_off_s = -90\n"
    network = Stage(scenario(tmp_path, f"[network]\n{knobs}{WEST}")).network
    assert (network.report_loss, network.report_latency_s) == (0.25, 0.5)
    assert (network.unkind.reports_twice, network.unkind.reordered) == (0.5, 0)
    assert network.unkind.clock_off == timedelta(seconds=-90)


def test_the_lab_is_as_the_file_says(tmp_path: Path) -> None:
    """Modems, their SIMs, and the network's values."""
    text = f"""
        [network]
        seed = 3
        [[sim]]
        number = "+33700000001"
        pin = "1234"
        capacity = 5
        {WEST}
        family = "sim800"
        send_latency_s = 2
        imei = "490154203237518"
    """
    options = scenario(tmp_path, text).options(tmp_path / "lab")
    assert (options.seed, options.problems()) == (3, [])
    (plan,) = options.plans()
    assert (plan.name, plan.sim.number, plan.family, plan.sim.pin, plan.sim.capacity) == (
        "west",
        "+33700000001",
        "sim800",
        "1234",
        5,
    )
    assert (plan.send_latency_s, plan.prompt_latency_s, plan.imei) == (2, None, "490154203237518")


@pytest.mark.parametrize(
    ("said", "kind", "report_loss"),
    [
        pytest.param("", False, 0.1, id="nothing is said"),
        pytest.param("kind = true", True, 0.0, id="kind"),
        pytest.param("kind = true\nreport_loss = 0.3", False, 0.3, id="kind but for one thing"),
        pytest.param("report_loss = 0.0", False, 0.0, id="unkind but for one thing"),
    ],
)
def test_a_scenario_is_unkind_unless_it_says_so(tmp_path: Path, said: str, kind: bool, report_loss: float) -> None:
    """A tenth of the reports, national form, a wrong clock; `kind` switches that off, and each value stands above it."""
    network = Stage(scenario(tmp_path, f"[network]\n{said}\n{WEST}")).network
    assert (network.kind, network.report_loss) == (kind, report_loss)
    assert (network.unkind.reports_national == 0.1) == ("kind" not in said)
    assert (network.unkind.clock_off != timedelta()) == ("kind" not in said)


def test_a_phone_writes_letters_of_every_kind(tmp_path: Path) -> None:
    """A name sends a flash, a short code a notification; what arrives says so."""
    text = f"""{WEST}
        [[event]]
        at_s = 1
        phone = "MyBank"
        send = {{to = "+33700000001", text = "Hi", class = 0}}
        [[event]]
        at_s = 2
        phone = "12345"
        send = {{to = "+33700000001", mms = "http://mmsc/x1"}}
    """
    stage = Stage(scenario(tmp_path, text))
    stage.timers.run(5)
    arrived = [decode_incoming(stored.tpdu) for _, stored in stage.sim.memory]
    assert [(str(one.originator), one.dcs) for one in arrived if isinstance(one, Deliver)] == [
        ("MyBank", 0x10),
        ("12345", 0x04),
    ]


def test_orders_to_the_network_come_at_their_time(tmp_path: Path) -> None:
    """Operators, fates, the next report, and a phone that is never reached."""
    text = f"""
        [[operator]]
        code = "20801"
        name = "One"
        parts_per_s = 2.0
        {WEST}
        [[phone]]
        number = "{PHONE}"
        status = 0x45
        [[event]]
        at_s = 1
        operator = {{code = "20801", refusals = {{38 = 0.5}}}}
        [[event]]
        at_s = 1
        fate = {{recipient = "{ALICE}", status = 0x41}}
        [[event]]
        at_s = 1
        reject = {{cause = 21, operator = "20801"}}
        [[event]]
        at_s = 2
        fate = {{recipient = "{PHONE}"}}
    """
    stage = Stage(scenario(tmp_path, text))
    network = stage.network
    assert network.fates == {PHONE: 0x45}
    stage.timers.run(1)
    assert network.fates == {PHONE: 0x45, ALICE: 0x41}
    assert (network.home.refusals, network.home.rejected) == ({38: 0.5}, {None: 21})
    stage.timers.run(1)
    assert network.fates == {ALICE: 0x41}


def test_phones_call_and_codes_are_answered(tmp_path: Path) -> None:
    """A call rings at its time and for so long; services are there from the start, and events change them."""
    text = f"""{WEST}
        [[ussd]]
        code = "*111#"
        answer = {{text = "1 Balance", menu = {{1 = {{text = "12.50", closes = true}}}}}}
        [[event]]
        at_s = 10
        phone = "{PHONE}"
        call = {{to = "+33700000001", for_s = 3}}
        [[event]]
        at_s = 20
        ussd = {{code = "*111#", answer = {{ends = "timed_out"}}}}
        [[event]]
        at_s = 30
        ussd = {{code = "*111#"}}
    """
    stage = Stage(scenario(tmp_path, text))
    host = Host(stage.timers, stage.link)
    host.ask("ATE0")
    host.ask('AT+CUSD=1,"*111#"')
    assert host.hear(3.0) == b'\r\n+CUSD: 1,"1 Balance",15\r\n'
    host.ask('AT+CUSD=1,"1"')
    assert host.hear(3.0) == b'\r\n+CUSD: 0,"12.50",15\r\n\r\n+CUSD: 2\r\n'
    assert host.hear(10.0) == b"\r\nRING\r\n\r\nNO CARRIER\r\n"
    stage.timers.run(5.0)
    host.ask('AT+CUSD=1,"*111#"')
    assert host.hear(61.0) == b"\r\n+CUSD: 5\r\n"
    host.ask('AT+CUSD=1,"*111#"')
    assert host.hear(3.0) == b"\r\n+CUSD: 4\r\n"


async def test_a_lab_of_several_operators(tmp_path: Path) -> None:
    """SIMs of their operators, one of them in no modem until it is put in; the bus lists who has a place on it."""
    text = """
        [[operator]]
        code = "23415"
        name = "Britannia"
        country_code = "44"
        reject = {"*" = 38}
        [[operator]]
        code = "20810"
        name = "Hexagone"
        country_code = "33"
        [[sim]]
        number = "+447700900001"
        [[sim]]
        number = "+33700000002"
        operator = "20810"
        [[modem]]
        name = "north"
        number = "+447700900001"
        usb = {place = "1-1.4", vendor = "2c7c", product = "0125", interface = 2, protocol = "00", serial = "A7"}
        [[modem]]
        name = "bare"
        number = "+447700900002"
        [[event]]
        at_s = 0
        modem = "north"
        fault = {kind = "insert_sim", number = "+33700000002"}
    """
    loaded = scenario(tmp_path, text)
    lab = Lab(loaded.options(tmp_path / "lab"), asyncio.get_running_loop())
    try:
        network = lab.network
        assert [(sim.number, sim.operator.name, sim.imsi[:5]) for sim in network.sims.values()] == [
            ("+447700900001", "Britannia", "23415"),
            ("+447700900002", "Britannia", "23415"),
            ("+33700000002", "Hexagone", "20810"),
        ]
        port, bridge = lab.usb.comports()
        assert (port.vid, port.pid, port.serial_number, port.location) == (0x2C7C, 0x0125, "A7", "1-1.4:1.2")
        assert (bridge.vid, bridge.location) == (0x10C4, "1-1.1")
        assert (Path(port.usb_interface_path) / "bInterfaceProtocol").read_text() == "00\n"
        loaded.begin(lab)
        assert network.operators["23415"].rejected == {None: 38}
        device = lab.modems["north"].device
        await becomes(lambda: device.sim is network.sims["+33700000002"])
    finally:
        lab.close()
    assert not (tmp_path / "lab" / "usb").exists()


async def test_sixty_four_modems_in_one_file(tmp_path: Path) -> None:
    """As many as a rack holds, each with a place on the bus that no other has; places that are given are left out."""
    text = "".join(f'[[modem]]\nname = "m{n}"\nnumber = "+3370000{n:04}"\n' for n in range(64))
    text += 'usb = {place = "1-2.3", vendor = "10c4", product = "ea60"}\n'
    lab = Lab(scenario(tmp_path, text).options(tmp_path / "lab"), asyncio.get_running_loop())
    try:
        places = [port.location for port in lab.usb.comports()]
        assert (len(lab.modems), len(places), len(set(places))) == (64, 64, 64)
        assert (places[-1], places[0], places[8:11]) == ("1-10.1", "1-2.3", ["1-2.1", "1-2.2", "1-2.4"])
    finally:
        lab.close()


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.toml")))
async def test_the_shipped_scenarios_run(name: str, tmp_path: Path) -> None:
    """Each is called by its name, and makes the lab that it describes."""
    loaded = load(Path(name))
    lab = Lab(loaded.options(tmp_path), asyncio.get_running_loop())
    loaded.begin(lab)
    try:
        assert list(lab.modems) == [modem.name for modem in loaded.modem]
        assert set(lab.network.phones) == {phone.number for phone in loaded.phone}
        assert all((tmp_path / name).exists() for name in lab.modems)
    finally:
        lab.close()


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param("", ["modem: 1 to 256 of these tables are needed, 0 are there"], id="empty"),
        pytest.param(
            "[[modem]\n", ["Expected ']]' at the end of an array declaration (at line 1, column 8)"], id="no TOML"
        ),
        pytest.param(
            'colour = "red"\n[network]\nreport_loss = 2\n[[modem]]\nname = "../x"\nfamily = "nokia"\n',
            [
                "network.report_loss: 2 should be less than or equal to 1",
                "modem[0].name: '../x' does not match ^[A-Za-z0-9_-]+$",
                "modem[0].number: is needed",
                f"modem[0].family: 'nokia' is not one of {', '.join(families)}",
                "colour: no such key",
            ],
            id="keys and values, all at once",
        ),
        pytest.param(
            WEST + '[[phone]]\nnumber = "0612345678"\noff = ["25:00-07:00"]\n',
            [
                "phone[0].number: '0612345678' is no number as in +33612345678, no short code, no name",
                "phone[0].off[0]: '25:00-07:00' is not two times of a day, as in 22:00-07:00",
            ],
            id="phones",
        ),
        pytest.param(
            WEST + '[[event]]\nat_s = 1\nmodem = "west"\nfault = {kind = "deaf"}\n'
            '[[event]]\nat_s = -1\nmodem = "west"\nfault = {kind = "gremlin"}\n',
            [
                "event[0].fault.seconds: is needed",
                "event[1].at_s: -1 should be greater than or equal to 0",
                "event[1].fault: kind 'gremlin' is not one of lose_answer, late_answer",
            ],
            id="faults",
        ),
        pytest.param(
            WEST + f"[[event]]\nat_s = 1\n[[event]]\nat_s = 1\non = true\n"
            f'[[event]]\nat_s = 1\nphone = "{PHONE}"\nnetwork = {{report_loss = 0}}\n',
            [
                "event[0]: one of fault, send, on, ",
                "event[1]: on needs a phone",
                "event[2]: network goes without a phone",
            ],
            id="events that are not one thing",
        ),
        pytest.param(
            WEST + '[[modem]]\nname = "west"\nnumber = "+33700000001"\n[[sim]]\nnumber = "+33700000009"\n'
            '[[phone]]\nnumber = "+33700000001"\n[[event]]\nat_s = 1\nmodem = "east"\nfault = {kind = "unplug"}\n',
            [
                "modem: number '+33700000001' is given 2 times",
                "modem: name 'west' is given 2 times",
                "phone[0].number: '+33700000001' is the number of a SIM",
                "event[0].modem: 'east' is not one of west",
            ],
            id="contradictions",
        ),
        pytest.param(
            '[[operator]]\ncode = "20801"\nname = "One"\n[[operator]]\ncode = "20801"\nname = "Two"\n'
            '[[sim]]\nnumber = "+33700000009"\noperator = "23415"\n[[phone]]\nnumber = "MyBank"\noperator = "1"\n'
            f"{WEST}",
            ["phone[0].operator: '1' does not match ^[0-9]{5,6}$"],
            id="an operator's code",
        ),
        pytest.param(
            '[[operator]]\ncode = "20801"\nname = "One"\n[[operator]]\ncode = "20801"\nname = "Two"\n'
            '[[sim]]\nnumber = "+33700000009"\noperator = "23415"\n[[phone]]\nnumber = "MyBank"\noperator = "26201"\n'
            f'{WEST}[[event]]\nat_s = 1\noperator = {{code = "22201", parts_per_s = 1}}\n'
            '[[event]]\nat_s = 1\nreject = {cause = 38, operator = "21401"}\n',
            [
                "operator: code '20801' is given 2 times",
                "sim[0].operator: '23415' is not one of 20801, 20801",
                "phone[0].operator: '26201' is not one of 20801, 20801",
                "event[0].operator.code: '22201' is not one of 20801, 20801",
                "event[1].reject.operator: '21401' is not one of 20801, 20801",
            ],
            id="operators",
        ),
        pytest.param(
            f'{WEST}usb = {{place = "1", vendor = "12D1G", product = "1506", interface = 32}}\n',
            [
                "modem[0].usb.place: '1' does not match",
                "modem[0].usb.vendor: '12D1G' does not match ^[0-9A-Fa-f]{4}$",
                "modem[0].usb.interface: 32 should be less than or equal to 31",
            ],
            id="USB",
        ),
        pytest.param(
            f'{WEST}usb = {{place = "1-1", vendor = "12d1", product = "1506"}}\n'
            '[[modem]]\nname = "east"\nnumber = "+33700000002"\n'
            'usb = {place = "1-1", vendor = "12d1", product = "1506"}\n'
            '[[event]]\nat_s = 1\nmodem = "west"\nfault = {kind = "insert_sim", number = "+33700000003"}\n',
            [
                "modem: usb.place '1-1' is given 2 times",
                "event[0].fault.number: '+33700000003' is the number of no SIM",
            ],
            id="two devices in one place, a SIM that is none",
        ),
        pytest.param(
            f'{WEST}[[event]]\nat_s = 1\nphone = "{PHONE}"\nsend = {{to = "+33700000001"}}\n'
            f'[[event]]\nat_s = 1\nphone = "{PHONE}"\nsend = {{to = "+33700000001", mms = "http://é"}}\n'
            f'[[event]]\nat_s = 1\nphone = "{PHONE}"\nsend = {{to = "+33700000001", raw = "01", class = 0}}\n'
            '[[event]]\nat_s = 1\nphone = "A name that is long"\nsend = {to = "+33700000001", text = "Hi"}\n',
            [
                "event[0].send: one of text, binary, mms, voicemail, raw is needed, 0 are there",
                "event[1].send: MMS: 'http://é' is not ASCII",
                "event[2].send: class goes without raw",
                "event[3].phone: address: the name 'A name that is long' takes 19 septets; 11 are the most",
            ],
            id="contents",
        ),
    ],
)
def test_every_mistake_is_told(tmp_path: Path, text: str, lines: list[str]) -> None:
    """A line for each: file, key, and what is allowed."""
    with pytest.raises(ConfigError) as wrong:
        scenario(tmp_path, text)
    told = wrong.value.problems
    assert len(told) == len(lines)
    for line, start in zip(told, lines, strict=True):
        assert line.startswith(f"{tmp_path / 'scenario.toml'}: {start}")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The shipped ones are named."""
    with pytest.raises(
        ConfigError, match=r"absent\.toml: No such file or directory; shipped scenarios: bad_day, operators, stop"
    ):
        load(tmp_path / "absent.toml")


def test_an_event_that_cannot_be_said_is_refused(tmp_path: Path) -> None:
    """A message without recipient or text is a mistake of the file, not of the time when it is sent."""
    with pytest.raises(ConfigError, match=r"event\[0\]\.send\.text: '' should"):
        scenario(tmp_path, f'{WEST}[[event]]\nat_s = 1\nphone = "{PHONE}"\nsend = {{to = "+33700000001", text = ""}}\n')
