"""States of messages in Vonage's words, and the class of what went wrong."""

from __future__ import annotations

from modemd.providers.codes import EXPIRED, CodeTable
from modemd.providers.outcomes import RefusalClass
from modemd.providers.reports import ReportedState

MESSAGES_STATES = {
    "submitted": ReportedState.SENT,
    **dict.fromkeys(("delivered", "read"), ReportedState.DELIVERED),
    "undeliverable": ReportedState.UNDELIVERED,
    "rejected": ReportedState.FAILED,
}
"""States of the Messages API."""
SMS_STATES = {
    # Not final: another operator has it, or nobody knows.
    **dict.fromkeys(("accepted", "buffered", "unknown"), ReportedState.SENT),
    "delivered": ReportedState.DELIVERED,
    "expired": ReportedState.EXPIRED,
    **dict.fromkeys(("failed", "deleted"), ReportedState.UNDELIVERED),
    "rejected": ReportedState.FAILED,
}
"""States of the SMS API."""
_WRONG = frozenset({ReportedState.UNDELIVERED, ReportedState.FAILED})


def classify(
    state: ReportedState, code: str | None, section: str, codes: CodeTable
) -> tuple[ReportedState, RefusalClass | None]:
    """Returns the state and the class of what went wrong, by the section of the codes in which it stands."""
    entry = codes.find(section, code)
    if entry is None or state not in _WRONG:
        return state, None
    return (ReportedState.EXPIRED if entry.word == EXPIRED else state), entry.refusal
