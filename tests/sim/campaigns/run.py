"""Run of a campaign in simulated time; what was seen is written down for the judge."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from modemd.config.quiet_hours import QuietHoursSettings
from modemd.emulator import Device
from modemd.emulator.network.messages import Text
from modemd.service.consent.quiet_hours.holiday_program import HolidayDocument
from modemd.service.messages.submission import MessageRequest
from tests.sim.campaigns.campaign import Campaign, Fault, Said, Wish
from tests.sim.campaigns.oracle import WEEKDAYS, Change
from tests.sim.world.assembled import Simulation
from tests.sim.world.process import Killed

SETTLED_S = 900.0
# So long without power that the longest validity, and a day, are over.
POWERLESS_S = 9 * 86400.0


@dataclass(frozen=True, slots=True)
class FirstOctet:
    """First octet of a PDU, as the modem gets it. `said`: what its recipient had said last, by the inbox at that moment."""

    at: datetime
    message_id: int
    message_class: str
    number: str
    said: str | None


@dataclass(slots=True)
class Seen:
    """What was seen: messages by tag, first octets, and the times in which the box or a modem did not work (seconds)."""

    ids: dict[int, int] = field(default_factory=dict)
    first_octets: list[FirstOctet] = field(default_factory=list)
    down: list[tuple[float, float]] = field(default_factory=list)
    sick: list[tuple[float, float]] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


class Run:
    """Campaign that runs on the current loop. `live`, then look at `seen` and `simulation`."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.seen = Seen()
        country = campaign.country
        self._configured: dict[str, Any] = {
            "geography": {"countries": list(country.allowed) if len(country.allowed) > 1 else "own"},
            "quiet_hours": {},
            "consent": {"caps": [{"count": 2, "per": "7d"}, {"count": 1, "per": "20h"}]},
            "limits": {"marketing_per_hour": "unlimited"},
            "filter_watch": {"enabled": False},
            "sweep_interval": "1h",
        }
        self.simulation = Simulation(
            campaign.seed, modems=campaign.modems, home=country.home, start=campaign.start,
            list_holidays=self._list_holidays, **self._configured,
        )  # fmt: skip
        self._loop = asyncio.get_running_loop()
        self._kind_of = {each.text: each.kind for each in campaign.says}
        self._up = asyncio.Event()
        for device in self.simulation.devices:
            device.send_latency_s = campaign.latency_s
            device.first_octet_hooks.append(self._at_first_octet)

    async def live(self) -> None:
        """From the first start to a day after the last validity."""
        campaign = self.campaign
        await self.simulation.start()
        self._up.set()
        for said in campaign.says:
            self._loop.call_at(said.at_s, self._say, said)
        for fault in campaign.faults:
            self._loop.call_at(fault.at_s, self._cause, fault)
        for change in campaign.changes:
            self._loop.call_at((change.since - campaign.start).total_seconds(), self._reload, change)
        clients = [asyncio.ensure_future(self._client(wish)) for wish in campaign.wishes]
        killing = asyncio.ensure_future(self._kill_at_times())
        await asyncio.gather(*clients, killing)
        await asyncio.sleep(max(0.0, campaign.length_s - self._loop.time()) + SETTLED_S)
        await self.simulation.stop()
        self.seen.down.append((self._loop.time(), float("inf")))
        await asyncio.sleep(POWERLESS_S)
        self.simulation.restart_service()
        await self.simulation.start()
        await asyncio.sleep(SETTLED_S)
        await self.simulation.stop()

    async def _list_holidays(self, places: Sequence[str], years: Sequence[int]) -> HolidayDocument | str:
        days = {day.isoformat(): "a holiday" for day in sorted(self.campaign.country.holidays) if day.year in years}
        return {place: {"known": True, "days": days} for place in places}

    async def _client(self, wish: Wish) -> None:
        await asyncio.sleep(max(0.0, wish.message.at_s - self._loop.time()))
        message = wish.message
        request = MessageRequest(
            message.number, message.text, message.message_class, key=f"wish {message.tag}", valid=wish.valid
        )
        while True:
            await self._up.wait()
            submission = self.simulation.service.messages.submission
            try:
                answer = await self.simulation.process.call(submission.submit(request))
            except Killed:
                continue
            self.seen.ids[message.tag] = answer.message.id
            return

    def _say(self, said: Said) -> None:
        self.simulation.network.phone(said.number).send(self.simulation.sims[said.modem].number, Text(said.text))

    def _cause(self, fault: Fault) -> None:
        device, now = self.simulation.devices[fault.modem], self._loop.time()
        match fault.kind:
            case "refuse":
                device.refuse_next(fault.cause)
            case "lose_answer":
                device.lose_next_answer()
            case "unplug":
                link = self.simulation.links[f"/sim/{device.name}"]
                if link.plugged:
                    link.unplug()
                    self._loop.call_later(fault.seconds, partial(_if, lambda: not link.plugged, link.replug))
                    self.seen.sick.append((now, now + fault.seconds))

    def _reload(self, change: Change) -> None:
        """What SIGHUP does, after a person has changed the file."""
        hours: dict[str, dict[str, str]] = self._configured["quiet_hours"].setdefault("hours", {})
        hours.setdefault(change.row, {})[WEEKDAYS[change.weekday]] = change.hours
        old = self.simulation.settings
        new = QuietHoursSettings.model_validate(self._configured["quiet_hours"])
        self.simulation.settings = old.model_copy(update={"quiet_hours": new})
        if self._up.is_set():
            self.simulation.service.settings.reload(self.simulation.settings)
        self.seen.changes.append(change)

    async def _kill_at_times(self) -> None:
        for at_s, down_s in self.campaign.kills:
            await asyncio.sleep(max(0.0, at_s - self._loop.time()))
            self._up.clear()
            self.simulation.process.end()
            self.seen.down.append((self._loop.time(), self._loop.time() + down_s))
            await asyncio.sleep(down_s)
            self.simulation.restart_service()
            await self.simulation.start()
            self._up.set()

    def _at_first_octet(self, device: Device, octet: bytes) -> None:
        now = self.simulation.clock.now()
        for row in self.simulation.all(
            "SELECT m.id, m.class, m.number FROM attempt a JOIN message m ON m.id = a.message_id"
            " WHERE a.outcome = 'open' AND a.modem = ?",
            device.imei,
        ):
            said = [
                self._kind_of[each["text"]]
                for each in self.simulation.all("SELECT text FROM inbox WHERE sender = ? ORDER BY id", row["number"])
                if each["text"] in self._kind_of
            ]
            last = said[-1] if said else None
            self.seen.first_octets.append(FirstOctet(now, row["id"], row["class"], row["number"], last))


def _if(condition: Callable[[], bool], action: Callable[[], Any]) -> None:
    if condition():
        action()


def to_s(campaign: Campaign, at: datetime) -> float:
    """Returns a moment in seconds from the start."""
    return (at - campaign.start) / timedelta(seconds=1)
