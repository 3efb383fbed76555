"""When refusals are the SIM's state and not the messages'. Pure: what happened and when goes in, what may go comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from modemd.rules.retry import ErrorClass

# So many refusals of one kind in a row are the SIM's, if another SIM passes meanwhile or so many recipients are refused.
REFUSALS_TO_OPEN = 5
RECIPIENTS_TO_OPEN = 3
# How long a SIM rests then; after it one part tries whether it has passed, and if not, it rests longer.
OPEN_PERIODS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))
# How long a part that a SIM will not send is left to the others, and how lately another must have asked for parts.
AVOIDED_FOR = timedelta(hours=1)
ACTIVE_WITHIN = timedelta(minutes=5)
# What no reset of a modem mends: a SIM that is absent, barred or out of credit; a service centre that is not set.
SIM_FAULTS = frozenset({ErrorClass.SIM, ErrorClass.OTHER, ErrorClass.CONFIG})


@dataclass(slots=True)
class _RefusalRun:
    """Refusals of one kind in a row on a SIM."""

    kind: ErrorClass
    count: int = 0
    numbers: set[str] = field(default_factory=set)
    has_others_passing: bool = False
    times_opened: int = 0
    open_until: datetime | None = None
    error: str = ""


class SimBreakers:
    """What the SIMs' refusals say. SIMs are named by ICCID, parts by id."""

    def __init__(self) -> None:
        self._runs: dict[str, _RefusalRun] = {}
        self._requested_at: dict[str, datetime] = {}
        self._avoided_until: dict[str, dict[int, datetime]] = {}

    def register_request(self, sim: str, now: datetime) -> bool:
        """A SIM asks for a part: whether it may have one, or rests."""
        self._requested_at[sim] = now
        return self.open_until(sim, now) is None

    def list_active_sims(self, now: datetime) -> frozenset[str]:
        """The SIMs that asked lately."""
        lately = now - ACTIVE_WITHIN
        return frozenset(sim for sim, asked in self._requested_at.items() if asked > lately)

    def open_until(self, sim: str, now: datetime) -> tuple[datetime, str] | None:
        """Until when a SIM rests, and what it was refused with; None where it may send."""
        row = self._runs.get(sim)
        if row is None or row.open_until is None or row.open_until <= now:
            return None
        return row.open_until, row.error

    def find_modem_fault(self, sim: str, now: datetime) -> str | None:
        """Why a SIM rests, where its refusals can be the modem's fault; each rest in other words. None where it may send, or the
        network's answers say that it is the SIM that will not do."""
        row = self._runs.get(sim)
        if row is None or row.kind in SIM_FAULTS or self.open_until(sim, now) is None:
            return None
        return f"{row.count} refusals in a row, the last of them {row.error}"

    def list_avoided_parts(self, sim: str, now: datetime) -> frozenset[int]:
        """The parts that are left to other SIMs."""
        parts = self._avoided_until.get(sim, {})
        for part in [part for part, until in parts.items() if until <= now]:
            del parts[part]
        return frozenset(parts)

    def record_success(self, sim: str) -> None:
        """A part was accepted: whatever was in a row on that SIM is over, and counts against the others."""
        self._runs.pop(sim, None)
        for row in self._runs.values():
            row.has_others_passing = True

    def record_refusal(self, sim: str, kind: ErrorClass, number: str, error: str, now: datetime) -> timedelta | None:
        """A part was refused. If that is the SIM's state, how long it rests from now on; the try does not count then.

        What is wrong with a recipient or a message says nothing of the SIM.
        """
        if kind.is_permanent:
            return None
        row = self._runs.get(sim)
        if row is None or row.kind is not kind:
            row = self._runs[sim] = _RefusalRun(kind)
        row.count += 1
        row.numbers.add(number)
        row.error = error
        if row.count < REFUSALS_TO_OPEN or not (row.has_others_passing or len(row.numbers) >= RECIPIENTS_TO_OPEN):
            return None
        rest = OPEN_PERIODS[min(row.times_opened, len(OPEN_PERIODS) - 1)]
        row.times_opened, row.open_until = row.times_opened + 1, now + rest
        return rest

    def leave_to_others(self, part: int, sim: str, now: datetime) -> bool:
        """A SIM will not send a part: whether there is another that may. The part is left to it for a while."""
        lately = now - ACTIVE_WITHIN
        others = (other for other, asked in self._requested_at.items() if other != sim and asked > lately)
        if not any(
            self.open_until(other, now) is None and part not in self.list_avoided_parts(other, now) for other in others
        ):
            for parts in self._avoided_until.values():  # all have said no: it backs off, and any of them may try again
                parts.pop(part, None)
            return False
        self._avoided_until.setdefault(sim, {})[part] = now + AVOIDED_FOR
        return True
