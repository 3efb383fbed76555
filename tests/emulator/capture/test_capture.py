"""Reading captures: what a file says, and what is wrong with one that says nothing."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modemd.emulator.capture.capture import Capture, TimedOutput, normalise_command
from modemd.errors import ConfigError

HEAD = "modemd-capture 1\n"
GOOD = (
    HEAD
    + r"""# a comment
    0.000 > AT+CGSN\r
    0.010 < \r\n351230000000016\r\n
    0.020 < \r\nOK\r\n

    1.000 > at + cpin?\r
    1.500 < \r\n+CPIN: SIM PIN\r\n\r\nOK\r\n
    2.000 ! \r\n+CPIN: READY\r\n
    3.000 > AT+CPIN?\r
    3.100 < \r\n+CPIN: READY\r\n\r\nOK\r\n
    4.000 > AT+CCID\r
"""
)


def test_a_capture_says_what_was_answered_to_what() -> None:
    """Commands by their meaning, answers in their order, times from the command on; and what came unasked."""
    capture = Capture.read(GOOD)
    assert list(capture.answers) == ["+CGSN", "+CPIN?", "+CCID"]
    (serial,) = capture.answers["+CGSN"]
    assert [said.octets for said in serial] == [b"\r\n351230000000016\r\n", b"\r\nOK\r\n"]
    assert [said.after_s for said in serial] == pytest.approx([0.01, 0.02])
    locked, ready = capture.answers["+CPIN?"]
    assert (locked[0].octets, ready[0].octets) == (
        b"\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n",
        b"\r\n+CPIN: READY\r\n\r\nOK\r\n",
    )
    assert capture.answers["+CCID"] == ((),)
    assert capture.notices == (TimedOutput(2.0, b"\r\n+CPIN: READY\r\n"),)


def test_identities_are_found() -> None:
    """A number that a reply is made of, bare or behind its name; None where there is none."""
    capture = Capture.read(GOOD)
    assert capture.identity("+GSN", "+CGSN", shape="[0-9]{15}") == "351230000000016"
    assert capture.identity("+CCID", shape="[0-9]{18,20}") is None
    assert capture.number is None
    told = Capture.read(HEAD + '0 > AT+CNUM\\r\n0 < \\r\\n+CNUM: "x","+440000000001",145\\r\\n\\r\\nOK\\r\\n\n')
    assert told.number == "+440000000001"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "line 1: does not begin with the line 'modemd-capture 1'", id="empty"),
        pytest.param("modemd-capture 2\n", "line 1: does not begin with the line 'modemd-capture 1'", id="other format"),
        pytest.param(HEAD, "nothing was said in it", id="nothing said"),
        pytest.param(
            HEAD + "0.0 AT\\r\n", "line 2: is not seconds, one of > < !, and what was said, with a blank between", id="way"
        ),
        pytest.param(HEAD + "0 > AT+X\\r\n0 < \\q\n", r"line 3: a backslash begins \r, \n, \\ or \xNN", id="escape"),
        pytest.param(HEAD + "0 > AT+X\\r\n0 < \\x1\n", r"line 3: a backslash begins \r, \n, \\ or \xNN", id="half hex"),
        pytest.param(HEAD + "0 < OK\n", "line 2: an answer (<) before any command (>)", id="answer first"),
        pytest.param(HEAD + "#\n\n2 > AT\\r\n1 > AT\\r\n", "line 5: 1 s is before the line above", id="time goes back"),
        pytest.param(HEAD + "99999 ! x\n", "line 2: more than a day", id="too long"),
        pytest.param(HEAD + "0 > AT\n", r"line 2: a command (>) is AT..., with one \r at its end", id="no line end"),
        pytest.param(HEAD + "0 > AT\\rAT\\r\n", r"line 2: a command (>) is AT..., with one \r at its end", id="two"),
        pytest.param(HEAD + "0 > 0011\\x1A\n", r"line 2: a command (>) is AT..., with one \r at its end", id="a PDU"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_told_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    """File, line, and what is wrong there."""
    path = tmp_path / "stick.capture"
    path.write_text(text, encoding="ascii")
    with pytest.raises(ConfigError) as raised:
        Capture.load(path)
    assert raised.value.problems == [f"{path}: {problem}"]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """Not there; a folder; not ASCII; far too large."""
    with pytest.raises(ConfigError, match=r"none: No such file or directory$"):
        Capture.load(tmp_path / "none")
    with pytest.raises(ConfigError, match=r"Is a directory$"):
        Capture.load(tmp_path)
    path = tmp_path / "stick.capture"
    path.write_bytes(HEAD.encode() + b"0 ! \xff\n")
    with pytest.raises(ConfigError, match=r"stick\.capture: line 2: holds more than ASCII"):
        Capture.load(path)
    with path.open("wb") as file:
        file.truncate(17_000_000)
    with pytest.raises(ConfigError, match=r"is too large for a capture"):
        Capture.load(path)


def test_files_with_other_line_ends_are_read() -> None:
    """An editor that writes CR LF does no harm."""
    assert Capture.read(GOOD.replace("\n", "\r\n")) == Capture.read(GOOD)


@pytest.mark.parametrize(
    ("body", "known_as"),
    [("+cpin?", "+CPIN?"), (" + CPIN ?", "+CPIN?"), ('+QCFG="ims"', '+QCFG="ims"'), ("+X;+Y", "+X;+Y"), ("@?", "@?")],
)
def test_a_command_is_known_however_it_is_typed(body: str, known_as: str) -> None:
    """Case and blanks make no difference outside quotation marks."""
    assert normalise_command(body) == known_as


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever stands in a file, the reader ends with a capture or a ConfigError."""
    with contextlib.suppress(ConfigError):
        Capture.read(HEAD + text)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.characters(min_codepoint=0, max_codepoint=127), st.booleans())
def test_a_damaged_capture_is_read_or_refused(at: int, character: str, drops: bool) -> None:
    """A good file with one character changed or lost."""
    with contextlib.suppress(ConfigError):
        Capture.read(GOOD[:at] + ("" if drops else character) + GOOD[at + 1 :])
