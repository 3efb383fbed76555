"""The daemon on a network as networks are: reports lost and disguised, and a service centre with a wrong clock."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.system.processes import Daemon, csv, lab, off_loop, ports, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

MESSAGES = 100


@pytest.mark.parametrize(
    ("seed", "fast"), [pytest.param(0, True, id="clock fast"), pytest.param(1, False, id="clock slow")]
)
async def test_nothing_is_lost_and_nothing_comes_twice(tmp_path: Path, seed: int, fast: bool) -> None:
    """Each message is accepted once; each whose report came is delivered, and no other is said to be."""
    async with lab(tmp_path / "lab", kind=False, seed=seed) as built:
        network = built.network
        assert (network.report_loss, network.unkind.clock_off.total_seconds() > 0) == (0.1, fast)
        daemon = Daemon(tmp_path, ports(built))
        rows = [(f"+33612{index:06d}", f"message {index}", "transactional") for index in range(MESSAGES)]
        with daemon.running():
            done = await off_loop(daemon.cli, "send", "--csv", "-", text=csv(rows))
            assert done.returncode == 0, done.stderr
            await until(lambda: len(network.journal) >= MESSAGES, "all accepted")
            await until(
                lambda: (
                    len(daemon.rows("SELECT 1 FROM message WHERE state = 'delivered'"))
                    == MESSAGES - network.reports_lost
                ),
                "delivered, but for those whose report never came",
            )
            listed = await off_loop(daemon.json, "messages", "--limit", "0")
        assert Counter(entry.recipient for entry in network.journal) == Counter(to for to, _, _ in rows)
        assert all([got.text for got in network.phone(to).inbox] == [text] for to, text, _ in rows)
        assert network.reports_lost > 0
        assert Counter(message["state"] for message in listed) == {
            "delivered": MESSAGES - network.reports_lost,
            "sent": network.reports_lost,
        }
