"""The second door, on a real port."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from modemd import second_door as door_module
from modemd.cli.access.tls import make_self_signed
from modemd.config import Settings
from modemd.second_door import SecondDoor, second_door
from modemd.service.keys.keys import KeyRequest
from tests.free_port import free_port
from tests.service.assembled import AssembledService, assembled_service

APP = PlainTextResponse("hello")


def settings(assembled: AssembledService, port: int, **http: object) -> Settings:
    listen = {"listen": f"127.0.0.1:{port}"}
    return Settings.model_validate({"database": str(assembled.settings.database), "http": listen | http})


async def fetch(port: int, context: ssl.SSLContext | None = None) -> str:
    async with asyncio.timeout(10):
        while True:
            try:
                name = "box.lan" if context is not None else None
                reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
                break
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer.decode()


async def test_a_door_that_is_taken_opens_when_it_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon goes on meanwhile; after a while it is an alarm."""
    monkeypatch.setattr(door_module, "RETRY_S", 0.05)
    async with assembled_service(tmp_path) as assembled:
        port, alarms = free_port(), assembled.service.operations.alarms
        taker = socket.create_server(("127.0.0.1", port))
        async with second_door(
            settings(assembled, port), assembled.service.keys, APP, assembled.service.operations.alarms
        ):
            await asyncio.sleep(0.3)
            assert not alarms.active  # whoever has the address may be about to end
            monkeypatch.setattr(door_module, "ALARM_AFTER_S", 0.0)
            await asyncio.sleep(0.3)
            assert alarms.active == {("api_closed", "")}
            taker.close()
            assert (await fetch(port)).endswith("hello")
            assert not alarms.active


async def test_without_a_door_none_is_closed(tmp_path: Path) -> None:
    """The alarm of an earlier configuration is over."""
    async with assembled_service(tmp_path) as assembled:
        alarms = assembled.service.operations.alarms
        alarms.raise_alarm("api_closed", "", "a test")
        async with second_door(assembled.settings, assembled.service.keys, APP, alarms):
            await asyncio.sleep(0)
        assert not alarms.active


async def test_a_new_certificate_is_taken_at_a_reload(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Clients that trust the new one get through, and a file that is broken changes nothing."""
    caplog.set_level(logging.INFO)
    files = {"certificate": tmp_path / "tls.crt", "key": tmp_path / "tls.key"}
    contexts = []
    pairs = [make_self_signed(("box.lan",), datetime.now(UTC)) for _ in range(2)]
    for certificate, _, _ in pairs:
        contexts.append(ssl.create_default_context(cadata=certificate.decode()))

    def write(number: int) -> None:
        files["certificate"].write_bytes(pairs[number][0])
        files["key"].write_bytes(pairs[number][1])

    async with assembled_service(tmp_path) as assembled:
        write(0)
        port, named = free_port(), {name: str(path) for name, path in files.items()}
        async with second_door(
            settings(assembled, port, tls=named), assembled.service.keys, APP, assembled.service.operations.alarms
        ) as door:
            assert (await fetch(port, contexts[0])).endswith("hello")
            write(1)
            door.reload()
            assert "the certificate is read again" in caplog.text
            assert (await fetch(port, contexts[1])).endswith("hello")
            files["key"].write_text("broken")
            door.reload()
            assert (await fetch(port, contexts[1])).endswith("hello")


async def test_an_address_for_others_waits_for_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first key opens it, without a restart."""
    monkeypatch.setattr(door_module, "KEY_CHECK_S", 0.02)
    async with assembled_service(tmp_path) as assembled:
        port, keys = free_port(), assembled.service.keys
        named = Settings.model_validate(
            {
                "database": str(assembled.settings.database),
                "http": {"listen": f"0.0.0.0:{port}", "trusted_proxies": ["127.0.0.1"]},
            }
        )
        door = SecondDoor(named.http, keys, APP, assembled.service.operations.alarms)
        task = asyncio.ensure_future(door.run())
        await asyncio.sleep(0.2)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        await keys.create(KeyRequest("shop", ("all",)))
        assert (await fetch(port)).endswith("hello")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_request_under_way_is_answered_when_the_door_closes(tmp_path: Path) -> None:
    """By the application, within the second that the end of the server leaves: a client that got an error would ask again."""
    asked = asyncio.Event()

    async def answer_later(scope: Scope, receive: Receive, send: Send) -> None:
        asked.set()
        await asyncio.sleep(0.2)
        await APP(scope, receive, send)

    async with assembled_service(tmp_path) as assembled:
        port, alarms = free_port(), assembled.service.operations.alarms
        async with second_door(settings(assembled, port), assembled.service.keys, answer_later, alarms):
            fetching = asyncio.create_task(fetch(port))
            await asked.wait()
        assert (await fetching).endswith("hello")
