"""The signature of a delivery."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from modemd.rules.webhooks.signature import sign

NOW = datetime(2026, 11, 22, 12, 0, 0, 900_000, tzinfo=UTC)


def test_a_receiver_can_compute_it() -> None:
    """As docs/webhooks.md says: HMAC-SHA256 of the time, a full stop and the body, in hexadecimal digits."""
    body = b'{"id":"e1-1"}'
    moment, mac = (part.split("=")[1] for part in sign(body, ["whsec_a"], NOW).split(","))
    assert int(moment) == 1795348800
    assert mac == hmac.new(b"whsec_a", moment.encode() + b"." + body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("page", ["webhooks", "web-shop"])
def test_the_example_of_the_docs_knows_it(monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    """It takes either of two secrets, and nothing that was changed or is old."""
    text = (Path(__file__).parents[3] / "docs" / f"{page}.md").read_text(encoding="utf-8")
    (code,) = (block.split("```")[0] for block in text.split("```python\n")[1:] if "def is_genuine" in block)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - our own page
    is_genuine, body = names["is_genuine"], b'{"id":"e1-1"}'
    header = sign(body, ["new", "old"], NOW)
    for passed_s, secret, given, genuine in (
        (0, "new", body, True),
        (299, "old", body, True),
        (-299, "old", body, True),
        (302, "new", body, False),
        (0, "other", body, False),
        (0, "new", body + b" ", False),
    ):
        monkeypatch.setattr("time.time", lambda passed_s=passed_s: NOW.timestamp() + passed_s)
        assert is_genuine(secret, header, given) == genuine


def test_two_secrets_make_two_signatures() -> None:
    """The newest first; each alone is what it is beside the other."""
    both = sign(b"x", ["new", "old"], NOW).split(",")
    assert both == [*sign(b"x", ["new"], NOW).split(","), sign(b"x", ["old"], NOW).split(",")[1]]
