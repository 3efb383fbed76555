"""Countries and the senders that they allow: as data, with their sources. Rules age within months, so an installation can have
its own."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib import resources
from types import MappingProxyType

from modemd.light_dataclass import dataclass


class NameRule(StrEnum):
    """Rule of a country for alphanumeric senders."""

    YES = "yes"
    REGISTERED = "registered"
    """Only names that are registered for this country."""
    NO = "no"
    OVERWRITTEN = "overwritten"
    """The recipient sees another sender."""


@dataclass(frozen=True, slots=True)
class SenderCountry:
    """Country as one large provider offers it, which is no law. `has_two_way_short_codes` is None if nobody has told; `source`:
    where this is from."""

    country: str
    names: NameRule
    has_two_way_short_codes: bool | None = None
    notes: str = ""
    source: str = ""


_TWO_WAY = {"yes": True, "no": False, "unknown": None}


@cache
def load_sender_countries() -> Mapping[str, SenderCountry]:
    """Returns the countries of the list, by ISO 3166 alpha-2, read once from sender_countries.csv beside this module."""
    text = (resources.files("modemd.rules.senders") / "sender_countries.csv").read_text(encoding="utf-8")
    found = {
        row["country"]: SenderCountry(
            row["country"],
            NameRule(row["alpha_allowed"]),
            _TWO_WAY[row["shortcode_two_way"]],
            row["notes"],
            row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    }
    return MappingProxyType(found)


def find_name_rule(country: str | None, own: Mapping[str, NameRule]) -> NameRule | None:
    """Returns the rule of a country for names; None if nobody knows it. `own`: rules of this installation, which go first."""
    if country is None:
        return None
    if (rule := own.get(country)) is not None:
        return rule
    known = load_sender_countries().get(country)
    return known.names if known is not None else None
