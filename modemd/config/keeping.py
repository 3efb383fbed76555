"""What can be configured about alarms, and about how long things are kept."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from modemd.config import amounts
from modemd.config.amounts import DURATION_FORM
from modemd.config.values import between

FOREVER = timedelta.max
# Arrivals are told from repetitions for seven days by what they say.
SHORTEST_KEPT = timedelta(days=8)
AGE_FORM = "a number of days from 8d, as 90d, or forever"
NUMBERS_FORM = "a list of at most 10 numbers with + and country, as ['+33612345678']"
COMMAND_FORM = "a list of words, a program with its whole path first, as [/usr/local/bin/tell-us, --by-mail]"
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
MOST_NUMBERS = 10


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value!r} will not do")
    return amounts.duration(value)


def _age(value: object) -> object:
    return FOREVER if value == "forever" else _duration(value)


def _numbers(value: object) -> object:
    if not isinstance(value, list | tuple) or len(value) > MOST_NUMBERS:
        raise ValueError(f"{value!r} will not do")
    for each in value:
        if not isinstance(each, str) or _NUMBER.fullmatch(each) is None:
            raise ValueError(f"{each!r} is no number with + and country")
    return tuple(dict.fromkeys(value))


def _words(value: object) -> object:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) and "\0" not in each for each in value):
        raise ValueError("that is no list of words")
    if value and not value[0].startswith("/"):
        raise ValueError(f"{value[0]!r} is no whole path")
    return tuple(value)


Age = Annotated[timedelta, BeforeValidator(_age), between(SHORTEST_KEPT, FOREVER)]
Pause = Annotated[timedelta, BeforeValidator(_duration), between(timedelta(minutes=1), timedelta(days=7))]
Limit = Annotated[timedelta, BeforeValidator(_duration), between(timedelta(seconds=1), timedelta(minutes=10))]


class _Frozen(BaseModel):
    """Unknown keys are mistakes, values are not bent to fit, and nothing changes after the start."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Alarms(_Frozen):
    """Who is told of alarms, and how."""

    to: Annotated[tuple[str, ...], BeforeValidator(_numbers)] = Field(default=(), description=NUMBERS_FORM)
    command: Annotated[tuple[str, ...], BeforeValidator(_words)] = Field(default=(), description=COMMAND_FORM)
    command_limit: Limit = Field(
        default=timedelta(seconds=30), description=f"{DURATION_FORM}; at least 1s, at most 10min"
    )
    hold_down: Pause = Field(default=timedelta(hours=1), description=f"{DURATION_FORM}; at least 1min, at most 7d")
    """An alarm that comes back within this time is told when it is over, if it stands then."""
    modem_unusable_after: Pause = Field(
        default=timedelta(minutes=10), description=f"{DURATION_FORM}; at least 1min, at most 7d"
    )


class Kept(_Frozen):
    """How long texts can be read, and how long rows are there at all; counted from the end of a message, or its arrival."""

    texts: Age = Field(default=timedelta(days=90), description=AGE_FORM)
    rows: Age = Field(default=timedelta(days=400), description=AGE_FORM)


def _in_order(kept: Kept) -> Kept:
    if kept.rows < kept.texts:
        raise ValueError("rows are deleted before their texts are")
    return kept


KEPT_FORM = "texts and rows, each a number of days or forever, rows not before texts"
InOrder = Annotated[Kept, AfterValidator(_in_order)]


class Retention(_Frozen):
    """How long what is kept."""

    outbox: InOrder = Field(default_factory=Kept, description=KEPT_FORM)
    inbox: InOrder = Field(default_factory=Kept, description=KEPT_FORM)
    log: Age = Field(default=timedelta(days=400), description=AGE_FORM)
    """Cleared alarms, runs, unmatched reports, and events that belong to no message."""
