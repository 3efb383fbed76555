"""Run of a plan: clients that ask until they are answered, phones, troubles, ends of the process; at last a day without power."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from modemd.emulator import Device, identities
from modemd.emulator.network.messages import Text
from modemd.errors import ModemdError
from modemd.service.messages.submission import MessageRequest
from tests.sim.plans.plan import CLOCK_STEPS_S, End, Plan, PlannedArrival, PlannedMessage, Trouble
from tests.sim.plans.watch import Watch
from tests.sim.world.assembled import Simulation
from tests.sim.world.loop import JumpingLoop
from tests.sim.world.process import Killed, attempts_open

# Longer than the longest validity here, a step of the clock and a day: after that everything is final or closed.
VALIDITY = {"system": "3h", "transactional": "3h", "conversational": "3h", "marketing": "4h"}
POWERLESS_S = 36 * 3600.0
PATIENCE_S = 6 * 3600.0
OPEN = "SELECT 1 FROM message WHERE state IN ('held', 'queued', 'sending') LIMIT 1"


@dataclass(slots=True)
class ClientRecord:
    """Knowledge of clients and phones, and what was done to the world."""

    answered: dict[int, int] = field(default_factory=dict)
    """Tag to message id."""
    doubts: list[tuple[str, datetime, datetime]] = field(default_factory=list)
    """Modem (IMEI), from when until when: what befell it there can leave the outcome of what it sends unknown."""
    counted_anew: set[str] = field(default_factory=set)
    """Modems (IMEI) that began to count anew, and so may give one reference twice in a row."""
    after_stop: list[str] = field(default_factory=list)
    endings: list[tuple[float, str]] = field(default_factory=list)
    """When the process ended, and how."""
    clock_stepped: bool = False
    """The machine's clock was wrong for a while: what is stored says when only roughly."""
    in_doubt: int = 0
    """How many attempts stood open when the process ended."""


