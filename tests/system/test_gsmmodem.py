"""An independent client of the emulator: python-gsmmodem-new, unmodified, over a real pty."""

from __future__ import annotations

import asyncio
import queue
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.system.house import lab, off_loop, ports, until

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its docstrings hold invalid escapes, of which Python 3.12 warns
    from gsmmodem.modem import GsmModem

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

PHONE = "+447700900123"


@pytest.mark.parametrize("family", ["huawei_e3372", "sim800", "generic"])
async def test_a_client_that_we_did_not_write_sends_and_receives(tmp_path: Path, family: str) -> None:
    """It connects, sends a short message and one of several parts, and is told of one that comes in."""
    received: queue.Queue[tuple[str, str]] = queue.Queue()
    async with lab(tmp_path / "lab", modems=1, families=(family,), boot_factor=0.0) as built:
        (modem,) = built.modems.values()
        client: Any = GsmModem(
            str(ports(built)[0]), smsReceivedCallbackFunc=lambda sms: received.put((sms.number, sms.text))
        )
        await off_loop(client.connect)
        try:
            phone = built.network.phone(PHONE)
            await off_loop(client.sendSms, PHONE, "Hello")
            await off_loop(client.sendSms, PHONE, "long " * 80)
            await until(lambda: len(phone.inbox) == 2, "both arrive")
            assert [got.text for got in phone.inbox] == ["Hello", "long " * 80]
            phone.send(modem.sim.number, "Hello back")
            assert await asyncio.wait_for(off_loop(received.get), 20) == (PHONE, "Hello back")
            memories = [modem.device.memory(name) for name in ("SM", "ME")]
            await until(lambda: not any(list(memory) for memory in memories), "its thread has deleted what it read")
            await asyncio.sleep(0.5)  # and has heard so: closed before that, it would fail in its thread
        finally:
            await off_loop(client.close)
