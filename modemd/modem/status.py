"""Status of a modem: who answers on its port, how it is reached, and how it is now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from enum import StrEnum

from modemd.at.replies import Registration, StorageFill
from modemd.connector import Sender
from modemd.light_dataclass import dataclass
from modemd.profiles import Profile

RECEIVING_REMARK = "receiving"
"""Key in the remarks of a modem that receives nothing, or not all."""
STORAGE_REMARK = "storage"
"""Subject of the remark that the storage is full or stays nearly full."""


class ModemHealth(StrEnum):
    """Health of a modem, with the stage that it has reached."""

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
    """Identity of what answers on a port: the modem by its IMEI, the SIM by its ICCID.

    `imei` is None if the modem tells none; then it is known by its `name`. `remark` is what a person should know about a missing
    identity, None if nothing is missing.
    """

    imei: str | None
    manufacturer: str
    model: str
    firmware: str
    iccid: str
    imsi: str | None
    number: str | None
    profile: Profile
    name: str = field(default="modem", kw_only=True)
    remark: str | None = field(default=None, kw_only=True)
    sender: Sender = field(init=False, compare=False, repr=False)
    """The same identity in the terms of the connector."""

    @property
    def device(self) -> str:
        """Identity under which attempts are journaled: the IMEI, or the name of the modem if it tells none."""
        return self.imei or self.name

    def __post_init__(self) -> None:
        sender = Sender(
            id=self.iccid,
            device=self.device,
            send_timeout_s=self.profile.send_timeout_s,
            refusal_window_s=self.profile.refusal_window_s,
            number=self.number,
            vendor_errors=self.profile.errors,
            imsi=self.imsi,
        )
        object.__setattr__(self, "sender", sender)


@dataclass(frozen=True, slots=True)
class ModemLine:
    """Configured way to reach a modem.

    `rate` returns the pace of a SIM, given its ICCID, in parts per second; None means unlimited. `driver` names a profile; None
    means that the profile is chosen by manufacturer and model. `power_hook` is a program with its arguments that switches the
    modem's power off and on; empty if there is none.
    """

    name: str
    port: str
    rate: Callable[[str], float | None]
    driver: str | None = None
    power_hook: tuple[str, ...] = ()


@dataclass(slots=True)
class ModemStatus:
    """Current status of a modem.

    `port` and `usb_location` (`1-1.2`) say where a modem is plugged in that was found automatically. They are None while it is
    not plugged in, and for a modem whose port the configuration names.
    """

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
    """Problems that a person should know although the modem works, by subject."""
    port: str | None = None
    usb_location: str | None = None
    turn_deadline: float | None = None
    """Time of the loop, in seconds, by which the modem's task must have begun its next turn; None while it has no open port."""
