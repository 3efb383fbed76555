"""Consent policy: decides whether a contact's consent lets a message of a class go.

It is asked when a message is accepted and when a part is claimed. What waits at the moment of an opt-out is cancelled by
`store/consent/statements.py`, in the transaction that stores the opt-out.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from modemd.light_dataclass import dataclass
from modemd.rules.classes import MessageClass
from modemd.rules.refusals import RefusalCode


class Marketing(StrEnum):
    """Statement of a contact about marketing."""

    UNKNOWN = "unknown"
    PENDING = "pending"  # asked to confirm an opt-in, and has not answered
    OPTED_IN = "opted_in"
    OPTED_OUT = "opted_out"


@dataclass(frozen=True, slots=True)
class ConsentPolicy:
    """Policy of the configuration on consent.

    `marketing_needs_opt_in`: `consent.marketing: opted_in`. `transactional_after_stop`: by calling prefix (`+1`), whether
    a transactional message may go to someone who said STOP; a prefix not listed allows it.
    """

    marketing_needs_opt_in: bool = False
    transactional_after_stop: Mapping[str, bool] | None = None

    def find_objection(
        self, message_class: MessageClass, number: str, marketing: Marketing, list_state: Marketing | None = None
    ) -> RefusalCode | None:
        """Returns why a message of this class may not go to this contact; None if it may. `list_state`: the contact's statement
        about the list that the message belongs to, None if it belongs to none. A list is only marketing's: it never lets pass
        what a general STOP forbids."""
        if message_class is MessageClass.MARKETING:
            return self._find_marketing_objection(marketing, list_state)
        if message_class is MessageClass.TRANSACTIONAL and marketing is Marketing.OPTED_OUT:
            listed = self.transactional_after_stop or {}
            longest = max((prefix for prefix in listed if number.startswith(prefix)), key=len, default=None)
            if longest is not None and not listed[longest]:
                return RefusalCode.OPTED_OUT
        return None

    def _find_marketing_objection(self, marketing: Marketing, list_state: Marketing | None) -> RefusalCode | None:
        if marketing is Marketing.OPTED_OUT:
            return RefusalCode.OPTED_OUT
        if list_state is Marketing.OPTED_OUT:
            return RefusalCode.LIST_OPTED_OUT
        if list_state is Marketing.OPTED_IN:
            return None
        if Marketing.PENDING in (marketing, list_state):
            return RefusalCode.PENDING
        if self.marketing_needs_opt_in and marketing is not Marketing.OPTED_IN:
            return RefusalCode.NOT_OPTED_IN
        return None
