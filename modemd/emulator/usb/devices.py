"""USB devices of the families, and the interface of their AT port.

A module on a UART appears as the bridge before it. Interfaces of which nothing is known are the vendor's own. That a
device has no serial number is unverified unless one is given.
"""

from __future__ import annotations

from modemd.emulator.usb.bus import BRIDGE, STICK, UsbDevice, UsbInterface


def _device(vendor_id: int, product_id: int, interfaces: int, manufacturer: str, product: str) -> UsbDevice:
    plain = tuple(UsbInterface(number) for number in range(interfaces))
    return UsbDevice(vendor_id, product_id, plain, manufacturer=manufacturer, product=product)


DEVICES: dict[str, tuple[UsbDevice, int]] = {
    "generic": (BRIDGE, 0),
    "huawei_e3372": (STICK, 1),
    # 12d1:15c1 [usb-modeswitch-data]; its protocol identifies the AT port [ModemManager]; the number of that port: unverified.
    "huawei_me909s": (
        UsbDevice(
            0x12D1,
            0x15C1,
            (
                UsbInterface(0, subclass=0x03, protocol=0x01, name="Modem"),
                UsbInterface(1, subclass=0x03, protocol=0x02, name="PCUI"),
            ),
            serial_number="0123456789ABCDEF",
            manufacturer="Huawei Technologies Co., Ltd.",
            product="HUAWEI Mobile",
        ),
        1,
    ),
    "quectel_ec25": (_device(0x2C7C, 0x0125, 5, "Quectel", "EC25"), 2),  # [ModemManager; option.c]
    "quectel_m26": (BRIDGE, 0),
    "quectel_m95": (BRIDGE, 0),
    "siemens_mc35i": (BRIDGE, 0),
    "sierra_mc7455": (_device(0x1199, 0x9071, 9, "Sierra Wireless", "MC7455"), 3),  # [qcserial.c; ModemManager]
    "sim800": (BRIDGE, 0),
    "simcom_a7670": (_device(0x1E0E, 0x9011, 6, "SIMCom", "A7670"), 4),  # [ModemManager; option.c]
    "simcom_sim7600": (_device(0x1E0E, 0x9001, 6, "SIMCom", "SIM7600"), 2),  # [ModemManager; option.c]
    "telit_le910": (_device(0x1BC7, 0x1201, 7, "Telit", "LE910"), 4),  # [ModemManager; option.c]
    "ublox_sara_u2": (_device(0x1546, 0x1102, 13, "u-blox", "SARA-U2"), 0),  # [ModemManager]
    # An FTDI bridge, as on the boards with these modems.
    "wavecom_q2403": (_device(0x0403, 0x6001, 1, "FTDI", "FT232R USB UART"), 0),
    "zte_mf190": (_device(0x19D2, 0x0117, 3, "ZTE", "MF190"), 2),  # [ModemManager]
}
"""The device of each family, and the interface of its AT port.

A family that is missing is on no bus: its ids are not known for sure.
"""

PORTS_OF_A_HUB = 7


def place(index: int) -> str:
    """Returns the place of the device with this index, counted from 0: hub after hub on bus 1, each with its ports in order."""
    hub, port = divmod(index, PORTS_OF_A_HUB)
    return f"1-{hub + 1}.{port + 1}"
