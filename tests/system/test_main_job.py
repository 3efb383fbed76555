"""The main job with real processes and real ptys: out, back, STOP; and what a `kill -9` leaves."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import signal
import sqlite3
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from modemd.emulator import Device
from modemd.emulator.lab.lab import Lab
from tests.sim.world.unrestricted import unrestricted
from tests.system.journal_check import accepted, judge
from tests.system.processes import Daemon, csv, lab, off_loop, ports, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


def phones(count: int) -> list[str]:
    return [f"+33612{index:06d}" for index in range(count)]


def received(built: Lab, number: str) -> list[str]:
    return [got.text or "" for got in built.network.phone(number).inbox]


async def test_200_messages_arrive_once_each_and_are_delivered(tmp_path: Path) -> None:
    """200 on the phones, 200 delivered, none twice."""
    async with lab(tmp_path / "lab") as built:
        daemon = Daemon(tmp_path, ports(built))
        with daemon.running():
            rows = [(number, f"message {index}", "transactional") for index, number in enumerate(phones(200))]
            done = await off_loop(daemon.cli, "send", "--csv", "-", text=csv(rows))
            assert (done.returncode, done.stdout.splitlines()[0]) == (0, "batch 1: 200 accepted, 0 refused")
            await until(
                lambda: len(daemon.rows("SELECT 1 FROM message WHERE state = 'delivered'")) == 200, "all delivered"
            )
            listed = await off_loop(daemon.json, "messages", "--limit", "0")
        assert {message["state"] for message in listed} == {"delivered"}
        assert accepted(built) == Counter({(to, text): 1 for to, text, _ in rows})
        assert all(received(built, to) == [text] for to, text, _ in rows)


async def test_kill_9_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    """Ten times in the middle of 200 messages. What was on the air is unknown until a report settles it, never sent again."""
    chance = Random(20261122)
    async with lab(tmp_path / "lab", send_latency_s=0.1) as built:
        daemon = Daemon(tmp_path, ports(built))
        rows = [(number, f"message {index}", "transactional") for index, number in enumerate(phones(200))]
        daemon.start()
        done = await off_loop(daemon.cli, "send", "--csv", "-", text=csv(rows))
        assert done.returncode == 0, done.stderr
        for _ in range(10):
            await asyncio.sleep(chance.uniform(0.3, 1.5))
            await off_loop(daemon.kill)
            daemon.start()
        open_ones = "SELECT 1 FROM message WHERE state IN ('held', 'queued', 'sending')"
        await until(lambda: not daemon.rows(open_ones), "nothing waits any more", 120)
        await asyncio.sleep(2)  # the last reports
        await off_loop(daemon.kill)
        told = judge(built, daemon)
        print(f"kill -9 ten times: {told}")  # noqa: T201 - figures for whoever runs it with -s
        assert told["lost"] == 0
        assert told["twice"] == 0


class Watch:
    """Reads the daemon's database file at the first octet of every PDU, from the emulator's process."""

    def __init__(self, daemon: Daemon, built: Lab) -> None:
        self.octets = 0
        self.without_attempt = 0
        self.after_stop = 0
        self._daemon = daemon
        self._connection: sqlite3.Connection | None = None
        for modem in built.modems.values():
            modem.device.first_octet_hooks.append(self._first_octet)

    def _first_octet(self, device: Device, pdu: bytes) -> None:
        if self._connection is None:
            self._connection = sqlite3.connect(f"file:{self._daemon.database}?mode=ro", uri=True)
        on_air = self._connection.execute(
            """SELECT coalesce(c.marketing, ''), m.class FROM attempt a JOIN message m ON m.id = a.message_id
               LEFT JOIN contact c ON c.number = a.number WHERE a.outcome = 'open' AND a.modem = ?""",
            (device.imei,),
        ).fetchall()
        self.octets += 1
        self.without_attempt += len(on_air) != 1
        self.after_stop += ("opted_out", "marketing") in on_air

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


async def test_after_stop_nothing_and_before_the_attempt_nothing(tmp_path: Path) -> None:
    """100 STOPs while 500 marketing messages are queued: no first octet after the stored STOP, none before its attempt."""
    chance = Random(7)
    numbers = phones(100)
    async with lab(tmp_path / "lab", send_latency_s=0.05) as built:
        daemon = Daemon(tmp_path, ports(built), **unrestricted({}))
        watch = Watch(daemon, built)
        with contextlib.closing(watch), daemon.running():
            rows = [(number, f"offer {turn}", "marketing") for turn in range(5) for number in numbers]
            done = await off_loop(daemon.cli, "send", "--csv", "-", text=csv(rows))
            assert done.returncode == 0, done.stderr
            await until(lambda: watch.octets >= 3, "sending has begun")
            sims = [modem.sim.number for modem in built.modems.values()]
            for number in chance.sample(numbers, len(numbers)):
                built.network.phone(number).send(chance.choice(sims), chance.choice(["STOP", "stop!", "Arrêt"]))
                await asyncio.sleep(chance.uniform(0, 0.1))
            open_ones = "SELECT 1 FROM message WHERE state NOT IN ('delivered', 'cancelled')"
            await until(lambda: len(opted_out(daemon)) == 100, "100 opt-outs")
            await until(lambda: not daemon.rows(open_ones), "nothing waits any more", 120)
        cancelled = daemon.rows("SELECT 1 FROM message WHERE reason = 'opted_out'")
        answers = [sum("START" in text for text in received(built, number)) for number in numbers]
        print(f"first octets {watch.octets}, after STOP {watch.after_stop}, cancelled {len(cancelled)}")  # noqa: T201
        assert watch.after_stop == 0
        assert watch.without_attempt == 0
        assert max(answers) == 1, "a STOP is confirmed once, if the customer was written to before it"
        assert len(cancelled) > 50, "the STOPs came while offers waited"


def opted_out(daemon: Daemon) -> list[dict[str, Any]]:
    return daemon.rows("SELECT number FROM contact WHERE marketing = 'opted_out'")


async def test_sigterm_waits_for_the_answer_on_the_air(tmp_path: Path) -> None:
    """Ended within 5 s where the modem answers within 3 s; the part on the air is journaled as sent, nothing is claimed after."""
    async with lab(tmp_path / "lab", modems=1, send_latency_s=2.0) as built:
        daemon = Daemon(tmp_path, ports(built))
        with daemon.running():
            rows = [(number, "slow", "transactional") for number in phones(3)]
            await off_loop(daemon.cli, "send", "--csv", "-", text=csv(rows))
            await until(lambda: bool(daemon.rows("SELECT 1 FROM attempt WHERE outcome = 'open'")), "one is on the air")
            began = asyncio.get_running_loop().time()
            daemon.signal(signal.SIGTERM)
            status = await off_loop(daemon.cli, "status")
            assert status.returncode == 0, "the daemon answers to the last"
            assert await off_loop(daemon.wait) == 0
            assert asyncio.get_running_loop().time() - began < 5
            assert [row["outcome"] for row in daemon.rows("SELECT outcome FROM attempt")] == ["sent"]


async def test_the_command_line_works_without_a_daemon(tmp_path: Path) -> None:
    """Accepted means kept: what is submitted while no daemon runs goes out when one does."""
    async with lab(tmp_path / "lab", modems=1) as built:
        daemon = Daemon(tmp_path, ports(built))
        await off_loop(daemon.make_database)
        done = await off_loop(daemon.cli, "send", "--to", "+33612345678", "--text", "kept")
        assert (done.returncode, done.stdout) == (0, "message 1 queued (1 part)\n")
        assert done.stderr.startswith("warning: no daemon runs")
        with daemon.running():
            await until(lambda: received(built, "+33612345678") == ["kept"], "it arrives")


async def test_a_replugged_stick_goes_on(tmp_path: Path) -> None:
    """The port vanishes and comes back under its name: what waited is sent within seconds."""
    async with lab(tmp_path / "lab", modems=1, boot_factor=0.0) as built:
        daemon = Daemon(tmp_path, ports(built))
        (modem,) = built.modems.values()
        with daemon.running():
            await until(lambda: "modem ready" in daemon.log.read_text(encoding="utf-8"), "the modem is ready")
            modem.link.unplug()
            await off_loop(daemon.cli, "send", "--to", "+33612345678", "--text", "after the replug")
            await asyncio.sleep(1)
            modem.link.replug()
            await until(lambda: received(built, "+33612345678") == ["after the replug"], "it arrives", 10)


async def test_a_daemon_waits_for_a_command_that_holds_the_database(tmp_path: Path) -> None:
    """A command without daemon has the writer's lock for a moment; a daemon started then does not fail for it."""
    async with lab(tmp_path / "lab", modems=1) as built:
        daemon = Daemon(tmp_path, ports(built))
        with (tmp_path / "modemd.db.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with daemon.running():
                await asyncio.sleep(1.5)
                assert "starting" not in daemon.log.read_text(encoding="utf-8")
                fcntl.flock(lock, fcntl.LOCK_UN)
                await until(lambda: "modem ready" in daemon.log.read_text(encoding="utf-8"), "the modem is ready", 15)
