"""All that the doctor can find, as data: how bad it is, what is seen, and what to do. docs/trouble.md is printed from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modemd.doctor.codes import Code, Severity, Symptom


@dataclass(frozen=True, slots=True)
class Advice:
    """What is said of a code. `what` and `remedy` have the finding's values in braces."""

    severity: Severity
    symptom: Symptom
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found, about the machine (`subject` None), a modem by its name, or a port."""

    code: Code
    what: str
    remedy: str
    subject: str | None = None

    @classmethod
    def of(cls, code: Code, subject: str | None = None, **values: Any) -> Finding:
        """With the words of its advice. KeyError where a value is missing."""
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
        "write one; the line `database: /var/lib/modemd/modemd.db` is enough, modems are found; name it with --config",
    ),
    Code.CONFIG_WRONG: Advice(
        _BLOCKS, _S.NO_START, "{problem}", "correct it; `modemd config check --config {path}` tells every mistake"
    ),
    Code.DRIVERS_WRONG: Advice(
        _BLOCKS,
        _S.NO_START,
        "{problem}",
        "correct the driver file or take it away; `modemd drivers list --check` tells every mistake",
    ),
    Code.DAEMON_RUNNING: Advice(_FINE, _S.NO_START, "the daemon runs, and says: {message}"),
    Code.DAEMON_NOT_RUNNING: Advice(
        _WARNING,
        _S.NO_START,
        "no daemon runs at {socket}: what is accepted waits",
        "start it: `sudo systemctl start modemd`, or `modemd run --config {config}`; `journalctl -u modemd` tells why it ended",
    ),
    Code.DAEMON_CLOSED: Advice(
        _BLOCKS,
        _S.NO_START,
        "the daemon's socket {socket} is closed to {who}: {reason}",
        "run this as the daemon's user or as root: `sudo modemd doctor`",
    ),
    Code.DAEMON_SILENT: Advice(
        _BLOCKS,
        _S.NO_START,
        "something listens at {socket} and gives no answer: {reason}",
        "restart it: `sudo systemctl restart modemd`; nothing that was accepted is lost",
    ),
    Code.DATABASE_FINE: Advice(_FINE, _S.NO_START, "the database {path} can be used{new}"),
    Code.DATABASE_NO_PERMISSION: Advice(
        _BLOCKS,
        _S.NO_START,
        "{who} may not write {path}, which belongs to {owner}",
        "run modemd as {owner}; or give the folder to its user: `sudo chown -R USER {folder}`",
    ),
    Code.DATABASE_LOCKED: Advice(
        _BLOCKS,
        _S.NO_START,
        "another process writes to {path}, and no daemon answers at {socket}{holders}",
        "wait until it has ended, or end it; a daemon with another configuration may have the same database",
    ),
    Code.DATABASE_DAMAGED: Advice(
        _BLOCKS,
        _S.NO_START,
        "{path}: the database is damaged ({said})",
        'restore a backup; see "A damaged database" in docs/operating.md',
    ),
    Code.DATABASE_NEWER: Advice(
        _BLOCKS,
        _S.NO_START,
        "{path}: written by a newer modemd (schema {found}, this one knows {known})",
        "upgrade modemd",
    ),
    Code.DATABASE_UNUSABLE: Advice(
        _BLOCKS, _S.NO_START, "{path}: {said}", "check the path, who may write there, and the disk (`dmesg`)"
    ),
    Code.DISK_FINE: Advice(_FINE, _S.NOT_SENT, "{free} free where {path} is"),
    Code.DISK_LOW: Advice(
        _WARNING,
        _S.NOT_SENT,
        "only {free} free where {path} is",
        "make room soon: a full disk stops sending and receiving",
    ),
    Code.DISK_FULL: Advice(
        _BLOCKS,
        _S.NOT_SENT,
        "the disk with {path} is full",
        "make room (`df -h`, `journalctl --vacuum-size=100M`); nothing is sent until then, and a daemon goes on by itself",
    ),
    Code.DISK_READ_ONLY: Advice(
        _BLOCKS,
        _S.NOT_SENT,
        "the disk with {path} is read-only",
        "look at the mount and at `dmesg`: a disk or card that fails turns read-only; copy the data while it can be read",
    ),
    Code.CLOCK_FINE: Advice(_FINE, _S.CLOCK, "the clock says {now}, and nothing stands against it"),
    Code.CLOCK_WRONG: Advice(
        _WARNING,
        _S.CLOCK,
        "the clock is wrong: it says {now}, and {because}",
        "set it: `sudo timedatectl set-ntp true`; until then calendar, expiry and marketing stop, and a daemon goes on by itself",
    ),
    Code.NO_MODEM: Advice(
        _BLOCKS,
        _S.NOT_FOUND,
        "nothing that is plugged in is a modem",
        "plug one in, at the machine or a powered hub; `lsusb` must list it, also inside a virtual machine or container",
    ),
    Code.PORTS_UNLISTED: Advice(
        _WARNING, _S.NOT_FOUND, "{reason}", "is /sys there? In a container, mount it; or name the port under modems"
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
        "a stick in network mode (HiLink) has no AT port: put it into modem mode, give it stick firmware, or use another",
    ),
    Code.BOOTLOADER: Advice(
        _BLOCKS, _S.NOT_FOUND, "{reason}", "take its power away and give it back; if it stays so, its firmware is gone"
    ),
    Code.NO_DRIVER: Advice(
        _BLOCKS,
        _S.NOT_FOUND,
        "{reason}",
        "load the kernel's driver: `sudo modprobe option` (or qcserial, cdc_acm, as its maker says)",
    ),
    Code.NO_AT_PORT: Advice(
        _BLOCKS, _S.NOT_FOUND, "{reason}", "another mode of the stick may have one; else name its port under modems"
    ),
    Code.BRIDGE_NOT_ASKED: Advice(
        _NOTE,
        _S.NOT_FOUND,
        "{reason}",
        "if a modem is behind it, ask it with `modemd doctor --port PORT`, and name that port or its usb place under modems",
    ),
    Code.NOT_USABLE: Advice(_BLOCKS, _S.NOT_FOUND, "{reason}", 'see "Which modems are found" in docs/operating.md'),
    Code.PORT_ABSENT: Advice(
        _BLOCKS,
        _S.NO_PORT,
        "{port} is not there",
        "plug the modem in, or correct its port; leave `port` out, and it is found wherever it is",
    ),
    Code.PORT_NO_PERMISSION: Advice(
        _BLOCKS,
        _S.NO_PORT,
        "{who} may not open {port}, which belongs to {owner} and group {group}",
        "put the user into that group: `sudo usermod -aG {group} {who}`; then log in anew, or restart the daemon",
    ),
    Code.PORT_MODEMMANAGER: Advice(
        _BLOCKS,
        _S.NO_PORT,
        "ModemManager (process {pid}) has {port} open",
        "keep it off: install modemd's udev rules (`sudo modemd install`) and plug the modem in again; or, if nothing else "
        "needs it, `sudo systemctl disable --now ModemManager`",
    ),
    Code.PORT_BUSY: Advice(
        _BLOCKS,
        _S.NO_PORT,
        "another program has {port} open: {holder}",
        "end that program (minicom, gammu, a getty, another modemd); as root this command tells its name: `sudo modemd doctor`",
    ),
    Code.PORT_OF_DAEMON: Advice(
        _NOTE,
        _S.NO_PORT,
        "{port} belongs to the stick of the daemon's modem {modem}, and is left alone",
        "stop the daemon to have the port asked",
    ),
    Code.PORT_FAILS: Advice(
        _BLOCKS, _S.NO_PORT, "{reason}", "unplug the modem and plug it in again; try another cable, port or hub"
    ),
    Code.MODEMMANAGER_RUNS: Advice(
        _NOTE,
        _S.NO_PORT,
        "ModemManager runs (process {pid}); it opens every modem that no udev rule keeps from it",
        "install modemd's udev rules (`sudo modemd install`); or, if nothing else needs it, "
        "`sudo systemctl disable --now ModemManager`",
    ),
    Code.MODEM_ANSWERS: Advice(_FINE, _S.NO_ANSWER, "{model} answers on {port}, driver {driver}"),
    Code.MODEM_SILENT: Advice(
        _BLOCKS,
        _S.NO_ANSWER,
        "nothing answers AT on {port}",
        "wait half a minute after plugging in; is it the port for AT, not for diagnostics? `modemd doctor` without --port "
        "asks the right one; behind a serial line the speed must fit; else unplug it, and look at its power",
    ),
    Code.MODEM_REFUSES: Advice(
        _BLOCKS,
        _S.NO_ANSWER,
        "the modem answers, and refuses what is needed: {reason}",
        "unplug it and plug it in again; if it stays so, `modemd drivers suggest --port PORT` tells what it can",
    ),
    Code.MODEM_READY: Advice(_FINE, _S.NOT_SENT, "the daemon sends by it: {model}, {signal}"),
    Code.MODEM_STARTING: Advice(_WARNING, _S.NO_ANSWER, "the daemon is at it: {reason}", "ask again in a few seconds"),
    Code.MODEM_SICK: Advice(
        _BLOCKS,
        _S.NO_ANSWER,
        "the daemon says: {reason}",
        'the daemon is at it, see "When a modem is sick" in docs/operating.md; if it comes again: power supply, cable, firmware',
    ),
    Code.SIM_ABSENT: Advice(
        _BLOCKS, _S.SIM, "the modem has no SIM, or none that it sees", "put one in, the right way round"
    ),
    Code.SIM_FAILURE: Advice(
        _BLOCKS, _S.SIM, "the SIM cannot be read", "take it out, clean its contacts and put it back; or try another"
    ),
    Code.SIM_PIN: Advice(
        _BLOCKS,
        _S.SIM,
        "the SIM asks for its PIN: {reason}",
        "write the PIN into a file that modemd's user alone can read, and name it as sims.<iccid>.pin_file or modems[].pin_file; "
        "or take the PIN off in a phone",
    ),
    Code.SIM_PIN_WAITS: Advice(
        _WARNING,
        _S.SIM,
        "the SIM asks for its PIN, which is in {source}; it is not given here, since a wrong one costs a try",
        "start the daemon, which gives it once, and ask again",
    ),
    Code.SIM_PUK: Advice(
        _BLOCKS,
        _S.SIM,
        "the SIM asks for its PUK after three wrong PINs",
        "put it into a phone and unlock it with the PUK of the operator's papers; modemd never enters one",
    ),
    Code.SIM_OTHER: Advice(_BLOCKS, _S.SIM, "{reason}", 'see "When a SIM needs a person" in docs/operating.md'),
    Code.SIM_RESTS: Advice(
        _BLOCKS,
        _S.NOT_SENT,
        "{reason}; it rests until {until}",
        "is the SIM barred or without credit? Put it into a phone and try; the daemon goes on by itself",
    ),
    Code.REGISTERED: Advice(_FINE, _S.NETWORK, "in its home network{operator}"),
    Code.ROAMING: Advice(
        _NOTE,
        _S.NETWORK,
        "in a foreign network{operator}: messages cost more, and marketing waits",
        "at home, is the SIM's own network received here? See marketing_while_roaming in docs/configuration.md",
    ),
    Code.NOT_REGISTERED: Advice(
        _BLOCKS,
        _S.NETWORK,
        "not in the network: {reason}",
        "look at the antenna and the place; is the SIM active, and does its operator still have a network of this kind (2G, 3G)?",
    ),
    Code.REGISTRATION_DENIED: Advice(
        _BLOCKS,
        _S.NETWORK,
        "the network refuses this SIM",
        "is it active, paid for, and not barred? Put it into a phone and try; ask the operator",
    ),
    Code.SIGNAL_FINE: Advice(_FINE, _S.NETWORK, "signal {signal}"),
    Code.SIGNAL_WEAK: Advice(
        _WARNING, _S.NETWORK, "weak signal: {signal}", "move the stick or its antenna, with a USB cable to a window"
    ),
    Code.SMSC_FINE: Advice(_FINE, _S.NOT_SENT, "the service centre is {number}"),
    Code.SMSC_MISSING: Advice(
        _BLOCKS,
        _S.NOT_SENT,
        "the SIM has no service centre (AT+CSCA? is empty), so nothing leaves",
        "set sims.{iccid}.smsc to the operator's number, which its website or another SIM of it tells",
    ),
    Code.STORAGE_FINE: Advice(_FINE, _S.NOT_RECEIVED, "{used} of {total} places for messages are taken"),
    Code.STORAGE_FULL: Advice(
        _WARNING,
        _S.NOT_RECEIVED,
        "all {total} places for messages are taken: nothing more is received",
        "start the daemon, which keeps and deletes them; what is left belongs to another program: empty it in a phone",
    ),
    Code.SELF_NO_NUMBER: Advice(
        _WARNING,
        _S.NOT_SENT,
        "the SIM does not tell its own number, so nothing was sent to it",
        "set sims.{iccid}.number",
    ),
    Code.SELF_SENT: Advice(_FINE, _S.NOT_SENT, "a message to {number} was taken by the network"),
    Code.SELF_NOT_SENT: Advice(
        _BLOCKS,
        _S.NOT_SENT,
        "a message to {number} was not sent: {reason}",
        "has the SIM credit, and may it send? Put it into a phone and try; `modemd explain ID` tells a message's story",
    ),
    Code.SELF_ARRIVED: Advice(_FINE, _S.NOT_RECEIVED, "the message came back after {seconds} s"),
    Code.SELF_NOT_ARRIVED: Advice(
        _WARNING,
        _S.NOT_RECEIVED,
        "the message was sent, and did not come back within {seconds} s",
        "networks may take longer: look into `modemd inbox`; is {number} this SIM's number, and its storage not full?",
    ),
}
