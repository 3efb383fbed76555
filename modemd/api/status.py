"""Routes of status, alarms, backup and release."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from modemd.api.requests import Decision, Text


class Release(Decision):
    """What is let go after a restoring: one class of messages, or everything."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    message_class: Text | None = Field(default=None, alias="class")
