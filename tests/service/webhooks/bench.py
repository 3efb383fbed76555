"""Webhooks over a database in memory, in simulated time, and receivers that do as they are told. The process can end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from modemd.api.documents import document
from modemd.rules.webhooks.targets import AddressPolicy
from modemd.service.webhooks.exchange import DeliveryFailed, WebhookAnswer, WebhookRequest
from modemd.service.webhooks.fan_out import FanOut
from modemd.service.webhooks.formats import RequestMaker, TwilioFormat
from modemd.service.webhooks.lanes import DeliveryLanes, ReceiverWatch
from modemd.service.webhooks.webhooks import Webhooks
from modemd.store.webhooks.deliveries import DeliveryRow
from tests.service.assembled import all_rows
from tests.service.bench import Bench
from tests.sim.world.loop import LoopClock, simulate

CRM, SHOP = "https://crm.example.com/sms", "https://shop.example.com/sms"


@dataclass
class Receivers:
    """All receivers. `status`: what an address answers, None if it is dead; `took_s`: how long it takes; `refuses`: texts of
    messages whose acceptance is answered 500; `heard`: what was taken, by address; `tries`: when an address was called."""

    clock: LoopClock
    status: dict[str, int | None] = field(default_factory=dict)
    took_s: dict[str, float] = field(default_factory=dict)
    refuses: set[str] = field(default_factory=set)
    heard: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    requests: list[WebhookRequest] = field(default_factory=list)
    tries: dict[str, list[float]] = field(default_factory=dict)
    body: bytes = b""

    async def post(self, request: WebhookRequest) -> WebhookAnswer:
        self.requests.append(request)
        self.tries.setdefault(request.url, []).append(asyncio.get_running_loop().time())
        await asyncio.sleep(self.took_s.get(request.url, 0.01))
        status = self.status.get(request.url, 200)
        if status is None:
            raise DeliveryFailed("the receiver cannot be reached (Connection refused)")
        told: dict[str, Any] = json.loads(request.body) if request.body.startswith(b"{") else {}
        if told.get("kind") == "message.accepted" and told["data"]["text"] in self.refuses:
            return WebhookAnswer(500, "text/plain", b"")
        if status == 200:
            self.heard.setdefault(request.url, []).append(told)
        return WebhookAnswer(status, "text/xml", self.body)

    def ids(self, url: str = CRM) -> list[str]:
        """The ids of the events that an address has taken, in order."""
        return [each["id"] for each in self.heard.get(url, [])]

    def kinds(self, url: str = CRM) -> list[str]:
        return [each["kind"] for each in self.heard.get(url, [])]


class WebhookBench:
    """A bench with webhooks. Build it inside a running loop."""

    def __init__(self, twilio: TwilioFormat | None = None) -> None:
        self.clock = LoopClock(asyncio.get_running_loop())
        self.bench = Bench(self.clock)
        self.receivers = Receivers(self.clock)
        self._twilio = twilio
        self.started: list[Collection[int]] = []
        self.begin()

    def begin(self) -> None:
        """Start a process."""
        store = self.bench.store
        self.failing: dict[int, str] = {}
        watch = ReceiverWatch(
            on_failing=self.failing.__setitem__,
            on_working=self._works,
            on_start=self.started.append,
        )
        self.lanes = DeliveryLanes(store, self.clock, RequestMaker(document, self._twilio), self.receivers.post, watch)
        self.fan_out = FanOut(store, self.clock, self.lanes.notice)
        self.webhooks = Webhooks(
            store, self.clock, AddressPolicy(),
            on_changed=self.fan_out.wake, on_replayed=self.lanes.notice, on_removed=watch.on_working,
            has_twilio=self._twilio is not None,
        )  # fmt: skip
        self._tasks = [asyncio.ensure_future(self.fan_out.run()), asyncio.ensure_future(self.lanes.run())]

    def _works(self, webhook: int) -> None:
        self.failing.pop(webhook, None)

    async def end(self) -> None:
        """End the process, in whatever it does."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)

    async def add(self, url: str = CRM, *events: str, format: str = "modemd", key_id: int | None = None) -> int:
        return (await self.webhooks.add(url, events or ("message.*",), format, key_id)).webhook.id

    async def submit(self, text: str = "hello") -> int:
        return await self.bench.submit(text=text)

    async def states(self) -> list[str]:
        """The states of all deliveries, oldest first."""
        return [row.state for row in reversed(await self.deliveries())]

    async def deliveries(self, *, dead: bool = False) -> list[DeliveryRow]:
        """All deliveries, newest first."""
        return await all_rows(await self.webhooks.list_deliveries(webhook=None, dead=dead, before=None, limit=0))


def run_bench(scenario: Callable[[WebhookBench], Awaitable[None]], twilio: TwilioFormat | None = None) -> None:
    async def process() -> None:
        bench = WebhookBench(twilio)
        await scenario(bench)
        await bench.end()

    simulate(process())
