"""Mistakes in the daemon's source: a file, the words in it, and what a tired person could have written in their place."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
VARIABLE = "MODEMD_MISTAKE"
"""Names the mistake that `rewriting` puts in place."""
# A test that fails so has met a mutant that is broken itself, not a violated law.
_BROKEN = re.compile(
    r"^E +(NameError|ImportError|SyntaxError|AttributeError|UnboundLocalError|ModuleNotFoundError)", re.MULTILINE
)
LONGEST_S = 300
"""Seconds after which the tests of a mutant are given up: a hang catches nothing."""
_FAILED = 1  # the exit status of pytest if a test has failed; 2 to 5: it could not run them


@dataclass(frozen=True, slots=True)
class SourceMutant:
    """A mistake: in `file` (below modemd/), `right` becomes `wrong`. `tests` catch it."""

    name: str
    what: str
    file: str
    right: str
    wrong: str
    tests: str

    @property
    def module(self) -> str:
        """The module that is rewritten."""
        return "modemd." + self.file.removesuffix(".py").replace("/", ".")

    def rewrite(self, source: str) -> str:
        """Returns the source with the mistake in it. Raises ValueError unless `right` occurs exactly once."""
        if source.count(self.right) != 1:
            raise ValueError(f"{self.name}: {self.right!r} occurs {source.count(self.right)} times in {self.file}")
        return source.replace(self.right, self.wrong)

    def read(self) -> str:
        """Returns the source without the mistake."""
        return ROOT.joinpath("modemd", self.file).read_text(encoding="utf-8")


def caught(mutant: SourceMutant) -> str | None:
    """Runs the tests of a mutant with the mistake in place. Returns which test has caught it; None if none has."""
    options = ["-q", "-x", "-n0", "-p", "no:cacheprovider", "-p", "tests.sim.mutants.rewriting", "-m", "not system"]
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", *options, *mutant.tests.split()],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, VARIABLE: mutant.name},
            timeout=LONGEST_S,
        )
    except subprocess.TimeoutExpired:
        return None
    if ended.returncode != _FAILED or _BROKEN.search(ended.stdout):
        return None
    return next((line.split()[1] for line in ended.stdout.splitlines() if line.startswith("FAILED")), None)
