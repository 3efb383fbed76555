"""Countries that demand more of marketing than the notice in the first message: as data, with their sources."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from modemd.light_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class NoticeCountry:
    """Demands of a country on marketing. `every_message`: each message says how to end it; `sender_name`: each names the sender;
    `prefix`: what each begins with, empty if nothing; `source`: where this is from, and how certain it is."""

    country: str
    every_message: bool = False
    sender_name: bool = False
    prefix: str = ""
    source: str = ""


@cache
def load_notice_countries() -> Mapping[str, NoticeCountry]:
    """Returns the countries of the list, by ISO 3166 alpha-2, read once from notice_countries.csv beside this module."""
    text = (resources.files("modemd.rules.consent") / "notice_countries.csv").read_text(encoding="utf-8")
    found = {
        row["country"]: NoticeCountry(
            row["country"], row["every_message"] == "yes", row["sender_name"] == "yes", row["prefix"], row["source"]
        )
        for row in csv.DictReader(text.splitlines())
    }
    return MappingProxyType(found)
