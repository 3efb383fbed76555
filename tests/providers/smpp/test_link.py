"""A link to an emulated message centre, over real sockets on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from modemd.cli.access.tls import make_self_signed
from modemd.emulator import LoopTimers, Network
from modemd.emulator.smpp.centre import SmppCentre
from modemd.emulator.smpp.faults import FaultKind, SubmitFault
from modemd.emulator.smpp.server import serve
from modemd.providers.exchange import NotSent
from modemd.providers.secret import Secret
from modemd.providers.smpp.endpoint import BindMode, SmppEndpoint, make_tls_context
from modemd.providers.smpp.link import NotBound, SmppLink
from modemd.smpp.events import Delivery, RequestAnswered, RequestUnknown, UnreadableDelivery
from modemd.smpp.limits import SessionLimits
from modemd.smpp.message_operations import SubmitSm, SubmitSmResp
from modemd.smpp.statuses import CommandStatus
from tests.emulator.smpp.bench import ALICE, PASSWORD, SHOP, SYSTEM_ID, make_submit

LIMITS = SessionLimits(window=4, response_s=0.2)


class Handler:
    """Takes what comes; `status` is its answer to deliveries."""

    def __init__(self) -> None:
        self.status = int(CommandStatus.OK)
        self.deliveries: list[Delivery | UnreadableDelivery] = []
        self.late: list[RequestAnswered] = []
        self.came = asyncio.Event()
        self.fails = False

    async def take_delivery(self, delivery: Delivery | UnreadableDelivery) -> int:
        self.deliveries.append(delivery)
        self.came.set()
        if self.fails:
            raise OSError("disk full")
        return self.status

    def note_late_answer(self, answer: RequestAnswered) -> None:
        self.late.append(answer)
        self.came.set()


class World:
    """A network with a centre that listens, and what a link to it needs."""

    def __init__(self) -> None:
        self.network = Network(LoopTimers(asyncio.get_running_loop()), delivery_latency_s=0, report_latency_s=0)
        self.centre = SmppCentre(self.network)
        self.account = self.centre.add_account(SYSTEM_ID, PASSWORD, numbers=(SHOP,))
        self.handler = Handler()
        self.endpoint = SmppEndpoint("127.0.0.1", 0, SYSTEM_ID, Secret(PASSWORD), limits=LIMITS)

    @contextlib.asynccontextmanager
    async def serving(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[None]:
        server = await serve(self.centre, tls=tls)
        self.endpoint = replace(self.endpoint, port=server.sockets[0].getsockname()[1])
        try:
            yield
        finally:
            server.close()
            self.centre.cut_connections()
            await asyncio.sleep(0)

    @contextlib.asynccontextmanager
    async def link(self) -> AsyncIterator[SmppLink]:
        async with self.serving():
            link = await SmppLink.open(self.endpoint, self.handler)
            try:
                yield link
            finally:
                await link.close(1)

    @property
    def texts(self) -> list[str | None]:
        return [each.text for each in self.network.journal]


class Journal:
    """Notes what was written, as the daemon's journal does before the first octet."""

    def __init__(self) -> None:
        self.written = 0

    async def note(self) -> None:
        self.written += 1


@pytest.fixture
async def world() -> World:
    return World()


def submit(text: str = "Hi") -> SubmitSm:
    (body,) = make_submit(text)
    return body


async def test_a_message_is_sent_and_answered(world: World) -> None:
    """After the journal has noted that it is being written; the receipt comes as a delivery."""
    journal = Journal()
    async with world.link() as link:
        answer = await link.submit(submit(), journal.note)
        assert isinstance(answer, RequestAnswered)
        assert isinstance(answer.body, SubmitSmResp)
        assert answer.body.message_id == "1000000"
        await asyncio.wait_for(world.handler.came.wait(), 5)
    assert (journal.written, world.texts, len(world.handler.deliveries)) == (1, ["Hi"], 1)


