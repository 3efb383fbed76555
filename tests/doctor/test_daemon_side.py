"""What the doctor says where a daemon runs: the daemon's own word, and its modems are left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from modemd.api.app import create_app
from modemd.doctor import Code, Environment, Report, examine
from modemd.doctor.advice import ADVICE
from modemd.doctor.daemon_side import modem_findings
from modemd.doctor.rights import current_user
from modemd.emulator.usb.bus import STICK
from modemd.errors import ErrorCode, StoreUnavailable
from modemd.modem.link.port import Port
from modemd.modem.setup.sim_pin import LOCKED, REMEDIES
from modemd.modem.status import ModemHealth
from modemd.rules.retry import ErrorClass
from modemd.rules.sim_breaker import Refusal
from modemd.store.events import Authorship
from tests.api.client import Client
from tests.doctor.bench import ROOMY, STRANGER, TEXT, Bench, asking, codes, found
from tests.doctor.conftest import Doctor
from tests.profiles.shipped import shipped_profiles
from tests.sim.conftest import RunScenario
from tests.sim.modems.found_modems import CD_ROM, STICKS, ready
from tests.sim.world.assembled import Simulation

Ills = Callable[[Simulation], Awaitable[None] | None]


async def never_opened(path: str) -> Port:
    raise AssertionError(f"{path} belongs to the daemon")


def world_of(simulation: Simulation, folder: Path) -> Environment:
    """The machine on which a simulation's daemon runs."""
    return Environment(
        settings=simulation.settings,
        config=folder / "modemd.yaml",
        profiles=shipped_profiles(),
        now=lambda: datetime(2026, 3, 2, 7, tzinfo=UTC),
        open_port=never_opened,
        ports=simulation.bus,
        call_api=asking(Client(create_app(simulation.service))),
        user=current_user(),
        text=TEXT,
        disk_space=lambda path: ROOMY,
        proc=folder,
    )


async def visit(simulation: Simulation, folder: Path, **how: Any) -> Report:
    report = await examine(world_of(simulation, folder), **how)
    status = await simulation.service.operations.health.read_status()
    assert report.running
    if "port" not in how:
        assert found(report, Code.DAEMON_RUNNING).what.endswith(status.health.message)
        assert report.can_send is (status.health.can_send and Code.SELF_NOT_SENT not in codes(report))
    return report


def test_a_modem_that_is_ready(run_scenario: RunScenario, tmp_path: Path) -> None:
    """The daemon's word is taken, and no port is opened; each modem is told of."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(
            lambda: all(row.health == "ready" for row in simulation.service.modems.views.list_modems()), within_s=60
        )
        report = await visit(simulation, tmp_path)
        assert report.can_send
        ready_ones = [finding.subject for finding in report.findings if finding.code is Code.MODEM_READY]
        assert ready_ones == ["modem0", "modem1"]

    run_scenario(scenario)


def test_policies_of_the_countries_of_the_sims_are_notes(run_scenario: RunScenario, tmp_path: Path) -> None:
    """They block nothing, and say where the source is; a modem that is asked for alone has none."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(
            lambda: all(row.health == "ready" for row in simulation.service.modems.views.list_modems()), within_s=60
        )
        report = await visit(simulation, tmp_path)
        notes = [finding for finding in report.findings if finding.code is Code.SIM_POLICY]
        assert ["FR: " in finding.what for finding in notes] == [False, True]
        assert "`modemd policies FR` has the source" in notes[1].remedy
        assert report.can_send

    run_scenario(scenario)


def pull_the_sim(simulation: Simulation) -> None:
    simulation.devices[0].remove_sim()


def lock_the_sim(simulation: Simulation) -> None:
    simulation.devices[0].ask_pin()


def block_the_sim(simulation: Simulation) -> None:
    simulation.devices[0].ask_pin(tries=0)


def take_the_network(simulation: Simulation) -> None:
    simulation.devices[0].set_coverage(2)


def deny_the_network(simulation: Simulation) -> None:
    simulation.devices[0].set_coverage(3)


def go_abroad(simulation: Simulation) -> None:
    simulation.devices[0].set_coverage(5)


def take_the_service_centre(simulation: Simulation) -> None:
    simulation.sims[0].smsc = ""


def pull_the_stick(simulation: Simulation) -> None:
    simulation.links["/sim/modem0"].unplug()


def weaken_the_signal(simulation: Simulation) -> None:
    simulation.devices[0].signal = 2


