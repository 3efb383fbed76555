"""YAML without its surprises."""

from __future__ import annotations

import pytest

from modemd.config.reader import SourcePosition, read


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param("+33612345678", "+33612345678", id="a number keeps its plus"),
        pytest.param("0123", "0123", id="a leading zero is kept"),
        pytest.param("12:30", "12:30", id="a time of day is no number of minutes"),
        pytest.param("no", "no", id="no is a word"),
        pytest.param("NO", "NO", id="Norway is a country"),
        pytest.param("on", "on", id="on is a word"),
        pytest.param("True", "True", id="only small letters are truth values"),
        pytest.param("2026-07-01", "2026-07-01", id="a date stays text"),
        pytest.param("0x10", "0x10", id="no hexadecimal"),
        pytest.param("1_000", "1_000", id="no underscores"),
        pytest.param("1e3", "1e3", id="no exponent without a point"),
        pytest.param(".inf", ".inf", id="no infinity"),
        pytest.param("<<", "<<", id="no merge key"),
        pytest.param("=", "=", id="no value key"),
        pytest.param("8933000000000000000017", "8933000000000000000017", id="an ICCID is longer than a count"),
        pytest.param('"45"', "45", id="quotes make text"),
        pytest.param("!!str 45", "45", id="an explicit text"),
        pytest.param("45", 45, id="a whole number"),
        pytest.param("-3", -3, id="a negative number"),
        pytest.param("0.5", 0.5, id="a decimal"),
        pytest.param("true", True, id="true"),
        pytest.param("false", False, id="false"),
        pytest.param("null", None, id="null"),
        pytest.param("~", None, id="tilde"),
        pytest.param("", None, id="nothing at all"),
    ],
)
def test_only_a_few_forms_are_more_than_text(written: str, meant: object) -> None:
    """An unquoted value means what it looks like."""
    document = read(f"key: {written}\n".encode())
    assert document.problems == []
    assert document.data == {"key": meant}
    assert type(document.data["key"]) is type(meant)


def test_keys_are_names_as_written() -> None:
    """A key that looks like a number keeps every character of it."""
    assert read(b"+1: a\n007: b\n8933: c\ntrue: d\n").data == {"+1": "a", "007": "b", "8933": "c", "true": "d"}


def test_every_value_and_key_has_its_place() -> None:
    """Lines and columns count from 1, as editors do."""
    document = read("é: 1\nlist:\n  - name: west\n".encode())
    assert document.values["list", 0, "name"] == SourcePosition(3, 11)
    assert document.keys["list", 0, "name"] == SourcePosition(3, 5)
    assert document.values["é",] == SourcePosition(1, 4)
    assert document.position(("list", 0, "missing")) == SourcePosition(3, 5)


def test_a_repeated_key_is_a_problem_at_the_second() -> None:
    """Neither of two equal keys wins in silence."""
    (problem,) = read(b"a: 1\nb: 2\na: 3\n").problems
    assert (problem.position, problem.path) == (SourcePosition(3, 1), ("a",))
    assert problem.message == "written twice, first in line 1; remove one"


@pytest.mark.parametrize(
    ("octets", "place", "message"),
    [
        pytest.param(b"a:\n\t- b\n", SourcePosition(2, 1), "a tab", id="tab"),
        pytest.param(b"a: caf\xe9\n", SourcePosition(1, 7), "byte 0xe9 is not UTF-8", id="latin-1"),
        pytest.param(b"x: 1\na: \x00\n", SourcePosition(2, 4), "U+0000 is not allowed", id="control character"),
        pytest.param(b"a: b: c\n", SourcePosition(1, 5), "a second ': '", id="colon in a text"),
        pytest.param(b"a: 1\n---\nb: 2\n", SourcePosition(2, 1), "a second document", id="two documents"),
        pytest.param(b"a: &x 1\nb: *x\n", SourcePosition(2, 4), "aliases", id="alias"),
        pytest.param(b"a: [1, 2\n", SourcePosition(2, 1), "expected", id="unclosed list"),
        pytest.param(b"? [1]\n: 2\n", SourcePosition(1, 3), "a key must be one plain word", id="list as key"),
        pytest.param(b"a: !!int abc\n", SourcePosition(1, 4), "not supported", id="tag that lies"),
        pytest.param(b"a: !!python/object:os.system x\n", SourcePosition(1, 4), "not supported", id="Python object"),
        pytest.param(b"[" * 100_000, SourcePosition(1, 1), "nested too deeply", id="a hundred thousand brackets"),
    ],
)
def test_invalid_yaml_is_one_line(octets: bytes, place: SourcePosition, message: str) -> None:
    """Broken YAML is one problem, with its place, in words that help."""
    (problem,) = read(octets).problems
    assert problem.position == place
    assert message in problem.message
    assert "\n" not in problem.message


def test_a_byte_order_mark_is_no_mistake() -> None:
    """Editors that write one before UTF-8 do no harm."""
    assert read(b"\xef\xbb\xbfa: 1\n").data == {"a": 1}
