"""Views: the answers of the service about modems and SIMs, which no table of the store holds whole."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from modemd.light_dataclass import dataclass
from modemd.modem.recovery.recovery import RecoveryStatus
from modemd.modem.status import ModemHealth
from modemd.rules.classes import MessageClass
from modemd.store.rows import PauseRow, SimRow


@dataclass(frozen=True, slots=True)
class BalanceView:
    """Balance of a SIM as it is known last, in the currency of its operator; and whether it is below the configured limit."""

    amount: Decimal
    at: datetime
    is_low: bool


@dataclass(frozen=True, slots=True)
class LimitView:
    """Limit of a SIM: the parts that were sent, the most that may be, and how many of those only alarm and otp may use."""

    used: int
    most: int
    reserved: int


@dataclass(frozen=True, slots=True)
class SimView:
    """SIM that was seen, with its configured `name` and its limits by reason.

    `paused`: the classes that are paused on it; `modem`: the name of the modem that it is in now, and `health` that modem's;
    `rests_until`: until when it is paused by refusals; `rate`: its pace in parts per second, None if it has no limit or is in no
    modem; `balance`: None if it is not asked for, or not known yet.
    """

    sim: SimRow
    name: str | None
    limits: dict[str, LimitView]
    paused: tuple[MessageClass, ...]
    modem: str | None
    health: ModemHealth | None
    rests_until: datetime | None
    rate: float | None
    balance: BalanceView | None


@dataclass(frozen=True, slots=True)
class PauseView:
    """Active pause, with warnings about the SIM that it names."""

    pause: PauseRow
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModemAvailability:
    """Availability of a modem, or of a device that cannot be used: whether a message can pass through it now, and why not.

    `health`: a `modem.status.ModemHealth`, or that the device is not usable; `sim`: the ICCID of its SIM; `rests_until`: until
    when its SIM is paused by refusals."""

    name: str
    health: str
    can_send: bool
    sim: str | None = None
    reason: str | None = None
    remarks: tuple[str, ...] = ()
    rests_until: datetime | None = None

    def explain(self) -> str:
        """Returns why no message can pass, if none can."""
        return self.reason or "; ".join(self.remarks) or self.health


@dataclass(frozen=True, slots=True)
class ModemView:
    """Modem as it is now, or a device that is plugged in and cannot be used.

    `place`: where it is plugged in, as `1-1.2`; `health`: a `modem.status.ModemHealth`, or that the device is not usable;
    `reason`: why it is not ready; `rests_until`: until when its SIM is paused by refusals; `sent`: parts since the start;
    `storage`: used and total places, as `3/50`; `recovery`: None for a device that is not usable. Whatever is not known is None.
    """

    name: str
    port: str | None
    place: str | None
    health: str
    can_send: bool
    reason: str | None
    rests_until: datetime | None = None
    driver: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    firmware: str | None = None
    imei: str | None = None
    sim: str | None = None
    imsi: str | None = None
    number: str | None = None
    registration: str = "unknown"
    signal_dbm: int | None = None
    sent: int = 0
    operator: str | None = None
    smsc: str | None = None
    storage: str | None = None
    remarks: tuple[str, ...] = ()
    recovery: RecoveryStatus | None = None
    balance: BalanceView | None = None
