"""Settings of the filter watch: which fall of the delivery rate pauses the marketing of a SIM."""

from __future__ import annotations

from pydantic import Field

from modemd.config.values import Frozen


class FilterWatchSettings(Frozen):
    """Thresholds of the filter watch."""

    enabled: bool = Field(default=True, description="true or false")
    fall: int = Field(default=30, ge=10, le=100, description="points of a hundred, 10 to 100, without a sign")
    """The least fall of the delivery rate."""
    least: int = Field(default=30, ge=10, le=10_000, description="a number of messages, 10 to 10000")
    """The least number of newest messages that are compared."""
