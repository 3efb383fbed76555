"""What systemd is told, and how."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from modemd.sd_notify import AFTER_GRACE_S, ServiceManager


class Listener:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.setblocking(False)

    def heard(self) -> list[str]:
        found = []
        while True:
            try:
                found.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return found


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    """On a path of the file system."""
    listening = Listener(str(tmp_path / "notify"))
    yield listening
    listening.socket.close()


def test_each_notice_is_one_datagram(listener: Listener, tmp_path: Path) -> None:
    """In the form of sd_notify(3)."""
    manager = ServiceManager(str(tmp_path / "notify"))
    manager.notify_ready()
    manager.notify_watchdog()
    manager.notify_reloading(1.5)
    manager.notify_stopping(45)
    assert listener.heard() == [
        "READY=1",
        "WATCHDOG=1",
        "RELOADING=1\nMONOTONIC_USEC=1500000",
        f"STOPPING=1\nEXTEND_TIMEOUT_USEC={(45 + AFTER_GRACE_S) * 1e6:.0f}",
    ]


def test_a_status_is_sent_when_it_changes(listener: Listener, tmp_path: Path) -> None:
    """systemd keeps the last line; the same one again says nothing."""
    manager = ServiceManager(str(tmp_path / "notify"))
    for line in ("all is well", "all is well", "no modem"):
        manager.notify_status(line)
    assert listener.heard() == ["STATUS=all is well", "STATUS=no modem"]


def test_an_abstract_socket_is_found() -> None:
    """Its name begins with @ in the variable."""
    listening = Listener("\0modemd-test-notify")
    try:
        ServiceManager("@modemd-test-notify").notify_ready()
        assert listening.heard() == ["READY=1"]
    finally:
        listening.socket.close()


def test_without_a_manager_nothing_is_told() -> None:
    """At a terminal there is nobody to tell."""
    manager = ServiceManager.from_environment({}, 7)
    manager.notify_ready()
    assert manager.watchdog_s is None


def test_a_socket_that_takes_nothing_is_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log says so, and the service goes on."""
    manager = ServiceManager(str(tmp_path / "nobody"))
    with caplog.at_level(logging.WARNING):
        manager.notify_ready()
        manager.notify_watchdog()
    (record,) = caplog.records
    assert "the service manager cannot be told" in record.getMessage()


@pytest.mark.parametrize(
    ("environment", "watchdog_s"),
    [
        pytest.param({"WATCHDOG_USEC": "60000000"}, 60.0, id="for whoever runs"),
        pytest.param({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "7"}, 60.0, id="for us"),
        pytest.param({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "8"}, None, id="for another process"),
        pytest.param({"WATCHDOG_USEC": "soon"}, None, id="no number"),
    ],
)
def test_the_watchdog_is_found_in_the_environment(environment: dict[str, str], watchdog_s: float | None) -> None:
    """As sd_watchdog_enabled(3) reads it."""
    assert ServiceManager.from_environment(environment, 7).watchdog_s == watchdog_s
