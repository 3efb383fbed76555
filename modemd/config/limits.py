"""What can be configured about how much a SIM sends."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

AMOUNT_FORM = "a number of parts, at least 1, or unlimited"
WARM_UP_FORM = "a list of parts per day, at most 366, as [20, 40, 80], or an empty list"
LARGEST_AMOUNT = 10_000_000
LONGEST_WARM_UP = 366


def _amount(value: object, info: ValidationInfo) -> object:
    # Programs say None for unlimited. In a file an empty value is a slip, and must not open the tap.
    if value == "unlimited" or (value is None and info.context is None):
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LARGEST_AMOUNT:
        raise ValueError(f"{value!r} will not do")
    return value


def _parse_warm_up(value: object) -> object:
    if not isinstance(value, list | tuple) or len(value) > LONGEST_WARM_UP:
        raise ValueError(f"{value!r} will not do")
    for each in value:
        if not isinstance(each, int) or isinstance(each, bool) or not 1 <= each <= LARGEST_AMOUNT:
            raise ValueError(f"{each!r} is no number of parts")
    return tuple(value)


Amount = Annotated[int | None, BeforeValidator(_amount)]


class LimitSettings(BaseModel):
    """How much a SIM may send. None is unlimited. Windows are hours, days and months of the SIM's zone."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    hour: Amount = Field(default=None, description=AMOUNT_FORM)
    day: Amount = Field(default=None, description=AMOUNT_FORM)
    month: Amount = Field(default=None, description=AMOUNT_FORM)
    reserve: int = Field(default=10, ge=0, le=100, description="per cent of each quota, 0 to 100, without a sign")
    """Kept for alarm and otp."""
    marketing_per_hour: Amount = Field(default=200, description=AMOUNT_FORM)
    warm_up: Annotated[tuple[int, ...], BeforeValidator(_parse_warm_up)] = Field(default=(), description=WARM_UP_FORM)
    """Parts on the first day that a SIM is here, on the second, and so on."""
