"""State of a modem's receiver that outlives a session."""

from __future__ import annotations

from collections import deque
from dataclasses import field

from modemd.light_dataclass import dataclass
from modemd.modem.messages.arrivals import UnstoredArrivals


@dataclass(slots=True)
class ReceiverState:
    """State that outlives a session, and with it the receiver.

    `unstored` has the arrivals by `+CDS` and `+CMT` that the database has not taken yet: no modem stores them. `undeletable` has
    memory, slot and PDU of each message that the modem does not delete, `deletions` how often the others were deleted that were
    still there. `used_memories` are the memories that may have messages: if noise garbles the modem's offer, a set-up chooses
    another memory, and the next one the first again. `noticed_memories` are those in which messages were announced or found.
    `unreadable` counts, by memory and slot, in how many sweeps in a row a message could not be read. `missed_reports` counts the
    reports that were announced and not found, until one is found; `asks_reports_straight` is true if none ever was,
    and `straight_refusal` is the answer of a modem that refuses to hand reports over.
    `slotless_notice` is the last notice that named no slot, if nothing was found. `has_handed_over` is true if a message came
    with its notice (`+CMT`).
    """

    unstored: UnstoredArrivals = field(default_factory=deque)
    damaged: set[bytes] = field(default_factory=set)
    undeletable: set[tuple[str, int, str]] = field(default_factory=set)
    deletions: dict[tuple[str, int, str], int] = field(default_factory=dict)
    used_memories: set[str] = field(default_factory=set)
    noticed_memories: set[str] = field(default_factory=set)
    unreadable: dict[tuple[str, int], int] = field(default_factory=dict)
    missed_reports: int = 0
    has_read_report: bool = False
    asks_reports_straight: bool = False
    straight_refusal: str | None = None
    slotless_notice: str | None = None
    has_handed_over: bool = False
