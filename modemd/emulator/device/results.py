"""Final results other than OK, which command handlers raise (3GPP TS 27.005 3.2.5, TS 27.007 9.2)."""

from __future__ import annotations

import re


class FinalResult(Exception):
    """Ends the command line with this `text`: `ERROR`, or one of the family's own."""

    def __init__(self, text: str = "ERROR") -> None:
        super().__init__(text)
        self.text = text


class UnknownCommand(FinalResult):
    """A command that the family does not know; the answer is the family's own."""


class CmeError(FinalResult):
    """`+CME ERROR: n`, in the form that `+CMEE` sets."""

    def __init__(self, code: int) -> None:
        super().__init__(f"+CME ERROR: {code}")
        self.code = code


class CmsError(FinalResult):
    """`+CMS ERROR: n`."""

    def __init__(self, code: int) -> None:
        super().__init__(f"+CMS ERROR: {code}")
        self.code = code


def result_of(text: str) -> FinalResult:
    """Returns the final result that a family's file writes so; `+CMS ERROR: n` and `+CME ERROR: n` get the form of the family's
    other errors."""
    found = re.fullmatch(r"\+CM([ES]) ERROR: (\d+)", text)
    if found is None:
        return FinalResult(text)
    return (CmeError if found[1] == "E" else CmsError)(int(found[2]))


CME_TEXTS = {
    3: "operation not allowed",
    4: "operation not supported",
    10: "SIM not inserted",
    11: "SIM PIN required",
    12: "SIM PUK required",
    13: "SIM failure",
    14: "SIM busy",
    16: "incorrect password",
    20: "memory full",
    21: "invalid index",
    22: "not found",
    24: "text string too long",
    26: "dial string too long",
    27: "invalid characters in dial string",
    30: "no network service",
    32: "network not allowed - emergency calls only",
    50: "Incorrect parameters",
    100: "unknown",
}
"""Texts that come with `+CMEE=2` instead of the number (3GPP TS 27.007 9.2.1)."""

CMS_TEXTS = {
    300: "ME failure",
    301: "SMS service of ME reserved",
    302: "operation not allowed",
    303: "operation not supported",
    304: "invalid PDU mode parameter",
    305: "invalid text mode parameter",
    310: "SIM not inserted",
    311: "SIM PIN required",
    313: "SIM failure",
    314: "SIM busy",
    316: "SIM PUK required",
    320: "memory failure",
    321: "invalid memory index",
    322: "memory full",
    330: "SMSC address unknown",
    331: "no network service",
    332: "network timeout",
    340: "no +CNMA acknowledgement expected",
    500: "unknown error",
}
"""Texts that come in some families instead of the number (3GPP TS 27.005 3.2.5)."""
