"""Signatures of Grafana."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from modemd.rules.alerts.grafana_signature import find_signature_problem

NOW, SECRET, BODY = datetime(2026, 11, 22, 12, tzinfo=UTC), "s3cret", b'{"alerts": []}'
STAMP = f"{NOW.timestamp():.0f}"


def sign(signed: bytes) -> str:
    return hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()


def test_a_signature_is_of_the_body() -> None:
    """And of the time, if there is one."""
    assert find_signature_problem(BODY, SECRET, sign(BODY), None, NOW) is None
    assert find_signature_problem(BODY, SECRET, sign(BODY).upper(), None, NOW) is None
    for late in (timedelta(), timedelta(minutes=5), timedelta(minutes=-5)):
        assert find_signature_problem(BODY, SECRET, sign(f"{STAMP}:".encode() + BODY), STAMP, NOW + late) is None


@pytest.mark.parametrize(
    ("body", "signature", "stamp", "late", "said"),
    [
        (BODY, None, None, 0, "is missing"),
        (BODY, "", None, 0, "not the signature"),
        (BODY, "é", None, 0, "not the signature"),
        (BODY + b" ", sign(BODY), None, 0, "not the signature"),
        (BODY, sign(BODY), STAMP, 0, "not the signature"),
        (BODY, sign(f"{STAMP}:".encode() + BODY), STAMP, 301, "5 minutes away"),
        (BODY, sign(f"{STAMP}:".encode() + BODY), STAMP, -301, "5 minutes away"),
        (BODY, sign(b"x:" + BODY), "x", 0, "no time"),
        (BODY, sign(b"-1:" + BODY), "-1", 0, "no time"),
        (BODY, sign(b"9" * 400 + b":" + BODY), "9" * 400, 0, "no time"),
    ],
)
def test_what_is_not_signed_is_told(
    body: bytes, signature: str | None, stamp: str | None, late: int, said: str
) -> None:
    """With what is wrong; a body, a time and a secret belong together."""
    found = find_signature_problem(body, SECRET, signature, stamp, NOW + timedelta(seconds=late))
    assert found is not None
    assert said in found
