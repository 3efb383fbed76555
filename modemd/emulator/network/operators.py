"""The operators of an emulated network: whose SIM it is, which service centre it sends to, how fast that works."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Operator:
    """One operator. Its values may be changed at any time.

    `code` is MCC and MNC, with which IMSIs begin; `smsc` the service centre its SIMs come with; `country_code` completes
    numbers dialled without one. Latencies are seconds: from acceptance to the first try at delivery, from outcome to
    the report's first try; None: those of the network. `parts_per_s` is how many SUBMITs a second it takes from one
    SIM, None or 0 as many as come; what is sent faster is answered later. `refusals` are shares (0 to 1) of SUBMITs refused
    at random, by `+CMS ERROR` number.
    """

    code: str
    name: str
    smsc: str
    country_code: str
    delivery_latency_s: float | None = None
    report_latency_s: float | None = None
    parts_per_s: float | None = None
    refusals: dict[int, float] = field(default_factory=dict)
    rejected: dict[str | None, int] = field(default_factory=dict)
    """Why it refuses SUBMITs, by recipient; None stands for every recipient."""

    @property
    def network_code(self) -> str:
        """The MNC: the code without the country's three digits (ITU-T E.212)."""
        return self.code[3:]

    def canonical(self, number: str) -> str:
        """A number as this operator knows it: E.164, or the bare digits or letters of a short code or name."""
        digits = number.strip()
        if digits.startswith("00"):
            return "+" + digits[2:]
        if digits.startswith("0") and len(digits) > 6:
            return f"+{self.country_code}{digits[1:]}"
        return digits
