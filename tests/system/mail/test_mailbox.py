"""Opt-out by e-mail with Debian's dovecot: real TLS, a real daemon, and mails in a Maildir."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.system.mail.dovecot import PASSWORD, USER, MailServer, is_installed, mail_server, make_certificate
from tests.system.processes import MODEMD, Daemon, lab, off_loop, ports, until

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not is_installed(), reason="dovecot is not installed"),
]
ALICE, BOB, CAROL = "+33612345678", "+33698765432", "+33611111111"
EVERY_S = 10


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


def mail(subject: str, body: str = "", sender: str = "Ana <ana@example.com>", name: str = "1") -> bytes:
    text = f"From: {sender}\nDate: Sun, 22 Nov 2026 12:00:00 +0000\nMessage-ID: <{name}@example.com>\nSubject: {subject}\n\n"
    return (text + body + "\n").encode()


def configured(folder: Path, server: MailServer, **changed: Any) -> dict[str, Any]:
    """The settings of a daemon that reads this server."""
    password = folder / "password"
    password.write_text(f"{PASSWORD}\n", encoding="utf-8")
    password.chmod(0o600)
    mailbox = {
        "host": "localhost", "port": server.port, "user": USER, "password_file": str(password),
        "ca_file": str(server.ca_file), "every": f"{EVERY_S}s",
    }  # fmt: skip
    return {"country": "FR", "consent": {"mailbox": mailbox | changed}}


def in_a_year() -> str:
    """A time at which a message still waits when the test ends."""
    return (datetime.now(UTC) + timedelta(days=300)).isoformat(timespec="seconds")


def add_address(daemon: Daemon, number: str, address: str) -> subprocess.CompletedProcess[str]:
    command = [str(MODEMD), "consent", "email", "--config", str(daemon.config), number, address]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def handled(daemon: Daemon) -> dict[int, str]:
    """What became of each mail, by its UID."""
    return {row["uid"]: row["outcome"] for row in daemon.rows("SELECT uid, outcome FROM handled_mail ORDER BY at")}


def count_opt_outs(daemon: Daemon, number: str) -> int:
    sql = "SELECT count(*) AS n FROM consent_event WHERE number = ? AND action = 'opt_out' AND channel = 'email'"
    (row,) = daemon.rows(sql, number)
    return int(row["n"])


async def test_a_mail_opts_out_and_stays_where_it_is(tmp_path: Path, server: MailServer) -> None:
    """The number is opted out and its marketing cancelled; the mail is flagged, not deleted; no mail is handled twice, whatever
    happens to daemon and server."""
    async with lab(tmp_path / "lab", modems=1) as built:
        daemon = Daemon(tmp_path, ports(built), **configured(tmp_path, server))
        with daemon.running():
            await until((tmp_path / "modemd.sock").exists, "the daemon answers")
            for number in (ALICE, BOB, CAROL):
                later = ("--class", "marketing", "--at", in_a_year(), "--text", "Sale")
                sent = await off_loop(daemon.cli, "send", "--to", number, *later)
                assert sent.returncode == 0, sent.stderr
            added = await off_loop(add_address, daemon, BOB, "bob@example.com")
            assert added.returncode == 0, added.stderr
            server.deliver("1", mail(f"STOP {ALICE}", name="1"))
            server.deliver(
                "2", mail("Re: Sale", "Stop\n\nSent from my iPhone", "Bob <bob@example.com>", "2"), seen=True
            )
            server.deliver("3", mail("STOP +33600000001", name="3"))
            server.deliver("4", mail("When do you open?", name="4"))
            await until(lambda: len(handled(daemon)) == 4, "all mails are handled")
            assert sorted(handled(daemon).values()) == ["none", "opt_out", "opt_out", "review"]
            await until(lambda: server.flags() == {"1": "Sa", "2": "Sa", "3": "Sa", "4": "a"}, "the mails are flagged")
            assert "$ModemdDone" in server.keywords()
            opted_out = await off_loop(daemon.json, "optouts")
            assert {row["number"]: row["channel"] for row in opted_out} == {ALICE: "email", BOB: "email"}
            states = {row["to"]: row["state"] for row in await off_loop(daemon.json, "messages")}
            assert states == {ALICE: "cancelled", BOB: "cancelled", CAROL: "held"}
        # The server numbers its mails anew, and another one comes in.
        (server.folder / "Maildir" / "dovecot-uidlist").unlink()
        server.deliver("5", mail("Unsubscribe", CAROL, name="5"))
        with daemon.running():
            await until(lambda: count_opt_outs(daemon, CAROL) == 1, "the new mail is handled")
            await until(lambda: server.flags().get("5") == "Sa", "the new mail is flagged")
        assert [count_opt_outs(daemon, number) for number in (ALICE, BOB, CAROL)] == [1, 1, 1]
        assert len(daemon.rows("SELECT 1 FROM consent_review WHERE kind = 'mail'")) == 1
        assert server.flags().keys() == {"1", "2", "3", "4", "5"}


async def test_a_restart_handles_nothing_twice(tmp_path: Path, server: MailServer) -> None:
    """After kill -9, the next daemon goes on behind the last mail, also by STARTTLS."""
    async with lab(tmp_path / "lab", modems=1) as built:
        settings = configured(tmp_path, server, tls="starttls", port=server.starttls_port)
        daemon = Daemon(tmp_path, ports(built), **settings)
        daemon.start()
        try:
            await until((tmp_path / "modemd.sock").exists, "the daemon answers")
            added = await off_loop(add_address, daemon, ALICE, "ana@example.com")
            assert added.returncode == 0, added.stderr
            server.deliver("1", mail("STOP"))
            await until(lambda: count_opt_outs(daemon, ALICE) == 1, "the mail is handled")
        finally:
            daemon.kill()
        server.deliver("2", mail("STOP", name="2"))
        with daemon.running():
            await until(lambda: count_opt_outs(daemon, ALICE) == 2, "the second mail is handled")
            await until(lambda: server.flags() == {"1": "Sa", "2": "Sa"}, "both are flagged")
        assert count_opt_outs(daemon, ALICE) == 2


async def test_a_server_with_another_certificate_gets_no_password(tmp_path: Path, server: MailServer) -> None:
    """The connection ends before the log-in, the log says why, and the mails are as they were."""
    make_certificate(tmp_path, "other")
    async with lab(tmp_path / "lab", modems=1) as built:
        daemon = Daemon(tmp_path, ports(built), **configured(tmp_path, server, ca_file=str(tmp_path / "other.pem")))
        server.deliver("1", mail(f"STOP {ALICE}"))
        with daemon.running():
            await until(lambda: "certificate is not accepted" in daemon.log.read_text(), "the log says it")
        assert handled(daemon) == {}
        assert server.flags() == {"1": ""} or server.flags() == {"1": "1"}
        assert "Login: user" not in (server.folder / "dovecot.log").read_text(encoding="utf-8")
        assert "secret" not in daemon.log.read_text()