class World:
    """Plan and the simulation in which it runs. `run` it on a simulated loop; then look at `record` and at `simulation`."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._context = copy_context()
        self.record = ClientRecord()
        self.loop = cast(JumpingLoop, asyncio.get_running_loop())
        self.simulation = Simulation(
            plan.seed,
            modems=len(plan.families),
            families=plan.families,
            longest_fsync_s=plan.longest_fsync_s,
            validity=VALIDITY,
            sims={identities.iccid("33", "01", place + 1): {"rate": plan.rate} for place in range(len(plan.families))},
        )
        network, network_faults = self.simulation.network, plan.network_faults
        network.report_loss = network_faults.report_loss
        for name in ("reports_twice", "reports_foreign", "reports_national", "temporary_reports", "reordered"):
            setattr(network.unkind, name, getattr(network_faults, name))
        network.unkind.clock_off = timedelta(seconds=network_faults.clock_off_s)
        for device in self.simulation.devices:
            device.boot_factor = plan.boot_factor
            device.first_octet_hooks.append(self._watch)
        self._draw_latency()
        self.watch = Watch(self.simulation, plan.longest_fsync_s)
        self.began = 0.0
        self._commits = 0
        self._first_step = 0
        self.settled_at_step = 0
        self._ends = list(plan.ends)
        self._down: asyncio.Future[None] | None = None
        self._ends_by_count = [end for end in plan.ends if end.step or end.before_commit or end.after_commit]

    # -- the run

    async def run(self) -> None:
        """From the first start to the last look."""
        self.watch.listen()
        watching = asyncio.ensure_future(self.watch.look_on()) if self.plan.is_watched else None
        await self._run()
        if watching is not None:
            watching.cancel()

    async def _run(self) -> None:
        plan, loop = self.plan, self.loop
        self._first_step = loop.steps
        self._listen()
        await self._start()
        began = self.began = loop.time()
        clients = [asyncio.ensure_future(self._client(planned, began)) for planned in plan.planned_messages]
        for arrival in plan.planned_arrivals:
            loop.call_at(began + arrival.at_s, self._say, arrival)
        for trouble in plan.troubles:
            loop.call_at(began + trouble.at_s, self._cause_trouble, trouble)
        for end in plan.ends:
            if end.at_s:
                loop.call_at(began + end.at_s, self._end, end)
        await asyncio.gather(*clients)
        moments = [
            *(arrival.at_s for arrival in plan.planned_arrivals),
            *(trouble.at_s for trouble in plan.troubles),
            *(end.at_s for end in plan.ends),
        ]
        last = max(moments, default=0.0)
        await asyncio.sleep(max(0.0, began + last + 1 - loop.time()))
        await self._settle()

    async def _settle(self) -> None:
        """Everything is mended, and time enough given; then a day goes by without power, and the service looks once more."""
        while self._down is not None:
            await self._down
        await asyncio.sleep(500)
        self._mend_all()
        deadline = self.loop.time() + PATIENCE_S
        while self.simulation.all(OPEN) and self.loop.time() < deadline:  # noqa: ASYNC110 - simulated time, and nobody to tell
            await asyncio.sleep(60)
        self.settled_at_step = self.steps
        await asyncio.sleep(600)
        self.watch.is_up = False
        await self.simulation.stop()
        await asyncio.sleep(POWERLESS_S)
        self.simulation.restart_service()
        await self.simulation.start()
        await asyncio.sleep(300)
        await self.simulation.stop()

    async def _start(self) -> None:
        while True:
            try:
                await self.simulation.start()
            except Killed:
                await self._back()
            else:
                self.watch.is_up = True
                return

    async def _back(self) -> None:
        while self._down is not None:
            await asyncio.shield(self._down)

    async def _client(self, planned: PlannedMessage, began: float) -> None:
        await asyncio.sleep(max(0.0, began + planned.at_s - self.loop.time()))
        request = MessageRequest(planned.number, planned.text, planned.message_class, key=f"wish {planned.tag}")
        while True:
            await self._back()
            try:
                answer = await self.simulation.process.call(self.simulation.service.messages.submission.submit(request))
            except Killed:
                continue
            self.record.answered[planned.tag] = answer.message.id
            return

    def _say(self, arrival: PlannedArrival) -> None:
        content = Text(arrival.text, replaces=arrival.replaces)
        self.simulation.network.phone(arrival.number).send(self.simulation.sims[arrival.sim].number, content)

    # -- ends of the process

    def _listen(self) -> None:
        """Count steps and commits, where the plan ends the process at one."""
        for end in self._ends_by_count:
            if end.step:
                self.loop.each_step(partial(self._at_step, end))
        self._watch_commits()

    def _at_step(self, end: End, step: int) -> None:
        if step - self._first_step == end.step:
            self._end(end)

    def _watch_commits(self) -> None:
        self.simulation.writer.before_commit = self._before_commit
        self.simulation.writer.after_commit = self._after_commit

    def _before_commit(self) -> None:
        self._commits += 1
        self._at_commit("before_commit")

    def _after_commit(self) -> None:
        self._at_commit("after_commit")

    def _at_commit(self, when: str) -> None:
        for end in self._ends_by_count:
            if getattr(end, when) == self._commits:
                self._end(end)

    @property
    def commits(self) -> int:
        """How many there were."""
        return self._commits

    @property
    def steps(self) -> int:
        """How many steps the loop has made since the first start."""
        return self.loop.steps - self._first_step

    def _end(self, end: End) -> None:
        if self._down is not None:  # it has ended already
            return
        self.watch.is_up = False
        simulation = self.simulation
        self.record.endings.append((self.loop.time(), "with the power" if end.power else "by a kill"))
        self.record.in_doubt += attempts_open(simulation.database)
        for device in simulation.devices:
            self._doubt(device, 0)
        simulation.process.end()
        if end.power:
            for link in simulation.links.values():
                if link.plugged:
                    link.unplug()
        self._down = self.loop.create_future()
        # A commit runs in the context of its process, and what is started there would end with it.
        self.loop.call_later(end.down_s, self._return, end, context=self._context)

    def _return(self, end: End) -> None:
        if end.power:
            self._plug_all()
        self.simulation.restart_service()
        self._watch_commits()
        self._returning = asyncio.ensure_future(self._started_again())

    async def _started_again(self) -> None:
        down, self._down = self._down, None
        assert down is not None
        try:
            await self.simulation.start()
            self.watch.is_up = True
        except Killed:
            return  # ended again while starting
        finally:
            down.set_result(None)

    # -- troubles

    def _doubt(self, device: Device, seconds: float) -> None:
        """What is on the air in this modem from now until then may stay unknown."""
        now = self.simulation.clock.now()
        self.record.doubts.append((device.imei, now, now + timedelta(seconds=seconds)))

    def _cause_trouble(self, trouble: Trouble) -> None:
        device = self.simulation.devices[trouble.modem]
        getattr(self, f"_{trouble.kind}")(device, trouble)

    def _later(self, seconds: float, action: Callable[[], Any]) -> None:
        self.loop.call_later(seconds, action)

    def _lose_answer(self, device: Device, trouble: Trouble) -> None:
        device.lose_next_answer()
        self._doubt(device, 1e6)

    def _late_answer(self, device: Device, trouble: Trouble) -> None:
        device.delay_next_answer(trouble.seconds)
        self._doubt(device, 1e6)

    def _lose_prompt(self, device: Device, trouble: Trouble) -> None:
        device.lose_next_prompt()

    def _refuse(self, device: Device, trouble: Trouble) -> None:
        device.refuse_next(trouble.cause)

    def _deaf(self, device: Device, trouble: Trouble) -> None:
        device.deaf_for(trouble.seconds)
        self._doubt(device, trouble.seconds)

    def _restart(self, device: Device, trouble: Trouble) -> None:
        self._doubt(device, 0)
        Device.restart(device)  # the watch counts the resets of the host

    def _unplug(self, device: Device, trouble: Trouble) -> None:
        link = self._link(device)
        if not link.plugged:
            return
        self._doubt(device, 0)
        link.unplug()
        self._later(trouble.seconds, partial(self._replug, device))

    def _link(self, device: Device) -> Any:
        return self.simulation.links[f"/sim/{device.name}"]

    def _replug(self, device: Device) -> None:
        if not self._link(device).plugged:
            self._link(device).replug()

    def _coverage(self, device: Device, trouble: Trouble) -> None:
        self._doubt(device, 0)
        device.set_coverage(2)
        self._later(trouble.seconds, partial(device.set_coverage, 1))

    def _remove_sim(self, device: Device, trouble: Trouble) -> None:
        if (sim := device.sim) is None:
            return
        self._doubt(device, 0)
        device.remove_sim()
        self._later(trouble.seconds, partial(device.insert_sim, sim))

    def _noise(self, device: Device, trouble: Trouble) -> None:
        device.set_noise(inserted=0.01, lost=0.01)
        self._doubt(device, trouble.seconds)
        self._later(trouble.seconds, partial(device.set_noise, inserted=0.0, lost=0.0))

    def _forget_settings(self, device: Device, trouble: Trouble) -> None:
        device.forget_settings()
        self._doubt(device, 1e6)

    def _fill_memory(self, device: Device, trouble: Trouble) -> None:
        if device.family.storage.memories and device.sim is not None and device.sim_ready and device.unlocked:
            device.fill_memory("SM")

    def _hang(self, device: Device, trouble: Trouble) -> None:
        device.hang_next("+CMGL", trouble.seconds)

    def _lose_notice(self, device: Device, trouble: Trouble) -> None:
        device.lose_next_notice()

    def _flood(self, device: Device, trouble: Trouble) -> None:
        device.flood("^RSSI:9", 200)

    def _interrupt(self, device: Device, trouble: Trouble) -> None:
        device.interrupt_next_answer('+CREG: 1,"1A2B","0C3D4E5F",7')

    def _count_anew(self, device: Device, trouble: Trouble) -> None:
        device.reference = 0
        self.record.counted_anew.add(device.imei)

    def _clock_step(self, device: Device, trouble: Trouble) -> None:
        clock = self.simulation.clock
        step = timedelta(seconds=CLOCK_STEPS_S[trouble.cause % len(CLOCK_STEPS_S)])
        clock.off += step
        self.record.clock_stepped = self.watch.is_clock_stepped = True
        self._later(trouble.seconds * 4, partial(self._set_clock, -step))

    def _set_clock(self, step: timedelta) -> None:
        self.simulation.clock.off += step

    def _phone_off(self, device: Device, trouble: Trouble) -> None:
        numbers = sorted({planned.number for planned in self.plan.planned_messages})
        phone = self.simulation.network.phone(numbers[trouble.cause % len(numbers)])
        phone.switch_off()
        self._later(trouble.seconds * 10, phone.switch_on)

    def _reject(self, device: Device, trouble: Trouble) -> None:
        numbers = sorted({planned.number for planned in self.plan.planned_messages})
        number = numbers[trouble.cause % len(numbers)]
        self.simulation.network.reject(number, trouble.cause)
        self._later(trouble.seconds * 10, partial(self.simulation.network.accept, number))

    def _mend_all(self) -> None:
        """Nothing is out of order any more."""
        for device, sim in zip(self.simulation.devices, self.simulation.sims, strict=True):
            device.set_coverage(1)
            device.set_noise(inserted=0.0, lost=0.0)
            if device.sim is None and self._link(device).plugged:
                device.insert_sim(sim)
        for planned in self.plan.planned_messages:
            self.simulation.network.accept(planned.number)
            self.simulation.network.phone(planned.number).switch_on()
        self._plug_all()

    def _plug_all(self) -> None:
        for device in self.simulation.devices:
            self._replug(device)

    # -- what is watched on the way

    def _draw_latency(self) -> None:
        for index, device in enumerate(self.simulation.devices):
            shortest, longest = self.plan.latency_s
            device.send_latency_s = shortest + (longest - shortest) * (index + 1) / len(self.simulation.devices)

    def _watch(self, device: Device, octets: bytes) -> None:
        """After STOP: at the first octet of a PDU the recipient of marketing had not opted out."""
        if self.simulation.chance.random() < self.plan.answers_lost:
            device.lose_next_answer()
            self._doubt(device, 600)
        self.record.after_stop += [
            row["number"]
            for row in self.simulation.all(
                """SELECT a.number FROM attempt a JOIN message m ON m.id = a.message_id JOIN contact c ON c.number = a.number
                   WHERE a.outcome = 'open' AND a.modem = ? AND m.class = 'marketing' AND c.marketing = 'opted_out'""",
                device.imei,
            )
        ]


async def run_plan(plan: Plan) -> World:
    """Runs a plan. Returns its world as it is then."""
    world = World(plan)
    try:
        await world.run()
    except ModemdError as error:
        raise AssertionError(f"the service told a client: {error}") from error
    return world
