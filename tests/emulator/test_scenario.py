"""Scenarios: a lab, its phones and what happens, out of a file."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from modemd.emulator import Device, Network
from modemd.emulator.lab import Lab, Modem
from modemd.emulator.links import MemoryLink, PtyLink
from modemd.emulator.scenario import EXAMPLES, Scenario, load
from modemd.errors import ConfigError
from tests.emulator.bench import ALICE, HELLO, HandTimers, Host

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
        sim = self.network.sim("+33700000001")
        self.device = Device("west", "generic", self.network, self.timers, sim, send_latency_s=1)
        lab = object.__new__(Lab)  # without ptys and folder
        lab.timers, lab.network = self.timers, self.network
        self.link = MemoryLink(self.device, self.timers)
        lab.modems = {"west": Modem(self.device, sim, cast(PtyLink, self.link))}
        scenario.begin(lab)


def test_things_happen_at_their_time(tmp_path: Path) -> None:
    """Faults, letters, power, refusals and knobs come at their offsets, neither before nor after."""
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
    assert (plan.name, plan.number, plan.family, plan.pin, plan.capacity) == (
        "west",
        "+33700000001",
        "sim800",
        "1234",
        5,
    )
    assert (plan.send_latency_s, plan.prompt_latency_s, plan.imei) == (2, None, "490154203237518")


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
                "modem[0].family: 'nokia' is not one of generic, huawei_e3372, sim800",
                "colour: no such key",
            ],
            id="keys and values, all at once",
        ),
        pytest.param(
            WEST + '[[phone]]\nnumber = "0612345678"\noff = ["25:00-07:00"]\n',
            [
                "phone[0].number: '0612345678' is not E.164, as in +33612345678",
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
                "event[0]: one of fault, send, on, network, reject is needed, 0 are there",
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
                "sim[0].number: '+33700000009' is in no modem",
                "phone[0].number: '+33700000001' is the number of a modem's SIM",
                "event[0].modem: 'east' is not one of west",
            ],
            id="contradictions",
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
    with pytest.raises(ConfigError, match=r"absent\.toml: No such file or directory; shipped scenarios: bad_day, stop"):
        load(tmp_path / "absent.toml")


def test_an_event_that_cannot_be_said_is_refused(tmp_path: Path) -> None:
    """A letter without recipient or text is a mistake of the file, not of the time when it is sent."""
    with pytest.raises(ConfigError, match=r"event\[0\]\.send\.text: '' should"):
        scenario(tmp_path, f'{WEST}[[event]]\nat_s = 1\nphone = "{PHONE}"\nsend = {{to = "+33700000001", text = ""}}\n')
