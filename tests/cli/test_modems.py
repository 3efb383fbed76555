"""`modemd ussd` and `modemd modems --wire`, with a daemon and an emulated modem behind its socket."""

from __future__ import annotations

import asyncio
import io
import json
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from modemd.api.app import create_app
from modemd.config import load
from modemd.daemon import open_service
from modemd.emulator import Device, LoopTimers, Network
from modemd.emulator.links.pty import PtyLink
from modemd.emulator.network.ussd_services import UssdAnswer, UssdState
from modemd.http.unix import listening, serving
from modemd.store import sims
from modemd.store.connection import connect
from modemd.store.schema import migrate
from tests.cli.shell import Modemd

ICCID = "8933010000000000010"
MENU = UssdAnswer(
    "1 Balance\n2 Bonus",
    menu={"1": UssdAnswer("12.50 \x1b[2J", after_s=0.01), "2": UssdAnswer("none", after_s=0.01)},
    after_s=0.01,
)


@pytest.fixture
def daemon(config: Path) -> Iterator[None]:
    """A daemon with one emulated modem that is ready, on a loop of its own."""
    up, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        network = Network(LoopTimers(loop))
        network.ussd |= {"*123#": MENU, "*9#": UssdAnswer(ends=UssdState.NOT_SUPPORTED, after_s=0.01)}
        device = Device("modem0", "generic", network, network.timers, network.sim("+33700000001"), boot_factor=0)
        link = PtyLink(device, config.parent / "modem0", loop)
        settings = load(config)
        async with open_service(settings) as service:
            with listening(settings.socket) as socket:
                await service.start()
                async with asyncio.timeout(30):
                    while service.modems.views.list_modems()[0].health != "ready":  # noqa: ASYNC110 - nobody tells it otherwise
                        await asyncio.sleep(0.02)
                async with serving(create_app(service), socket):
                    up.set()
                    await asyncio.to_thread(stop.wait)
                await service.stop(1)
        link.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert up.wait(30), "the daemon did not come up"
        yield
    finally:
        stop.set()
        thread.join()


def wire(modemd: Modemd) -> list[str]:
    """What was written to the modem, oldest first."""
    shown = modemd("modems", "--config", "FILE", "--id", "west", "--wire", "--json")
    return [line["text"] for line in json.loads(shown.out) if line["way"] == ">"]


@pytest.mark.usefixtures("daemon")
def test_codes_and_menus(modemd: Modemd) -> None:
    """Replies lead through a menu; what is left open is ended; controls in a text do nothing; JSON has every step."""
    code = ("ussd", "--config", "FILE", "--modem", "west", "*123#")
    ended = modemd(*code, "--reply", "1")
    assert (ended.status, ended.out) == (0, "1 Balance\n2 Bonus\n12.50 <U+001B>[2J\n")
    assert modemd(*code).out == "1 Balance\n2 Bonus\n"
    assert wire(modemd)[-1] == "AT+CUSD=2"
    steps = json.loads(modemd(*code, "--reply", "2", "--json").out)
    assert [(step["state"], step["text"]) for step in steps] == [
        ("reply wanted", "1 Balance\n2 Bonus"),
        ("done", "none"),
    ]
    ended = modemd(*code, "--reply", "2", "--reply", "2")
    assert (ended.status, ended.err) == (1, "modemd: the network did not ask for a reply; '2' was not sent\n")
    ended = modemd("ussd", "--config", "FILE", "--modem", "west", "*9#")
    assert (ended.status, ended.err.count("\n")) == (1, 1)
    assert "does not know the code" in ended.err


@pytest.mark.usefixtures("daemon")
@pytest.mark.parametrize(("typed", "said"), [("1\n", "12.50"), ("\n", None)], ids=["a reply", "nothing"])
def test_a_person_is_asked_for_replies(
    modemd: Modemd, monkeypatch: pytest.MonkeyPatch, typed: str, said: str | None
) -> None:
    """At a terminal the menu waits for a reply; an empty one ends the session."""
    monkeypatch.setattr(sys, "stdin", _Terminal(typed))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    ended = modemd("ussd", "--config", "FILE", "--modem", "west", "*123#")
    assert ended.status == 0
    assert ended.out.startswith("1 Balance\n2 Bonus\nreply (empty: end): ")
    assert ("12.50" in ended.out) is (said is not None)
    assert (wire(modemd)[-1] == "AT+CUSD=2") is (said is None)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("daemon")
def test_the_wire_is_shown(modemd: Modemd) -> None:
    """One line each, with its time and way; without --id it is wrong usage, and no modem is told."""
    lines = modemd("modems", "--config", "FILE", "--id", "west", "--wire").out.splitlines()
    assert any(line.endswith("  > AT+CSQ") for line in lines)
    assert modemd("modems", "--config", "FILE", "--wire").status == 2
    assert modemd("modems", "--config", "FILE", "--id", "x", "--wire").err == "modemd: there is no modem 'x'\n"


@pytest.fixture
def low(config: Path) -> None:
    """The SIM of the modem that the daemon will find had 1.20 left, and should have more."""
    with config.open("a", encoding="utf-8") as file:
        file.write(f"sims: {{{ICCID}: {{balance: {{ussd: '*100#', pattern: '([0-9.]+)', low: 2.00}}}}}}\n")
    connection = connect(config.parent / "modemd.db")
    migrate(connection)
    with connection:
        sims.record_balance(connection, ICCID, Decimal("1.20"), datetime.now(UTC))
    connection.close()


@pytest.mark.usefixtures("low", "daemon")
def test_a_low_balance_is_shown(modemd: Modemd) -> None:
    """As an alarm before all else in the status, and in a column of its own among the modems."""
    status = modemd("status", "--config", "FILE").out.splitlines()
    assert status[1].startswith("alarm 1 since ")
    assert status[1].endswith(": SIM ..000010 has 1.20 left, less than 2.00")
    (head, row) = modemd("modems", "--config", "FILE").out.splitlines()
    assert (head.split()[-1], row.split()[-2:]) == ("balance", ["1.20", "(low)"])


def test_without_a_daemon_no_modem_is_open(modemd: Modemd) -> None:
    """The command does not open the port by itself."""
    ended = modemd("ussd", "--config", "FILE", "--modem", "west", "*100#")
    assert (ended.status, ended.err) == (1, "modemd: west is not used now: no daemon runs\n")
    assert modemd("modems", "--config", "FILE", "--id", "west", "--wire").out == "no lines yet\n"
