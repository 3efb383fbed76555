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


def test_what_stays_is_not_searched_for_garbage() -> None:
    """Objects that are there at the call are left out, and later ones are not."""
    program = """
import gc
from modemd import memory
before = gc.get_count(), len(gc.get_objects())
memory.spare_what_stays()
print(before[1] > 1000, len(gc.get_objects()) < 100, gc.get_freeze_count() > 1000)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["True", "True", "True"]


# What the daemon does without until it is needed, and then keeps.
LOADED_LATER = {
    "sqlite_utils": "steps of the schema",
    "modemd.store.tables": "the first step of the schema",
    "phonenumbers.timezone": "quiet hours",
    "difflib": "mistakes in a command",
    "urllib3": "webhooks",
    "holidays": "a process of its own",
    "cryptography": "modemd tls self-signed",
    "modemd.service.twilio.messages": "clients of Twilio's API",
    "modemd.service.alerts": "doors for alerts",
    "modemd.service.consent.mail.mailbox": "a mailbox for opt-outs",
}


def test_a_daemon_loads_what_it_needs() -> None:
    """What only some daemons need, or only at times, is not loaded with the rest."""
    ask = "import modemd.cli.daemon, modemd.daemon, modemd.api.app, modemd.http.tcp, uvicorn, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout.split()
    assert LOADED_LATER.keys() & set(loaded) == set()
