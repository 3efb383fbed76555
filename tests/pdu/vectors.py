"""Where the conformance vectors are: a folder outside this tree, which need not be there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

_FOLDER = Path(os.environ.get("MODEMD_VECTORS") or Path(__file__).parents[3] / "shared" / "vectors")


def vectors(file: str, key: str = "vectors") -> list[dict[str, Any]]:
    """The cases of one file; none where the folder is absent."""
    path = _FOLDER / file
    if not path.exists():
        return []
    content = json.loads(path.read_text(encoding="utf-8"))
    cases: list[dict[str, Any]] = content if isinstance(content, list) else content[key]
    return cases
