"""`modemd tls`: a certificate that clients accept."""

from __future__ import annotations

import hashlib
import json
import socket
import ssl
import stat
import threading
from pathlib import Path

from modemd.http.tcp import TlsCertificate
from tests.cli.shell import Modemd


def test_a_client_that_trusts_the_certificate_gets_through(modemd: Modemd, tmp_path: Path) -> None:
    """By one of its names, and with the fingerprint that was printed."""
    made = json.loads(
        modemd("tls", "self-signed", "--dir", str(tmp_path), "--name", "box.lan", "--name", "127.0.0.1", "--json").out
    )
    assert stat.S_IMODE(Path(made["key"]).stat().st_mode) == 0o600
    server = TlsCertificate(Path(made["certificate"]), Path(made["key"]))
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with server.context.wrap_socket(ours, server_side=True) as connection:
            connection.sendall(b"hello")

    thread = threading.Thread(target=serve)
    thread.start()
    client = ssl.create_default_context(cafile=made["certificate"])
    with client.wrap_socket(theirs, server_hostname="box.lan") as connection:
        assert connection.recv(5) == b"hello"
        certificate = connection.getpeercert(binary_form=True)
    thread.join()
    assert certificate is not None
    assert hashlib.sha256(certificate).hexdigest().upper() == made["sha256"].replace(":", "")


def test_files_that_are_there_are_not_replaced(modemd: Modemd, tmp_path: Path) -> None:
    """Unless it is asked for."""
    (tmp_path / "tls.key").write_text("mine")
    refused = modemd("tls", "self-signed", "--dir", str(tmp_path))
    assert (refused.status, (tmp_path / "tls.key").read_text()) == (2, "mine")
    assert "is there already" in refused.err
    assert modemd("tls", "self-signed", "--dir", str(tmp_path), "--replace").status == 0
    assert "PRIVATE KEY" in (tmp_path / "tls.key").read_text()


def test_a_folder_that_is_not_there_is_told(modemd: Modemd, tmp_path: Path) -> None:
    """In one line."""
    refused = modemd("tls", "self-signed", "--dir", str(tmp_path / "nowhere"))
    assert (refused.status, refused.err.count("\n")) == (2, 1)
