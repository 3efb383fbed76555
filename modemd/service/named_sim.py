"""SIM that a person names by its id, for a message, a file, a schedule or a pause: its ICCID, or what `modemd sims list` shows of
a SIM that tells none. A SIM that was never met is accepted with a warning, since it may be put in later."""

from __future__ import annotations

import re
from functools import partial

from modemd.config.values import ICCID_PATTERN
from modemd.errors import ErrorCode, Refused
from modemd.store import Store, sims

# A SIM that tells no ICCID is known by its IMSI, and one that tells neither by its modem (`modem.setup.initialise.identify`).
_SIM_ID = re.compile(rf"{ICCID_PATTERN}|[0-9]{{14,15}}|unknown-in-.+", re.ASCII)
# What follows if the SIM was never met.
MESSAGE_WAITS = "the message waits until it is in a modem"
MESSAGES_WAIT = "the messages wait until it is in a modem"
KEY_WAITS = "what the API key sends by it waits until it is in a modem"
PAUSE_WAITS = "the pause binds it as soon as it is in a modem"


def check_sim_id(text: str) -> str:
    """Returns `text`. Raises Refused (`bad_sim`) if it can be the id of no SIM."""
    if _SIM_ID.fullmatch(text) is None:
        raise Refused(ErrorCode.BAD_SIM, f"{text!r} is no ICCID of 18 to 22 digits; modemd sims list shows the SIMs")
    return text


def describe_unmet(iccid: str, consequence: str) -> str:
    """Returns the warning of a SIM that was never met."""
    return f"SIM {iccid} was never met: {consequence}; modemd sims list shows the SIMs"


async def find_warnings(store: Store, iccid: str | None, consequence: str) -> tuple[str, ...]:
    """Returns a warning if a SIM is named that was never met."""
    if iccid is None or await store.read(partial(sims.is_known, iccid=iccid)):
        return ()
    return (describe_unmet(iccid, consequence),)
