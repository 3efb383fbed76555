"""Plugin for pytest: loads one module of the daemon with a mistake in it (`sources.VARIABLE` names it)."""

from __future__ import annotations

import importlib.abc
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from tests.sim.mutants.promises import SOURCE_MUTANTS
from tests.sim.mutants.sources import VARIABLE, SourceMutant


class _Loader(SourceFileLoader):
    """Loader of the module with the mistake; nothing is taken from a cache, or put into one."""

    def __init__(self, mutant: SourceMutant, path: str) -> None:
        super().__init__(mutant.module, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType | None:
        return compile(self._mutant.rewrite(self._mutant.read()), self.path, "exec")


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, mutant: SourceMutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname == self._mutant.module else None
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(self._mutant, spec.origin)
        return spec


def _install() -> None:
    mutant = next(each for each in SOURCE_MUTANTS if each.name == os.environ[VARIABLE])
    assert mutant.module not in sys.modules, f"{mutant.module} was imported before the mistake was in place"
    sys.meta_path.insert(0, _Finder(mutant))


_install()
