"""Operators of an emulated network: their SIMs, service centre and speed."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Operator:
    """An operator. Its values may be changed at any time.

    `code` is MCC and MNC, the beginning of its IMSIs; `smsc` the service centre in its new SIMs; `country_code`
    completes numbers dialled without one. The latencies are seconds: from acceptance to the first delivery attempt, and
    from the outcome to the first attempt of the report; None: those of the network. `parts_per_s` is how many SUBMITs
    per second it takes from one SIM, None or 0: any number; answers to faster SUBMITs come later. `refusals` are the
    shares (0 to 1) of SUBMITs refused at random, by `+CMS ERROR` number.
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
    """The `+CMS ERROR` number for SUBMITs to each refused recipient; None stands for every recipient."""

    @property
    def network_code(self) -> str:
        """The MNC: the code without the three digits of the country (ITU-T E.212)."""
        return self.code[3:]

    def canonical(self, number: str) -> str:
        """Returns a dialled number as E.164, or the bare characters of a short code or name."""
        digits = number.strip()
        if digits.startswith("00"):
            return "+" + digits[2:]
        if digits.startswith("0") and len(digits) > 6:
            return f"+{self.country_code}{digits[1:]}"
        return digits
