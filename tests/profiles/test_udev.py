"""The udev rules: as committed, as udev would read them, and saying of each port what modemd itself would."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from modemd import resources
from modemd.cli.main import commands
from modemd.profiles import UsbKind, udev
from tests.profiles.shipped import shipped_profiles
from tests.profiles.udev_reader import BadRules, Event, Parent, apply, parse

PROFILES = shipped_profiles()
TEXT = udev.rules(PROFILES)
RULES = parse(TEXT)
MAKERS: dict[str, list[str]] = {}
for known in sorted(PROFILES.usb_table):
    MAKERS.setdefault(known[:4], []).append(known)
NUMBERS = (*range(7), 0x0A)
# Of an interface: class, subclass, protocol. Qualcomm's silence, Huawei's two ways, another class.
KINDS = [
    (0xFF, 0xFF, 0xFF),
    *((0xFF, 0x02, protocol) for protocol in (0x01, 0x02, 0x03)),
    (0x02, 0x02, 0x01),
]


def port(identity: str, number: int, kind: tuple[int, int, int] = KINDS[0], place: str = "1-1.2") -> Event:
    """A tty of that interface, as it is after 60-serial.rules."""
    vendor, product = identity.split(":")
    interface = {"bInterfaceNumber": f"{number:02x}", "bInterfaceClass": f"{kind[0]:02x}"}
    interface |= {"bInterfaceSubClass": f"{kind[1]:02x}", "bInterfaceProtocol": f"{kind[2]:02x}"}
    hub = Parent("1-1", "usb", {"idVendor": "1d6b", "idProduct": "0002"})
    device = Parent(place, "usb", {"idVendor": vendor, "idProduct": product})
    parents = [Parent("ttyUSB0", "usb-serial", {}), Parent(f"{place}:1.{number}", "usb", interface), device, hub]
    env = {"ID_BUS": "usb", "ID_VENDOR_ID": vendor, "ID_MODEL_ID": product, "ID_USB_INTERFACE_NUM": f"{number:02x}"}
    return Event("tty", env | {"ID_PATH": f"pci-0000:01:00.0-usb-0:1.2:1.{number}"}, parents)


def device(identity: str) -> Event:
    """The USB device itself."""
    vendor, product = identity.split(":")
    return Event("usb", {"DEVTYPE": "usb_device", "ID_VENDOR_ID": vendor, "ID_MODEL_ID": product})


def real(identity: str) -> str:
    """An id of the table; for the rest of a maker one that is not in it."""
    return identity.replace("*", "fffe")


def test_the_committed_rules_are_as_printed() -> None:
    """udev/70-modemd.rules is what the shipped drivers say; `modemd udev-rules > udev/70-modemd.rules` makes it so."""
    assert (resources.folder("udev") / "70-modemd.rules").read_text(encoding="utf-8") == TEXT


@pytest.mark.parametrize("maker", MAKERS)
def test_a_port_is_to_udev_what_it_is_to_modemd(maker: str) -> None:
    """For each id, each interface and each protocol: ours where modemd may ask it, and nobody's business of ours elsewhere."""
    for identity in MAKERS[maker]:
        compare(identity)


def compare(identity: str) -> None:
    """What our rules and modemd itself say of the ports of one id."""
    vendor_id, product_id = (int(half, 16) for half in real(identity).split(":"))
    at = PROFILES.usb_table[identity].at[:1]
    for number in NUMBERS:
        for kind in KINDS:
            event = apply(RULES, port(real(identity), number, kind))
            role = PROFILES.usb_role(vendor_id, product_id, number, *kind)
            ignored = event.env.get("ID_MM_PORT_IGNORE") == "1"
            assert ignored is role.may_probe, (identity, number, kind)
            assert (event.group, event.mode) == (("modemd", "0660") if ignored else ("", ""))
            meant = role.kind is UsbKind.AT and at in ((), (f"{number:02x}",))
            assert ("modemd/1-1.2" in event.symlinks) is meant, (identity, number, kind)
            assert "ID_MM_DEVICE_IGNORE" not in event.env


@pytest.mark.parametrize("maker", MAKERS)
def test_a_device_can_be_reset_only_where_it_is_a_modem(maker: str) -> None:
    """The group may write to the node of a modem; a CD-ROM, a router, a bridge or a GNSS receiver is left as it is."""
    for identity in MAKERS[maker]:
        event = apply(RULES, device(real(identity)))
        modem = PROFILES.usb_table[identity].kind == "modem"
        assert (event.group, event.mode) == (("modemd", "0664") if modem else ("", "")), identity
        assert event.tags == (["modemd"] if modem else []), identity


