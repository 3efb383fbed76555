"""Settings of the limits of a SIM: quotas, reserve, marketing per hour and warm-up."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from modemd.config.values import rejection_message

AMOUNT_FORM = "a number of parts, at least 1, or unlimited"
WARM_UP_FORM = "a list of parts per day, at most 366, such as [20, 40, 80], or an empty list"
LARGEST_AMOUNT = 10_000_000
LONGEST_WARM_UP = 366


def _parse_amount(value: object, info: ValidationInfo) -> object:
    # In a program, None means unlimited. In a file, an empty value is a mistake and must not remove the limit.
    if value == "unlimited" or (value is None and info.context is None):
        return None
    if not _is_amount(value):
        raise ValueError(rejection_message(value))
    return value


def _parse_warm_up(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise ValueError(rejection_message(value))
    if len(value) > LONGEST_WARM_UP:
        raise ValueError(f"{len(value)} days are too many")
    for each in value:
        if not _is_amount(each):
            raise ValueError(f"{each!r} is not a number of parts")
    return tuple(value)


def _is_amount(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= LARGEST_AMOUNT


Amount = Annotated[int | None, BeforeValidator(_parse_amount)]


class LimitSettings(BaseModel):
    """Parts that a SIM may send per hour, day and month, counted in the SIM's time zone. None is unlimited."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    hour: Amount = Field(default=None, description=AMOUNT_FORM)
    day: Amount = Field(default=None, description=AMOUNT_FORM)
    month: Amount = Field(default=None, description=AMOUNT_FORM)
    reserve: int = Field(default=10, ge=0, le=100, description="per cent of each quota, 0 to 100, without a sign")
    """Reserved for alarm and otp."""
    marketing_per_hour: Amount = Field(default=200, description=AMOUNT_FORM)
    warm_up: Annotated[tuple[int, ...], BeforeValidator(_parse_warm_up)] = Field(default=(), description=WARM_UP_FORM)
    """Parts on the day when modemd first sees a SIM, on the day after, and so on."""