@pytest.mark.parametrize(
    ("ail", "code", "passes"),
    [
        pytest.param(pull_the_sim, Code.SIM_ABSENT, False, id="no SIM"),
        pytest.param(lock_the_sim, Code.SIM_PIN, False, id="PIN needed"),
        pytest.param(block_the_sim, Code.SIM_PUK, False, id="PUK"),
        pytest.param(take_the_network, Code.NOT_REGISTERED, False, id="no network"),
        pytest.param(deny_the_network, Code.REGISTRATION_DENIED, False, id="denied"),
        pytest.param(go_abroad, Code.ROAMING, True, id="roaming"),
        pytest.param(take_the_service_centre, Code.SMSC_MISSING, False, id="no service centre"),
        pytest.param(pull_the_stick, Code.PORT_ABSENT, False, id="pulled out"),
        pytest.param(weaken_the_signal, Code.SIGNAL_WEAK, True, id="weak signal"),
    ],
)
def test_a_modem_with_trouble(run_scenario: RunScenario, tmp_path: Path, ail: Ills, code: Code, passes: bool) -> None:
    """The same codes and advice as where the doctor asks the modem itself, and the daemon's verdict agrees."""

    async def scenario(simulation: Simulation) -> None:
        ail(simulation)
        await asyncio.sleep(300)
        report = await visit(simulation, tmp_path)
        assert report.can_send is passes
        assert found(report, code).subject == "modem0"
        assert found(report, code).remedy == ADVICE[code].remedy.format(iccid=simulation.sims[0].iccid)

    run_scenario(scenario, modems=1)


def test_a_sick_modem(run_scenario: RunScenario, tmp_path: Path) -> None:
    """It answers no more, and the daemon is at it: what that says is told."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: simulation.service.modems.views.list_modems()[0].health == "ready", within_s=60)
        simulation.devices[0].deaf_for(3600)
        await simulation.until(
            lambda: simulation.service.modems.views.list_modems()[0].health == "unhealthy", within_s=200, step_s=0.1
        )
        report = await visit(simulation, tmp_path)
        assert found(report, Code.MODEM_SICK).subject == "modem0"
        assert not report.can_send

    run_scenario(scenario, modems=1)


def test_what_the_daemon_remarks_is_told(run_scenario: RunScenario, tmp_path: Path) -> None:
    """The modem sends all the same, and the doctor says both."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: simulation.service.modems.views.list_modems()[0].health == "ready", within_s=60)
        simulation.service.modems.registry.modems[0].status.remarks["receiving"] = "a message cannot be read"
        report = await visit(simulation, tmp_path)
        assert found(report, Code.MODEM_LACKS).what == "a message cannot be read"
        assert report.can_send

    run_scenario(scenario, modems=1)


def test_a_daemon_that_has_just_started(run_scenario: RunScenario, tmp_path: Path) -> None:
    """Its modems are being set up: ask again."""

    async def scenario(simulation: Simulation) -> None:
        report = await visit(simulation, tmp_path)
        assert found(report, Code.MODEM_STARTING).remedy == "run the command again in a few seconds"
        assert not report.can_send

    run_scenario(scenario, modems=1)


def test_a_sim_that_the_daemon_pauses(run_scenario: RunScenario, tmp_path: Path) -> None:
    """It was refused too often: until when, and what to look at."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: simulation.service.modems.views.list_modems()[0].health == "ready", within_s=60)
        for index in range(5):
            simulation.service._dispatcher._breakers.record_refusal(
                simulation.sims[0].iccid,
                Refusal(index, index, str(index), ErrorClass.LATER, "+CMS ERROR: 42"),
                simulation.service.operations.clock.now(),
            )
        report = await visit(simulation, tmp_path)
        assert "+CMS ERROR: 42" in found(report, Code.SIM_RESTS).what
        assert not report.can_send

    run_scenario(scenario, modems=1)


def test_what_the_daemon_cannot_use(run_scenario: RunScenario, tmp_path: Path) -> None:
    """Beside a modem that works: its code is that of the device, its words the daemon's."""

    async def scenario(simulation: Simulation) -> None:
        simulation.bus.plug("2-1", CD_ROM)
        await simulation.until(
            lambda: any(row.health == "not usable" for row in simulation.service.modems.views.list_modems()),
            within_s=60,
        )
        report = await visit(simulation, tmp_path)
        assert found(report, Code.NEEDS_MODESWITCH).subject == "2-1"
        simulation.bus.take_out("2-1")
        simulation.devices[1].imei = simulation.devices[0].imei
        simulation.bus.move("1-1.2", "1-4")
        await simulation.until(
            lambda: any("apart" in (row.reason or "") for row in simulation.service.modems.views.list_modems()),
            within_s=90,
        )
        assert "two cannot be told apart" in found(await visit(simulation, tmp_path), Code.NOT_USABLE).what

    run_scenario(scenario, found="auto", families=STICKS)


