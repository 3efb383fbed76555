"""Findings about ports: why a port cannot be opened, and why a plugged-in device cannot be used."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from modemd.accounts import group_name, user_name
from modemd.doctor.advice import Finding
from modemd.doctor.codes import Code
from modemd.doctor.processes import MODEM_MANAGER, processes_holding, processes_named
from modemd.doctor.rights import User
from modemd.errors import PortGone
from modemd.modem.discovery.devices import UsbDevice
from modemd.profiles import Profiles, UsbKind

_CODE_BY_KIND = {
    UsbKind.STORAGE: Code.NEEDS_MODESWITCH,
    UsbKind.NETWORK: Code.NETWORK_MODE,
    UsbKind.BOOTLOADER: Code.BOOTLOADER,
    UsbKind.BRIDGE: Code.BRIDGE_NOT_ASKED,
    UsbKind.NOT_AT: Code.NO_AT_PORT,
}
_HOLDER_OF_OTHERS = "a program of another user; `sudo modemd doctor` shows its name"
_HOLDER_UNSEEN = "a program that cannot be seen here, such as one outside this container"


def check_port(path: str, subject: str, who: User | None, proc: Path, daemon: int | None = None) -> Finding | None:
    """Returns why `path` cannot be opened, or what to know before it is (PORT_SHARED); None if nothing is found without opening
    it. `who` None: somebody else opens it, whose rights are not checked. `daemon`: the process id of modemd's own daemon, which
    is no other program."""
    if "://" in path:
        return None
    if not os.path.exists(path):
        return Finding.of(Code.PORT_ABSENT, subject, port=path)
    if who is not None and not who.may_write(path):
        return denied(path, subject, who.name)
    if holders := [process for process in processes_holding(path, proc) if process.pid != daemon]:
        manager = next((process for process in holders if process.name == MODEM_MANAGER), None)
        if manager is not None:
            return Finding.of(Code.PORT_MODEMMANAGER, subject, port=path, pid=manager.pid)
        # A pseudo terminal is held by the program behind it, which is the modem here; a lock on it still shows at the opening.
        code = Code.PORT_SHARED if is_virtual(path) else Code.PORT_BUSY
        return Finding.of(code, subject, port=path, holder=", ".join(map(str, holders)))
    return None


def is_virtual(path: str) -> bool:
    """Returns whether a port is a pseudo terminal, with a program at its other end (socat, an emulator) in place of a modem."""
    return os.path.realpath(path).startswith("/dev/pts/")


def open_failure(path: str, subject: str, who: User, error: PortGone) -> Finding:
    """Returns the finding for a failed attempt to open `path`."""
    match getattr(error.__cause__, "errno", None):
        case errno.EBUSY | errno.EAGAIN:  # its lock is taken: by TIOCEXCL, or by flock
            return busy(path, subject)
        case errno.EACCES if os.path.exists(path):
            return denied(path, subject, who.name)
        case _:
            return Finding.of(Code.PORT_FAILS, subject, reason=error)


def check_modem_manager(proc: Path) -> Finding | None:
    """Returns a finding if ModemManager runs: it opens modems that no udev rule protects, now or at its next start."""
    found = processes_named(MODEM_MANAGER, proc)
    return Finding.of(Code.MODEMMANAGER_RUNS, pid=found[0].pid) if found else None


def unusable_device(device: UsbDevice, profiles: Profiles, reason: str) -> Finding:
    """Returns the finding for a device that could be a modem but cannot be used; `reason` is that of `assess_device`."""
    role = profiles.usb_role(device.vendor_id, device.product_id, None)
    kind = Code.NO_DRIVER if role.may_probe and not device.ports else _CODE_BY_KIND.get(role.kind, Code.NO_AT_PORT)
    return Finding.of(kind, device.location, reason=reason)


def busy(path: str, subject: str) -> Finding:
    """Returns the finding for a port that a program has open which this user cannot see."""
    return Finding.of(Code.PORT_BUSY, subject, port=path, holder=_HOLDER_OF_OTHERS if os.geteuid() else _HOLDER_UNSEEN)


def denied(path: str, subject: str, who: str) -> Finding:
    """Returns the finding for a port that the user named `who` may not open. Raises OSError if it is not there any more."""
    found = os.stat(path)
    return Finding.of(
        Code.PORT_NO_PERMISSION,
        subject,
        port=path,
        who=who,
        owner=user_name(found.st_uid),
        group=group_name(found.st_gid),
    )
