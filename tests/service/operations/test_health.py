"""Whether a message can pass: one function decides, and every face says the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from modemd.api.app import create_app
from modemd.daemon import status_line
from modemd.errors import ErrorCode, StoreDamaged, StoreUnavailable
from modemd.modem.status import ModemHealth, ModemStatus
from modemd.rules.classes import MessageClass
from modemd.service.modems.views import can_send
from modemd.service.operations.health import (
    CAN_SEND,
    NO_DAEMON,
    NO_MODEM,
    NOT_READY,
    PAUSED,
    ModemState,
    assess_health,
)
from modemd.store.events import Authorship
from modemd.store.rows import PauseRow
from tests.api.client import Client
from tests.service.assembled import AssembledService, assembled_service

FULL = StoreUnavailable(ErrorCode.DISK_FULL, "the disk is full: make room")
READY, GONE = ModemState("west", True, sim="1"), ModemState("east", False, "unplugged")


def paused(message_class: MessageClass | None = None, sim: str | None = None) -> PauseRow:
    return PauseRow(message_class, sim, "alice", "moving house", "2026-11-22T12:00:00+00:00")


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path) as assembled:
        yield assembled


@pytest.mark.parametrize(
    ("trouble", "modems", "running", "passes", "code", "words"),
    [
        pytest.param(None, [READY], True, True, CAN_SEND, "1 of 1 modem can send", id="one modem"),
        pytest.param(None, [GONE, READY], True, True, CAN_SEND, "1 of 2 modems can send", id="one of two"),
        pytest.param(None, [GONE], True, False, NOT_READY, "east: unplugged", id="none of one"),
        pytest.param(None, [GONE, GONE], True, False, NOT_READY, "(and 1 more)", id="none of two"),
        pytest.param(None, [], True, False, NO_MODEM, "none is found", id="no modem"),
        pytest.param(None, [GONE], False, False, NO_DAEMON, "no daemon runs", id="no daemon"),
        pytest.param(FULL, [READY], True, False, "disk_full", "make room", id="the disk is full"),
        pytest.param(StoreDamaged("torn"), [READY], True, False, "damaged", "torn", id="damaged"),
    ],
)
def test_the_verdict(
    trouble: StoreUnavailable | StoreDamaged | None,
    modems: list[ModemState],
    running: bool,
    passes: bool,
    code: str,
    words: str,
) -> None:
    """The database first, then any modem that can send; else the first reason."""
    found = assess_health(trouble, modems, running=running)
    assert (found.can_send, found.code) == (passes, code)
    assert words in found.message


@pytest.mark.parametrize(
    ("pauses", "code", "words"),
    [
        pytest.param([paused()], PAUSED, "the queue is paused by alice: moving house", id="the queue"),
        pytest.param([paused(sim="1")], PAUSED, "SIM 1 is paused by alice", id="the only SIM"),
        pytest.param(
            [paused(), paused(MessageClass.ALARM)], PAUSED, "no message can pass: the queue", id="the queue and alarms"
        ),
        pytest.param([paused(sim="2")], CAN_SEND, "can send; SIM 2 is paused by alice", id="another SIM"),
        pytest.param([paused(MessageClass.OTP)], CAN_SEND, "class otp is paused by alice", id="a class"),
        pytest.param(
            [paused(each) for each in MessageClass if each is not MessageClass.ALARM],
            PAUSED,
            "class otp",
            id="each class",
        ),
    ],
)
def test_a_pause_is_in_the_verdict(pauses: list[PauseRow], code: str, words: str) -> None:
    """Who paused what, and why; if nothing but alarms can pass, the verdict is that none can."""
    found = assess_health(None, [READY, GONE], pauses)
    assert (found.can_send, found.code) == (code == CAN_SEND, code)
    assert words in found.message


async def test_a_pause_is_known_again_after_a_start(assembled: AssembledService, tmp_path: Path) -> None:
    """Health waits for no database, so pauses are read before anything else, and changed with the database."""
    sims, health = assembled.service.sims, assembled.service.operations.health
    west = assembled.service.modems.registry.modems[0]
    west.status.health = ModemHealth.READY
    await sims.pause(None, None, Authorship("alice", "moving house"))
    assert health.assess().code == PAUSED
    sims.active_pauses = ()
    await assembled.service.know_time()
    assert health.assess().code == PAUSED
    await sims.resume(None, None, Authorship("alice", "moved"))
    assert health.assess().code == CAN_SEND


@pytest.mark.parametrize("health", ModemHealth)
def test_only_a_ready_modem_can_send(health: ModemHealth) -> None:
    """None that is opening, searching, sick, gone, or waits for a person; nor one whose SIM rests."""
    assert can_send(ModemStatus(health=health), is_refused=False) is (health is ModemHealth.READY)
    assert not can_send(ModemStatus(health=health), is_refused=True)


def test_without_a_service_centre_nothing_passes() -> None:
    """A modem that says so is in the network and can send nothing all the same; one that does not say may."""
    status = ModemStatus(health=ModemHealth.READY, remarks={"smsc": "the SIM has no service centre"})
    assert not can_send(status, is_refused=False)
    status.smsc = "+33609001390"
    assert can_send(status, is_refused=False)
    assert can_send(ModemStatus(health=ModemHealth.READY), is_refused=False)


@pytest.mark.parametrize("ready", [True, False], ids=["a message can pass", "none can"])
async def test_every_face_says_the_same(assembled: AssembledService, ready: bool) -> None:
    """`/v1/status`, `/healthz` and the line for systemd; 200 or 503 for those who look at the number alone."""
    assembled.service.modems.registry.modems[0].status.health = ModemHealth.READY if ready else ModemHealth.SEARCHING
    client = Client(create_app(assembled.service))
    status = (await client.get("/v1/status")).json
    healthz = await client.get("/healthz")
    assert (status["can_send"], healthz.status) == ((True, 200) if ready else (False, 503))
    told = healthz.json
    assert (told["code"], told["message" if ready else "detail"]) == (status["code"], status["message"])
    assert status_line(assembled.service) == status["message"]
    assert [modem["can_send"] for modem in status["modems"]] == [ready]


async def test_the_line_is_one_line(assembled: AssembledService) -> None:
    """Whatever was said last: a line end would be another assignment to systemd."""
    assembled.store.failure = StoreUnavailable(ErrorCode.DISK_ERROR, "the disk says\nREADY=0")
    assert status_line(assembled.service).endswith("the disk says READY=0")


async def test_a_health_check_needs_no_database(assembled: AssembledService) -> None:
    """It is answered while the database is not: whoever asks is not made to wait."""
    assembled.store.failure = FULL

    async def stuck(query: object) -> None:
        raise AssertionError("the database was asked")

    assembled.store.read = stuck  # type: ignore[assignment, method-assign]
    answer = await Client(create_app(assembled.service)).get("/healthz")
    assert (answer.status, answer.code) == (503, "disk_full")
