"""API keys of clients of doors, whose secrets a test can know beforehand."""

from __future__ import annotations

from typing import Any

import pytest

from modemd.service.keys.keys import PREFIX, KeyRequest
from tests.service.assembled import AssembledService

ALERTS_KEY, MESSAGES_KEY = f"{PREFIX}for-alerts", f"{PREFIX}for-messages"


async def make_key(assembled: AssembledService, secret: str, *scopes: str, **more: Any) -> int:
    """Makes a key with this secret. Returns its id."""
    with pytest.MonkeyPatch.context() as known:
        known.setattr("modemd.service.keys.keys._draw_secret", lambda: secret)
        return (await assembled.service.keys.create(KeyRequest(secret.removeprefix(PREFIX), scopes, **more))).row.id


async def make_keys(assembled: AssembledService) -> None:
    """Makes a key for alerts, and one for messages."""
    await make_key(assembled, ALERTS_KEY, "alerts:write")
    await make_key(assembled, MESSAGES_KEY, "messages:write")
