"""Candidates: decides which ports of a USB device are probed for a modem, and in which order; `service/modems/discovery.py` takes
the first that answers. Says what a person is told if the device has none."""

from __future__ import annotations

from modemd.light_dataclass import dataclass
from modemd.modem.discovery.devices import UsbDevice, UsbPort
from modemd.profiles import Profiles, UsbKind

# Reason that a person is told, unless the table of USB ids has a remark for the device.
_REMEDY = {
    UsbKind.STORAGE: "shows its CD-ROM and no modem; install usb_modeswitch, then plug it in again",
    UsbKind.NETWORK: "network mode (HiLink or the like), without an AT port; it needs other firmware, or its modem mode",
    UsbKind.BOOTLOADER: "waits for firmware; take its power away and give it back",
    UsbKind.BRIDGE: "anything may sit behind a serial bridge; name its port or place under modems, or set finding.probe_bridges",
    UsbKind.NOT_AT: "none of its ports is for AT commands",
}
_NO_PORT = "no serial port; the kernel has loaded no driver for it (option, qcserial, cdc_acm)"


@dataclass(frozen=True, slots=True)
class ModemCandidate:
    """Device that may be a modem. `certain_ports` are meant for AT, `possible_ports` are others that may answer; best first.
    `driver` is the profile that the device's USB ids lead to, or None."""

    certain_ports: tuple[UsbPort, ...]
    possible_ports: tuple[UsbPort, ...]
    driver: str | None = None


@dataclass(frozen=True, slots=True)
class UnfitDevice:
    """Device that is or could be a modem, and cannot be used as it is; `reason` says why, and what helps."""

    reason: str


def assess_device(
    device: UsbDevice, profiles: Profiles, *, probe_bridges: bool = False, named: bool = False
) -> ModemCandidate | UnfitDevice | None:
    """Returns what to do with a device; None if it is no modem and nobody needs to know of it.

    `named`: the configuration says that a modem is plugged in at its location, so that bridges and unknown devices are probed
    too. `probe_bridges`: bridges are probed at any location.
    """
    roles = [
        (
            profiles.usb_role(
                device.vendor_id,
                device.product_id,
                port.interface,
                port.interface_class,
                port.subclass,
                port.protocol,
            ),
            port,
        )
        for port in device.ports
    ]
    if not roles:
        role = profiles.usb_role(device.vendor_id, device.product_id, None)
        if role.may_probe:
            return UnfitDevice(f"{_name_device(device, role.model)}: {_NO_PORT}")
        return _make_unfit(device, role.kind, role.model, role.remark)
    probed = {UsbKind.AT, UsbKind.POSSIBLE}
    if named or probe_bridges:
        probed.add(UsbKind.BRIDGE)
    if named:
        probed.add(UsbKind.UNKNOWN)
    ranked = sorted(((role, port) for role, port in roles if role.kind in probed), key=lambda pair: pair[0].rank)
    if not ranked:
        role = roles[0][0]
        return _make_unfit(device, role.kind, role.model, role.remark)
    certain = tuple(port for role, port in ranked if role.kind is UsbKind.AT)
    possible = tuple(port for role, port in ranked if role.kind is not UsbKind.AT)
    return ModemCandidate(certain, possible, ranked[0][0].driver)


def _make_unfit(device: UsbDevice, kind: UsbKind, model: str, remark: str) -> UnfitDevice | None:
    remedy = _REMEDY.get(kind)
    if remedy is None:
        return None
    return UnfitDevice(f"{_name_device(device, model)}: {remark or remedy}")


def _name_device(device: UsbDevice, model: str) -> str:
    name = model or device.product
    return f"{device.ids} ({name})" if name else device.ids
