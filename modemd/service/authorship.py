"""Authorship of decisions, checked: who decides, and why."""

from __future__ import annotations

from modemd.errors import ErrorCode, Refused
from modemd.service.texts import check_controls
from modemd.store.events import Authorship

LONGEST_AUTHORSHIP = 500


def check_authorship(authorship: Authorship) -> Authorship:
    """Returns an authorship without blanks round it. Raises Refused (`no_reason`) if `by` or `why` is missing or too long;
    `bad_text` for control characters."""
    stripped = Authorship(authorship.by.strip(), authorship.why.strip())
    if not stripped.by or not stripped.why or max(len(stripped.by), len(stripped.why)) > LONGEST_AUTHORSHIP:
        raise Refused(ErrorCode.NO_REASON, f"say who decides, and why, in 1 to {LONGEST_AUTHORSHIP} characters each")
    check_controls(stripped.by, stripped.why, what="the author or the reason")
    return stripped