def test_nothing_is_found(run_scenario: RunScenario, tmp_path: Path) -> None:
    """The daemon runs, and has no modem."""

    async def scenario(simulation: Simulation) -> None:
        report = await visit(simulation, tmp_path)
        assert found(report, Code.NO_MODEM).remedy
        assert not report.can_send

    run_scenario(scenario, found="auto", modems=0)


@pytest.mark.parametrize(
    ("health", "code"),
    [(health, None) for health in ModemHealth if health is not ModemHealth.READY] + [("not usable", Code.NOT_USABLE)],
)
def test_every_health_has_its_advice(health: str, code: Code | None) -> None:
    """Whatever a daemon says of a modem that cannot send comes to a finding with a remedy."""
    row = {"name": "west", "health": health, "reason": "a reason", "registration": "unknown", "can_send": False}
    (finding,) = modem_findings(row)
    assert finding.remedy
    assert code in (None, finding.code)


def test_a_full_storage() -> None:
    """A modem that sends and receives nothing is told of beside its being ready."""
    row = dict.fromkeys(("reason", "rests_until", "model", "operator"))
    row |= {"name": "west", "health": "ready", "can_send": True, "registration": "home", "signal_dbm": -71}
    assert [finding.code for finding in modem_findings(row | {"storage": "49/50"})] == [Code.MODEM_READY]
    assert [finding.code for finding in modem_findings(row | {"storage": "0/0"})] == [
        Code.MODEM_READY,
        Code.STORAGE_NONE,
    ]
    assert [finding.code for finding in modem_findings(row | {"storage": "50/50"})] == [
        Code.MODEM_READY,
        Code.STORAGE_FULL,
    ]


def test_one_port_of_the_daemons(run_scenario: RunScenario, tmp_path: Path) -> None:
    """--port of a modem that the daemon has: what it says of that one."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: simulation.service.modems.views.list_modems()[1].health == "ready", within_s=60)
        pull_the_sim(simulation)
        await simulation.until(
            lambda: simulation.service.modems.views.list_modems()[0].health == "needs a person", within_s=90
        )
        first = await visit(simulation, tmp_path, port="/sim/modem0")
        assert (first.can_send, found(first, Code.SIM_ABSENT).subject) == (False, "modem0")
        second = await visit(simulation, tmp_path, port="/sim/modem1")
        assert (second.can_send, second.message) == (True, "a message can pass on this port")

    run_scenario(scenario)


def test_a_neighbour_of_the_daemons_port_is_left_alone(run_scenario: RunScenario, tmp_path: Path) -> None:
    """Another port of the same stick: to open it could disturb the daemon's modem."""

    async def scenario(simulation: Simulation) -> None:
        await ready(simulation, f"modem-{simulation.devices[0].imei[-6:]}")
        world = replace(world_of(simulation, tmp_path), place_of=lambda port: "1-1.1")
        report = await examine(world, port="/sim/diagnostics")
        assert found(report, Code.PORT_OF_DAEMON).what.endswith("so it was not opened")
        assert not report.can_send

    run_scenario(scenario, found="auto", modems=1, families=("quectel_ec25",))


def test_a_port_that_is_not_the_daemons_is_asked(doctor: Doctor) -> None:
    """It uses others, and this one is nobody's."""

    async def visit_bench(bench: Bench) -> None:
        async def runs(method: str, target: str, document: Mapping[str, Any] | None) -> tuple[int, Any]:
            return 200, {"message": "no modem can send now", "can_send": False, "trouble": None, "modems": []}

        bench.change(call_api=runs)
        report = await bench.examine(port=bench.port)
        assert (report.running, report.can_send) == (True, True)

    doctor(visit_bench)


DAEMON = 4711


def running(**row: Any) -> Any:
    """A daemon, process `DAEMON`, that has one modem in trouble."""
    modem = dict.fromkeys(("place", "sim", "model"))
    modem |= {"name": "west", "health": "not usable", "can_send": False, "registration": "unknown", **row}

    async def runs(method: str, target: str, document: Mapping[str, Any] | None) -> tuple[int, Any]:
        said = {"message": "no modem can send now", "code": "none_ready", "can_send": False, "trouble": None}
        return 200, {**said, "pid": DAEMON, "modems": [modem], "pauses": [], "clock": {"because": None}}

    return runs


