"""Settings of a device that a host can change; AT&W saves a copy of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from modemd.emulator.device.family import Family


@dataclass(slots=True)
class Notifications:
    """`+CNMI` (3GPP TS 27.005 3.4.1): all zero after power-on in most families, which means no notices at all."""

    mode: int = 0
    mt: int = 0
    bm: int = 0
    ds: int = 0
    bfr: int = 0

    @classmethod
    def at_start(cls, family: Family) -> Notifications:
        """Returns the values after power-on."""
        notify = family.notify
        return cls(*notify.at_start) if notify.at_start else cls(bfr=notify.bfr[0] if notify.bfr else 0)

    def values(self, family: Family) -> tuple[int, ...]:
        """Returns the values that the family has, in order."""
        return (self.mode, self.mt, self.bm, self.ds, self.bfr)[: 5 if family.notify.bfr else 4]

    @property
    def routes(self) -> bool:
        """True if messages or reports go to the host without being stored, so that they need an acknowledgement."""
        return self.mt in (2, 3) or self.ds == 1


@dataclass(frozen=True, slots=True)
class TextParameters:
    """`+CSMP` (27.005 3.3.2): first octet, TP-VP (a number, or a time in the form of text mode), TP-PID and TP-DCS."""

    first_octet: int = 17
    validity: str = "167"
    protocol_id: int = 0
    dcs: int = 0


_PERSISTENT = {
    "+CMGF": "text_mode",
    "+CNMI": "notifications",
    "+CPMS": "memories",
    "+CSMS": "message_service",
    "+CSCS": "alphabet",
    "+CMEE": "error_level",
}
"""The settings that can survive a restart without AT&W, by their commands; any other in `keeps` is a switch."""


@dataclass(slots=True)
class Settings:
    """Settings of the dialogue and of messages. The defaults are those of V.250, TS 27.005 and TS 27.007."""

    echo: bool = True
    verbose: bool = True
    quiet: bool = False
    error_level: int = 0
    text_mode: bool = False
    notifications: Notifications = field(default_factory=Notifications)
    message_service: int = 0
    link_kept: int = 0
    link_refused_until: datetime | None = None
    alphabet: str = "IRA"
    memories: list[str] = field(default_factory=lambda: ["SM", "SM", "SM"])
    registration_notices: dict[str, int] = field(default_factory=lambda: {"+CREG": 0, "+CGREG": 0, "+CEREG": 0})
    operator_format: int = 0
    text_parameters: TextParameters = TextParameters()
    show_headers: bool = False
    registers: dict[int, int] = field(default_factory=lambda: {0: 0, 3: 13, 4: 10, 5: 8, 7: 60})
    flags: dict[str, str] = field(default_factory=dict)

    @classmethod
    def fresh(cls, family: Family) -> Settings:
        """Returns the settings of a new device after power-on."""
        dialogue = family.dialogue
        return cls(
            echo=dialogue.echo,
            text_mode=dialogue.text_mode_at_start,
            error_level=dialogue.error_level_at_start,
            alphabet=dialogue.charsets[0],
            notifications=Notifications.at_start(family),
            registration_notices={"+CREG": dialogue.creg_levels[0], "+CGREG": 0, "+CEREG": 0},
        )

    def after_restart(self, family: Family, saved: Settings | None) -> Settings:
        """Returns the settings after a restart.

        They are the family's defaults, then what AT&W saved, then what survives without it. A saved profile does not
        contain the memories in use (SIM800 and others).
        """
        left = Settings.fresh(family)
        if saved is not None and family.dialogue.keeps_settings:
            left = replace(saved.copy(), memories=left.memories)
        current = self.copy()
        for command in family.dialogue.keeps:
            if command in _PERSISTENT:
                setattr(left, _PERSISTENT[command], getattr(current, _PERSISTENT[command]))
            elif command in current.flags:
                left.flags[command] = current.flags[command]
        return left

    def copy(self) -> Settings:
        """Returns an independent copy."""
        return replace(
            self,
            notifications=replace(self.notifications),
            memories=list(self.memories),
            registration_notices=dict(self.registration_notices),
            registers=dict(self.registers),
            flags=dict(self.flags),
        )
