"""Codes, severities and symptoms of the doctor's findings. Programs depend on them: they do not change."""

from __future__ import annotations

from enum import StrEnum

from modemd.light_dataclass import dataclass


class Severity(StrEnum):
    """Severity of a finding. A finding that `blocks` and has a modem as its subject blocks only this modem."""

    FINE = "fine"
    NOTE = "note"
    WARNING = "warning"
    BLOCKS = "blocks"


class Symptom(StrEnum):
    """Symptom that a person sees before running the doctor; docs/trouble.md has them in this order."""

    NO_START = "The daemon does not start, or does not answer"
    NOT_FOUND = "No modem is found"
    NO_PORT = "The port cannot be opened"
    NO_ANSWER = "The modem does not answer"
    SIM = "The SIM asks for something"
    NETWORK = "The modem does not get into the network"
    NOT_SENT = "Messages stay queued, or fail"
    NOT_RECEIVED = "Nothing is received"
    CLOCK = "Messages expire, or wait for ever"
    PROGRAMS = "Other programs do not get through, or are told nothing"


@dataclass(frozen=True, slots=True)
class Advice:
    """Severity, symptom and texts of a code. `what` and `remedy` have the finding's values in braces."""

    severity: Severity
    symptom: Symptom
    what: str
    remedy: str = ""


class Code(StrEnum):
    """Name of a finding for programs; it does not change."""

    CONFIG_MISSING = "config_missing"
    CONFIG_CLOSED = "config_closed"
    CONFIG_WRONG = "config_wrong"
    DRIVERS_WRONG = "drivers_wrong"
    DATABASE_FINE = "database_fine"
    DATABASE_NO_PERMISSION = "database_no_permission"
    DATABASE_LOCKED = "database_locked"
    DATABASE_DAMAGED = "database_damaged"
    DATABASE_NEWER = "database_newer"
    DATABASE_UNUSABLE = "database_unusable"
    DISK_FINE = "disk_fine"
    DISK_LOW = "disk_low"
    DISK_FULL = "disk_full"
    DISK_READ_ONLY = "disk_read_only"
    CLOCK_FINE = "clock_fine"
    CLOCK_WRONG = "clock_wrong"
    DAEMON_RUNNING = "daemon_running"
    DAEMON_NOT_RUNNING = "daemon_not_running"
    DAEMON_CLOSED = "daemon_closed"
    DAEMON_SILENT = "daemon_silent"
    PAUSED = "paused"
    NO_MODEM = "no_modem"
    PORTS_UNLISTED = "ports_unlisted"
    NEEDS_MODESWITCH = "needs_modeswitch"
    NETWORK_MODE = "network_mode"
    BOOTLOADER = "bootloader"
    NO_DRIVER = "no_driver"
    NO_AT_PORT = "no_at_port"
    BRIDGE_NOT_ASKED = "bridge_not_asked"
    NOT_USABLE = "not_usable"
    PORT_ABSENT = "port_absent"
    PORT_NO_PERMISSION = "port_no_permission"
    PORT_MODEMMANAGER = "port_modemmanager"
    PORT_BUSY = "port_busy"
    PORT_SHARED = "port_shared"
    PORT_OF_DAEMON = "port_of_daemon"
    PORT_FAILS = "port_fails"
    MODEMMANAGER_RUNS = "modemmanager_runs"
    MODEM_ANSWERS = "modem_answers"
    MODEM_SILENT = "modem_silent"
    MODEM_REFUSES = "modem_refuses"
    MODEM_LACKS = "modem_lacks"
    MODEM_READY = "modem_ready"
    MODEM_STARTING = "modem_starting"
    MODEM_SICK = "modem_sick"
    MODEM_MISSING = "modem_missing"
    SIM_ABSENT = "sim_absent"
    SIM_FAILURE = "sim_failure"
    SIM_PIN = "sim_pin"
    SIM_PIN_WAITS = "sim_pin_waits"
    SIM_PUK = "sim_puk"
    SIM_OTHER = "sim_other"
    SIM_POLICY = "sim_policy"
    SIM_RESTS = "sim_rests"
    REGISTERED = "registered"
    ROAMING = "roaming"
    NOT_REGISTERED = "not_registered"
    REGISTRATION_DENIED = "registration_denied"
    SIGNAL_FINE = "signal_fine"
    SIGNAL_WEAK = "signal_weak"
    SMSC_FINE = "smsc_fine"
    SMSC_MISSING = "smsc_missing"
    STORAGE_FINE = "storage_fine"
    STORAGE_NONE = "storage_none"
    STORAGE_FULL = "storage_full"
    SELF_NO_NUMBER = "self_no_number"
    SELF_NOT_SENT = "self_not_sent"
    SELF_SENT = "self_sent"
    SELF_ARRIVED = "self_arrived"
    SELF_NOT_ARRIVED = "self_not_arrived"
    API_FINE = "api_fine"
    API_CLOSED = "api_closed"
    API_NO_KEY = "api_no_key"
    API_CERTIFICATE_WRONG = "api_certificate_wrong"
    API_CERTIFICATE_EXPIRED = "api_certificate_expired"
    API_CERTIFICATE_ENDS = "api_certificate_ends"
    API_KEY_READABLE = "api_key_readable"
    WEBHOOK_FAILING = "webhook_failing"
    WEBHOOK_GIVEN_UP = "webhook_given_up"
