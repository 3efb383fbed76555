"""Settings of consent: who may get what, and how words of consent are answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from modemd.config.amounts import DURATION_FORM
from modemd.config.consent_lists import DoubleOptInSettings, ListName, ListSettings, check_join_words
from modemd.config.mailbox import MailboxSettings
from modemd.config.values import (
    LIFETIME_FORM,
    Duration,
    FilePath,
    Frozen,
    Lifetime,
    Prefix,
    freeze_mapping,
    in_range,
    rejection_message,
)

MOST_CAPS = 10
LONGEST_CAP = timedelta(days=366)


class CapSettings(Frozen):
    """Frequency cap: the most marketing messages to one number within a time."""

    count: int = Field(ge=1, le=1000, description="a number of messages from 1 to 1000")
    per: Annotated[Duration, in_range(timedelta(minutes=1), LONGEST_CAP)] = Field(
        description=f"{DURATION_FORM}; at least 1min, at most 366d"
    )


def _parse_caps(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise ValueError(rejection_message(value))
    if len(value) > MOST_CAPS:
        raise ValueError(f"{len(value)} caps are too many")
    return tuple(value)


class AnswerSettings(Frozen):
    """Most automatic answers beside those of an hour in all (`consent.confirmations_per_hour`)."""

    per_number_day: int = Field(default=3, ge=0, le=100, description="a number from 0 to 100")
    """To one number in 24 hours."""
    per_prefix_hour: int = Field(default=100, ge=0, le=100_000, description="a number from 0 to 100000")
    """To numbers whose first five digits are the same in an hour: whoever rents numbers rents a block of them."""


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
    answers: AnswerSettings = Field(default=AnswerSettings(), description="the limits of automatic answers")
    notice: Literal["auto", "off"] = Field(default="auto", description="auto or off")
    """auto: marketing says how to end it, and what else the recipient's country demands; what it does not say, modemd adds."""
    contact: str | None = Field(
        default=None, min_length=3, max_length=100, description="an address of the web or a telephone number"
    )
    """Where people end marketing from senders to whom an answer does not arrive."""
    caps: Annotated[tuple[CapSettings, ...], BeforeValidator(_parse_caps)] = Field(
        default=(CapSettings(count=2, per=timedelta(days=7)), CapSettings(count=1, per=timedelta(hours=20))),
        description="a list of at most 10 caps, such as [{count: 2, per: 7d}], or an empty list",
    )
    """All of them bind marketing to each number; the count is of messages, not of parts."""
    any_stop: Annotated[
        tuple[Prefix, ...], BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given)
    ] = Field(default=("+1",), description="a list of calling prefixes, such as ['+1'], or an empty list")
    """From numbers with these prefixes, the word STOP anywhere in a text opts out."""
    anchor: FilePath | None = Field(
        default=None, description="the path of a file, best on another disk, such as /mnt/other/modemd.ledger"
    )
    """The file to which the head of the consent ledger is added each night. None: beside the database, with `.ledger` behind its
    name."""
    lists: Annotated[
        Mapping[ListName, ListSettings], AfterValidator(check_join_words), AfterValidator(freeze_mapping)
    ] = Field(
        default_factory=lambda: freeze_mapping({}),
        description="lists of subscribers by name, such as promo: {title: Weekly offers, join: [PROMO]}",
    )
    double_opt_in: DoubleOptInSettings = Field(
        default_factory=DoubleOptInSettings,
        description="how opt-ins are confirmed by SMS: reminder_after, expires_after, again_after",
    )
    review_after: int = Field(default=2, ge=1, le=10, description="a number of business days from 1 to 10")
    """What a person wrote that may be an opt-out counts as one after so many business days, unless somebody decides before."""
    mailbox: MailboxSettings | None = Field(
        default=None, description="a mailbox for opt-outs by e-mail: host, user, password_file and more"
    )
