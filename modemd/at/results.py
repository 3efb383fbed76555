"""Final result codes (ITU-T V.250 5.7, 3GPP TS 27.005 3.2.5, TS 27.007 9.2), and the words that some firmware uses instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

ResultFamily = Literal["ok", "error", "cme", "cms"]

_ERROR = re.compile(r"\+(CME|CMS) ERROR:\s*(.*)", re.IGNORECASE)
# Final results other than OK, +CME ERROR and +CMS ERROR. Huawei E220/E1752 say COMMAND NOT SUPPORT, Motorola phones
# MODEM ERROR: n, some Samsung phones NA.
_OTHER = frozenset({"ERROR", "COMMAND NOT SUPPORT", "TOO MANY PARAMETERS", "ABORTED", "NA"})
# Call progress. They end a dial command; otherwise they are notices about another call.
CALL_RESULTS = frozenset({"NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE", "CONNECT"})


@dataclass(frozen=True, slots=True)
class Result:
    """Final result of a command. `code`: the number of a `+CMS ERROR` or `+CME ERROR`; None if the modem gave words."""

    line: str
    family: ResultFamily
    code: int | None = None

    @property
    def ok(self) -> bool:
        return self.family == "ok"


def parse_result(line: str) -> Result | None:
    """Returns the final result in `line`; None if the line is not a final result.

    A text instead of a number (`+CMS ERROR: SIM busy`, seen in spite of CMEE=1) has no code.
    """
    if line == "OK":
        return Result(line, "ok")
    if line in _OTHER or line.startswith("MODEM ERROR:"):
        return Result(line, "error")
    found = _ERROR.match(line)
    if not found:
        return None
    rest = found[2].strip()
    return Result(line, "cme" if found[1].upper() == "CME" else "cms", int(rest) if rest.isdecimal() else None)
