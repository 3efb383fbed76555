"""Circuit breaker per SIM: decides when a run of refusals is the SIM's fault, and how long it is paused. Pure."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, timedelta

from modemd.light_dataclass import dataclass
from modemd.rules.retry import ErrorClass

# So many refusals of one kind in a row are the SIM's fault, if another SIM passes meanwhile or so many recipients are refused.
REFUSALS_TO_OPEN = 5
RECIPIENTS_TO_OPEN = 3
# How long a SIM is paused then; after it one part is tried, and if that is refused, the SIM is paused longer.
OPEN_PERIODS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=60))
# How long a part that a SIM will not send is left to the others; a SIM that asked for parts so lately is active.
AVOIDED_FOR = timedelta(hours=1)
ACTIVE_WITHIN = timedelta(minutes=5)
# How many parts that were put back are remembered.
REMEMBERED_PARTS = 1000
# What no reset of a modem mends: a SIM that is absent, barred or out of credit; a service centre that is not set.
SIM_FAULTS = frozenset({ErrorClass.SIM, ErrorClass.OTHER, ErrorClass.CONFIG})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Refusal of a part, by its attempt. `kind`: the class of the error; `error`: the result line. If it is not `is_final`, the
    part is tried again at once, because the line may have damaged it; such refusals count once for each part."""

    attempt: int
    part: int
    number: str
    kind: ErrorClass
    error: str
    is_final: bool = True


@dataclass(frozen=True, slots=True)
class BreakerOpening:
    """Opening of a SIM's breaker by a refusal: for `rest` the SIM sends nothing. `put_back`: the attempts of the run whose parts
    have failed and are to be queued again; `is_repeated`: the SIM had rested before, and was refused again."""

    rest: timedelta
    put_back: tuple[int, ...] = ()
    is_repeated: bool = False


@dataclass(slots=True)
class _RefusalRun:
    """Run of refusals of one kind on a SIM. `failed`: the refusals by which parts have failed."""

    kind: ErrorClass
    count: int = 0
    numbers: set[str] = field(default_factory=set)
    parts: set[int] = field(default_factory=set)
    has_others_passing: bool = False
    times_opened: int = 0
    open_until: datetime | None = None
    error: str = ""
    failed: list[Refusal] = field(default_factory=list)


class SimBreakers:
    """Circuit breakers of all SIMs. SIMs are named by ICCID, parts by id."""

    def __init__(self) -> None:
        self._runs: dict[str, _RefusalRun] = {}
        self._requested_at: dict[str, datetime] = {}
        self._avoided_until: dict[str, dict[int, datetime]] = {}
        self._put_back: dict[int, str] = {}  # parts, with the SIM that had refused them

    def register_request(self, sim: str, now: datetime) -> bool:
        """Notes that a SIM asks for a part. Returns True if it may have one, False while its breaker is open."""
        self._requested_at[sim] = now
        return self.open_until(sim, now) is None

    def list_active_sims(self, now: datetime) -> frozenset[str]:
        """Returns the SIMs that asked for parts lately."""
        lately = now - ACTIVE_WITHIN
        return frozenset(sim for sim, asked in self._requested_at.items() if asked > lately)

    def open_until(self, sim: str, now: datetime) -> tuple[datetime, str] | None:
        """Returns until when a SIM's breaker is open, and the error of its last refusal; None if the SIM may send."""
        row = self._runs.get(sim)
        if row is None or row.open_until is None or row.open_until <= now:
            return None
        return row.open_until, row.error

    def find_modem_fault(self, sim: str, now: datetime) -> str | None:
        """Returns why a SIM's breaker is open, if its refusals can be the modem's fault; the text differs each time it opens.
        None if the SIM may send, or if the network's answers say that the SIM itself is at fault."""
        row = self._runs.get(sim)
        if row is None or row.kind in SIM_FAULTS or self.open_until(sim, now) is None:
            return None
        return f"{row.count} refusals in a row, the last of them {row.error}"

    def list_avoided_parts(self, sim: str, now: datetime) -> frozenset[int]:
        """Returns the parts that this SIM leaves to other SIMs."""
        parts = self._avoided_until.get(sim, {})
        for part in [part for part, until in parts.items() if until <= now]:
            del parts[part]
        return frozenset(parts)

    def record_success(self, sim: str) -> None:
        """Notes that a part was accepted: the run on that SIM is over, and the runs on others count against them."""
        self._runs.pop(sim, None)
        for row in self._runs.values():
            row.has_others_passing = True

    def record_refusal(self, sim: str, refusal: Refusal, now: datetime) -> BreakerOpening | None:
        """Notes that a part was refused. Returns the SIM's pause from now on if the refusal opens its breaker, else None; the try
        does not count if it does.

        A permanent error counts, too: a modem in a wrong state, or a SIM without credit, gives one to everybody. A part that was
        put back and is refused for good by another SIM, or after this one has sent again, is refused for its own sake.
        """
        row = self._runs.get(sim)
        fails_part = refusal.kind.is_permanent and refusal.is_final
        if fails_part and self._is_refused_again(sim, refusal.part, row):
            del self._put_back[refusal.part]
            return None
        if row is None or row.kind is not refusal.kind:
            row = self._runs[sim] = _RefusalRun(refusal.kind)
        row.count += refusal.is_final or refusal.part not in row.parts
        row.numbers.add(refusal.number)
        row.parts.add(refusal.part)
        row.error = refusal.error
        if row.count < REFUSALS_TO_OPEN or not (row.has_others_passing or len(row.numbers) >= RECIPIENTS_TO_OPEN):
            if fails_part:
                row.failed.append(refusal)
            return None
        rest = OPEN_PERIODS[min(row.times_opened, len(OPEN_PERIODS) - 1)]
        row.times_opened, row.open_until = row.times_opened + 1, now + rest
        put_back, row.failed = row.failed, []
        if fails_part:
            self._remember_put_back(sim, [*put_back, refusal])
        return BreakerOpening(rest, tuple(each.attempt for each in put_back), row.times_opened > 1)

    def _is_refused_again(self, sim: str, part: int, row: _RefusalRun | None) -> bool:
        refused_by = self._put_back.get(part)
        has_sent_since = row is None or row.times_opened == 0
        return refused_by is not None and (refused_by != sim or has_sent_since)

    def _remember_put_back(self, sim: str, refusals: list[Refusal]) -> None:
        self._put_back |= {each.part: sim for each in refusals}
        for part in list(self._put_back)[:-REMEMBERED_PARTS]:
            del self._put_back[part]

    def leave_to_others(self, part: int, sim: str, now: datetime) -> bool:
        """Notes that a SIM will not send a part. Returns True if another SIM may: the part is left to the others for
        `AVOIDED_FOR`."""
        lately = now - ACTIVE_WITHIN
        others = (other for other, asked in self._requested_at.items() if other != sim and asked > lately)
        if not any(
            self.open_until(other, now) is None and part not in self.list_avoided_parts(other, now) for other in others
        ):
            for (
                parts
            ) in self._avoided_until.values():  # all have refused it: it backs off, and any of them may try again
                parts.pop(part, None)
            return False
        self._avoided_until.setdefault(sim, {})[part] = now + AVOIDED_FOR
        return True
