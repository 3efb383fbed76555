"""Whether a message can pass: the one answer that `modemd status`, `GET /healthz` and systemd's STATUS= line give.

Pure but for `one_line`: what is known of the database and of the modems goes in, a verdict comes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modemd.errors import StoreDamaged, StoreUnavailable

if TYPE_CHECKING:
    pass


CAN_SEND = "can_send"


NO_DAEMON = "no_daemon"


NO_MODEM = "no_modem_found"


NOT_READY = "none_ready"


CODES = {
    CAN_SEND: "a message can pass",
    NO_DAEMON: "no daemon runs: what is accepted waits",
    NO_MODEM: "no modem is configured, and none is found",
    NOT_READY: "there are modems, and a message can pass through none of them; the first reason is told",
}
"""What each code means; beside them those of a database in trouble (`modemd.errors.StoreUnavailable`, `StoreDamaged`)."""


@dataclass(frozen=True, slots=True)
class ModemState:
    """What the verdict needs to know of a modem, or of something that is plugged in and is none yet."""

    name: str
    can_send: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a message can pass, with a code for programs and a line for people."""

    can_send: bool
    code: str
    message: str


def assess_health(
    trouble: StoreUnavailable | StoreDamaged | None, modems: Sequence[ModemState], *, running: bool = True
) -> Health:
    """What holds for the whole: the database first, since without it nothing is accepted or sent."""
    if trouble is not None:
        return Health(False, trouble.code, f"nothing is accepted or sent: {trouble}")
    able = sum(modem.can_send for modem in modems)
    if able:
        return Health(
            True, CAN_SEND, f"a message can pass: {able} of {len(modems)} {_counted_modems(len(modems))} can send"
        )
    if not running:
        return Health(False, NO_DAEMON, "no modem can send now: no daemon runs")
    if not modems:
        return Health(False, NO_MODEM, "no modem can send now: none is found")
    first = modems[0]
    others = f" (and {len(modems) - 1} more)" if len(modems) > 1 else ""
    return Health(False, NOT_READY, f"no modem can send now: {first.name}: {first.reason or 'starting'}{others}")


def _counted_modems(count: int) -> str:
    return "modem" if count == 1 else "modems"
