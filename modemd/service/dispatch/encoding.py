"""Encoding of a part: its SUBMIT, with the concatenation, the validity that is left, and the mark of a repetition.

Its reference is the candidate's: `store/queue/candidates.py` chooses it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from modemd import pdu
from modemd.rules.sending_rules import SendingRules
from modemd.store.queue.candidates import Candidate

# The shortest validity that is asked of a service centre: relative TP-VP cannot be less (3GPP TS 23.040 9.2.3.12.1).
SHORTEST_VALIDITY = timedelta(minutes=5)


def list_closings(now: datetime, candidate: Candidate, rules: SendingRules) -> list[datetime]:
    """Returns when the window of a message closes, and when quiet hours begin for its recipient, if either is so."""
    closings = (
        candidate.window.find_closing(now) if candidate.window is not None else None,
        rules.find_closing(candidate.message_class, candidate.number, now),
    )
    return [closing for closing in closings if closing is not None]


def encode_part(now: datetime, candidate: Candidate, rules: SendingRules) -> bytes:
    """Encodes the TPDU of a part. TP-VP is what is left of the message's validity, or of the time until its window closes or
    quiet hours begin; TP-RD marks a repetition, and nothing relies on it. Raises EncodeError."""
    ends = min([candidate.expires_at, *list_closings(now, candidate, rules)])
    left = max(ends - now, SHORTEST_VALIDITY)
    submits = pdu.compose(
        candidate.number,
        candidate.text,
        reference=candidate.reference,
        validity=pdu.RelativeValidity.at_least(left),
        report_requested=candidate.report,
        reject_duplicates=candidate.repeats > 0,
    )
    return submits[candidate.seq - 1].encode()
