"""Files of the certificate of the API."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from modemd.cli.access.tls import make_self_signed
from modemd.http.certificate_files import find_unusable_files

NOW = datetime.now(UTC)
ENCRYPTED = (
    b"-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0102030405060708090A0B0C0D0E0F10\n\n"
    b"AAAAAAAAAAAAAAAAAAAAAA==\n-----END EC PRIVATE KEY-----\n"
)


class Pair(NamedTuple):
    """Paths of a certificate and of its key."""

    certificate: Path
    key: Path


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    public, private, _ = make_self_signed(("box.lan",), NOW)
    pair = Pair(tmp_path / "tls.crt", tmp_path / "tls.key")
    pair.certificate.write_bytes(public)
    pair.key.write_bytes(private)
    return pair


def test_a_pair_is_fine(pair: Pair) -> None:
    """Nothing is told of it."""
    assert list(find_unusable_files(*pair)) == []


def test_each_missing_file_is_told(pair: Pair) -> None:
    """With its key and its path, and what helps."""
    pair.certificate.unlink()
    pair.key.unlink()
    assert list(find_unusable_files(*pair)) == [
        f"http.tls.{name}: {path}: No such file or directory; correct the path, or modemd tls self-signed makes a pair"
        for name, path in (("certificate", pair.certificate), ("key", pair.key))
    ]


def test_a_file_that_may_not_be_read_is_told(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check cannot say that all is well; it says who can."""

    def deny(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", deny)
    found = list(find_unusable_files(*pair))
    assert len(found) == 2
    assert found[1].startswith(f"http.tls.key: {pair.key}: Permission denied: this user may not read it; check as root")


def test_files_of_other_kinds_are_told(pair: Pair) -> None:
    """A folder, the key of another certificate, no PEM at all, a key with a passphrase: each in one line."""
    own = pair.key.read_bytes()
    pair.key.write_bytes(make_self_signed(("box.lan",), NOW)[1])
    (line,) = find_unusable_files(*pair)
    assert f"{pair.key} is not the key of {pair.certificate}" in line
    pair.key.write_bytes(ENCRYPTED)
    (line,) = find_unusable_files(*pair)
    assert line.startswith(f"http.tls.key: {pair.key}: it has a passphrase")
    pair.key.write_bytes(own)
    pair.certificate.write_text("nonsense", encoding="utf-8")
    (line,) = find_unusable_files(*pair)
    assert "no certificate and its key, in PEM form" in line
    (line,) = find_unusable_files(pair.certificate.parent, pair.key)
    assert "Is a directory" in line
