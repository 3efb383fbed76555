"""Configuration in which nothing but consent holds marketing: for tests of something else."""

from __future__ import annotations

from typing import Any


def unrestricted(configured: dict[str, Any]) -> dict[str, Any]:
    """The settings of a test, with quiet hours, caps, notices and countries switched off unless the test names them."""
    consent: dict[str, Any] = {"caps": [], "notice": "off"} | dict(configured.get("consent") or {})
    return {"quiet_hours": {"enabled": False}, "geography": {"countries": "all"}} | configured | {"consent": consent}
