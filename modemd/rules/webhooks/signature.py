"""Signature of a delivery: by it a receiver knows that modemd has sent the body, and when."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

HEADER = "Modemd-Signature"


def sign(body: bytes, secrets: Sequence[str], now: datetime) -> str:
    """Returns the value of the header: the time in seconds since 1970, and an HMAC-SHA256 of time and body for each secret."""
    moment = int(now.timestamp())
    macs = (hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest() for secret in secrets)
    return ",".join([f"t={moment}", *(f"v1={mac}" for mac in macs)])
