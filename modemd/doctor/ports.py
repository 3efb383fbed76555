"""A port before it is opened, and why it could not be; and what is plugged in that is no modem yet."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from modemd.doctor.advice import Finding
from modemd.doctor.codes import Code
from modemd.doctor.processes import MODEM_MANAGER, processes_holding, processes_named
from modemd.doctor.rights import User, group_name, user_name
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
_HOLDER_UNKNOWN = "it belongs to another user, whose processes root alone sees"


def check_port(path: str, subject: str, who: User, proc: Path) -> Finding | None:
    """What stands against opening it; None where nothing does, as far as can be seen without trying."""
    if "://" in path:
        return None
    if not os.path.exists(path):
        return Finding.of(Code.PORT_ABSENT, subject, port=path)
    if not who.may_write(path):
        return _denied(path, subject, who)
    if who_else := processes_holding(path, proc):
        manager = next((process for process in who_else if process.name == MODEM_MANAGER), None)
        if manager is not None:
            return Finding.of(Code.PORT_MODEMMANAGER, subject, port=path, pid=manager.pid)
        return Finding.of(Code.PORT_BUSY, subject, port=path, holder=", ".join(map(str, who_else)))
    return None


def open_failure(path: str, subject: str, who: User, error: PortGone) -> Finding:
    """What the attempt to open it said."""
    match getattr(error.__cause__, "errno", None):
        case errno.EBUSY | errno.EAGAIN:  # its lock is taken: by TIOCEXCL, or by flock
            return Finding.of(Code.PORT_BUSY, subject, port=path, holder=_HOLDER_UNKNOWN)
        case errno.EACCES if os.path.exists(path):
            return _denied(path, subject, who)
        case _:
            return Finding.of(Code.PORT_FAILS, subject, reason=error)


def check_modem_manager(proc: Path) -> Finding | None:
    """It takes modems that nobody keeps from it, now or at the next start."""
    found = processes_named(MODEM_MANAGER, proc)
    return Finding.of(Code.MODEMMANAGER_RUNS, pid=found[0].pid) if found else None


def unusable_device(device: UsbDevice, profiles: Profiles, reason: str) -> Finding:
    """The finding for a device that is, or could be, a modem, and cannot be used as it is; `reason` as `weigh` tells it."""
    role = profiles.usb_role(device.vendor_id, device.product_id, None)
    kind = Code.NO_DRIVER if role.may_probe and not device.ports else _CODE_BY_KIND.get(role.kind, Code.NO_AT_PORT)
    return Finding.of(kind, device.location, reason=reason)


def _denied(path: str, subject: str, who: User) -> Finding:
    found = os.stat(path)
    return Finding.of(
        Code.PORT_NO_PERMISSION,
        subject,
        port=path,
        who=who.name,
        owner=user_name(found.st_uid),
        group=group_name(found.st_gid),
    )
