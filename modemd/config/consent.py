"""Settings of consent: who may get what, and how words of consent are answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from modemd.config.values import LIFETIME_FORM, Frozen, Lifetime, Prefix, freeze_mapping


class ConsentSettings(Frozen):
    """Consent of recipients."""

    marketing: Literal["opted_in", "not_opted_out"] = Field(
        default="not_opted_out", description="opted_in or not_opted_out"
    )
    transactional_after_stop: Annotated[
        Mapping[Prefix, Literal["allow", "refuse"]],
        AfterValidator(lambda given: freeze_mapping({"+1": "refuse"} | dict(given))),
    ] = Field(
        default_factory=lambda: freeze_mapping({"+1": "refuse"}),
        description="country calling prefixes with allow or refuse, such as '+1': refuse",
    )
    """The longest prefix that fits decides. +1 stays `refuse` unless the file sets it to `allow`, even if the file names other
    countries."""
    confirm_within: Lifetime = Field(default=timedelta(days=30), description=LIFETIME_FORM)
    """STOP and START are confirmed only to a number that modemd wrote to within this time."""
    confirmations_per_hour: int = Field(default=200, ge=0, le=100_000, description="a number from 0 to 100000")
    """The most confirmations in an hour, over all SIMs. More raise an alarm."""