def test_every_port_of_a_modem_has_names_that_stay() -> None:
    """By place and interface in hex, and by ID_PATH, which is decimal; diagnostics too, for those who look for them."""
    names = apply(RULES, port("2c7c:0125", 0x0A)).symlinks
    assert names == ["modemd/1-1.2-if0a", "modemd/by-path/pci-0000:01:00.0-usb-0:1.2:1.10", *names[2:]]
    assert apply(RULES, port("2c7c:0125", 0)).symlinks[0] == "modemd/1-1.2-if00"


def test_two_sticks_of_a_kind_have_names_of_their_own() -> None:
    """Sticks without a serial number are told apart by where they are."""
    first, second = (apply(RULES, port("2c7c:0125", 2, place=place)) for place in ("1-1.2", "1-1.3"))
    assert first.symlinks[-1] == "modemd/1-1.2"
    assert second.symlinks[-1] == "modemd/1-1.3"


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(device("046d:c31c"), id="a keyboard"),
        pytest.param(Event("tty", {}), id="a UART of the board"),
        pytest.param(
            Event("net", {"ID_BUS": "usb", "ID_VENDOR_ID": "2c7c", "ID_MODEL_ID": "0125"}), id="a network port"
        ),
        pytest.param(port("046d:c31c", 0), id="a port of somebody else"),
        pytest.param(Event("usb", device("2c7c:0125").env, action="remove"), id="a modem that goes"),
    ],
)
def test_what_is_not_ours_is_left_alone(event: Event) -> None:
    """No name, no right, no property."""
    apply(RULES, event)
    assert (event.symlinks, event.tags, event.group, event.mode) == ([], [], "", "")
    assert not {"ID_MM_PORT_IGNORE", "MODEMD_PORT"} & event.env.keys()


def test_modem_manager_is_kept_off_the_whole_device_on_request() -> None:
    """With --whole-device the USB device itself is marked, where ModemManager looks for that."""
    printed = CliRunner().invoke(commands, ["udev-rules", "--drivers", "/nowhere", "--whole-device"])
    assert printed.exit_code == 0
    assert apply(parse(printed.output), device("2c7c:0125")).env["ID_MM_DEVICE_IGNORE"] == "1"
    assert "ID_MM_DEVICE_IGNORE" not in apply(RULES, device("2c7c:0125")).env


def test_the_group_can_be_another_one() -> None:
    """--group names who may use ports and devices."""
    rules = parse(CliRunner().invoke(commands, ["udev-rules", "--drivers", "/nowhere", "--group", "dialout"]).output)
    assert apply(rules, port("2c7c:0125", 2)).group == "dialout"
    assert apply(rules, device("2c7c:0125")).group == "dialout"


@pytest.mark.parametrize("group", ["", 'a", RUN="x', "Root"])
def test_a_group_cannot_break_the_rules(group: str) -> None:
    """Only what is a group's name gets into the file."""
    assert CliRunner().invoke(commands, ["udev-rules", "--group", group]).exit_code == 2


def test_drivers_of_ones_own_get_rules(tmp_path: Path) -> None:
    """An id in a driver of one's own has its lines; of two ports for AT commands the better one has the short name."""
    driver = '[match]\nusb = ["abcd:1234"]\nat_interface = ["04", "05"]\n[source]\nunverified = true\n'
    (tmp_path / "acme.toml").write_text(driver)
    printed = CliRunner().invoke(commands, ["udev-rules", "--drivers", str(tmp_path)])
    better, other = (apply(parse(printed.output), port("abcd:1234", number)) for number in (4, 5))
    assert better.symlinks[-1] == "modemd/1-1.2"
    assert "modemd/1-1.2" not in other.symlinks
    assert other.env["ID_MM_PORT_IGNORE"] == "1"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('ENV{X}=="a, GOTO="end"', id="a quote that does not end"),
        pytest.param('ENV{X}=="a" TAG+="b"', id="no comma"),
        pytest.param('ENV{X}=="a",', id="nothing after the comma"),
        pytest.param('ENV=="a"', id="a property without a name"),
        pytest.param('FOO=="a"', id="no key of udev's"),
        pytest.param('MODE=="0660"', id="a mode that is compared"),
        pytest.param('GOTO="nowhere"', id="a label that is not there"),
        pytest.param('LABEL="up"\nGOTO="up"', id="a jump back"),
        pytest.param('LABEL="a"\nLABEL="a"', id="a label twice"),
        pytest.param('ENV{A}=="$env{B}"', id="a match by another property"),
        pytest.param('SYMLINK+="$nonsense"', id="an unknown substitution"),
        pytest.param('TAG+="a", \\', id="a line that goes on into nothing"),
    ],
)
def test_the_reader_sees_mistakes(text: str) -> None:
    """The check of the syntax would find what udev does not take."""
    with pytest.raises(BadRules):
        parse(text)
