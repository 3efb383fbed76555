"""What the doctor says of the API on TCP, and of webhooks."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from modemd.api.app import create_app
from modemd.cli.access.tls import make_self_signed
from modemd.doctor import Code, Severity
from modemd.doctor.api_side import check_api, check_certificate
from modemd.service.keys.keys import KeyRequest
from modemd.store.changes.feed import Cursor
from modemd.store.webhooks import deliveries
from modemd.store.webhooks.deliveries import NewDelivery
from tests.api.client import Client
from tests.doctor.bench import NOW, Bench, asking, codes, found
from tests.doctor.conftest import Doctor
from tests.service.assembled import AssembledService, assembled_service

OTHERS = {"http": {"listen": "0.0.0.0:8080", "trusted_proxies": ["127.0.0.1"]}}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate, and its key."""
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    public, private, _ = make_self_signed(("box.lan",), NOW)
    certificate.write_bytes(public)
    key.write_bytes(private)
    key.chmod(0o600)
    return certificate, key


def code(certificate: Path, key: Path, now: Any = NOW) -> Code | None:
    """The only finding about a certificate."""
    findings = check_certificate(certificate, key, now)
    assert all(each.severity is Severity.WARNING and each.remedy for each in findings)
    assert len(findings) <= 1
    return findings[0].code if findings else None


def test_a_certificate_that_is_right(files: tuple[Path, Path]) -> None:
    """Nothing is said."""
    assert code(*files) is None


def test_files_that_cannot_be_used(files: tuple[Path, Path], tmp_path: Path) -> None:
    """One is not there, is none, or belongs to another."""
    certificate, key = files
    assert code(tmp_path / "nothing", key) is Code.API_CERTIFICATE_WRONG
    assert code(certificate, tmp_path / "nothing") is Code.API_CERTIFICATE_WRONG
    key.write_bytes(make_self_signed(("box.lan",), NOW)[1])
    assert code(certificate, key) is Code.API_CERTIFICATE_WRONG
    certificate.write_text("no certificate")
    assert code(certificate, key) is Code.API_CERTIFICATE_WRONG


def test_a_certificate_that_ends(files: tuple[Path, Path]) -> None:
    """Soon, or that has ended."""
    years = timedelta(days=365 * 30)
    assert code(*files, NOW + years) is Code.API_CERTIFICATE_EXPIRED
    days = next(day for day in range(30 * 365) if code(*files, NOW + timedelta(days=day)) is not None)
    assert code(*files, NOW + timedelta(days=days)) is Code.API_CERTIFICATE_ENDS
    assert code(*files, NOW + timedelta(days=days + 15)) is Code.API_CERTIFICATE_EXPIRED


def test_a_key_that_others_may_read(files: tuple[Path, Path]) -> None:
    """Whoever has it can be the machine. A group may have it."""
    files[1].chmod(0o640)
    assert code(*files) is None
    files[1].chmod(0o644)
    assert code(*files) is Code.API_KEY_READABLE


def test_without_a_daemon_the_files_are_checked(doctor: Doctor, tmp_path: Path) -> None:
    """And no message is stopped by what is wrong with them."""

    async def visit(bench: Bench) -> None:
        named = {"certificate": str(tmp_path / "none.crt"), "key": str(tmp_path / "none.key")}
        assert bench.world.settings is not None
        http = {"listen": "127.0.0.1:8080", "tls": named}
        settings = type(bench.world.settings).model_validate(
            {"database": str(bench.database), "http": http, "modems": [{"name": "west", "port": bench.port}]}
        )
        bench.change(settings=settings)
        report = await bench.examine()
        assert found(report, Code.API_CERTIFICATE_WRONG).severity is Severity.WARNING
        assert report.modem_ready
        assert Code.API_CERTIFICATE_WRONG not in codes(await bench.examine(port=bench.port))

    doctor(visit)


async def examine(assembled: AssembledService) -> list[tuple[Code, str]]:
    """Ask the service as the doctor asks a daemon."""
    client = Client(create_app(assembled.service))
    status = (await client.get("/v1/status")).json
    findings = await check_api(assembled.settings, asking(client), status, NOW)
    return [(each.code, each.what) for each in findings]


async def test_a_door_that_is_closed(tmp_path: Path) -> None:
    """Without a key nobody is let in; and what the daemon raised an alarm about is told."""
    async with assembled_service(tmp_path, **OTHERS) as assembled:
        assert [each for each, _ in await examine(assembled)] == [Code.API_NO_KEY]
        await assembled.service.keys.create(KeyRequest("shop", ("all",)))
        assert [each for each, _ in await examine(assembled)] == [Code.API_FINE]
        await raise_alarm(
            assembled, "api_closed", "", "the API does not listen at 0.0.0.0:8080: Address already in use"
        )
        assert await examine(assembled) == [
            (Code.API_CLOSED, "the API does not listen at 0.0.0.0:8080: Address already in use")
        ]


async def test_webhooks_that_are_not_taken(tmp_path: Path) -> None:
    """A receiver that takes nothing, and deliveries that were given up."""
    async with assembled_service(tmp_path) as assembled:
        assert await examine(assembled) == []
        for _ in range(2):
            await assembled.service.webhooks.add("https://crm.example.com/", ["*"], "modemd", None)
        new = [NewDelivery("webhook:2", "message:1", "e1-1", "message.sent", webhook=2)]
        await assembled.store.write(lambda db: deliveries.add(db, new, Cursor(), NOW))
        await assembled.store.write(lambda db: deliveries.bury(db, 1, "a test", NOW))
        await raise_alarm(assembled, "webhook_failing", "1", "webhook 1 has taken nothing")
        assert await examine(assembled) == [
            (Code.WEBHOOK_FAILING, "webhook 1 has taken nothing"),
            (Code.WEBHOOK_GIVEN_UP, "modemd has given up deliveries to webhook 2: 1"),
        ]


async def raise_alarm(assembled: AssembledService, alarm: str, subject: str, text: str) -> None:
    from modemd.store import alarms

    await assembled.store.write(lambda db: alarms.raise_alarm(db, alarm, subject, text, NOW))
    await asyncio.sleep(0)
