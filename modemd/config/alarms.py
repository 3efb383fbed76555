"""Settings of alarms: whom they are sent to, and from which limits on."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

from modemd.config.amounts import DURATION_FORM
from modemd.config.values import Duration, Frozen, in_range

NUMBERS_FORM = "a list of at most 10 numbers with + and country, as ['+33612345678']"


COMMAND_FORM = "a list of words, a program with its whole path first, as [/usr/local/bin/tell-us, --by-mail]"


_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


MOST_NUMBERS = 10


def _numbers(value: object) -> object:
    if not isinstance(value, list | tuple) or len(value) > MOST_NUMBERS:
        raise ValueError(f"{value!r} will not do")
    for each in value:
        if not isinstance(each, str) or _NUMBER.fullmatch(each) is None:
            raise ValueError(f"{each!r} is no number with + and country")
    return tuple(dict.fromkeys(value))


def _parse_command(value: object) -> object:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) and "\0" not in each for each in value):
        raise ValueError("that is no list of words")
    if value and not value[0].startswith("/"):
        raise ValueError(f"{value[0]!r} is no whole path")
    return tuple(value)


AlarmDelay = Annotated[Duration, in_range(timedelta(minutes=1), timedelta(days=7))]


CommandTimeout = Annotated[Duration, in_range(timedelta(seconds=1), timedelta(minutes=10))]


class AlarmSettings(Frozen):
    """Who is told of alarms, and how."""

    to: Annotated[tuple[str, ...], BeforeValidator(_numbers)] = Field(default=(), description=NUMBERS_FORM)
    command: Annotated[tuple[str, ...], BeforeValidator(_parse_command)] = Field(default=(), description=COMMAND_FORM)
    command_limit: CommandTimeout = Field(
        default=timedelta(seconds=30), description=f"{DURATION_FORM}; at least 1s, at most 10min"
    )
    hold_down: AlarmDelay = Field(default=timedelta(hours=1), description=f"{DURATION_FORM}; at least 1min, at most 7d")
    """An alarm that comes back within this time is told when it is over, if it stands then."""
    modem_unusable_after: AlarmDelay = Field(
        default=timedelta(minutes=10), description=f"{DURATION_FORM}; at least 1min, at most 7d"
    )
