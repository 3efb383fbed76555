"""Settings of retention: how long texts and rows stay in the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from modemd.config.values import Frozen, duration, in_range

FOREVER = timedelta.max
# A message that comes in twice within seven days is recognised by its contents, so they must stay for longer.
SHORTEST_AGE = timedelta(days=8)
AGE_FORM = "a number of days from 8d, such as 90d, or forever"


def _parse_age(value: object) -> object:
    return FOREVER if value == "forever" else duration(value)


Age = Annotated[timedelta, BeforeValidator(_parse_age), in_range(SHORTEST_AGE, FOREVER)]


class RetentionPeriods(Frozen):
    """Ages at which texts are blanked and rows are deleted, counted from the end or the arrival of a message."""

    texts: Age = Field(default=timedelta(days=90), description=AGE_FORM)
    rows: Age = Field(default=timedelta(days=400), description=AGE_FORM)


def _check_order(periods: RetentionPeriods) -> RetentionPeriods:
    if periods.rows < periods.texts:
        raise ValueError("rows is shorter than texts, but a text cannot stay longer than its row")
    return periods


PERIODS_FORM = "texts and rows, each a number of days or forever; rows not shorter than texts"
OrderedPeriods = Annotated[RetentionPeriods, AfterValidator(_check_order)]


class RetentionSettings(Frozen):
    """Retention of outbound and inbound messages, and of the log."""

    outbox: OrderedPeriods = Field(default_factory=RetentionPeriods, description=PERIODS_FORM)
    inbox: OrderedPeriods = Field(default_factory=RetentionPeriods, description=PERIODS_FORM)
    log: Age = Field(default=timedelta(days=400), description=AGE_FORM)
    """Cleared alarms, runs, unmatched reports, and events that belong to no message."""
