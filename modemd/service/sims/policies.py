"""Policies for the SIMs of an installation: which countries they belong to, and what is to be known there."""

from __future__ import annotations

from collections.abc import Mapping

from modemd.config import Settings
from modemd.errors import ErrorCode, Refused
from modemd.rules.country_policies.policies import EVERYWHERE, Policy, find_policies, load_policies
from modemd.rules.geography.sim_country import SimIdentity, find_sim_country


def find_own_policies(settings: Settings, numbers: Mapping[str, str | None] | None = None) -> list[Policy]:
    """Returns the policies for the configured country and SIMs, and for the SIMs in `numbers`: their numbers, by ICCID."""
    sims = dict(numbers or {}) | {iccid: sim.number for iccid, sim in settings.sims.items() if sim.number}
    sims = dict.fromkeys(settings.sims) | sims
    countries = {find_sim_country(SimIdentity(iccid, number)) for iccid, number in sims.items()} | {settings.country}
    has_contracts = bool(sims) and all(iccid in settings.sims and settings.sims[iccid].contract for iccid in sims)
    known = frozenset(country for country in countries if country is not None)
    return find_policies(known, max(len(sims), 1), has_contracts=has_contracts)


def list_policies(country: str | None) -> list[Policy]:
    """Returns the policies of a country and those of no country, for any number of SIMs; without a country, all. Raises Refused
    (`bad_country`) for what is no country."""
    if country is None:
        return list(load_policies())
    wanted = country.strip().upper()
    if not (len(wanted) == 2 and wanted.isascii() and wanted.isalpha()):
        raise Refused(ErrorCode.BAD_COUNTRY, f"{country!r} is no country; write its two letters, such as FR")
    return [each for each in load_policies() if each.country in (EVERYWHERE, wanted)]
