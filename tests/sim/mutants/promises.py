"""All mistakes in the daemon's source, by promise."""

from __future__ import annotations

from tests.sim.mutants import kept, nothing_waits, sick_modems, truth

SOURCE_MUTANTS = (*kept.MUTANTS, *truth.MUTANTS, *sick_modems.MUTANTS, *nothing_waits.MUTANTS)
