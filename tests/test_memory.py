"""Memory of the process."""

from __future__ import annotations

import subprocess
import sys

# Threads that all hold memory of malloc at once, so that each needs an arena; then the arenas beside the main one are counted:
# glibc reserves 64 MiB for each.
COUNT_ARENAS = """
import ctypes, threading
from modemd import memory
{first}
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
together = threading.Barrier(8)

def hold():
    together.wait()
    libc.malloc(100)
    together.wait()

threads = [threading.Thread(target=hold) for _ in range(8)]
for each in threads:
    each.start()
for each in threads:
    each.join()
lines = [line.split() for line in open("/proc/self/maps")]
sizes = [int(line[0].split("-")[1], 16) - int(line[0].split("-")[0], 16) for line in lines if line[1] == "---p"]
print(sum(32 << 20 < size < 64 << 20 for size in sizes))
"""


def count_arenas(first: str) -> int:
    ended = subprocess.run(
        [sys.executable, "-c", COUNT_ARENAS.format(first=first)], capture_output=True, text=True, check=True
    )
    return int(ended.stdout)


def test_threads_share_one_arena() -> None:
    """Without the setting, this C library gives them more than one; with it, none beside the main one."""
    assert count_arenas("memory.share_one_arena()") == 0
    assert count_arenas("") > 0
