"""Policies of countries: facts about sending by machine, each with its source. Pure.

They are facts with a date, and no legal advice: they may be incomplete, wrong or out of date for your case."""

from __future__ import annotations

import csv
from collections.abc import Collection
from enum import StrEnum
from functools import cache
from importlib import resources

from modemd.light_dataclass import dataclass

NO_ADVICE = "these are facts and no legal advice; they may be incomplete or out of date: ask the operator, or a lawyer"
EVERYWHERE = "*"
"""Country of a policy that is the same in most countries."""
CONTRACT = "contract"
"""Code of the policy about contracts, which a note about the contract of a SIM ends."""


class PolicySeverity(StrEnum):
    """Severity of a policy. WARNING: sending from a SIM may be forbidden or blocked; NOTE: what a message or a sender needs."""

    WARNING = "warning"
    NOTE = "note"


class SourceCheck(StrEnum):
    """Kind of a source."""

    CITED = "cited"  # the law or the authority is named; nobody of this project has read it again
    RETOLD = "retold"  # others tell of it
    NO_SOURCE = "no source"  # general knowledge


@dataclass(frozen=True, slots=True)
class Policy:
    """Fact about sending in a country (ISO 3166 alpha-2, or `EVERYWHERE`). `least_sims`: it is about so many SIMs or more."""

    country: str
    code: str
    severity: PolicySeverity
    least_sims: int
    text: str
    source: str
    checked: SourceCheck

    def __str__(self) -> str:
        """Returns the country and the text."""
        return self.text if self.country == EVERYWHERE else f"{self.country}: {self.text}"


@cache
def load_policies() -> tuple[Policy, ...]:
    """Returns all policies, in the order of the table: first those of no country."""
    table = resources.files(__package__).joinpath("policies.csv").read_text(encoding="utf-8")
    return tuple(
        Policy(
            row["country"],
            row["code"],
            PolicySeverity(row["severity"]),
            int(row["least_sims"]),
            row["text"],
            row["source"],
            SourceCheck(row["checked"]),
        )
        for row in csv.DictReader(table.splitlines())
    )


def find_policies(countries: Collection[str], sims: int = 1, *, has_contracts: bool = False) -> list[Policy]:
    """Returns the policies for this number of SIMs in these countries, and those of no country. `has_contracts`: a person has
    noted the contract of each SIM, so nothing is said about contracts."""
    return [
        each
        for each in load_policies()
        if each.country in (EVERYWHERE, *countries)
        and sims >= each.least_sims
        and not (each.code == CONTRACT and has_contracts)
    ]
