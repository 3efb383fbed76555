"""Restart, unplugging, deafness, and what a device says by itself."""

from __future__ import annotations

import pytest

from modemd.emulator import Device, Network
from modemd.emulator.links import MemoryLink
from tests.emulator.bench import ALICE, HELLO, Bench, HandTimers, Host


def test_usb_takes_its_port_away_at_a_restart() -> None:
    """A stick's port is lost, cannot be opened, and comes back; echo is on, notices are off."""
    bench = Bench("huawei_e3372")
    bench.host.set_up("2,1,0,2,0")
    bench.device.restart()
    bench.timers.run(1.0)
    assert bench.host.lost == 1
    with pytest.raises(FileNotFoundError):
        bench.host.open()
    bench.timers.run(4.0)
    bench.host.open()
    assert bench.host.say(b"AT\r", 0.1) == b""
    bench.timers.run(10.0)
    bench.host.hear()
    assert bench.host.say(b"AT+CNMI?\r") == b"AT+CNMI?\r\r\n+CNMI: 0,0,0,0,0\r\n\r\nOK\r\n"


def test_a_uart_stays_and_shows_the_boot() -> None:
    """A SIM800's port stays; its boot lines come, and SMS commands wait for SMS Ready."""
    bench = Bench("sim800")
    bench.host.set_up()
    bench.host.ask("AT+CMEE=1")
    bench.device.restart()
    assert bench.host.hear(2.0) == b"\r\nRDY\r\n\r\n+CFUN: 1\r\n"
    assert bench.host.lost == 0
    bench.host.ask("ATE0")
    assert bench.host.ask("AT+CMGF=0") == "+CMS ERROR: 314"
    bench.host.ask("AT+CMEE=1")
    assert bench.host.ask("AT+CPIN?") == "+CME ERROR: 14"
    assert bench.host.hear(10.0) == b"\r\n+CPIN: READY\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n"
    assert bench.host.ask("AT+CMGF=0") == "OK"
    assert bench.host.send(HELLO).endswith("OK")


def test_a_sim_that_is_put_in_without_power_is_read_at_the_next_boot() -> None:
    """It is busy until then, as any SIM after a boot."""
    bench = Bench("sim800")
    bench.host.set_up()
    bench.device.power_off()
    bench.device.remove_sim()
    bench.device.insert_sim(bench.sim)
    bench.timers.run(60.0)
    bench.device.power_on()
    bench.host.hear(2.0)
    bench.host.ask("ATE0")
    bench.host.ask("AT+CMEE=1")
    assert bench.host.ask("AT+CPIN?") == "+CME ERROR: 14"
    bench.host.hear(10.0)
    assert bench.host.ask("AT+CPIN?").startswith("+CPIN: READY")


@pytest.mark.parametrize(("family", "kept"), [("sim800", "+CMEE: 2"), ("generic", "+CMEE: 0")])
def test_a_saved_profile_survives_where_the_family_keeps_it(family: str, kept: str) -> None:
    """AT&W outlives a restart in some families."""
    bench = Bench(family)
    bench.host.set_up()
    bench.host.ask("AT+CMEE=2;&W")
    bench.device.restart()
    bench.timers.run(20.0)
    if bench.host.lost:
        bench.host.open()
    bench.host.hear()
    bench.host.ask("ATE0")
    assert bench.host.ask("AT+CMEE?") == f"{kept}\r\nOK"


@pytest.mark.parametrize("command", ["AT+CFUN=1,1", "AT^RESET"])
def test_a_host_can_restart_it(command: str) -> None:
    """The reset commands say OK first, then the port goes."""
    bench = Bench("huawei_e3372")
    bench.host.set_up()
    assert bench.host.ask(command) == "OK"
    bench.timers.run(0.2)
    assert bench.host.lost == 1


