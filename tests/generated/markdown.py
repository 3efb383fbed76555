"""What the generated parts of the docs are written in."""

from __future__ import annotations

from collections.abc import Iterable


def table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    lines = [tuple(headings), *map(tuple, rows)]
    lines.insert(1, ("---",) * len(lines[0]))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def code(words: Iterable[str], separator: str = ", ") -> str:
    """Words as they are typed; a bar in one would end a table's cell."""
    return separator.join(f"`{word}`" for word in words).replace("|", r"\|")
