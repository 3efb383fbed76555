"""Memory of the process: how malloc shares it out among the threads."""

from __future__ import annotations

import ctypes

# mallopt(3) of glibc.
_M_ARENA_MAX = -8


def share_one_arena() -> None:
    """Lets all threads take memory from one arena. glibc gives each thread an arena of its own, and each keeps what it has freed:
    together more than 1 MiB. Call it before the first thread begins. A C library without such arenas is left as it is."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
