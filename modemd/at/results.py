"""Final result codes (ITU-T V.250 5.7, 3GPP TS 27.005 3.2.5, TS 27.007 9.2) and the words some firmware uses instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

ResultFamily = Literal["ok", "error", "cme", "cms"]

_ERROR = re.compile(r"\+(CME|CMS) ERROR:\s*(.*)", re.IGNORECASE)
# Final results that are neither OK nor ERROR. Huawei E220/E1752 say COMMAND NOT SUPPORT, Motorola phones MODEM ERROR: n,
# some Samsung phones NA.
_OTHER = frozenset({"ERROR", "COMMAND NOT SUPPORT", "TOO MANY PARAMETERS", "ABORTED", "NA"})
# Call progress. They end a dial command; otherwise they are notices about somebody else's call.
CALL_RESULTS = frozenset({"NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE", "CONNECT"})


@dataclass(frozen=True, slots=True)
class Result:
    """A final result. `code` is the number of a `+CMS ERROR` or `+CME ERROR`, None where the modem said words."""

    line: str
    family: ResultFamily
    code: int | None = None

    @property
    def ok(self) -> bool:
        return self.family == "ok"


def parse_result(line: str) -> Result | None:
    """The final result that `line` is, or None where it is not one.

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
