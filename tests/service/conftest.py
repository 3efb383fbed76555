"""A service that is not started, for each test its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.service.assembled import AssembledService, assembled_service


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path, country="FR", timezone="Europe/Paris", report=False) as assembled:
        yield assembled
