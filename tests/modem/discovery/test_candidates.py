"""Which ports are asked, and what is said of what cannot be used."""

from __future__ import annotations

import pytest

from modemd.modem.discovery.candidates import ModemCandidate, UnfitDevice, assess_device
from modemd.modem.discovery.devices import UsbDevice, UsbPort
from modemd.profiles import Profiles
from tests.profiles.shipped import shipped_profiles


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    return shipped_profiles()


def device(ids: str, *interfaces: tuple[int | None, int | None, int | None], product: str = "") -> UsbDevice:
    """A device whose ports are ttyUSB0 and onwards, each with interface number, subclass and protocol."""
    vendor_id, product_id = (int(part, 16) for part in ids.split(":"))
    ports = tuple(
        UsbPort(f"ttyUSB{index}", number, 0xFF if subclass is not None else None, subclass, protocol)
        for index, (number, subclass, protocol) in enumerate(interfaces)
    )
    return UsbDevice("1-1", vendor_id, product_id, product, ports)


@pytest.mark.parametrize(
    ("given", "certain", "possible"),
    [
        pytest.param(
            device("12d1:1506", (0, 2, 0x01), (1, 2, 0x02)), ["ttyUSB1"], ["ttyUSB0"], id="Huawei: told by the protocol"
        ),
        pytest.param(
            device("12d1:1506", (0, 2, 0x02), (1, 2, 0x01)),
            ["ttyUSB0"],
            ["ttyUSB1"],
            id="the other way round, as some firmware has it",
        ),
        pytest.param(
            device("2c7c:0125", *((number, 0, 0) for number in range(5))),
            ["ttyUSB2"],
            ["ttyUSB3", "ttyUSB4"],
            id="Quectel: by the number",
        ),
        pytest.param(
            device("12d1:1001", (2, 0xFF, 0xFF), (0, 0xFF, 0xFF)), ["ttyUSB0"], ["ttyUSB1"], id="ttys in another order"
        ),
        pytest.param(device("12d1:ffff", (None, None, None)), [], ["ttyUSB0"], id="a maker's unknown device: perhaps"),
    ],
)
def test_the_port_for_at_is_asked_first(
    profiles: Profiles, given: UsbDevice, certain: list[str], possible: list[str]
) -> None:
    """By interface number or protocol; what answers AT too comes after it, what never does is not asked."""
    verdict = assess_device(given, profiles)
    assert isinstance(verdict, ModemCandidate)
    assert [port.path for port in verdict.certain_ports] == certain
    assert [port.path for port in verdict.possible_ports] == possible


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param(device("12d1:1446"), "usb_modeswitch", id="CD-ROM"),
        pytest.param(device("19d2:2000"), "usb_modeswitch", id="ZTE's CD-ROM"),
        pytest.param(device("12d1:14dc"), "network mode", id="HiLink"),
        pytest.param(device("19d2:1405"), "network", id="ZTE's network mode"),
        pytest.param(device("12d1:14dc", (0, 2, 0)), "network mode", id="HiLink with a port of some kind"),
        pytest.param(device("2c7c:0125", product="EC25"), "no serial port", id="no driver in the kernel"),
        pytest.param(device("10c4:ea60", (0, 0, 0)), "probe_bridges", id="CP2102"),
        pytest.param(device("1a86:7523", (0, 1, 2)), "probe_bridges", id="CH340"),
        pytest.param(device("0403:6001", (0, 255, 255)), "probe_bridges", id="FTDI"),
        pytest.param(device("2c7c:0125", (0, 0, 0)), "none of its ports", id="diagnostics alone"),
    ],
)
def test_what_cannot_be_used_says_why(profiles: Profiles, given: UsbDevice, words: str) -> None:
    """With its ids, so that a person finds it; and with what helps."""
    verdict = assess_device(given, profiles)
    assert isinstance(verdict, UnfitDevice)
    assert words in verdict.reason
    assert verdict.reason.startswith(given.ids)


@pytest.mark.parametrize(
    "given",
    [device("046d:c31c"), device("046d:c31c", (0, 0, 0)), device("1546:01a7", (0, 2, 1))],
    ids=["keyboard", "tty", "GNSS"],
)
def test_what_is_no_modem_is_left_alone(profiles: Profiles, given: UsbDevice) -> None:
    """Nobody is told of it, and nothing is written to it."""
    assert assess_device(given, profiles, probe_bridges=True) is None


@pytest.mark.parametrize(
    ("ids", "probe_bridges", "named", "asked"),
    [
        pytest.param("10c4:ea60", True, False, True, id="bridges are asked"),
        pytest.param("10c4:ea60", False, True, True, id="this one is named"),
        pytest.param("dead:beef", True, False, False, id="not a bridge"),
        pytest.param("dead:beef", False, True, True, id="unknown, and named"),
        pytest.param("1546:01a7", False, True, False, id="a GNSS receiver stays one"),
    ],
)
def test_a_named_place_is_asked_whatever_is_there(
    profiles: Profiles, ids: str, probe_bridges: bool, named: bool, asked: bool
) -> None:
    """The configuration's word goes before the table's, but for what never is a modem."""
    verdict = assess_device(device(ids, (0, 0, 0)), profiles, probe_bridges=probe_bridges, named=named)
    assert isinstance(verdict, ModemCandidate) is asked
