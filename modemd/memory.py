"""Memory of the process: how malloc shares it out among the threads, and what the search for garbage looks at."""

from __future__ import annotations

import ctypes
import gc

# mallopt(3) of glibc.
_M_ARENA_MAX = -8


def share_one_arena() -> None:
    """Lets all threads take memory from one arena. glibc gives each thread an arena of its own, and each keeps what it has freed:
    together more than 1 MiB. Call it before the first thread begins. A C library without such arenas is left as it is."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)


def spare_what_stays() -> None:
    """Takes all objects that there are now out of the search for garbage. Modules, routes and models stay until the end; to look
    through them again and again holds the loop for some 60 ms each time. Call it when everything is loaded."""
    gc.collect()
    gc.freeze()
