"""Settings of alarms: recipients, a program to run, and delays."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, Field

from modemd.config.amounts import DURATION_FORM
from modemd.config.values import Duration, Frozen, in_range, rejection_message

NUMBERS_FORM = "a list of at most 10 numbers with + and country code, such as ['+33612345678']"
COMMAND_FORM = "a list of words, first the absolute path of a program, such as [/usr/local/bin/tell-us, --by-mail]"
MOST_NUMBERS = 10

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)


def parse_numbers(value: object) -> object:
    """Returns a list of numbers in E.164 as a tuple, each once. ValueError if it is none."""
    if not isinstance(value, list | tuple):
        raise ValueError(rejection_message(value))
    if len(value) > MOST_NUMBERS:
        raise ValueError(f"{len(value)} numbers are too many")
    for each in value:
        if not isinstance(each, str) or _NUMBER.fullmatch(each) is None:
            raise ValueError(f"{each!r} is not a number with + and country code")
    return tuple(dict.fromkeys(value))


def _parse_command(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise ValueError(rejection_message(value))
    if not all(isinstance(each, str) and "\0" not in each for each in value):
        raise ValueError("the list has an item that is not text")
    if value and not value[0].startswith("/"):
        raise ValueError(f"{value[0]!r} is not an absolute path")
    return tuple(value)


AlarmDelay = Annotated[Duration, in_range(timedelta(minutes=1), timedelta(days=7))]
CommandTimeout = Annotated[Duration, in_range(timedelta(seconds=1), timedelta(minutes=10))]


class AlarmSettings(Frozen):
    """Recipients of alarms (`to`), the program that is run for each (`command`), and delays."""

    to: Annotated[tuple[str, ...], BeforeValidator(parse_numbers)] = Field(default=(), description=NUMBERS_FORM)
    command: Annotated[tuple[str, ...], BeforeValidator(_parse_command)] = Field(default=(), description=COMMAND_FORM)
    command_limit: CommandTimeout = Field(
        default=timedelta(seconds=30), description=f"{DURATION_FORM}; at least 1s, at most 10min"
    )
    hold_down: AlarmDelay = Field(default=timedelta(hours=1), description=f"{DURATION_FORM}; at least 1min, at most 7d")
    """An alarm that returns within this time after it was reported is reported again only at the end of this time, if it is
    still active then."""
    all_clear: bool = Field(default=False, description="true or false: whether it is told, too, that an alarm is over")
    modem_unusable_after: AlarmDelay = Field(
        default=timedelta(minutes=10), description=f"{DURATION_FORM}; at least 1min, at most 7d"
    )
