"""Settings of lists of subscribers, and of the confirmation of opt-ins."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from modemd.config.amounts import DURATION_FORM
from modemd.config.values import Frozen, duration, in_range, matching, not_empty, rejection_message
from modemd.rules.consent.words import list_names
from modemd.rules.consent.words.keywords import KeywordAction, Keywords
from modemd.rules.consent.words.normalisation import normalise

ListName = Annotated[str, matching(r"[a-z0-9][a-z0-9_-]{0,39}")]
JoinWord = Annotated[str, matching(r"(?=.*\S)[^\x00-\x1f]{1,40}")]
_SHORTEST, _LONGEST = timedelta(hours=1), timedelta(days=365)
_Wait = Annotated[timedelta, BeforeValidator(duration), in_range(_SHORTEST, _LONGEST)]
_WAIT_FORM = f"{DURATION_FORM}; at least 1h, at most 365d"


def _parse_reminder(value: object) -> object:
    """Returns `none`, or a duration. ValueError for anything else: one mistake, not one for each form."""
    if value == "none":
        return value
    found = duration(value)
    if isinstance(found, timedelta) and not _SHORTEST <= found <= _LONGEST:
        raise ValueError(f"{rejection_message(value).removesuffix(' is not valid')} is out of range")
    return found


_Words = Annotated[str, matching(r"(?=.*\S)[^\x00-\x1f]{1,60}")]


class ListSettings(Frozen):
    """List of subscribers."""

    title: _Words = Field(description="what people get, as they are told, at most 60 characters, such as Weekly offers")
    join: Annotated[tuple[JoinWord, ...], BeforeValidator(not_empty)] = Field(
        default=(), description="a list of words by which people subscribe by SMS, such as [PROMO, JOIN]"
    )
    double_opt_in: bool = Field(
        default=False, description="true or false: whether only people who have confirmed by SMS are subscribed"
    )
    frequency: _Words | None = Field(
        default=None, description="how often messages come, as people are told, such as 2 messages a month"
    )
    """A request to confirm must say it."""
    language: Annotated[str, matching(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")] | None = Field(
        default=None, description="the language of its texts, as a tag such as fr or pt-BR"
    )


class DoubleOptInSettings(Frozen):
    """Confirmation of opt-ins by SMS."""

    reminder_after: Annotated[Literal["none"] | timedelta, BeforeValidator(_parse_reminder)] = Field(
        default="none", description=f"none, or when the one reminder goes out: {_WAIT_FORM}"
    )
    expires_after: _Wait = Field(default=timedelta(days=30), description=_WAIT_FORM)
    """A request that is not answered for so long expires."""
    again_after: _Wait = Field(default=timedelta(days=30), description=_WAIT_FORM)
    """After an expiry, staff may ask again no sooner."""
    title: _Words | None = Field(
        default=None, description="what people get who are asked about no list, at most 60 characters"
    )
    frequency: _Words | None = Field(
        default=None, description="how often messages come to people who are asked about no list"
    )


def check_join_words(lists: Mapping[str, ListSettings]) -> Mapping[str, ListSettings]:
    """Returns the lists. ValueError if two of them have the same join word (nobody could say which one is meant), if a name or a
    join word is a word of consent, or if a join word has no letter and no digit."""
    owners: dict[str, str] = {}
    for name, settings in lists.items():
        meaning = _find_meaning(name)
        if meaning is not None or list_names.means_everything(name):
            raise ValueError(f"a list cannot be named {name!r}, which {meaning or 'means everything behind STOP'}")
        for word in settings.join:
            if not (normalised := normalise(word)):
                raise ValueError(f"the join word {word!r} of {name} has no letter and no digit")
            if (meaning := _find_meaning(word)) is not None:
                raise ValueError(f"the join word {word!r} of {name} {meaning}; choose another")
            owner = owners.setdefault(normalised, name)
            if owner != name:
                raise ValueError(f"the word {word!r} joins two lists, {owner} and {name}")
    return lists


def _find_meaning(word: str) -> str | None:
    """Returns what a word means already, in any country; None if it may subscribe to a list."""
    for keyword in Keywords.load().shipped.get(normalise(word), ()):
        if keyword.action is not KeywordAction.OPT_IN:
            return f"is a word of consent already ({keyword.action.value}, {', '.join(keyword.languages[:3])})"
    return None
