"""Exceptions that modemd raises on purpose.

There is a class for each case in which a caller acts differently::

    ModemdError
    ├── DecodeError        bytes from the network or a modem do not say what they should
    ├── EncodeError        a value cannot be encoded (too long, not in the alphabet, not a number)
    ├── ConfigError        the configuration is wrong: a person edits the file
    ├── ProfileError       a driver file is wrong: a person edits the file
    ├── Refused            a submit is not accepted; carries a code for programs
    ├── StoreError         the database cannot be used; carries what to do, and a code for programs
    │   ├── NoDatabase     there is none at the path: start the daemon, which makes it, or correct the path
    │   ├── StoreLocked    another process writes to it: wait; carries which, if that is known
    │   ├── StoreUnavailable   it takes no change now (disk full, read-only, failing, held): wait, try again
    │   └── StoreDamaged   it cannot be read as it should: stop, a person restores it
    └── ModemError         a modem did not do what it was asked
        ├── PortGone       the port is lost or cannot be opened: reopen
        │   └── PortHangs  the port is there and transfers nothing: reset the stick
        ├── ReplyTimeout   no final result in time: escape, probe
        │   ├── AnswerLost the modem answers again, and said nothing of the PDU: go on
        │   └── Silent     no answer to any probe: leave the dialogue, escalate
        ├── Restarted      the modem has restarted meanwhile: set it up again
        ├── CommandFailed  a final result other than OK; carries it
        └── NeedsPerson    nothing to retry
            └── SimUnusable    PIN, PUK, no SIM: check whether its state has changed; carries it
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Self

from modemd.light_dataclass import dataclass


class ErrorCode(StrEnum):
    """Codes of errors, stable and for programs, each with the HTTP status by which the API answers it (422 if none stands
    here)."""

    status: int

    def __new__(cls, code: str, status: int = 422) -> Self:
        """Makes a member that is its code, and has the status beside it."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.status = status
        return member

    # What a caller asks for is not accepted.
    ALREADY_OPTED_IN = "already_opted_in", 409
    ALREADY_PENDING = "already_pending", 409
    ASKED_LATELY = "asked_lately", 409
    BAD_ANSWERS = "bad_answers"
    BAD_CHANNEL = "bad_channel"
    BAD_ADDRESS = "bad_address"
    BAD_CLASS = "bad_class"
    BAD_COUNTRY = "bad_country"
    BAD_CURSOR = "bad_cursor"
    BAD_CRON = "bad_cron"
    BAD_ENCODING = "bad_encoding"
    BAD_FORMAT = "bad_format"
    BAD_KEY = "bad_key"
    BAD_MEDIA_TYPE = "bad_media_type", 415
    BAD_KIND = "bad_kind"
    BAD_LIMIT = "bad_limit"
    BAD_NAME = "bad_name"
    BAD_NUMBER = "bad_number"
    BAD_RECIPIENTS = "bad_recipients"
    BAD_ROWS = "bad_rows"
    BAD_SCHEDULE = "bad_schedule"
    BAD_SCOPE = "bad_scope"
    BAD_SIM = "bad_sim"
    BAD_STATE = "bad_state"
    BAD_TEXT = "bad_text"
    BAD_TIME = "bad_time"
    BAD_URL = "bad_url"
    BAD_USSD = "bad_ussd"
    BAD_VALIDITY = "bad_validity"
    BAD_VERDICT = "bad_verdict"
    BAD_WINDOW = "bad_window"
    BAD_WORD = "bad_word"
    BUDGET_SPENT = "budget_spent", 429
    CANCELLING = "cancelling", 409
    CLOSED = "closed", 409
    EMERGENCY_NUMBER = "emergency_number"
    EMPTY_TEXT = "empty_text"
    FORBIDDEN = "forbidden", 403
    FIXED_WORD = "fixed_word", 409
    EVIDENCE_TOO_OLD = "evidence_too_old", 409
    IN_THE_PAST = "in_the_past"
    KEY_REUSED = "key_reused", 409
    LIST_NOT_ALLOWED = "list_not_allowed"
    MODEM_CONFIGURED = "modem_configured", 409
    MODEM_HERE = "modem_here", 409
    NAME_TAKEN = "name_taken", 409
    NEEDS_COUNTRY = "needs_country"
    NEEDS_NUMBER = "needs_number", 409
    NEEDS_SETTING = "needs_setting", 409
    NO_ALARM_WAY = "no_alarm_way", 409
    NO_EVIDENCE = "no_evidence"
    NO_MODEM = "no_modem", 404
    NO_PART = "no_part", 404
    NO_REASON = "no_reason"
    NO_RECEIVER = "no_receiver", 404
    NO_SESSION = "no_session", 404
    NO_SIM = "no_sim", 404
    NOT_FOUND = "not_found", 404
    NOT_PAUSED = "not_paused", 409
    NOT_POSSIBLE = "not_possible"
    NOT_READY = "not_ready", 503
    NOT_UNKNOWN = "not_unknown", 409
    ON_ITS_WAY = "on_its_way", 409
    OPTED_OUT = "opted_out", 409
    OWN_OPT_OUT = "own_opt_out", 409
    RATE_LIMITED = "rate_limited", 429
    RESOLVED = "resolved", 409
    SHORT_CODE_NOT_ALLOWED = "short_code_not_allowed"
    STAGING = "staging", 409
    SUPERSEDED = "superseded", 409
    TOO_FAR = "too_far"
    TOO_LARGE = "too_large", 413
    TOO_LATE = "too_late", 409
    TOO_MANY_TRIES = "too_many_tries", 429
    TOO_MANY_WEBHOOKS = "too_many_webhooks", 409
    TOO_SLOW = "too_slow", 408
    UNAUTHORIZED = "unauthorized", 401
    UNKNOWN_LIST = "unknown_list"
    USSD_BUSY = "ussd_busy", 409
    USSD_ENDED = "ussd_ended", 502
    USSD_GARBLED = "ussd_garbled", 502
    USSD_NOT_SUPPORTED = "ussd_not_supported", 502
    USSD_REFUSED = "ussd_refused", 502
    USSD_TIMED_OUT = "ussd_timed_out", 504
    # The request itself is not understood. HTTP stands for any other status of the server's.
    BAD_REQUEST = "bad_request"
    NO_ROUTE = "no_route", 404
    DOOR_CLOSED = "door_closed", 404
    WRONG_METHOD = "wrong_method", 405
    HTTP = "http", 400
    # modemd or its database does not work now.
    INTERNAL = "internal", 500
    UNAVAILABLE = "unavailable", 503
    TOO_MANY_CLIENTS = "too_many_clients", 503
    STOPPING = "stopping", 503
    STORE = "store", 503
    NO_DATABASE = "no_database", 503
    LOCKED = "locked", 503
    DISK_FULL = "disk_full", 503
    READ_ONLY = "read_only", 503
    DISK_ERROR = "disk_error", 503
    DAMAGED = "damaged", 503


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
    """Request that is not accepted. `code` is stable and for programs (`opted_out`, `bad_number`, ...). `problems`: if there are
    several, a line for each; `reason` then names the first. `wait_s`: after how many seconds it may be accepted, if that is
    known."""

    def __init__(
        self, code: StrEnum, reason: str, problems: tuple[str, ...] = (), *, wait_s: int | None = None
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.problems = problems
        self.wait_s = wait_s


class StoreError(ModemdError):
    """Database that cannot be used; the message says what to do. `code` is stable and for programs."""

    code: ErrorCode = ErrorCode.STORE


class NoDatabase(StoreError):
    """Path at which there is no database, or an empty file."""

    code = ErrorCode.NO_DATABASE


@dataclass(frozen=True, slots=True)
class LockHolder:
    """Process that writes to a database. `socket`: where a daemon listens or will listen; None if the process is a command."""

    pid: int
    socket: Path | None


class StoreLocked(StoreError):
    """Database to which another process writes. `holder`: that process, None if the lock file does not name it."""

    code = ErrorCode.LOCKED

    def __init__(self, reason: str, holder: LockHolder | None = None) -> None:
        super().__init__(reason)
        self.holder = holder


class StoreUnavailable(StoreError):
    """Database that takes no change now, but may again without a restart.

    `code` is `disk_full`, `read_only` or `disk_error`; `locked` if another program holds it; `unavailable` if it changed while it
    was read without a lock.
    """

    def __init__(self, code: ErrorCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class StoreDamaged(StoreError):
    """Damaged database. Its contents are not reliable any more, so modemd sends nothing from it."""

    code = ErrorCode.DAMAGED


class ModemError(ModemdError):
    """Failure of a modem to do what it was asked."""


class PortGone(ModemError):
    """Port that is lost, or could not be opened."""


class PortHangs(PortGone):
    """Port that is there, but hangs when it is opened, or takes no bytes."""


class ReplyTimeout(ModemError):
    """Command without a final result within its deadline."""


class AnswerLost(ReplyTimeout):
    """PDU whose answer is lost: the modem answers `AT`, and said nothing of it."""


class Silent(ReplyTimeout):
    """Modem that does not even answer `AT`."""


class Restarted(ModemError):
    """Restart of the modem while an answer was awaited: the answer will not come."""


class CommandFailed(ModemError):
    """Final result other than OK. `command` was sent, `result` came back (`+CMS ERROR: 38`). `need` says what modemd needs the
    command for."""

    def __init__(self, command: str, result: str, need: str = "") -> None:
        super().__init__(f"{command} answered {result}{need and f'; {need}'}")
        self.command = command
        self.result = result


class NotNow(CommandFailed):
    """Failure that says nothing about the command: a SIM that stays busy for a minute, or noise on the line."""


class NeedsPerson(ModemError):
    """Failure that a program should not retry; the message says what a person can do."""


class SimUnusable(NeedsPerson):
    """SIM that is absent, or asks for something that only a person can give. `state` is the answer to `AT+CPIN?`."""

    def __init__(self, state: str, reason: str) -> None:
        super().__init__(reason)
        self.state = state
