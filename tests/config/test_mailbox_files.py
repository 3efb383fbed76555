"""The files of the mailbox: password and certificates."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from modemd.config.doors import GrafanaSettings
from modemd.config.mailbox import MailboxSettings
from modemd.config.mailbox_files import (
    find_unusable_files,
    find_unusable_secret,
    make_tls_context,
    read_password,
)


def password_file(folder: Path, octets: bytes, mode: int = 0o600) -> Path:
    path = folder / "password"
    path.write_bytes(octets)
    path.chmod(mode)
    return path


def test_a_password_is_the_whole_line(tmp_path: Path) -> None:
    """With its blanks, without the line end."""
    assert read_password(password_file(tmp_path, " é x \r\n".encode())) == " é x "


@pytest.mark.parametrize(
    ("octets", "mode", "why"),
    [
        (b"secret\n", 0o644, "can be read by everybody"),
        (b"\n", 0o600, "must hold a password"),
        (b"a\nb\n", 0o600, "must hold a password"),
        (b"x" * 1001, 0o600, "must hold a password"),
        (b"\xff\n", 0o600, "not text in UTF-8"),
    ],
)
def test_a_file_without_a_password_is_refused(tmp_path: Path, octets: bytes, mode: int, why: str) -> None:
    """The message has the path, and never what is in it."""
    path = password_file(tmp_path, octets, mode)
    with pytest.raises(ValueError, match=why) as refused:
        read_password(path)
    assert str(path) in str(refused.value)
    assert "secret" not in str(refused.value)


def test_certificates_are_always_checked(tmp_path: Path) -> None:
    """The certificate and its name, by those of the system or of a file."""
    context = make_tls_context(None)
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_every_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """Each with its key, before the daemon starts; without a mailbox there is nothing to tell."""
    no_certificate = tmp_path / "ca.pem"
    no_certificate.write_text("nothing\n")
    settings = MailboxSettings(host="x", user="y", password_file=tmp_path / "none", ca_file=no_certificate)
    assert [line.partition(": ")[0] for line in find_unusable_files(settings)] == [
        "consent.mailbox.password_file",
        "consent.mailbox.ca_file",
    ]
    settings = MailboxSettings(host="x", user="y", password_file=password_file(tmp_path, b"x\n"))
    assert list(find_unusable_files(settings)) == []
    missing = settings.model_copy(update={"ca_file": tmp_path / "none"})
    assert list(find_unusable_files(missing)) == [
        f"consent.mailbox.ca_file: {tmp_path}/none: No such file or directory"
    ]
    assert list(find_unusable_files(None)) == []


def test_a_secret_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """With its key; without a secret there is nothing to tell."""
    receivers = {"sms": ("+33612345678",)}
    missing = GrafanaSettings(receivers=receivers, hmac_secret_file=tmp_path / "none")
    assert [line.partition(": ")[0] for line in find_unusable_secret(missing)] == ["doors.grafana.hmac_secret_file"]
    settings = GrafanaSettings(receivers=receivers, hmac_secret_file=password_file(tmp_path, b"x\n"))
    for each in (settings, GrafanaSettings(receivers=receivers), None):
        assert list(find_unusable_secret(each)) == []
