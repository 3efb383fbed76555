"""Trust in the wall clock: compares it with the latest stored time and with the network's time. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

# Ordinary corrections of the clock, by NTP, are smaller.
CLOCK_TOLERANCE = timedelta(seconds=2)
# Stamps of the network agree if they are no further apart: clocks of one network are, service centres write whole seconds.
AGREEMENT = timedelta(minutes=1)
# The network's time is known no better: service centres stamp in the wrong zone, and messages arrive late.
NETWORK_MARGIN = timedelta(days=1)


def find_distrust_reason(wall: datetime, mark: datetime | None, network: datetime | None) -> str | None:
    """Returns why a wall clock that says `wall` is not to be trusted; None if nothing speaks against it.

    `mark` is the latest moment at which something was stored; `network` the network's time now, as far as it is known. A mark
    more than a day ahead of the network's time is wrong itself, and does not count.
    """
    if network is not None and abs(wall - network) > NETWORK_MARGIN:
        return f"the network says {network.isoformat(timespec='seconds')}"
    if mark is None or (network is not None and mark > network + NETWORK_MARGIN):
        return None
    if wall < mark - CLOCK_TOLERANCE:
        return f"something was stored at {mark.isoformat(timespec='seconds')} already"
    return None


def is_agreed(time: datetime, others: Iterable[datetime]) -> bool:
    """Returns True if one of the other stamps says the same. One stamp alone proves nothing: service centres have written
    the year 2016 for 2010, and days as months."""
    return any(abs(time - other) <= AGREEMENT for other in others)


def check_against_network(stamp: datetime, wall: datetime, *, fresh: bool) -> bool | None:
    """Compares a time stamp of the network, received when the wall clock said `wall`, with the clock. Returns True if the clock
    is wrong, False if it is right, None if the stamp proves nothing.

    A stamp may be old, unless it is `fresh`: made at that moment, such as the service centre's for a message of our own. So a
    stamp in the past proves nothing by itself; one in the future does.
    """
    if abs(stamp - wall) <= NETWORK_MARGIN:
        return False
    return True if fresh or stamp > wall else None