SILENT = "/dev/modem0: nothing answers AT in 6 s"
CLOSED = "/dev/modem0: Permission denied; its group, dialout, may open it"
BUSY = "/dev/modem0: another program has it open; see `fuser`"


@pytest.mark.parametrize("health", ["not usable", "gone"])
@pytest.mark.parametrize(
    ("reason", "holder", "code"),
    [
        pytest.param(SILENT, DAEMON, Code.MODEM_SILENT, id="silent, and held by the daemon"),
        pytest.param(SILENT, None, Code.MODEM_SILENT, id="silent"),
        pytest.param(SILENT, 42, Code.PORT_BUSY, id="held by another program"),
        pytest.param(BUSY, None, Code.PORT_BUSY, id="held by a program of another user"),
        pytest.param(CLOSED, None, Code.PORT_NO_PERMISSION, id="closed to the daemon"),
    ],
)
def test_it_is_the_daemon_that_opens_a_port(
    doctor: Doctor, health: str, reason: str, holder: int | None, code: Code
) -> None:
    """The daemon's own hold on a port is no other program's, and whoever asks needs no right to the port: what the daemon says
    counts."""

    async def visit_bench(bench: Bench) -> None:
        if holder is not None:
            bench.process(holder, "modemd", bench.port)
        bench.change(call_api=running(health=health, port=bench.port, reason=reason), user=STRANGER)
        report = await bench.examine()
        assert found(report, code).subject == "west"
        assert not {Code.PORT_BUSY, Code.PORT_NO_PERMISSION, Code.MODEM_SILENT} - {code} & set(codes(report))

    doctor(visit_bench)


def test_a_modem_that_is_missing(doctor: Doctor) -> None:
    """It was here before and is not plugged in: the remedy says how it is forgotten."""

    async def visit_bench(bench: Bench) -> None:
        bench.change(call_api=running(health="gone", port=None, reason="the modem with the IMEI 1 is not plugged in"))
        assert "modemd modems forget west" in found(await bench.examine(), Code.MODEM_MISSING).remedy

    doctor(visit_bench)


def test_a_pause_is_a_finding(run_scenario: RunScenario, tmp_path: Path) -> None:
    """Who paused what, since when and why, and how to end it; the verdict is the daemon's."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: simulation.service.modems.views.list_modems()[0].health == "ready", within_s=60)
        await simulation.service.sims.pause(None, None, Authorship("alice", "moving house"))
        report = await visit(simulation, tmp_path)
        assert (report.can_send, report.code) == (False, "paused")
        paused = found(report, Code.PAUSED)
        assert paused.what.startswith("the queue is paused since 2026-03-02T")
        assert paused.what.endswith(" by alice: moving house")
        assert "`modemd resume --why REASON`" in paused.remedy

    run_scenario(scenario, modems=1)


def test_the_clock_is_the_daemons(run_scenario: RunScenario, tmp_path: Path) -> None:
    """The daemon knows the network's time, and the doctor does not: what the daemon says of the clock is told."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: simulation.service.modems.views.list_modems()[0].health == "ready", within_s=60)
        simulation.clock.off = -timedelta(days=400)
        reason = simulation.service.operations.clock.distrust_reason
        assert found(await visit(simulation, tmp_path), Code.CLOCK_WRONG).what.endswith(str(reason))

    run_scenario(scenario, modems=1)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        pytest.param(FileNotFoundError(2, "No such file"), Code.DAEMON_NOT_RUNNING, id="no socket"),
        pytest.param(ConnectionRefusedError(111, "refused"), Code.DAEMON_NOT_RUNNING, id="nobody listens"),
        pytest.param(PermissionError(13, "Permission denied"), Code.DAEMON_CLOSED, id="not for us"),
        pytest.param(TimeoutError(), Code.DAEMON_SILENT, id="no answer"),
        pytest.param(ConnectionResetError(104, "reset"), Code.DAEMON_SILENT, id="it hangs up"),
        pytest.param(ValueError("no JSON"), Code.DAEMON_SILENT, id="no JSON"),
        pytest.param(None, Code.DAEMON_SILENT, id="an error"),
    ],
)
def test_a_daemon_that_does_not_answer(doctor: Doctor, error: Exception | None, code: Code) -> None:
    """Where none runs, the port is opened; where one may run and says nothing, it is left alone."""

    async def visit_bench(bench: Bench) -> None:
        async def answers(method: str, target: str, document: Mapping[str, Any] | None) -> tuple[int, Any]:
            if error is not None:
                raise error
            return 500, {}

        async def opens(path: str) -> Port:
            opened.append(path)
            return await own(path)

        own, opened = bench.world.open_port, list[str]()
        bench.change(call_api=answers, open_port=opens)
        report = await bench.examine()
        # Nothing is said of what was not asked.
        assert ("it is not known" in report.message) is (code is not Code.DAEMON_NOT_RUNNING)
        assert found(report, code).remedy
        alone = code is not Code.DAEMON_NOT_RUNNING
        assert (opened, report.can_send) == ([], False) if alone else ([bench.port], True)

    doctor(visit_bench)