async def test_many_messages_keep_to_the_window(world: World) -> None:
    """All are sent, at most four at the same time without an answer."""
    world.centre.settings.answer_latency_s = 0.001
    most = 0

    async def note() -> None:
        nonlocal most
        most = max(most, link._session.outstanding)

    async with world.link() as link:
        answers = await asyncio.gather(*(link.submit(submit(str(n)), note) for n in range(50)))
    assert all(isinstance(each, RequestAnswered) and each.is_taken for each in answers)
    assert sorted(world.texts, key=str) == sorted(map(str, range(50)))
    assert most < LIMITS.window


@pytest.mark.parametrize(
    ("kind", "fate", "accepted"),
    [
        ("refuse", "refused", 0),
        ("lose_answer", "unknown", 1),
        ("cut", "unknown", 1),
        ("cut_before", "unknown", 0),
    ],
)
async def test_the_fate_of_a_message(world: World, kind: FaultKind, fate: str, accepted: int) -> None:
    """A lost answer never looks like a refusal. Whether the centre has taken the message only its journal knows."""
    world.centre.faults.plan(SubmitFault(kind, status=CommandStatus.THROTTLED))
    async with world.link() as link:
        answer = await asyncio.wait_for(link.submit(submit(), Journal().note), 5)
        if fate == "refused":
            assert isinstance(answer, RequestAnswered)
            assert (answer.is_taken, answer.status) == (False, CommandStatus.THROTTLED)
        else:
            assert isinstance(answer, RequestUnknown)
    assert len(world.network.journal) == accepted


async def test_a_late_answer_settles(world: World) -> None:
    """It was unknown, and its answer is handed on."""
    world.centre.faults.plan(SubmitFault("late_answer", seconds=LIMITS.response_s * 2))
    async with world.link() as link:
        assert isinstance(await link.submit(submit(), Journal().note), RequestUnknown)
        while not world.handler.late:
            world.handler.came.clear()
            await asyncio.wait_for(world.handler.came.wait(), 5)
    assert [each.is_taken for each in world.handler.late] == [True]


async def test_nothing_is_written_without_the_journal(world: World) -> None:
    """What it raises is raised, and the centre has nothing."""

    async def fail() -> None:
        raise OSError("disk full")

    async with world.link() as link:
        with pytest.raises(OSError, match="disk full"):
            await link.submit(submit(), fail)
        assert link.room == LIMITS.window
    assert world.texts == []


async def test_a_link_that_has_ended_sends_nothing(world: World) -> None:
    """Also if it ends while the journal writes, and for those that wait for room: surely not sent."""
    world.centre.settings.answer_latency_s = 60
    async with world.link() as link:
        under_way = [asyncio.ensure_future(link.submit(submit(str(n)), Journal().note)) for n in range(6)]

        async def cut() -> None:
            world.centre.cut_connections()
            await link.closed.wait()

        while len(world.network.journal) < LIMITS.window:  # noqa: ASYNC110 - the centre tells nobody
            await asyncio.sleep(0)
        await cut()
        fates = await asyncio.gather(*under_way, return_exceptions=True)
        with pytest.raises(NotSent):
            await link.submit(submit(), Journal().note)
    assert [type(each) for each in fates] == [RequestUnknown] * 4 + [NotSent] * 2
    assert len(world.network.journal) == 4


