"""Settings of geography: which countries and kinds of numbers may be written to, and what a SIM can do abroad."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from modemd.config.values import Frozen, check_country_code, parse_with, rejection_message

COUNTRIES_FORM = "own, all, or a list of countries by two capital letters, such as [FR, BE]"


def _parse_countries(value: object) -> object:
    if value in ("own", "all"):
        return value
    if not isinstance(value, list | tuple):
        raise ValueError(rejection_message(value))
    if not value:
        raise ValueError("the list is empty")
    for each in value:
        if not isinstance(each, str):
            raise ValueError(rejection_message(each))
        check_country_code(each)
    return tuple(dict.fromkeys(value))


CountryCode = Annotated[str, BeforeValidator(parse_with(check_country_code))]


class GeographySettings(Frozen):
    """Countries and kinds of numbers that may be written to."""

    countries: Annotated[str | tuple[str, ...], BeforeValidator(_parse_countries)] = Field(
        default="own", description=COUNTRIES_FORM
    )
    """`own`: those of the SIMs, and `country`. `all`, or a tuple of ISO 3166 alpha-2 codes."""
    premium: Literal["refuse", "allow"] = Field(default="refuse", description="refuse or allow")
    satellite: Literal["refuse", "allow"] = Field(default="refuse", description="refuse or allow")
    landlines: Literal["warn", "refuse"] = Field(default="warn", description="warn or refuse")


class ReachSettings(Frozen):
    """Reach of a SIM in one country. None: not known."""

    two_way: bool | None = Field(
        default=None, description="true or false: whether replies from this country come back to the SIM"
    )
    sender_kept: bool | None = Field(
        default=None, description="true or false: whether telephones in this country show the SIM's number as sender"
    )
