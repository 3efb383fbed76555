"""Docstrings say what a thing is or does, in their first word."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.test_imports import ids, modules, parse, read

# A docstring that begins so says what is about the thing, and not what it is or does.
RIDDLES = frozenset(
    {
        *("what", "whatever", "whoever", "who", "whose", "where", "when", "how", "whether", "which", "those"),
        *("something", "somebody", "nobody", "nothing", "everything"),
    }
)


def docstrings(source: str) -> Iterator[tuple[str, str]]:
    """Each docstring with the name of what it describes."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "name", "module"), text


def riddles(source: str) -> list[str]:
    """The docstrings that begin with a word that is no verb and no noun."""
    return [f"{name}: {text}" for name, text in docstrings(source) if text.split()[0].strip(",.:;").lower() in RIDDLES]


def test_a_docstring_begins_with_a_verb_or_a_noun() -> None:
    """No relative clause is the subject: "Returns the parts ...", not "What a SIM finds ..."."""
    found = [f"{ids(path)}: {riddle}" for path in modules() for riddle in riddles(read(path))]
    assert found == []


def test_every_module_says_what_it_does() -> None:
    """The first line of each module that holds anything is its docstring."""
    silent = [ids(path) for path in modules() if read(path).strip() and ast.get_docstring(parse(path)) is None]
    assert silent == []


def test_a_riddle_would_be_found() -> None:
    """Also in a method, with a stop behind the word."""
    source = 'class A:\n    """Lane of the queue."""\n    def f(self):\n        """Whether, and when."""\n'
    assert riddles(source) == ["f: Whether, and when."]
