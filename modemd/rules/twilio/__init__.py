"""Twilio's forms: identities, statuses, dates, form bodies, signatures, error codes and TwiML, without input or output."""

from __future__ import annotations

import re

API_VERSION = "2010-04-01"
PREFIX = f"/{API_VERSION}"
"""Beginning of every path of the API."""
# Verify, Lookup, Conversations and others, which Twilio has at other hosts: /v2/Services/... All paths of modemd are in small
# letters.
_ELSEWHERE = re.compile(r"/v[1-9]/[A-Z]")


def is_elsewhere(path: str) -> bool:
    """Returns True if a path is one of Twilio's other APIs."""
    return _ELSEWHERE.match(path) is not None


def is_of_twilio(path: str) -> bool:
    """Returns True if a path is one that Twilio's clients ask for: their errors are in Twilio's shape."""
    return path == PREFIX or path.startswith(f"{PREFIX}/") or is_elsewhere(path)
