"""Whether a message can pass: one function decides, and every face says the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from modemd.api.app import create_app
from modemd.daemon import status_line
from modemd.errors import ErrorCode, StoreDamaged, StoreUnavailable
from modemd.modem.status import ModemHealth, ModemStatus
from modemd.service.modems.views import can_send
from modemd.service.operations.health import CAN_SEND, NO_DAEMON, NO_MODEM, NOT_READY, ModemState, assess_health
from tests.api.client import Client
from tests.service.assembled import AssembledService, assembled_service

FULL = StoreUnavailable(ErrorCode.DISK_FULL, "the disk is full: make room")
READY, GONE = ModemState("west", True), ModemState("east", False, "unplugged")


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
    told = healthz.json if ready else healthz.json["error"]
    assert (told["code"], told["message"]) == (status["code"], status["message"])
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
