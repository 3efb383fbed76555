"""All mistakes in the daemon's source, by the promise that they break."""

from __future__ import annotations

from tests.sim.mutants import (
    consent_texts,
    kept,
    limits,
    marketing_rules,
    nothing_waits,
    sick_modems,
    stop,
    truth,
    webhooks,
)
from tests.sim.mutants.sources import SourceMutant

SOURCE_MUTANTS: tuple[SourceMutant, ...] = (
    *kept.MUTANTS,
    *truth.MUTANTS,
    *stop.MUTANTS,
    *consent_texts.MUTANTS,
    *limits.MUTANTS,
    *marketing_rules.MUTANTS,
    *sick_modems.MUTANTS,
    *nothing_waits.MUTANTS,
    *webhooks.MUTANTS,
)
