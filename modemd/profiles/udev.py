"""Generator of udev rules from the table of USB devices: stable names, a group, and protection from other programs.

The rules come after `60-serial.rules`, whose properties they use: `ID_VENDOR_ID`, `ID_MODEL_ID`, `ID_USB_INTERFACE_NUM` (two hex
digits), `ID_PATH`. Ids and interface numbers are attributes of different parents of a port, and a rule can match the attributes
of only one parent; as properties of the port itself they fit into one rule.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from modemd.light_dataclass import dataclass
from modemd.profiles.families import Profiles
from modemd.profiles.usb import UsbEntry

GROUP = "modemd"
# udev allows 16 KiB a line; a person reads shorter ones.
_IDS_A_RULE = 16

_HEAD = """\
# Names and permissions for modems. Printed by `modemd udev-rules` from the driver files: change those, and print again.
#
#   /dev/modemd/1-1.2            the port for AT commands of the modem in that USB place, as `modemd modems` names places
#   /dev/modemd/1-1.2-if02       any port of it, by its interface number in hex
#   /dev/modemd/by-path/...      the same by ID_PATH, which stays if the kernel numbers its buses differently after a boot
#
# This file must come after 60-serial.rules, which sets the properties of ports, and before 80-mm-candidate.rules.

ACTION=="remove", GOTO="modemd_end"
SUBSYSTEM=="usb", ENV{DEVTYPE}=="usb_device", GOTO="modemd_vendor"
SUBSYSTEM!="tty", GOTO="modemd_end"
ENV{ID_BUS}!="usb", GOTO="modemd_end"

# Take each property from the parent that has it: the place from the device, the protocol from the interface. With a subclass of
# 00 or ff, the protocol has no meaning.
SUBSYSTEMS=="usb", ATTRS{idVendor}=="?*", ENV{.MODEMD_PLACE}="$id"
SUBSYSTEMS=="usb", ATTRS{bInterfaceClass}=="ff", ATTRS{bInterfaceSubClass}!="00|ff", \\
  ENV{.MODEMD_PROTOCOL}="$attr{bInterfaceProtocol}"

LABEL="modemd_vendor"
"""

_TAIL = """\
LABEL="modemd_known"
ENV{{MODEMD_PORT}}=="", GOTO="modemd_end"

# The device itself, for a reset over USB.
SUBSYSTEM=="usb", GROUP="{group}", MODE="0664", TAG+="modemd"{whole}
SUBSYSTEM=="usb", GOTO="modemd_end"

SYMLINK+="modemd/$env{{.MODEMD_PLACE}}-if$env{{ID_USB_INTERFACE_NUM}}", TAG+="modemd"
ENV{{ID_PATH}}=="?*", SYMLINK+="modemd/by-path/$env{{ID_PATH}}"
ENV{{MODEMD_PORT}}=="at", SYMLINK+="modemd/$env{{.MODEMD_PLACE}}"

# Two readers of one port would each get a part of the answers: no other program may use the ports that modemd may use.
ENV{{MODEMD_PORT}}=="at|possible", GROUP="{group}", MODE="0660", ENV{{ID_MM_PORT_IGNORE}}="1"

LABEL="modemd_end"
"""
_WHOLE = ', \\\n  ENV{ID_MM_DEVICE_IGNORE}="1"'


@dataclass(slots=True)
class _Vendor:
    """Rows of one maker. `any`: the row for ids that are not listed. `others`: the ids that are not modems."""

    any: UsbEntry | None = None
    modems: dict[str, UsbEntry] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


def rules(profiles: Profiles, *, group: str = GROUP, whole_device: bool = False) -> str:
    """Returns the text of `70-modemd.rules`. `group` may use the ports. `whole_device` keeps ModemManager away from every port of
    a modem, network ports included, and not only from those that modemd may use."""
    vendors = _vendors(profiles.usb_table)
    jumps = "".join(f'ENV{{ID_VENDOR_ID}}=="{vendor}", GOTO="modemd_{vendor}"\n' for vendor in vendors)
    sections = "".join("\n".join(_section(vendor, rows, profiles)) + "\n\n" for vendor, rows in vendors.items())
    tail = _TAIL.format(group=group, whole=_WHOLE if whole_device else "")
    return f'{_HEAD}{jumps}GOTO="modemd_end"\n\n{sections}{tail}'


def _vendors(table: Mapping[str, UsbEntry]) -> dict[str, _Vendor]:
    """Returns the makers of modems, by id. Leaves out serial bridges, which may lead to anything, and sticks in CD-ROM or network
    mode, which are not modems yet."""
    vendors: dict[str, _Vendor] = {}
    for identity, entry in sorted(table.items()):
        vendor, _, product = identity.partition(":")
        rows = vendors.setdefault(vendor, _Vendor())
        if entry.kind != "modem":
            rows.others.append(product)
        elif product == "*":
            rows.any = entry
        else:
            rows.modems[product] = entry
    return {vendor: rows for vendor, rows in vendors.items() if rows.any is not None or rows.modems}


def _section(vendor: str, rows: _Vendor, profiles: Profiles) -> Iterator[str]:
    yield f'LABEL="modemd_{vendor}"'
    if rows.any is not None:
        yield from _rule(rows.others, 'GOTO="modemd_end"')
        yield 'ENV{MODEMD_PORT}="possible"'
        yield from _list_interface_rules(None, rows.any, profiles)
    yield from _rule(rows.modems, 'ENV{MODEMD_PORT}="possible"')
    alike: dict[tuple[object, ...], list[str]] = {}
    for product, entry in rows.modems.items():
        alike.setdefault((entry.family if not entry.at else None, entry.at[:1], entry.other), []).append(product)
    for products in alike.values():
        yield from _list_interface_rules(products, rows.modems[products[0]], profiles)
    yield 'GOTO="modemd_known"'


def _list_interface_rules(products: list[str] | None, entry: UsbEntry, profiles: Profiles) -> Iterator[str]:
    """Yields the rules for single interfaces of `products` (None: all of the maker). The number of an interface decides last, as
    in `modemd.profiles.usb.find_role`."""
    if entry.family is not None and not entry.at:
        family = profiles.find_by_name(entry.family)
        yield from _rule(products, _match(".MODEMD_PROTOCOL", family.other_protocol), 'ENV{MODEMD_PORT}="other"')
        yield from _rule(products, _match(".MODEMD_PROTOCOL", family.at_protocol), 'ENV{MODEMD_PORT}="at"')
    yield from _rule(products, _match("ID_USB_INTERFACE_NUM", entry.at[:1]), 'ENV{MODEMD_PORT}="at"')
    yield from _rule(products, _match("ID_USB_INTERFACE_NUM", entry.other), 'ENV{MODEMD_PORT}="other"')


def _match(name: str, values: Iterable[str]) -> str:
    """Returns a match of a property; empty if there are no values."""
    wanted = "|".join(values)
    return f'ENV{{{name}}}=="{wanted}"' if wanted else ""


def _rule(products: Iterable[str] | None, *keys: str) -> Iterator[str]:
    """Yields rules for those products, a few ids a line; none if one of the keys is empty."""
    if not all(keys):
        return
    if products is None:
        yield ", ".join(keys)
        return
    listed = list(products)
    for start in range(0, len(listed), _IDS_A_RULE):
        line = ", ".join((_match("ID_MODEL_ID", listed[start : start + _IDS_A_RULE]), *keys))
        yield " \\\n".join(textwrap.wrap(line, 120, subsequent_indent="  ", break_long_words=False))
