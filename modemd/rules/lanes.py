"""Lanes: the names of the sets of senders that may take a part.

`rules/routing.py` decides who is in a set and who of them is preferred; `service/modems/registry.py` lets free equals take turns.
"""

from __future__ import annotations

from enum import StrEnum

from modemd.light_dataclass import dataclass


class LaneKind(StrEnum):
    """Kind of a lane: who may take what waits in it, and who goes first."""

    SENDER = "sender"  # `home` and no other: the part is pinned to it, or its message was begun by it
    ANY = "any"  # every sender that may write to numbers with the prefix; the first that is free
    CHEAPEST = "cheapest"  # the same senders; the cheapest of them first
    PREFERRED = "preferred"  # the same senders; `home` first, with which the contact talked last


@dataclass(frozen=True, slots=True)
class Lane:
    """Lane of the queue. `prefix`: the start of the recipients' numbers, as a routing rule or a sender names it; empty for all
    numbers, and in a lane of one sender. `home`: the identity of a sender, of any form (ICCID of a SIM, name, number); empty if
    the kind names none."""

    kind: LaneKind
    prefix: str = ""
    home: str = ""

    @classmethod
    def of_sender(cls, sender: str) -> Lane:
        """Returns the lane of one sender."""
        return cls(LaneKind.SENDER, home=sender)

    @property
    def is_shared(self) -> bool:
        """True if more than one sender may take what waits here."""
        return self.kind is not LaneKind.SENDER

    def without_preference(self) -> Lane:
        """Returns the shared lane of the same senders in which none of them goes first."""
        return Lane(LaneKind.ANY, self.prefix)

    def preferring(self, sender: str) -> Lane:
        """Returns the shared lane of the same senders in which `sender` goes first."""
        return Lane(LaneKind.PREFERRED, self.prefix, sender)

    def __str__(self) -> str:
        """Returns the lane in short words for people, such as `any+33>cheapest`; nothing reads them back."""
        match self.kind:
            case LaneKind.SENDER:
                return self.home
            case LaneKind.ANY:
                return f"any{self.prefix}"
            case LaneKind.CHEAPEST:
                return f"any{self.prefix}>cheapest"
            case LaneKind.PREFERRED:
                return f"any{self.prefix}>{self.home}"


# The lane of a number that no rule names.
ANY = Lane(LaneKind.ANY)
