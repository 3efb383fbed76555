"""Final result codes (ITU-T V.250 5.7, 3GPP TS 27.005 3.2.5, TS 27.007 9.2), and the words that some firmware uses instead.

Each result has one form here, however the modem writes it: `+CME ERROR:14`, `+CME ERROR: SIM busy` and `+cme error: 14` are all
`+CME ERROR: 14`, and `ERROR: BAD COMMAND` is `ERROR`. So the rest of modemd compares results as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from modemd.light_dataclass import dataclass

ResultFamily = Literal["ok", "error", "cme", "cms"]

_ERROR = re.compile(r"\+(CME|CMS) ERROR\s*:\s*(.*)", re.IGNORECASE)
# ERROR, alone or with words behind it: Android's emulator says `ERROR: BAD COMMAND`, and Android's own reference-ril takes each
# line that begins with ERROR for the end.
_BARE_ERROR = re.compile(r"ERROR\s*(?::.*)?", re.IGNORECASE)
# Final results other than OK, ERROR, +CME ERROR and +CMS ERROR. Huawei E220/E1752 say COMMAND NOT SUPPORT, Motorola phones
# MODEM ERROR: n, some Samsung phones NA.
_OTHER = frozenset({"COMMAND NOT SUPPORT", "TOO MANY PARAMETERS", "ABORTED", "NA"})
# Call progress. They end a dial command; otherwise they are notices about another call.
CALL_RESULTS = frozenset({"NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE", "CONNECT"})

# Words of +CMEE=2 (3GPP TS 27.007 9.2.1), seen in spite of +CMEE=1, in small letters.
_CME_WORDS: Mapping[str, int] = {
    "phone failure": 0,
    "mobile equipment failure": 0,
    "no connection to phone": 1,
    "phone adaptor link reserved": 2,
    "phone-adaptor link reserved": 2,
    "operation not allowed": 3,
    "operation not supported": 4,
    "ph-sim pin required": 5,
    "ph-fsim pin required": 6,
    "ph-fsim puk required": 7,
    "sim not inserted": 10,
    "sim pin required": 11,
    "sim puk required": 12,
    "sim failure": 13,
    "sim busy": 14,
    "sim wrong": 15,
    "incorrect password": 16,
    "sim pin2 required": 17,
    "sim puk2 required": 18,
    "memory full": 20,
    "invalid index": 21,
    "not found": 22,
    "memory failure": 23,
    "text string too long": 24,
    "invalid characters in text string": 25,
    "dial string too long": 26,
    "invalid characters in dial string": 27,
    "no network service": 30,
    "network timeout": 31,
    "network not allowed - emergency calls only": 32,
    "network not allowed, emergency calls only": 32,
    "network personalization pin required": 40,
    "network personalization puk required": 41,
    "network subset personalization pin required": 42,
    "network subset personalization puk required": 43,
    "service provider personalization pin required": 44,
    "service provider personalization puk required": 45,
    "corporate personalization pin required": 46,
    "corporate personalization puk required": 47,
    "incorrect parameters": 50,
    "unknown": 100,
}
# Words of +CMS ERROR (3GPP TS 27.005 3.2.5), in small letters.
_CMS_WORDS: Mapping[str, int] = {
    "me failure": 300,
    "sms service of me reserved": 301,
    "operation not allowed": 302,
    "operation not supported": 303,
    "invalid pdu mode parameter": 304,
    "invalid text mode parameter": 305,
    "sim not inserted": 310,
    "sim pin required": 311,
    "ph-sim pin required": 312,
    "sim failure": 313,
    "sim busy": 314,
    "sim wrong": 315,
    "sim puk required": 316,
    "sim pin2 required": 317,
    "sim puk2 required": 318,
    "memory failure": 320,
    "invalid memory index": 321,
    "memory full": 322,
    "smsc address unknown": 330,
    "no network service": 331,
    "network timeout": 332,
    "no +cnma acknowledgement expected": 340,
    "unknown error": 500,
}


@dataclass(frozen=True, slots=True)
class Result:
    """Final result of a command. `line`: its one form. `code`: the number of a `+CMS ERROR` or `+CME ERROR`; None if the modem
    gave words that the standards do not have."""

    line: str
    family: ResultFamily
    code: int | None = None

    @property
    def ok(self) -> bool:
        return self.family == "ok"

    @property
    def is_of_network(self) -> bool:
        """True if the network has refused a message: +CMS ERROR 0 to 255 (TS 27.005 3.2.5). A bare AT gets no such error."""
        return self.family == "cms" and self.code is not None and self.code <= 255


def parse_result(line: str) -> Result | None:
    """Returns the final result in `line`; None if the line is not a final result."""
    if line == "OK":
        return Result(line, "ok")
    if _BARE_ERROR.fullmatch(line):
        return Result("ERROR", "error")
    if line in _OTHER or line.startswith("MODEM ERROR:"):
        return Result(line, "error")
    found = _ERROR.fullmatch(line)
    if not found:
        return None
    is_cme = found[1].upper() == "CME"
    rest = found[2].strip()
    code = int(rest) if rest.isdecimal() else _find_code(rest, _CME_WORDS if is_cme else _CMS_WORDS)
    return Result(f"+{found[1].upper()} ERROR: {rest if code is None else code}", "cme" if is_cme else "cms", code)


def _find_code(words: str, codes: Mapping[str, int]) -> int | None:
    """Returns the number of an error in words, without regard to case; `(U)SIM` is SIM."""
    return codes.get(" ".join(words.lower().replace("(u)sim", "sim").strip('". ').split()))
