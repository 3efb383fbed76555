"""An independent client of the emulator: python-gsmmodem-new, unmodified, over a real pty."""

from __future__ import annotations

import asyncio
import queue
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.system.processes import lab, off_loop, ports, until

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
            await asyncio.sleep(1)  # of several notices that come together, this client hears the first alone
            phone.send(modem.sim.number, "Hello back")
            assert await off_loop(received.get, timeout=20) == (PHONE, "Hello back")
            await asyncio.sleep(1)  # its thread deletes what it read; closed before that, it would fail there
        finally:
            await off_loop(client.close)
