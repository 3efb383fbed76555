"""Exceptions that modemd raises on purpose.

There is a class for each case in which a caller acts differently::

    ModemdError
    ├── DecodeError        bytes from the network or a modem do not say what they should
    ├── EncodeError        a value cannot be encoded (too long, not in the alphabet, not a number)
    ├── ConfigError        the configuration is wrong: a person edits the file
    ├── ProfileError       a driver file is wrong: a person edits the file
    ├── Refused            a submit is not accepted; carries a code for programs
    ├── StoreError         the database cannot be used; carries what to do, and a code for programs
    │   ├── StoreLocked    another process writes to it
    │   ├── StoreUnavailable   it takes no change now (disk full, read-only, failing): wait, try again
    │   └── StoreDamaged   it cannot be read as it should: stop, a person restores it
    └── ModemError         a modem did not do what it was asked
        ├── PortGone       the port is lost or cannot be opened: reopen
        │   └── PortHangs  the port is there and transfers nothing: reset the stick
        ├── ReplyTimeout   no final result in time: escape, probe
        │   └── Silent     no answer to any probe: leave the dialogue, escalate
        ├── Restarted      the modem has restarted meanwhile: set it up again
        ├── CommandFailed  a final result other than OK; carries it
        └── NeedsPerson    nothing to retry
            └── SimUnusable    PIN, PUK, no SIM: check whether its state has changed; carries it
"""

from __future__ import annotations


class ModemdError(Exception):
    """Base class of all errors. `str(error)` is one line for a person."""


class DecodeError(ModemdError):
    """Bytes that cannot be decoded.

    `field` names the field as 3GPP TS 23.040 does (`TP-OA`, `UDH.IE[1]`), `octet` is the offset of the wrong octet from
    the start of the given bytes, `reason` says what is wrong there.
    """

    def __init__(self, field: str, octet: int, reason: str) -> None:
        super().__init__(f"{field} at octet {octet}: {reason}")
        self.field = field
        self.octet = octet
        self.reason = reason


class EncodeError(ModemdError):
    """Value that cannot be encoded. `field` names the field, `reason` says why not."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class ConfigError(ModemdError):
    """Configuration that cannot be used. `problems` has one line for each mistake, with file, line and key."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class ProfileError(ModemdError):
    """Driver file that cannot be used; the message names file and key."""


class Refused(ModemdError):
    """Request that is not accepted. `code` is stable and for programs (`opted_out`, `bad_number`, ...)."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class StoreError(ModemdError):
    """Database that cannot be used; the message says what to do. `code` is stable and for programs."""

    code = "store"


class StoreLocked(StoreError):
    """Database to which another process writes."""


class StoreUnavailable(StoreError):
    """Database that takes no change now, but may again without a restart.

    `code` is `disk_full`, `read_only` or `disk_error`.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class StoreDamaged(StoreError):
    """Damaged database. Its contents are not reliable any more, so modemd sends nothing from it."""

    code = "damaged"


class ModemError(ModemdError):
    """Failure of a modem to do what it was asked."""


class PortGone(ModemError):
    """Port that is lost, or could not be opened."""


class PortHangs(PortGone):
    """Port that is there, but hangs when it is opened, or takes no bytes."""


class ReplyTimeout(ModemError):
    """Command without a final result within its deadline."""


class Silent(ReplyTimeout):
    """Modem that does not even answer `AT`."""


class Restarted(ModemError):
    """Restart of the modem while an answer was awaited: the answer will not come."""


class CommandFailed(ModemError):
    """Final result other than OK. `command` was sent, `result` came back (`+CMS ERROR: 38`)."""

    def __init__(self, command: str, result: str) -> None:
        super().__init__(f"{command} answered {result}")
        self.command = command
        self.result = result


class NeedsPerson(ModemError):
    """Failure that a program should not retry; the message says what a person can do."""


class SimUnusable(NeedsPerson):
    """SIM that is absent, or asks for something that only a person can give. `state` is the answer to `AT+CPIN?`."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(reason)
        self.state = state
