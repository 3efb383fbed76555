"""Table of all findings of the doctor: severity, text and remedy of each. docs/trouble.md is generated from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modemd.doctor.api_advice import API_ADVICE
from modemd.doctor.codes import Advice, Code, Severity, Symptom
from modemd.light_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of one check: about the machine (`subject` None), a modem by its name, or a port."""

    code: Code
    what: str
    remedy: str
    subject: str | None = None

    @classmethod
    def of(cls, code: Code, subject: str | None = None, **values: Any) -> Finding:
        """Makes a finding with the texts of its advice. KeyError if a value is missing."""
        advice = ADVICE[code]
        return cls(code, advice.what.format(**values), advice.remedy.format(**values), subject)

    @property
    def severity(self) -> Severity:
        return ADVICE[self.code].severity


_FINE, _NOTE, _WARNING, _BLOCKS = Severity
_S = Symptom

ADVICE: Mapping[Code, Advice] = {
    Code.CONFIG_MISSING: Advice(
        _WARNING,
        _S.NO_START,
        "there is no configuration: {path}",
        "write one, and name it with --config; the line `database: /var/lib/modemd/modemd.db` is enough, since modemd finds "
        "the modems",
    ),
    Code.CONFIG_CLOSED: Advice(
        _BLOCKS,
        _S.NO_START,
        "the configuration {path} cannot be read: {reason}",
        "run this as root, which may read it: `sudo modemd doctor`",
    ),
    Code.CONFIG_WRONG: Advice(
        _BLOCKS, _S.NO_START, "{problem}", "correct it; `modemd config check --config {path}` lists every mistake"
    ),
    Code.DRIVERS_WRONG: Advice(
        _BLOCKS,
        _S.NO_START,
        "{problem}",
        "correct the driver file or remove it; `modemd drivers list --check` lists every mistake",
    ),
    Code.DAEMON_RUNNING: Advice(_FINE, _S.NO_START, "the daemon runs, and says: {message}"),
    Code.DAEMON_NOT_RUNNING: Advice(
        _BLOCKS,
        _S.NO_START,
        "no daemon runs at {socket}: accepted messages wait",
        "start it: `sudo systemctl start modemd`, or `modemd run --config {config}`; `journalctl -u modemd` shows why it ended",
    ),
    Code.DAEMON_CLOSED: Advice(
        _BLOCKS,
        _S.NO_START,
        "{who} may not use the daemon's socket {socket}: {reason}",
        "run this as the daemon's user or as root: `sudo modemd doctor`",
    ),
    Code.DAEMON_SILENT: Advice(
        _BLOCKS,
        _S.NO_START,
        "a process listens at {socket}, but does not answer: {reason}",
        "restart the daemon: `sudo systemctl restart modemd`; accepted messages are not lost",
    ),
    Code.PAUSED: Advice(
        _WARNING,
        _S.NOT_SENT,
        "{what} is paused since {since} by {by}: {why}",
        "if the reason is over, end the pause, with a reason: {command}",
    ),
    Code.SIM_POLICY: Advice(
        _NOTE,
        _S.NOT_SENT,
        "{policy}",
        "ask the operator whether this SIM may send by machine; `{command}` has the source; this is no legal advice",
    ),
    Code.DATABASE_FINE: Advice(_FINE, _S.NO_START, "the database {path} can be used{new}"),
    Code.DATABASE_NO_PERMISSION: Advice(
        _BLOCKS,
        _S.NO_START,
        "{who} may not write {path}, which belongs to {owner}",
        "if the daemon runs as {user}, give it the path: `sudo chown {user}: {files}`; if you are another user, `sudo modemd "
        "doctor` checks with the rights of the daemon",
    ),
    Code.DATABASE_LOCKED: Advice(
        _BLOCKS,
        _S.NO_START,
        "another process writes to {path}, and no daemon answers at {socket}{holders}",
        "wait until the process has ended, or end it; a daemon with another configuration may use the same database",
    ),
    Code.DATABASE_DAMAGED: Advice(
        _BLOCKS,
        _S.NO_START,
        "{path}: the database is damaged ({problem})",
        'restore a backup; `modemd help operating` has a section "A damaged database"',
    ),
    Code.DATABASE_NEWER: Advice(
        _BLOCKS,
        _S.NO_START,
        "{path}: a newer modemd wrote the database (schema {found}; this modemd knows {known})",
        "upgrade modemd",
    ),
    Code.DATABASE_UNUSABLE: Advice(
        _BLOCKS, _S.NO_START, "{path}: {problem}", "check the path, its permissions, and the disk (`dmesg`)"
    ),
    Code.DISK_FINE: Advice(_FINE, _S.NOT_SENT, "the disk of {path} has {free} free"),
    Code.DISK_LOW: Advice(
        _WARNING,
        _S.NOT_SENT,
        "the disk of {path} has only {free} free",
        "free some space soon: a full disk stops sending and receiving",
    ),
    Code.DISK_FULL: Advice(
        _BLOCKS,
        _S.NOT_SENT,
        "the disk of {path} is full",
        "free some space (`df -h`, `journalctl --vacuum-size=100M`); until then modemd sends nothing; after that, a running "
        "daemon goes on by itself",
    ),
    Code.DISK_READ_ONLY: Advice(
        _BLOCKS,
        _S.NOT_SENT,
        "the disk of {path} is read-only",
        "check the mount and `dmesg`: a failing disk or card turns read-only; copy the data while it can be read",
    ),
    Code.CLOCK_FINE: Advice(_FINE, _S.CLOCK, "the clock says {now}, and nothing contradicts it"),
    Code.CLOCK_WRONG: Advice(
        _WARNING,
        _S.CLOCK,
        "the clock is wrong: it says {now}, and {because}",
        "set it: `sudo timedatectl set-ntp true`; until then calendar, expiry and marketing are stopped; after that, a running "
        "daemon goes on by itself",
    ),
    Code.NO_MODEM: Advice(
        _BLOCKS,
        _S.NOT_FOUND,
        "no plugged-in device is a modem",
        "plug a modem into the machine or a powered hub; `lsusb` must list it, also inside a virtual machine or container",
    ),
    Code.PORTS_UNLISTED: Advice(
        _WARNING,
        _S.NOT_FOUND,
        "{reason}",
        "check that /sys is there; in a container, mount it, or name the port under `modems` in the configuration",
    ),
    Code.NEEDS_MODESWITCH: Advice(
        _BLOCKS,
        _S.NOT_FOUND,
        "{reason}",
        "install usb_modeswitch (`sudo apt install usb-modeswitch`) and plug the stick in again",
    ),
    Code.NETWORK_MODE: Advice(
        _BLOCKS,
        _S.NOT_FOUND,
        "{reason}",
        "a stick in network mode (HiLink) has no AT port: switch it to modem mode, install modem firmware on it, or use another "
        "stick",
    ),
    Code.BOOTLOADER: Advice(
        _BLOCKS,
        _S.NOT_FOUND,
        "{reason}",
        "switch its power off and on again; if that does not help, its firmware is lost",
    ),
    Code.NO_DRIVER: Advice(
        _BLOCKS,
        _S.NOT_FOUND,
        "{reason}",
        "load the kernel driver: `sudo modprobe option` (or qcserial, or cdc_acm; see the maker's documents)",
    ),
    Code.NO_AT_PORT: Advice(
        _BLOCKS,
        _S.NOT_FOUND,
        "{reason}",
        "another mode of the stick may have an AT port; or name the right port under `modems` in the configuration",
    ),
    Code.BRIDGE_NOT_ASKED: Advice(
        _NOTE,
        _S.NOT_FOUND,
        "{reason}",
        "if it leads to a modem, check that with `modemd doctor --port PORT`; then name that port or its USB place under "
        "`modems` in the configuration",
    ),
    Code.NOT_USABLE: Advice(
        _BLOCKS, _S.NOT_FOUND, "{reason}", '`modemd help operating` has a section "Which modems are found"'
    ),
    Code.PORT_ABSENT: Advice(
        _BLOCKS,
        _S.NO_PORT,
        "{port} does not exist",
        "plug the modem in, or correct its `port` in the configuration; a modem without a `port` is found wherever it is",
    ),
    Code.PORT_NO_PERMISSION: Advice(
        _BLOCKS,
        _S.NO_PORT,
        "{who} may not open {port}, which belongs to {owner} and group {group}",
        "add the user to that group: `sudo usermod -aG {group} {who}`; then log in again, or restart the daemon",
    ),
    Code.PORT_MODEMMANAGER: Advice(
        _BLOCKS,
        _S.NO_PORT,
        "ModemManager (process {pid}) has {port} open",
        "keep ModemManager away: install modemd's udev rules (`sudo modemd install`) and plug the modem in again; or, if nothing "
        "else needs it, `sudo systemctl disable --now ModemManager`",
    ),
    Code.PORT_BUSY: Advice(
        _BLOCKS,
        _S.NO_PORT,
        "another program has {port} open: {holder}",
        "end that program: minicom, gammu, a getty, another modemd",
    ),
    Code.PORT_SHARED: Advice(
        _WARNING,
        _S.NO_PORT,
        "another program has {port} open, too: {holder}",
        "if it is the program behind this virtual port (socat, an emulator), all is well; else end it",
    ),
    Code.PORT_OF_DAEMON: Advice(
        _NOTE,
        _S.NO_PORT,
        "{port} belongs to the same stick as the daemon's modem {modem}, so it was not opened",
        "to check this port, stop the daemon first",
    ),
    Code.PORT_FAILS: Advice(
        _BLOCKS, _S.NO_PORT, "{reason}", "unplug the modem and plug it in again; try another cable, port or hub"
    ),
    Code.MODEMMANAGER_RUNS: Advice(
        _NOTE,
        _S.NO_PORT,
        "ModemManager runs (process {pid}); it opens every modem that no udev rule protects",
        "install modemd's udev rules (`sudo modemd install`); or, if nothing else needs it, "
        "`sudo systemctl disable --now ModemManager`",
    ),
    Code.MODEM_ANSWERS: Advice(_FINE, _S.NO_ANSWER, "{model} answers on {port}, driver {driver}"),
    Code.MODEM_SILENT: Advice(
        _BLOCKS,
        _S.NO_ANSWER,
        "no answer to AT on {port}",
        "wait half a minute after plugging in; the port may be one for diagnostics: `modemd doctor` without --port finds the one "
        "for AT; on a serial line, check the speed; if nothing helps, unplug the modem and check its power supply",
    ),
    Code.MODEM_REFUSES: Advice(
        _BLOCKS,
        _S.NO_ANSWER,
        "the modem answers, but refuses a command that modemd needs: {reason}",
        "a daemon would refuse this modem, too; unplug it and plug it in again; if that does not help, `modemd drivers suggest "
        "--port PORT` shows what it can do",
    ),
    Code.MODEM_LACKS: Advice(
        _WARNING,
        _S.NOT_RECEIVED,
        "{remark}",
        "nothing to do for sending; if you need what it lacks, use another modem or newer firmware",
    ),
    Code.MODEM_READY: Advice(_FINE, _S.NOT_SENT, "the daemon sends with this modem: {model}, {signal}"),
    Code.MODEM_STARTING: Advice(
        _WARNING, _S.NO_ANSWER, "the daemon is setting the modem up: {reason}", "run the command again in a few seconds"
    ),
    Code.MODEM_SICK: Advice(
        _BLOCKS,
        _S.NO_ANSWER,
        "the daemon says: {reason}",
        'the daemon tries to repair it, see "When a modem is sick" in `modemd help operating`; if it happens again, check power '
        "supply, cable and firmware",
    ),
    Code.MODEM_MISSING: Advice(
        _BLOCKS,
        _S.NO_ANSWER,
        "{reason}",
        "plug it in again, or check its power: a stick that hangs answers nothing until it was without power; if it is gone for "
        "good: {command}",
    ),
    Code.SIM_ABSENT: Advice(
        _BLOCKS, _S.SIM, "the modem finds no SIM", "insert a SIM, and check that it is the right way round"
    ),
    Code.SIM_FAILURE: Advice(
        _BLOCKS, _S.SIM, "the SIM cannot be read", "take it out, clean its contacts and put it back; or try another"
    ),
    Code.SIM_PIN: Advice(
        _BLOCKS,
        _S.SIM,
        "{reason}",
        "write the PIN into a file that only modemd's user can read, and name the file as sims.<iccid>.pin_file or "
        "modems[].pin_file; or switch the PIN off in a phone",
    ),
    Code.SIM_PIN_WAITS: Advice(
        _WARNING,
        _S.SIM,
        "the SIM asks for its PIN; the doctor does not enter the one in {source}, since a wrong PIN costs a try",
        "start the daemon, which enters the PIN once; then run the command again",
    ),
    Code.SIM_PUK: Advice(
        _BLOCKS,
        _S.SIM,
        "the SIM asks for its PUK after three wrong PINs",
        "put the SIM into a phone and unlock it with the PUK of the operator's papers; modemd never enters a PUK",
    ),
    Code.SIM_OTHER: Advice(
        _BLOCKS, _S.SIM, "{reason}", '`modemd help operating` has a section "When a SIM needs a person"'
    ),
    Code.SIM_RESTS: Advice(
        _BLOCKS,
        _S.NOT_SENT,
        "{reason}; the daemon does not use it until {until}",
        "the SIM may be barred or without credit: try it in a phone; the daemon then tries again by itself",
    ),
    Code.REGISTERED: Advice(_FINE, _S.NETWORK, "registered in its home network{operator}"),
    Code.ROAMING: Advice(
        _NOTE,
        _S.NETWORK,
        "registered in a foreign network{operator}: messages cost more, and marketing waits",
        "at home, check the reception of the SIM's own network; see marketing_while_roaming in `modemd help configuration`",
    ),
    Code.NOT_REGISTERED: Advice(
        _BLOCKS,
        _S.NETWORK,
        "not registered in a network: {reason}",
        "check the antenna and the place, that the SIM is active, and that its operator still has a network of this kind "
        "(2G, 3G)",
    ),
    Code.REGISTRATION_DENIED: Advice(
        _BLOCKS,
        _S.NETWORK,
        "the network refuses this SIM",
        "it may be inactive, unpaid or barred: try it in a phone, and ask the operator",
    ),
    Code.SIGNAL_FINE: Advice(_FINE, _S.NETWORK, "signal {signal}"),
    Code.SIGNAL_WEAK: Advice(
        _WARNING,
        _S.NETWORK,
        "weak signal: {signal}",
        "move the stick or its antenna, for example to a window with a USB cable",
    ),
    Code.SMSC_FINE: Advice(_FINE, _S.NOT_SENT, "the service centre is {number}"),
    Code.SMSC_MISSING: Advice(
        _BLOCKS,
        _S.NOT_SENT,
        "the SIM has no number of a service centre (AT+CSCA? is empty), so it cannot send",
        "set sims.{iccid}.smsc to the operator's service centre; the number is on the operator's website, or in another SIM",
    ),
    Code.STORAGE_FINE: Advice(_FINE, _S.NOT_RECEIVED, "{used} of {total} places for messages are taken"),
    Code.STORAGE_NONE: Advice(
        _WARNING,
        _S.NOT_RECEIVED,
        "the modem has no place for messages ({used} of {total} are taken): no message can come in",
        "try another SIM; if that does not help, this modem can only send",
    ),
    Code.STORAGE_FULL: Advice(
        _WARNING,
        _S.NOT_RECEIVED,
        "all {total} places for messages are taken: no message can come in",
        "start the daemon, which stores the messages and deletes them on the SIM; messages that stay belong to another program: "
        "delete them in a phone",
    ),
    Code.SELF_NO_NUMBER: Advice(
        _WARNING,
        _S.NOT_SENT,
        "the SIM does not know its own number, so no message was sent to it",
        "set sims.{iccid}.number",
    ),
    Code.SELF_SENT: Advice(_FINE, _S.NOT_SENT, "the network accepted a message to {number}"),
    Code.SELF_NOT_SENT: Advice(
        _BLOCKS,
        _S.NOT_SENT,
        "a message to {number} was not sent: {reason}",
        "the SIM may have no credit, or may not be allowed to send: try it in a phone; `modemd explain ID` shows what happened "
        "to a message",
    ),
    Code.SELF_ARRIVED: Advice(_FINE, _S.NOT_RECEIVED, "the message arrived after {seconds} s"),
    Code.SELF_NOT_ARRIVED: Advice(
        _WARNING,
        _S.NOT_RECEIVED,
        "the message was sent, but did not arrive within {seconds} s",
        "networks may take longer: check `modemd inbox`; check that {number} is this SIM's number, and that it has free storage",
    ),
    **API_ADVICE,
}
