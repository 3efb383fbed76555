"""Signature of Grafana under what it posts to a webhook: an HMAC-SHA256 of the body, or of a time stamp, a colon and the body."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta

SIGNATURE_HEADER = "X-Grafana-Alerting-Signature"
# Grafana sends it if its name is in the settings of the contact point.
TIMESTAMP_HEADER = "X-Grafana-Alerting-Timestamp"
# So far the clocks of both may be apart, and so long a request may be on its way.
TOLERANCE = timedelta(minutes=5)
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


def find_signature_problem(
    body: bytes, secret: str, signature: str | None, timestamp: str | None, now: datetime
) -> str | None:
    """Returns why a body is not proved to come from who knows the secret; None if it is. With a time stamp, an old request cannot
    be posted again."""
    if signature is None:
        return f"the header {SIGNATURE_HEADER} is missing"
    if timestamp is not None and not _SECONDS.fullmatch(timestamp):
        return f"{TIMESTAMP_HEADER} is no time in seconds since 1970"
    signed = body if timestamp is None else f"{timestamp}:".encode() + body
    wanted = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), signature.strip().lower().encode()):
        return f"{SIGNATURE_HEADER} is not the signature of this body"
    if timestamp is not None and abs(int(timestamp) - now.timestamp()) > TOLERANCE.total_seconds():
        return f"{TIMESTAMP_HEADER} is more than {TOLERANCE.seconds // 60} minutes away from the clock of modemd"
    return None
