"""Signature of a webhook, as `X-Twilio-Signature` has it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence


def sign(url: str, params: Mapping[str, str | Sequence[str]], token: str) -> str:
    """Returns the signature of a call of `url`, exactly as it is called, with the parameters of its form. `token`: the auth token
    of the account. A parameter of several values has each once, in order. A GET has no parameters here: they are in the URL."""
    pieces = [url]
    for name in sorted(params):
        given = params[name]
        values = [given] if isinstance(given, str) else sorted(set(given))
        pieces += [f"{name}{value}" for value in values]
    digest = hmac.new(token.encode(), "".join(pieces).encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()
