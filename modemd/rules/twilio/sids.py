"""SIDs: the identities of things in Twilio's API, two letters and 32 hexadecimal digits, made of the ids that modemd has."""

from __future__ import annotations

import hashlib
import re
from typing import Literal

from modemd.light_dataclass import dataclass

LARGEST_ID = 2**63 - 1  # of SQLite
_ACCOUNT = re.compile(r"AC[0-9a-f]{32}", re.ASCII)
_MESSAGE = re.compile(r"(?:SM|MM)([01])([0-9a-f]{31})", re.ASCII | re.IGNORECASE)
_DIRECTIONS: dict[str, Literal["out", "in"]] = {"0": "out", "1": "in"}


@dataclass(frozen=True, slots=True)
class MessageIdentity:
    """Identity of a message: outbound (`out`) or inbound (`in`), and its id among those."""

    direction: Literal["out", "in"]
    id: int

    @property
    def sid(self) -> str:
        """SID of the message: `SM0` before the id of an outbound message, `SM1` before that of an inbound one."""
        return f"SM{'0' if self.direction == 'out' else '1'}{self.id:031x}"


def parse_message_sid(sid: str) -> MessageIdentity | None:
    """Returns the message that a SID names; None if it can name none."""
    found = _MESSAGE.fullmatch(sid)
    if found is None or not 0 < (id := int(found[2], 16)) <= LARGEST_ID:
        return None
    return MessageIdentity(_DIRECTIONS[found[1]], id)


def is_account_sid(text: str) -> bool:
    """Returns True if a text can be the SID of an account."""
    return _ACCOUNT.fullmatch(text) is not None


def make_service_sid(account_sid: str) -> str:
    """Returns the SID of the one messaging service of an account: the pool of all SIMs."""
    return f"MG{account_sid[2:]}"


def make_number_sid(sim: str) -> str:
    """Returns the SID of the number of a SIM. It stays the same if the SIM gets another number."""
    return f"PN{hashlib.blake2b(sim.encode(), digest_size=16).hexdigest()}"
