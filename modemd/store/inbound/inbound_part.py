"""Inbound message, or part of one, as a modem read it. `inbox.py` stores it once."""

from __future__ import annotations

from datetime import datetime, timedelta

from modemd.light_dataclass import dataclass
from modemd.rules.classes import Kind


@dataclass(frozen=True, slots=True)
class Arrival:
    """DELIVER as it came in. `set_key` names the set of parts that it belongs to (sender, width, reference, total, alphabet),
    `seq` its place, and `spread` the longest time between the stamps of two parts of one set.

    `text` is the text of this part alone; `sent_at` the network's stamp, None if it is rubbish. `lasting` are the octets that
    are the same if the network delivers the message again; None: all of `tpdu`. `slot` names memory and place from which it was
    read; None if the modem did not store it.
    """

    sim: str
    tpdu: bytes
    sender: str
    kind: Kind
    text: str
    sent_at: datetime | None
    set_key: str | None = None
    seq: int = 1
    total: int = 1
    spread: timedelta = timedelta.max
    lasting: bytes | None = None
    slot: str | None = None
