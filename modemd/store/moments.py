"""Times as they lie in the database: ISO 8601 in UTC with microseconds, so that text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime


def kept(moment: datetime) -> str:
    """An aware datetime as stored text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str) -> datetime:
    """Stored text as an aware datetime."""
    return datetime.fromisoformat(text)