async def test_a_delivery_is_answered_after_it_was_stored(world: World) -> None:
    """What cannot be stored comes again; the centre keeps it."""
    world.network.retry_s = 0.01
    world.handler.fails = True
    async with world.link():
        world.network.phone(ALICE).send(SHOP, "Yes")
        while len(world.handler.deliveries) < 3:
            world.handler.came.clear()
            await asyncio.wait_for(world.handler.came.wait(), 5)
        world.handler.fails = False
        while world.network.waiting(SHOP):  # noqa: ASYNC110 - the centre tells nobody
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("mode", list(BindMode))
async def test_each_way_to_bind(world: World, mode: BindMode) -> None:
    """A receiver sends nothing, and a transmitter gets nothing."""
    world.endpoint = replace(world.endpoint, mode=mode)
    async with world.link() as link:
        world.network.phone(ALICE).send(SHOP, "Yes")
        if mode is not BindMode.RECEIVER:
            answer = await link.submit(submit(), Journal().note)
            assert isinstance(answer, RequestAnswered)
            assert answer.is_taken
        else:
            with pytest.raises(NotSent, match="receiver"):
                await link.submit(submit(), Journal().note)
        if mode is not BindMode.TRANSMITTER:
            await asyncio.wait_for(world.handler.came.wait(), 5)
    assert bool(world.handler.deliveries) is (mode is not BindMode.TRANSMITTER)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"password": Secret("wrong")}, CommandStatus.INVALID_PASSWORD),
        ({"system_id": "nobody"}, CommandStatus.INVALID_SYSTEM_ID),
        ({"host": "host.invalid"}, None),
        ({"port": 1}, None),
    ],
)
async def test_what_cannot_be_bound_is_told(world: World, change: dict[str, Any], status: int | None) -> None:
    """With the status if the centre gave one; never with the password."""
    async with world.serving():
        endpoint = replace(world.endpoint, **change)
        with pytest.raises(NotBound) as told:
            await SmppLink.open(endpoint, world.handler)
        assert told.value.status == status
        assert endpoint.password.reveal() not in f"{told.value!r} {endpoint!r}"


async def test_a_server_that_says_nothing_is_given_up() -> None:
    """After the time of a bind."""
    with socket.create_server(("127.0.0.1", 0)) as server:  # the kernel accepts, and nobody reads
        port = server.getsockname()[1]
        endpoint = SmppEndpoint("127.0.0.1", port, SYSTEM_ID, Secret(PASSWORD), limits=SessionLimits(bind_s=0.05))
        with pytest.raises(NotBound, match="not bound"):
            await SmppLink.open(endpoint, Handler())


async def test_garbage_ends_the_link(world: World) -> None:
    """It is told, and nothing of it is answered."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        endpoint = replace(world.endpoint, port=server.sockets[0].getsockname()[1])
        with pytest.raises(NotBound, match="garbage"):
            await SmppLink.open(endpoint, world.handler)


@pytest.mark.parametrize(("name", "trusted", "told"), [
    ("127.0.0.1", True, None),
    ("smsc.example", True, "mismatch"),
    ("127.0.0.1", False, "self-signed"),
])  # fmt: skip
async def test_tls_checks_who_is_there(
    world: World, tmp_path: Path, name: str, trusted: bool, told: str | None
) -> None:
    """A certificate for another name, and one that nobody trusts, are refused before the password is sent."""
    certificate, key, _ = make_self_signed((name,), datetime.now(UTC))
    (tmp_path / "crt").write_bytes(certificate)
    (tmp_path / "key").write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    async with world.serving(context):
        endpoint = replace(world.endpoint, tls=make_tls_context(str(tmp_path / "crt") if trusted else None))
        if told is not None:
            with pytest.raises(NotBound, match=told):
                await SmppLink.open(endpoint, world.handler)
            assert world.account.links == []
            return
        link = await SmppLink.open(endpoint, world.handler)
        answer = await link.submit(submit(), Journal().note)
        assert isinstance(answer, RequestAnswered)
        await link.close(1)


async def test_a_link_is_closed_in_order(world: World) -> None:
    """It waits for the answers, and then unbinds; a centre that does not answer is left after the time."""
    world.centre.settings.answer_latency_s = 0.05
    async with world.serving():
        link = await SmppLink.open(world.endpoint, world.handler)
        sending = asyncio.ensure_future(link.submit(submit(), Journal().note))
        while not world.network.journal.accepted:  # noqa: ASYNC110 - the centre tells nobody
            await asyncio.sleep(0)
        await link.close(5)
        answer = await sending
        assert isinstance(answer, RequestAnswered)
        world.centre.settings.answer_latency_s = 60
        link = await SmppLink.open(world.endpoint, world.handler)
        sending = asyncio.ensure_future(link.submit(submit(), Journal().note))
        while len(world.network.journal) < 2:  # noqa: ASYNC110 - the centre tells nobody
            await asyncio.sleep(0)
        await link.close(0.02)
        assert isinstance(await sending, RequestUnknown)
