"""Reach of a SIM: what is known about its messages in each country. Pure.

In some countries a foreign SIM's messages arrive with another sender, or replies do not come back. Nobody can tell from the SIM:
a person finds out by a test and writes it into the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Self

from modemd.light_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class SimReach:
    """Reach of a SIM in one country. `two_way`: replies come back; `sender_kept`: phones show the SIM's number as sender. None:
    nobody has said."""

    two_way: bool | None = None
    sender_kept: bool | None = None

    @classmethod
    def of(cls, sim: SimCountries, country: str | None) -> Self:
        """Returns the reach of a SIM in a country (ISO 3166 alpha-2). At home both are true unless the configuration says
        otherwise; elsewhere nothing is known unless it does."""
        at_home = True if country is not None and country == sim.home else None
        said = sim.said.get(country or "", SimReach())
        return cls(
            two_way=at_home if said.two_way is None else said.two_way,
            sender_kept=at_home if said.sender_kept is None else said.sender_kept,
        )


@dataclass(frozen=True, slots=True)
class SimCountries:
    """Countries of a SIM. `home`: its own, None if it is not known; `said`: what the configuration says, by country."""

    home: str | None = None
    said: Mapping[str, SimReach] = field(default_factory=lambda: MappingProxyType({}))
