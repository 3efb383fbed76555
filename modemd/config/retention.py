"""What can be configured about alarms, and about how long things are kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from modemd.config.values import Frozen, duration, in_range

FOREVER = timedelta.max


# Arrivals are told from repetitions for seven days by what they say.
SHORTEST_AGE = timedelta(days=8)


AGE_FORM = "a number of days from 8d, as 90d, or forever"


def _age(value: object) -> object:
    return FOREVER if value == "forever" else duration(value)


Age = Annotated[timedelta, BeforeValidator(_age), in_range(SHORTEST_AGE, FOREVER)]


class RetentionPeriods(Frozen):
    """How long texts can be read, and how long rows are there at all; counted from the end of a message, or its arrival."""

    texts: Age = Field(default=timedelta(days=90), description=AGE_FORM)
    rows: Age = Field(default=timedelta(days=400), description=AGE_FORM)


def _in_order(kept: RetentionPeriods) -> RetentionPeriods:
    if kept.rows < kept.texts:
        raise ValueError("rows are deleted before their texts are")
    return kept


PERIODS_FORM = "texts and rows, each a number of days or forever, rows not before texts"


OrderedPeriods = Annotated[RetentionPeriods, AfterValidator(_in_order)]


class RetentionSettings(Frozen):
    """How long what is kept."""

    outbox: OrderedPeriods = Field(default_factory=RetentionPeriods, description=PERIODS_FORM)
    inbox: OrderedPeriods = Field(default_factory=RetentionPeriods, description=PERIODS_FORM)
    log: Age = Field(default=timedelta(days=400), description=AGE_FORM)
    """Cleared alarms, runs, unmatched reports, and events that belong to no message."""
