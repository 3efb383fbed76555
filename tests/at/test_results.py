"""Final results, in every form in which modems write them."""

from __future__ import annotations

import pytest

from modemd.at import Result, parse_result


@pytest.mark.parametrize(
    ("line", "result"),
    [
        ("OK", Result("OK", "ok")),
        ("ERROR", Result("ERROR", "error")),
        ("ERROR: BAD COMMAND", Result("ERROR", "error")),
        ("ERROR: Command not supported", Result("ERROR", "error")),
        ("COMMAND NOT SUPPORT", Result("COMMAND NOT SUPPORT", "error")),
        ("MODEM ERROR: 4", Result("MODEM ERROR: 4", "error")),
        ("+CME ERROR: 14", Result("+CME ERROR: 14", "cme", 14)),
        ("+CME ERROR:14", Result("+CME ERROR: 14", "cme", 14)),
        ("+CME ERROR:  14", Result("+CME ERROR: 14", "cme", 14)),
        ("+cme error: 14", Result("+CME ERROR: 14", "cme", 14)),
        ("+CME ERROR: SIM busy", Result("+CME ERROR: 14", "cme", 14)),
        ("+CME ERROR:SIM not inserted", Result("+CME ERROR: 10", "cme", 10)),
        ("+CME ERROR: SIM Pin Required", Result("+CME ERROR: 11", "cme", 11)),
        ("+CME ERROR: sim wrong", Result("+CME ERROR: 15", "cme", 15)),
        ("+CME ERROR: memory failure", Result("+CME ERROR: 23", "cme", 23)),
        ("+CMS ERROR:321", Result("+CMS ERROR: 321", "cms", 321)),
        ("+CMS ERROR: (U)SIM busy", Result("+CMS ERROR: 314", "cms", 314)),
        ("+CMS ERROR: SIM not inserted", Result("+CMS ERROR: 310", "cms", 310)),
        ("+CMS ERROR: Invalid memory index", Result("+CMS ERROR: 321", "cms", 321)),
        ("+CMS ERROR: out of order", Result("+CMS ERROR: out of order", "cms")),
        ("ERRORS 3", None),
        ("+CSQ: 17,99", None),
        ("SIM busy", None),
    ],
)
def test_a_result_has_one_form_however_the_modem_writes_it(line: str, result: Result | None) -> None:
    """Blanks and case do not matter, and the standards' words are their numbers (3GPP TS 27.007 9.2, TS 27.005 3.2.5)."""
    assert parse_result(line) == result
