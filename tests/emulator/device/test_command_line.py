"""The emulator's reading of command lines."""

from __future__ import annotations

import pytest

from modemd.emulator.device.command_line import CommandForm, CommandLineError, parse_command_line


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        pytest.param("", [], id="AT alone"),
        pytest.param("E0", [("E", CommandForm.EXECUTE, "0")], id="basic with a number"),
        pytest.param("E", [("E", CommandForm.EXECUTE, "")], id="basic without"),
        pytest.param(
            "e0v1q0",
            [("E", CommandForm.EXECUTE, "0"), ("V", CommandForm.EXECUTE, "1"), ("Q", CommandForm.EXECUTE, "0")],
            id="row",
        ),
        pytest.param("&F", [("&F", CommandForm.EXECUTE, "")], id="ampersand"),
        pytest.param(
            "&FE0", [("&F", CommandForm.EXECUTE, ""), ("E", CommandForm.EXECUTE, "0")], id="ampersand, then basic"
        ),
        pytest.param("S0=0", [("S0", CommandForm.SET, "0")], id="register set"),
        pytest.param("S3?", [("S3", CommandForm.READ, "")], id="register read"),
        pytest.param("+CSQ", [("+CSQ", CommandForm.EXECUTE, "")], id="extended"),
        pytest.param("+csq?", [("+CSQ", CommandForm.READ, "")], id="lower case"),
        pytest.param("+CNMI=?", [("+CNMI", CommandForm.TEST, "")], id="test form"),
        pytest.param("+CNMI=2,1", [("+CNMI", CommandForm.SET, "2,1")], id="set form"),
        pytest.param("^CURC=0", [("^CURC", CommandForm.SET, "0")], id="vendor's mark"),
        pytest.param(
            "+CREG?;+CSQ", [("+CREG", CommandForm.READ, ""), ("+CSQ", CommandForm.EXECUTE, "")], id="semicolon"
        ),
        pytest.param(
            "E0+CMEE=1;", [("E", CommandForm.EXECUTE, "0"), ("+CMEE", CommandForm.SET, "1")], id="basic, then extended"
        ),
        pytest.param(
            '+CUSD=1,"a;b";+CSQ',
            [("+CUSD", CommandForm.SET, '1,"a;b"'), ("+CSQ", CommandForm.EXECUTE, "")],
            id="quoted ;",
        ),
        pytest.param(" + C S Q ", [("+CSQ", CommandForm.EXECUTE, "")], id="blanks mean nothing"),
        pytest.param('+CPIN="1 2"', [("+CPIN", CommandForm.SET, '"1 2"')], id="blanks in quotes stay"),
        pytest.param(
            "D+33612345678;", [("D", CommandForm.EXECUTE, "+33612345678;")], id="a dial string runs to the end"
        ),
    ],
)
def test_a_line_is_cut_into_its_commands(body: str, calls: list[tuple[str, CommandForm, str]]) -> None:
    """A command line is read as V.250 says, whatever its case and blanks."""
    assert [(call.name, call.form, call.argument) for call in parse_command_line(body)] == calls


@pytest.mark.parametrize("body", ["=", "+", "+CSQ!", "+CSQ?x", '"', "1"])
def test_what_no_form_fits_is_refused(body: str) -> None:
    """A line that is no command is BadLine, not a guess."""
    with pytest.raises(CommandLineError):
        parse_command_line(body)


def test_values_are_cut_at_commas_outside_quotation_marks() -> None:
    """An argument's values lose their quotation marks; an omitted one is empty, as a number None."""
    (call,) = parse_command_line('+CPMS="SM",,"a,b"')
    assert call.values() == ["SM", "", "a,b"]
    (call,) = parse_command_line("+CNMI=2,,0")
    assert call.numbers() == [2, None, 0]
