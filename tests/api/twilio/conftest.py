"""A door over a service that has two SIMs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.twilio.door import TwilioDoor, make_key, twilio_door
from tests.service.assembled import AssembledService, assembled_service
from tests.service.twilio.own_sims import CONFIGURED, meet_sims


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path, **CONFIGURED) as assembled:
        await meet_sims(assembled)
        yield assembled


@pytest.fixture
async def door(assembled: AssembledService) -> AsyncIterator[TwilioDoor]:
    async with twilio_door(assembled, await make_key(assembled, "all")) as door:
        yield door
