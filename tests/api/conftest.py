"""The API over a simulation."""

from __future__ import annotations

from tests.sim.conftest import run_scenario

__all__ = ["run_scenario"]
