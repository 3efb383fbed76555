"""What a USB interface is to modemd, by the shipped table and by one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from modemd import resources
from modemd.errors import ProfileError
from modemd.profiles import Profiles, UsbKind, UsbRole
from tests.profiles.driver_folders import ACME, GENERIC, folder
from tests.profiles.shipped import shipped_profiles

SHIPPED = shipped_profiles()


@pytest.mark.parametrize(
    ("device", "interface", "kind"),
    [
        pytest.param("12d1:1506", (0, 0xFF, 0x02, 0x01), UsbKind.POSSIBLE, id="E3372's modem port"),
        pytest.param("12d1:1506", (1, 0xFF, 0x02, 0x02), UsbKind.AT, id="E3372's PCUI"),
        pytest.param("12d1:1506", (1, 0xFF, 0x03, 0x62), UsbKind.AT, id="PCUI of other firmware"),
        pytest.param("12d1:1506", (2, 0xFF, 0x02, 0x03), UsbKind.NOT_AT, id="E3372's diagnostics"),
        pytest.param("12d1:1506", (1, 0x08, 0x06, 0x50), UsbKind.POSSIBLE, id="a class that tells nothing of AT"),
        pytest.param("12d1:1001", (2, 0xFF, 0xFF, 0xFF), UsbKind.AT, id="E1550: by number, protocol says nothing"),
        pytest.param("12d1:1001", (0, 0xFF, 0xFF, 0xFF), UsbKind.POSSIBLE, id="E1550's PPP port"),
        pytest.param("12d1:1001", (1, 0xFF, 0xFF, 0xFF), UsbKind.NOT_AT, id="E1550's diagnostics"),
        pytest.param("12d1:15c1", (1, 0xFF, 0x03, 0x02), UsbKind.AT, id="ME909s' PCUI"),
        pytest.param("12d1:ffff", (0, 0xFF, 0x02, 0x02), UsbKind.AT, id="a Huawei that nobody listed"),
        pytest.param("12d1:ffff", (0, 0xFF, 0xFF, 0x02), UsbKind.POSSIBLE, id="a protocol without its subclass"),
        pytest.param("12d1:14db", (0, 0x02, 0x06, 0x00), UsbKind.NETWORK, id="HiLink"),
        pytest.param("12d1:14dc", (0, 0x02, 0x06, 0x00), UsbKind.NETWORK, id="HiLink, the other id"),
        pytest.param("12d1:1f01", (0, 0x08, 0x06, 0x50), UsbKind.STORAGE, id="E3372 with its CD-ROM"),
        pytest.param("19d2:2000", (0, 0x08, 0x06, 0x50), UsbKind.STORAGE, id="ZTE with its CD-ROM"),
        pytest.param("19d2:0117", (2, 0xFF, 0xFF, 0xFF), UsbKind.AT, id="MF190"),
        pytest.param("19d2:1405", (0, 0x02, 0x06, 0x00), UsbKind.NETWORK, id="MF823 in network mode"),
        pytest.param("19d2:1403", (0, 0xE0, 0x01, 0x03), UsbKind.NETWORK, id="MF823 in RNDIS mode"),
        pytest.param("2c7c:0125", (2, 0xFF, 0x00, 0x00), UsbKind.AT, id="EC25"),
        pytest.param("2c7c:0125", (0, 0xFF, 0xFF, 0xFF), UsbKind.NOT_AT, id="EC25's diagnostics"),
        pytest.param("1e0e:9011", (4, 0xFF, 0x00, 0x00), UsbKind.AT, id="A7670"),
        pytest.param("1199:9071", (3, 0xFF, 0x00, 0x00), UsbKind.AT, id="MC7455"),
        pytest.param("1199:9070", (0, 0xFF, 0xFF, 0xFF), UsbKind.BOOTLOADER, id="MC74xx waiting for firmware"),
        pytest.param("1bc7:1201", (4, 0xFF, 0xFE, 0xFF), UsbKind.AT, id="LE910"),
        pytest.param("1546:1102", (0, 0x02, 0x02, 0x01), UsbKind.AT, id="SARA-U2"),
        pytest.param("1546:01a8", (0, 0x02, 0x02, 0x01), UsbKind.NEVER, id="a u-blox GNSS receiver"),
        pytest.param("1a86:7523", (0, 0xFF, 0x01, 0x02), UsbKind.BRIDGE, id="CH340"),
        pytest.param("2341:0043", (0, 0x02, 0x02, 0x01), UsbKind.UNKNOWN, id="an Arduino"),
    ],
)
def test_an_interface_has_its_role(device: str, interface: tuple[int, int, int, int], kind: UsbKind) -> None:
    """By number where the table says so, else by the family's protocols; nothing else is guessed."""
    vendor, product = (int(half, 16) for half in device.split(":"))
    assert SHIPPED.usb_role(vendor, product, *interface).kind is kind


