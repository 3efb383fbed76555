"""Final results other than OK, raised by command handlers (3GPP TS 27.005 3.2.5, TS 27.007 9.2)."""

from __future__ import annotations


class FinalResult(Exception):
    """Ends the command line with `text` as it stands: `ERROR`, or a family's own words."""

    def __init__(self, text: str = "ERROR") -> None:
        super().__init__(text)
        self.text = text


class UnknownCommand(FinalResult):
    """The family does not know this command, and says so in its own way."""


class CmeError(FinalResult):
    """`+CME ERROR: n`, said as `+CMEE` asks for."""

    def __init__(self, code: int) -> None:
        super().__init__(f"+CME ERROR: {code}")
        self.code = code


class CmsError(FinalResult):
    """`+CMS ERROR: n`."""

    def __init__(self, code: int) -> None:
        super().__init__(f"+CMS ERROR: {code}")
        self.code = code


CME_TEXTS = {
    3: "operation not allowed",
    4: "operation not supported",
    10: "SIM not inserted",
    11: "SIM PIN required",
    12: "SIM PUK required",
    14: "SIM busy",
    16: "incorrect password",
    21: "invalid index",
    30: "no network service",
    50: "Incorrect parameters",
    100: "unknown",
}
"""What `+CMEE=2` says instead of the number (3GPP TS 27.007 9.2.1)."""
