"""Parts that are made only if they are wanted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from modemd.service.optional_parts import make_mailbox_work
from tests.service.assembled import assembled_service


async def test_without_a_mailbox_the_alarm_of_an_earlier_one_ends(tmp_path: Path) -> None:
    """A mailbox that was taken out of the configuration is no trouble any more."""
    async with assembled_service(tmp_path) as assembled:
        alarms, words = assembled.service.operations.alarms, assembled.service.consent.current_words
        alarms.raise_alarm("mailbox", "", "the mailbox for opt-outs cannot be read")
        work = make_mailbox_work(assembled.store, assembled.service.settings, assembled.clock, alarms, words)
        assert alarms.active == {("mailbox", "")}
        await work()
        assert alarms.active == frozenset()


def test_code_that_reads_mails_is_loaded_for_a_mailbox_only(tmp_path: Path) -> None:
    """A daemon without a mailbox does not keep it in memory."""
    program = f"""
import asyncio, pathlib, sys
from tests.service.assembled import assembled_service

async def main(folder, **settings):
    async with assembled_service(pathlib.Path(folder), **settings):
        print("imaplib" in sys.modules, "modemd.rules.consent.mail.reading" in sys.modules)

asyncio.run(main({str(tmp_path)!r}))
mailbox = {{"host": "mail.example.com", "user": "stop", "password_file": "/nowhere"}}
asyncio.run(main({str(tmp_path)!r}, consent={{"mailbox": mailbox}}))
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == ["False False", "True True"]
