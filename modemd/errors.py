"""Every error modemd raises on purpose.

A class exists where a caller acts differently::

    ModemdError
    ├── DecodeError        bytes from the network or a modem do not say what they should
    ├── EncodeError        the wish cannot be put on the wire (too long, not in the alphabet, not a number)
    ├── ConfigError        the configuration is wrong: a person edits the file
    ├── ProfileError       a driver file is wrong: a person edits the file
    ├── Refused            a submit is not accepted; carries a code for programs
    ├── StoreError         the database cannot be used; carries what to do, and a code for programs
    │   ├── StoreLocked    another process writes to it
    │   ├── StoreUnavailable   it takes no change now (disk full, read-only, failing): wait, try again
    │   └── StoreDamaged   it cannot be read as it should: stop, a person restores it
    └── ModemError         a modem did not do what it was asked
        ├── PortGone       the port is lost or cannot be opened: reopen
        │   └── PortHangs  it is there and moves nothing: reset the stick
        ├── ReplyTimeout   no final result in time: escape, probe
        │   └── Silent     no answer to any probe: leave the dialogue, climb the ladder
        ├── Restarted      the modem has started anew meanwhile: set it up again
        ├── CommandFailed  a final result other than OK; carries it
        └── NeedsPerson    nothing to retry
            └── SimUnusable    PIN, PUK, no SIM: look whether its state has changed; carries it
"""

from __future__ import annotations


class ModemdError(Exception):
    """Root of the tree. `str(error)` is one line for a person."""


class DecodeError(ModemdError):
    """Bytes that are not what their place requires.

    `field` names the field as 3GPP TS 23.040 does (`TP-OA`, `UDH.IE[1]`), `octet` is the offset of the offending octet
    from the start of the bytes that were handed in, `reason` says what is wrong there.
    """

    def __init__(self, field: str, octet: int, reason: str) -> None:
        super().__init__(f"{field} at octet {octet}: {reason}")
        self.field = field
        self.octet = octet
        self.reason = reason


class EncodeError(ModemdError):
    """A wish that cannot be put on the wire. `field` names the field, `reason` says why not."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class ConfigError(ModemdError):
    """A configuration that cannot be used. `problems` holds one line a mistake, each with file, line and key."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class ProfileError(ModemdError):
    """A driver file that cannot be used; the message names file and key."""


class Refused(ModemdError):
    """A submit that is not accepted. `code` is stable and for programs (`opted_out`, `bad_number`, ...)."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class StoreError(ModemdError):
    """The database cannot be used; the message says what to do. `code` is stable and for programs."""

    code = "store"


class StoreLocked(StoreError):
    """Another process is the one that writes to this database."""


class StoreUnavailable(StoreError):
    """The database takes no change now, and may again without a restart.

    `code` is `disk_full`, `read_only` or `disk_error`.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class StoreDamaged(StoreError):
    """The database is damaged. What it says can no longer be relied on, so nothing is sent by it."""

    code = "damaged"


class ModemError(ModemdError):
    """A modem did not do what it was asked."""


class PortGone(ModemError):
    """The port is lost, or could not be opened."""


class PortHangs(PortGone):
    """The port is there, but opening it hangs, or it takes no bytes."""


class ReplyTimeout(ModemError):
    """No final result within the deadline of a command."""


class Silent(ReplyTimeout):
    """Not even `AT` is answered."""


class Restarted(ModemError):
    """The modem said that it has started anew, while an answer was awaited: that one will not come."""


class CommandFailed(ModemError):
    """A final result other than OK. `command` was asked, `result` came back (`+CMS ERROR: 38`)."""

    def __init__(self, command: str, result: str) -> None:
        super().__init__(f"{command} answered {result}")
        self.command = command
        self.result = result


class NeedsPerson(ModemError):
    """Nothing a program should try again; the message says what a person can do."""


class SimUnusable(NeedsPerson):
    """The SIM is absent, or asks for what only a person can give. `state` is what `AT+CPIN?` says of it."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(reason)
        self.state = state