def test_a_full_disk_stops_the_daemon(run_scenario: RunScenario, tmp_path: Path) -> None:
    """The daemon's trouble is its verdict, with modems that are ready."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: simulation.service.modems.views.list_modems()[0].health == "ready", within_s=60)
        store = simulation.service._store
        store.failure = StoreUnavailable(ErrorCode.DISK_FULL, "the disk is full: make room")
        report = await examine(replace(world_of(simulation, tmp_path), disk_space=lambda path: replace(ROOMY, free=0)))
        store.failure = None
        assert report.message == "nothing is accepted or sent: the disk is full: make room"
        assert "free some space" in found(report, Code.DISK_FULL).remedy
        assert not report.can_send

    run_scenario(scenario, modems=1)


def test_a_message_to_itself(run_scenario: RunScenario, tmp_path: Path) -> None:
    """Through the daemon, as any other: sent, and found in the inbox."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: simulation.service.modems.views.list_modems()[0].health == "ready", within_s=60)
        report = await visit(simulation, tmp_path, send=True)
        assert codes(report)[-2:] == [Code.SELF_SENT, Code.SELF_ARRIVED]
        assert [entry.text for entry in simulation.network.journal] == [TEXT]

    run_scenario(scenario, modems=1)


def test_a_message_to_itself_that_fails(run_scenario: RunScenario, tmp_path: Path) -> None:
    """The daemon is well by itself, and no message passes: the message decides."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: simulation.service.modems.views.list_modems()[0].health == "ready", within_s=60)
        simulation.network.reject(None, 38)
        report = await visit(simulation, tmp_path, send=True)
        assert found(report, Code.SELF_NOT_SENT).remedy
        assert (report.can_send, report.message) == (False, "a message was not sent")

    run_scenario(scenario, modems=1)


def test_a_message_to_itself_that_is_refused(run_scenario: RunScenario, tmp_path: Path) -> None:
    """Its number is no number: the daemon's reason is told."""

    async def scenario(simulation: Simulation) -> None:
        await simulation.until(lambda: simulation.service.modems.views.list_modems()[0].health == "ready", within_s=60)
        asked = asking(Client(create_app(simulation.service)))

        async def ask(method: str, target: str, document: Mapping[str, Any] | None) -> tuple[int, Any]:
            answer: tuple[int, Any] = await asked(method, target, {**document, "to": "nobody"} if document else None)
            return answer

        report = await examine(replace(world_of(simulation, tmp_path), call_api=ask), send=True)
        assert "nobody" in found(report, Code.SELF_NOT_SENT).what

    run_scenario(scenario, modems=1)


def test_a_stick_without_a_driver_is_no_modem(run_scenario: RunScenario, tmp_path: Path) -> None:
    """The kernel has none for it: the same code as without a daemon."""

    async def scenario(simulation: Simulation) -> None:
        simulation.bus.plug("2-1", STICK)
        await simulation.until(
            lambda: any(row.health == "not usable" for row in simulation.service.modems.views.list_modems()),
            within_s=60,
        )
        assert found(await visit(simulation, tmp_path), Code.NO_DRIVER).subject == "2-1"

    run_scenario(scenario, found="auto", modems=0)


def test_the_remedy_for_a_pin_is_told_once() -> None:
    """The finding says that the SIM asks, and its remedy what helps: the daemon's reason has both."""
    row = {"name": "west", "health": ModemHealth.NEEDS_PERSON, "reason": REMEDIES[LOCKED]}
    (finding,) = modem_findings(row)
    assert (finding.code, finding.what) == (Code.SIM_PIN, "the SIM asks for its PIN")
    assert "pin_file" in finding.remedy