def test_unplugged_means_unplugged(bench: Bench) -> None:
    """The host loses its port and writing fails; what comes meanwhile waits at the service centre."""
    bench.link.unplug()
    bench.timers.run()
    assert bench.host.lost == 1
    with pytest.raises(OSError, match="gone"):
        bench.host.port.write(b"AT\r")
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    bench.timers.run(3600.0)
    assert bench.network.waiting(bench.sim.number) == 1
    bench.link.replug()
    bench.host.open()
    bench.timers.run(60.0)
    assert bench.host.say(b"AT\r") == b"AT\r\r\nOK\r\n"
    assert bench.sim.memory.used == 1


def test_unplugging_twice_or_plugging_in_twice_changes_nothing(bench: Bench) -> None:
    """The faults may come at any time, in any order."""
    bench.link.replug()
    assert bench.host.ask("AT") == "OK"
    bench.link.unplug()
    bench.device.restart()
    bench.timers.run(60.0)
    assert not bench.link.plugged
    bench.link.unplug()
    bench.link.replug()
    bench.link.replug()
    bench.host.open()
    bench.timers.run(60.0)
    assert bench.host.say(b"AT\r") == b"AT\r\r\nOK\r\n"


def test_a_deaf_device_loses_what_it_is_told(bench: Bench) -> None:
    """Octets are lost for the time given, also those in the middle of a line; notices go on."""
    bench.device.deaf_for(30.0)
    assert bench.host.say(b"AT\r", 10.0) == b""
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    assert bench.host.hear(5.0) == b'\r\n+CMTI: "SM",1\r\n'
    bench.device.deaf_for(30.0)
    assert bench.host.say(b"AT\r", 29.0) == b""
    bench.timers.run(2.0)
    assert bench.host.ask("AT") == "OK"


def test_a_boot_factor_shortens_the_boot() -> None:
    """boot_factor 0 makes a restart instant, for tests that do not care."""
    timers = HandTimers()
    network = Network(timers)
    device = Device("m", "sim800", network, timers, network.sim("+33700000001"), boot_factor=0)
    host = Host(timers, MemoryLink(device, timers))
    device.restart()
    assert host.say(b"AT+CREG?\r").endswith(b"+CREG: 0,1\r\n\r\nOK\r\n")


def test_chatter_goes_on_until_it_is_silenced() -> None:
    """A chatty Huawei talks until AT^CURC=0, only while a host listens, and again the next time it is opened."""
    timers = HandTimers()
    network = Network(timers)
    device = Device("m", "huawei_e3372", network, timers, network.sim("+33700000001"), chatty=True)
    host = Host(timers, MemoryLink(device, timers))
    assert host.hear(65.0).count(b"^BOOT:") == 3
    host.port.close()
    timers.run(600.0)
    host.open()
    assert host.hear(65.0).count(b"^BOOT:") == 3
    assert host.say(b"AT^CURC=0\r").endswith(b"OK\r\n")
    assert host.hear(600.0) == b""


def test_a_sim800_tells_the_networks_time() -> None:
    """*PSUTTZ says the time there is, not one from a file."""
    timers = HandTimers()
    network = Network(timers)
    device = Device("m", "sim800", network, timers, network.sim("+33700000001"), chatty=True)
    assert Host(timers, MemoryLink(device, timers)).hear(600.0) == b'\r\n*PSUTTZ: 2025,3,11,9,25,0,"+0",0\r\n'


def test_devices_have_identities_of_their_own() -> None:
    """IMEI and ICCID pass the Luhn check, differ between devices, and are the same for the same name and seed."""

    def luhn(digits: str) -> int:
        doubled = [sum(divmod(int(digit) * 2, 10)) for digit in digits[-2::-2]]
        return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10

    def identities() -> list[str]:
        timers = HandTimers()
        network = Network(timers)
        found = []
        for index in range(8):
            sim = network.sim(f"+3370000000{index}")
            found += [Device(f"modem{index}", "generic", network, timers, sim).imei, sim.iccid]
        return found

    found = identities()
    assert all(luhn(identity) == 0 for identity in found)
    assert {len(identity) for identity in found} == {15, 19}
    assert len(set(found)) == 16
    assert identities() == found
