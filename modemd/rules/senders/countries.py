"""Countries and the senders that they allow: as data, with their sources. Rules age within months, so an installation can have
its own."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType

from modemd.light_dataclass import dataclass

_PACKAGE = "modemd.rules.senders"


class NameRule(StrEnum):
    """Rule of a country for alphanumeric senders. The values are those of sender-kinds.csv."""

    YES = "yes"
    REGISTERED = "registered"
    """Only names that are registered for this country."""
    NO = "no"
    OVERWRITTEN = "overwritten"
    """The recipient sees another sender. No country of the list is so as a whole: an installation says it of its own routes."""


@dataclass(frozen=True, slots=True)
class SenderCountry:
    """Country (ISO 3166 alpha-2) as one large provider offers it, which is no law. `has_two_way_short_codes` is None if nobody
    has told; `notes` and `source` name the sources by the keys of `load_sender_sources`."""

    country: str
    names: NameRule
    has_two_way_short_codes: bool | None = None
    notes: str = ""
    source: str = ""


_TWO_WAY = {"yes": True, "no": False, "unknown": None}
NO_COUNTRIES: Mapping[str, SenderCountry] = MappingProxyType({})
"""Rules of an installation that has none of its own."""


@cache
def load_sender_countries() -> Mapping[str, SenderCountry]:
    """Returns the countries of the list, by ISO 3166 alpha-2, read once from sender-kinds.csv beside this module."""
    found = {
        row["country"]: SenderCountry(
            row["country"],
            NameRule(row["alpha_allowed"]),
            _TWO_WAY[row["shortcode_two_way"]],
            row["notes"],
            row["source"],
        )
        for row in _read_rows("sender-kinds.csv")
    }
    return MappingProxyType(found)


@cache
def load_sender_sources() -> Mapping[str, str]:
    """Returns the sources of the list, each with its date if that is known, by the keys that stand in it; read once from
    sender-sources.csv."""
    found = {
        row["key"]: ", ".join(filter(None, (row["source"], row["dated"]))) for row in _read_rows("sender-sources.csv")
    }
    return MappingProxyType(found)


def find_sender_country(
    country: str | None, own_countries: Mapping[str, SenderCountry] = NO_COUNTRIES
) -> SenderCountry | None:
    """Returns what is known of a country (ISO 3166 alpha-2); None if nothing is. `own_countries`: what this installation says by
    country; an entry there counts instead of the whole row of the list."""
    if country is None:
        return None
    return own_countries.get(country) or load_sender_countries().get(country)


def _read_rows(name: str) -> Iterator[dict[str, str]]:
    with (resources.files(_PACKAGE) / name).open("r", encoding="utf-8") as lines:
        yield from csv.DictReader(lines)
