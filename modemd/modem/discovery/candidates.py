"""Which ports of a USB device are asked whether a modem is behind them, and what a person is told where none is."""

from __future__ import annotations

from dataclasses import dataclass

from modemd.modem.discovery.devices import UsbDevice, UsbPort
from modemd.profiles import Profiles, UsbKind

# What is said where the table of devices has no remark of its own.
_REMEDY = {
    UsbKind.STORAGE: "shows its CD-ROM and no modem; install usb_modeswitch, then plug it in again",
    UsbKind.NETWORK: "network mode (HiLink or the like), without an AT port; it needs other firmware, or its modem mode",
    UsbKind.BOOTLOADER: "waits for firmware; take its power away and give it back",
    UsbKind.BRIDGE: "anything may sit behind a serial bridge; name its port or its place under modems, or set probe_bridges",
    UsbKind.NOT_AT: "none of its ports is for AT commands",
}
_NO_PORT = "no serial port; the kernel has loaded no driver for it (option, qcserial, cdc_acm)"


@dataclass(frozen=True, slots=True)
class ModemCandidate:
    """A device that may be a modem. `certain`: ports that are meant for AT; `possible`: others that may answer; best first.
    `driver`: the profile that the device's ids lead to, if they do."""

    certain_ports: tuple[UsbPort, ...]
    possible_ports: tuple[UsbPort, ...]
    driver: str | None = None


@dataclass(frozen=True, slots=True)
class UnfitDevice:
    """A device that is, or could be, a modem, and cannot be used as it is."""

    reason: str


def assess_device(
    device: UsbDevice, profiles: Profiles, *, probe_bridges: bool = False, named: bool = False
) -> ModemCandidate | UnfitDevice | None:
    """What is to be done with a device; None: it is no modem, and nobody is told. `named`: the configuration says of its place
    that a modem is there, so that a bridge or something unknown is asked too."""
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
        return _make_unusable(device, role.kind, role.model, role.remark)
    asked = {UsbKind.AT, UsbKind.POSSIBLE}
    if named or probe_bridges:
        asked.add(UsbKind.BRIDGE)
    if named:
        asked.add(UsbKind.UNKNOWN)
    ranked = sorted(((role, port) for role, port in roles if role.kind in asked), key=lambda pair: pair[0].rank)
    if not ranked:
        role = roles[0][0]
        return _make_unusable(device, role.kind, role.model, role.remark)
    certain = tuple(port for role, port in ranked if role.kind is UsbKind.AT)
    possible = tuple(port for role, port in ranked if role.kind is not UsbKind.AT)
    return ModemCandidate(certain, possible, ranked[0][0].driver)


def _make_unusable(device: UsbDevice, kind: UsbKind, model: str, remark: str) -> UnfitDevice | None:
    remedy = _REMEDY.get(kind)
    if remedy is None:
        return None
    return UnfitDevice(f"{_name_device(device, model)}: {remark or remedy}")


def _name_device(device: UsbDevice, model: str) -> str:
    name = model or device.product
    return f"{device.ids} ({name})" if name else device.ids
