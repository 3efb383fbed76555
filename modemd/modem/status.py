"""What is known of a modem now, and how it is reached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from modemd.at.replies import Registration, StorageFill
from modemd.connector import Sender
from modemd.profiles import Profile


class ModemHealth(StrEnum):
    """What a modem is at."""

    OPENING = "opening"
    SETTING_UP = "setting up"
    SEARCHING = "searching"
    READY = "ready"
    UNHEALTHY = "unhealthy"
    QUARANTINED = "quarantined"
    NEEDS_PERSON = "needs a person"
    GONE = "gone"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who answers on a port: the stick by its IMEI, the SIM by its ICCID."""

    imei: str
    manufacturer: str
    model: str
    firmware: str
    iccid: str
    imsi: str | None
    number: str | None
    profile: Profile
    sender: Sender = field(init=False, compare=False, repr=False)
    """The same, as the service knows it."""

    def __post_init__(self) -> None:
        sender = Sender(
            id=self.iccid,
            device=self.imei,
            send_timeout_s=self.profile.send_timeout_s,
            refusal_window_s=self.profile.refusal_window_s,
            number=self.number,
            vendor_errors=self.profile.errors,
        )
        object.__setattr__(self, "sender", sender)


@dataclass(frozen=True, slots=True)
class ModemLine:
    """How to reach a modem, as configured. `rate` gives the pace for a SIM by its ICCID, in parts per second (None:
    unlimited). `driver` names a profile; None: by manufacturer and model. `power_hook` is a program, with its arguments, that
    takes the power from the modem and gives it back; empty: there is none."""

    name: str
    port: str
    rate: Callable[[str], float | None]
    driver: str | None = None
    power_hook: tuple[str, ...] = ()


@dataclass(slots=True)
class ModemStatus:
    """What is known of a modem now. `port` and `place` (`1-1.2`): where it is plugged in, of one that is found by itself; None
    while it is not, and where the configuration names its port."""

    health: ModemHealth = ModemHealth.OPENING
    reason: str | None = None
    identity: Identity | None = None
    registration: Registration = Registration.UNKNOWN
    signal_dbm: int | None = None
    sent: int = 0
    operator: str | None = None
    has_operator_name: bool = True
    smsc: str | None = None
    storage: StorageFill | None = None
    remarks: dict[str, str] = field(default_factory=dict)
    """What a person should know though the modem works, by what it is about."""
    port: str | None = None
    usb_location: str | None = None
    turn_deadline: float | None = None
    """The loop's time by which the modem's task must have taken its next turn; None while it has no open port."""
