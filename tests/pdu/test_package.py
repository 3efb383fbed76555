"""The package's face: names, loaded when first used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import modemd.pdu


def test_every_name_is_there() -> None:
    """Each name of `__all__` can be had, and is listed once."""
    assert len(set(modemd.pdu.__all__)) == len(modemd.pdu.__all__)
    assert all(getattr(modemd.pdu, name) is not None for name in modemd.pdu.__all__)
    assert set(modemd.pdu.__all__) <= set(dir(modemd.pdu))


def test_type_checkers_see_the_same_names() -> None:
    """What is imported for type checkers is what is loaded on demand."""
    tree = ast.parse(Path(str(modemd.pdu.__file__)).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        (str(node.module).removeprefix("modemd.pdu."), alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == {(module, name) for module, names in modemd.pdu._HOMES.items() for name in names.split()}


def test_no_module_hides_a_name() -> None:
    """No module of the package is called like a name it gives out, which loading the module would hide."""
    modules = {path.stem for path in Path(str(modemd.pdu.__file__)).parent.iterdir()}
    assert not modules & set(modemd.pdu.__all__)


def test_other_names_are_missing() -> None:
    """A name that is not there is an AttributeError."""
    with pytest.raises(AttributeError, match="encrypt"):
        _ = modemd.pdu.encrypt


def test_importing_the_package_loads_nothing() -> None:
    """`import modemd.pdu` loads no module of it."""
    code = "import sys, modemd.pdu; print([name for name in sys.modules if name.startswith('modemd.pdu.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"
