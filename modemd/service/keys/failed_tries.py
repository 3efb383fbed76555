"""Failed tries to come in, by address: after some of them, further ones are refused for a while."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from modemd import logs
from modemd.light_dataclass import dataclass

log = logs.get(__name__)

FREE_TRIES = 10
WINDOW_S = 60.0
# So many addresses are remembered; the one that was quiet for the longest time makes room.
MOST_ADDRESSES = 1000


@dataclass(slots=True)
class _Tries:
    began_at: float
    count: int = 0


class FailedTries:
    """Counter of failed tries by address. `clock` returns seconds that only go on."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def add(self, address: str) -> int:
        """Counts a failed try. Returns after how many seconds the address may try again; 0: at once. The first try that is too
        many is logged."""
        now = self._clock()
        tries = self._tries.pop(address, None)
        if tries is None or now - tries.began_at >= WINDOW_S:
            tries = _Tries(now)
        tries.count += 1
        self._tries[address] = tries
        if len(self._tries) > MOST_ADDRESSES:
            self._tries.popitem(last=False)
        if tries.count <= FREE_TRIES:
            return 0
        if tries.count == FREE_TRIES + 1:
            log.warning("too many requests without a valid key; further ones are refused", address=address)
        return max(int(tries.began_at + WINDOW_S - now), 1)
