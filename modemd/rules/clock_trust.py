"""Whether the wall clock can be trusted: against what is stored, and against the network's time. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

# Ordinary corrections of a clock, by its keeper, are smaller.
CLOCK_TOLERANCE = timedelta(seconds=2)
# The network's time is known no better: service centres stamp in the wrong zone, and messages arrive late.
NETWORK_MARGIN = timedelta(days=1)


def find_distrust_reason(wall: datetime, mark: datetime | None, network: datetime | None) -> str | None:
    """Why a wall clock that says `wall` is not to be trusted; None where nothing stands against it.

    `mark` is the latest moment at which something was stored; `network` what the network's clock says now, as far as it is
    known. A mark that the network itself puts more than a day ahead is what is wrong, and does not count.
    """
    if network is not None and abs(wall - network) > NETWORK_MARGIN:
        return f"the network says {network.isoformat(timespec='seconds')}"
    if mark is None or (network is not None and mark > network + NETWORK_MARGIN):
        return None
    if wall < mark - CLOCK_TOLERANCE:
        return f"something was stored at {mark.isoformat(timespec='seconds')} already"
    return None


def check_against_network(stamp: datetime, wall: datetime, *, fresh: bool) -> bool | None:
    """What a time stamp of the network, heard when the wall clock said `wall`, says of it: True that it is wrong, False that
    it is right, None nothing.

    A stamp may be old, unless it is `fresh`: made at that moment, as the service centre's of a message of our own. So one in
    the past proves nothing by itself, one in the future does.
    """
    if abs(stamp - wall) <= NETWORK_MARGIN:
        return False
    return True if fresh or stamp > wall else None
