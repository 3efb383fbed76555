"""The table of all that the doctor can say."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from modemd.doctor import ADVICE, Code, Finding, Severity
from modemd.doctor.examination import may_send

ROOT = Path(__file__).resolve().parents[2]
TESTS = "".join(
    path.read_text(encoding="utf-8")
    for path in [*Path(__file__).parent.glob("test_*.py"), ROOT / "tests" / "cli" / "test_doctor.py"]
    if path != Path(__file__)
)
TROUBLE = (ROOT / "docs" / "trouble.md").read_text(encoding="utf-8")


def test_every_code_has_its_advice() -> None:
    """None is left out, and the table has no other."""
    assert set(ADVICE) == set(Code)


@pytest.mark.parametrize("code", Code)
def test_every_code_is_seen_in_a_test(code: Code) -> None:
    """Each is provoked by a test, beside the emulator or on a machine that ails."""
    assert re.search(rf"\bCode\.{code.name}\b|\"{code.value}\"|{_said(code)}", TESTS), f"no test sees {code}"


def _said(code: Code) -> str:
    """For what only the command line can find: the first words of it, or of its remedy."""
    words = {Code.CONFIG_WRONG: "modemd config check --config", Code.DRIVERS_WRONG: "modemd drivers list --check"}
    return re.escape(words.get(code, code.name + "!"))


@pytest.mark.parametrize("code", Code)
def test_what_is_not_fine_has_a_remedy(code: Code) -> None:
    """A finding that helps nobody is no finding; what is fine needs none."""
    assert bool(ADVICE[code].remedy) is (ADVICE[code].severity is not Severity.FINE)


@pytest.mark.parametrize("code", Code)
def test_every_code_is_in_the_docs(code: Code) -> None:
    """With its words, under a symptom."""
    assert f"| `{code}` |" in TROUBLE


@pytest.mark.parametrize("code", Code)
def test_words_are_filled_in(code: Code) -> None:
    """Every gap of what is said is filled; a missing value is an error, not a gap in the print."""
    advice = ADVICE[code]
    gaps = {name for words in (advice.what, advice.remedy) for _, name, _, _ in string.Formatter().parse(words) if name}
    finding = Finding.of(code, "west", **dict.fromkeys(gaps, "X"))
    assert "{" not in finding.what + finding.remedy
    if gaps:
        with pytest.raises(KeyError):
            Finding.of(code)


@pytest.mark.parametrize(
    ("findings", "can"),
    [
        pytest.param([], False, id="nothing"),
        pytest.param([("west", Code.REGISTERED)], True, id="a modem in the network"),
        pytest.param(
            [("west", Code.REGISTERED), ("west", Code.SMSC_MISSING)], False, id="and without a service centre"
        ),
        pytest.param([("west", Code.REGISTERED), ("east", Code.SIM_PUK)], True, id="another one ails"),
        pytest.param([("west", Code.REGISTERED), (None, Code.DISK_FULL)], False, id="the machine ails"),
        pytest.param([("west", Code.ROAMING), (None, Code.DISK_LOW)], True, id="a warning"),
        pytest.param([("west", Code.MODEM_ANSWERS)], False, id="it answers, and no more is known"),
    ],
)
def test_whether_a_message_can_pass(findings: list[tuple[str | None, Code]], can: bool) -> None:
    """One modem against which nothing stands is enough, on a machine against which nothing stands."""
    assert may_send(Finding(code, "", "", subject) for subject, code in findings) is can
