"""The API over a whole house in simulated time."""

from __future__ import annotations

from tests.sim.conftest import live

__all__ = ["live"]
