"""Limits of a session: its timers (7.2), its window, and how much of a peer's it keeps."""

from __future__ import annotations

from modemd.light_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Limits of a session, times in seconds.

    `window`: messages and queries without an answer. `response_s`: after it an answer counts as lost (response_timer).
    `enquire_after_s`: silence of the peer before enquire_link (enquire_link_timer); `enquire_s`: the time for its answer.
    `bind_s`: the time for a bind (session_init_timer). `most_requests`: requests of the peer that wait for our answer; more are
    answered with "message queue full".
    """

    window: int = 10
    response_s: float = 60.0
    enquire_after_s: float = 30.0
    enquire_s: float = 10.0
    bind_s: float = 30.0
    most_requests: int = 1000
