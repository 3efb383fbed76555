"""What can be said about the mailbox."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from modemd.config import load
from modemd.errors import ConfigError
from tests.config.test_loader import SMALLEST, written

LEAST = "host: imap.example.com, user: stop@example.com, password_file: /etc/modemd/mail"


def test_what_is_not_said_has_its_default(tmp_path: Path) -> None:
    """Without the key there is no mailbox; the port follows the kind of TLS."""
    assert load(written(tmp_path, SMALLEST)).consent.mailbox is None
    found = load(written(tmp_path, SMALLEST + f"consent: {{mailbox: {{{LEAST}}}}}\n")).consent.mailbox
    assert found is not None
    assert (found.port, found.tls, found.folder, found.every) == (993, "implicit", "INBOX", timedelta(minutes=5))
    assert found.name == "stop@example.com@imap.example.com:993/INBOX"
    found = load(written(tmp_path, SMALLEST + f"consent: {{mailbox: {{{LEAST}, tls: starttls}}}}\n")).consent.mailbox
    assert found is not None
    assert found.port == 143


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("host: x, user: y", "password_file"),
        (f"{LEAST}, tls: none", "tls"),
        (f"{LEAST}, port: 0", "port"),
        (f"{LEAST}, every: 1s", "every"),
        (f'{LEAST}, folder: "a\\nb"', "folder"),
        ("host: 'a b', user: y, password_file: /x", "host"),
        (f"{LEAST}, password: secret", "password"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, said: str, key: str) -> None:
    """TLS cannot be switched off, and a password does not belong in the file."""
    with pytest.raises(ConfigError, match=rf"consent\.mailbox\.{key}: "):
        load(written(tmp_path, SMALLEST + f"consent: {{mailbox: {{{said}}}}}\n"))
