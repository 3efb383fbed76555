"""The emulator's reading of command lines."""

from __future__ import annotations

import pytest

from modemd.emulator.device.command_line import BadLine, Kind, read_line


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        pytest.param("", [], id="AT alone"),
        pytest.param("E0", [("E", Kind.EXECUTE, "0")], id="basic with a number"),
        pytest.param("E", [("E", Kind.EXECUTE, "")], id="basic without"),
        pytest.param(
            "e0v1q0", [("E", Kind.EXECUTE, "0"), ("V", Kind.EXECUTE, "1"), ("Q", Kind.EXECUTE, "0")], id="row"
        ),
        pytest.param("&F", [("&F", Kind.EXECUTE, "")], id="ampersand"),
        pytest.param("&FE0", [("&F", Kind.EXECUTE, ""), ("E", Kind.EXECUTE, "0")], id="ampersand, then basic"),
        pytest.param("S0=0", [("S0", Kind.SET, "0")], id="register set"),
        pytest.param("S3?", [("S3", Kind.READ, "")], id="register read"),
        pytest.param("+CSQ", [("+CSQ", Kind.EXECUTE, "")], id="extended"),
        pytest.param("+csq?", [("+CSQ", Kind.READ, "")], id="lower case"),
        pytest.param("+CNMI=?", [("+CNMI", Kind.TEST, "")], id="test form"),
        pytest.param("+CNMI=2,1", [("+CNMI", Kind.SET, "2,1")], id="set form"),
        pytest.param("^CURC=0", [("^CURC", Kind.SET, "0")], id="vendor's mark"),
        pytest.param("+CREG?;+CSQ", [("+CREG", Kind.READ, ""), ("+CSQ", Kind.EXECUTE, "")], id="semicolon"),
        pytest.param("E0+CMEE=1;", [("E", Kind.EXECUTE, "0"), ("+CMEE", Kind.SET, "1")], id="basic, then extended"),
        pytest.param('+CUSD=1,"a;b";+CSQ', [("+CUSD", Kind.SET, '1,"a;b"'), ("+CSQ", Kind.EXECUTE, "")], id="quoted ;"),
        pytest.param(" + C S Q ", [("+CSQ", Kind.EXECUTE, "")], id="blanks mean nothing"),
        pytest.param('+CPIN="1 2"', [("+CPIN", Kind.SET, '"1 2"')], id="blanks in quotes stay"),
        pytest.param("D+33612345678;", [("D", Kind.EXECUTE, "+33612345678;")], id="a dial string runs to the end"),
    ],
)
def test_a_line_is_cut_into_its_commands(body: str, calls: list[tuple[str, Kind, str]]) -> None:
    """A command line is read as V.250 says, whatever its case and blanks."""
    assert [(call.name, call.kind, call.argument) for call in read_line(body)] == calls


@pytest.mark.parametrize("body", ["=", "+", "+CSQ!", "+CSQ?x", '"', "1"])
def test_what_no_form_fits_is_refused(body: str) -> None:
    """A line that is no command is BadLine, not a guess."""
    with pytest.raises(BadLine):
        read_line(body)


def test_values_are_cut_at_commas_outside_quotation_marks() -> None:
    """An argument's values lose their quotation marks; an omitted one is empty, as a number None."""
    (call,) = read_line('+CPMS="SM",,"a,b"')
    assert call.values() == ["SM", "", "a,b"]
    (call,) = read_line("+CNMI=2,,0")
    assert call.numbers() == [2, None, 0]