def test_the_certain_port_is_tried_first() -> None:
    """AT ports before others, in the table's order; a port that is for something else is not asked at all."""
    roles = {number: SHIPPED.usb_role(0x1546, 0x1102, number, 0x02, 0x02, 0x01) for number in (0, 2, 4, 6)}
    assert [role.kind for role in roles.values()] == [UsbKind.AT, UsbKind.POSSIBLE, UsbKind.POSSIBLE, UsbKind.NOT_AT]
    assert roles[2].rank < roles[4].rank
    assert [role.may_probe for role in roles.values()] == [True, True, True, False]


def test_what_the_system_does_not_tell_is_no_error() -> None:
    """Without interface numbers every port of a modem may be the one."""
    assert SHIPPED.usb_role(0x2C7C, 0x0125, None) == UsbRole(
        UsbKind.POSSIBLE, rank=2, driver="quectel_ec2x", model="EC25/EG25-G/EC20 R2.x"
    )


def test_a_person_is_told_what_to_do() -> None:
    """A stick that shows its CD-ROM needs usb_modeswitch, and becomes something known."""
    role = SHIPPED.usb_role(0x12D1, 0x1446, 0)
    assert "usb_modeswitch" in role.remark
    assert "12d1:1506" in role.remark


def test_a_family_of_ones_own_brings_its_ids(tmp_path: Path) -> None:
    """`usb` in a driver file goes before the table; `at_interface` says which port."""
    own = ACME.replace('usb = ["12d1:1506"]', 'usb = ["12d1:1506", "abcd:0001"]\nat_interface = ["03", "0a"]')
    profiles = Profiles.load([resources.folder("drivers"), folder(tmp_path / "own", acme=own)])
    for vendor, product in ((0x12D1, 0x1506), (0xABCD, 1)):
        assert [profiles.usb_role(vendor, product, number, 0xFF, 0x02, 0x02).kind for number in (3, 10, 1)] == [
            UsbKind.AT, UsbKind.AT, UsbKind.POSSIBLE,
        ]  # fmt: skip
    assert profiles.usb_ids("acme") == ["12d1:1506", "abcd:0001"]


def test_a_table_of_ones_own_replaces_the_shipped_one_whole(tmp_path: Path) -> None:
    """As any file of the same name; without rows nothing is known."""
    own = folder(tmp_path / "own", usb='"abcd:0001" = { at = ["00"] }')
    profiles = Profiles.load([resources.folder("drivers"), own])
    assert profiles.usb_role(0xABCD, 1, 0).kind is UsbKind.AT
    assert profiles.usb_role(0x2C7C, 0x0125, 2).kind is UsbKind.UNKNOWN


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param('"12D1:1506" = {}', "12D1:1506: needs lines as", id="capitals"),
        pytest.param('"12d1:1506" = 1', "12d1:1506: needs lines as", id="no table"),
        pytest.param('"12d1:1506" = { ports = [] }', "ports: unknown key; known here: kind, family", id="unknown key"),
        pytest.param('"12d1:1506" = { at = "02" }', "at: needs list, not '02'", id="not a list"),
        pytest.param('"12d1:1506" = { at = [2] }', "at: needs interface numbers as two lower-case hex", id="numbers"),
        pytest.param('"12d1:1506" = { kind = "toaster" }', "kind: needs one of modem, storage", id="kind"),
        pytest.param('"12d1:1506" = { at = ["02"], other = ["02"] }', "an interface is named twice: 02 02", id="twice"),
        pytest.param('"12d1:1506" = { family = "acne" }', "family: there is no 'acne'", id="family"),
    ],
)
def test_every_mistake_in_the_table_names_file_and_id(tmp_path: Path, text: str, complaint: str) -> None:
    """As in any driver file."""
    with pytest.raises(ProfileError, match=rf"usb\.toml: .*{complaint}"):
        Profiles.load([folder(tmp_path / "drivers", generic=GENERIC, usb=text)])
