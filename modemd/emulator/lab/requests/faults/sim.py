"""Faults of power, SIM and network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from modemd.emulator.device.device import Device
from modemd.emulator.error_codes import LabCode
from modemd.emulator.lab.lab import LabModem
from modemd.emulator.lab.requests.base import LabRequest, Seconds
from modemd.emulator.network.status_reports import LATE_S, Oddity
from modemd.emulator.network.subscribers import Sim
from modemd.errors import Refused


class Restart(LabRequest):
    """the modem reboots at once: what was being sent and not yet accepted never is"""

    kind: Literal["restart"]

    def apply(self, modem: LabModem) -> None:
        modem.device.restart()


class Unplug(LabRequest):
    """the port is gone, the modem has no power"""

    kind: Literal["unplug"]

    def apply(self, modem: LabModem) -> None:
        modem.link.unplug()


class Replug(LabRequest):
    """it is back on a new pty, under the same name or at another path; the modem boots"""

    kind: Literal["replug"]
    path: Path | None = None

    def apply(self, modem: LabModem) -> None:
        modem.link.replug(self.path)


class Coverage(LabRequest):
    """the network it sees, as +CREG numbers it: 1 home, 2 searching, 3 denied, 5 roaming, up to 11"""

    kind: Literal["coverage"]
    state: Annotated[int, Field(ge=0, le=11)]

    def apply(self, modem: LabModem) -> None:
        modem.device.set_coverage(self.state)


class RemoveSim(LabRequest):
    """the SIM is pulled out while the modem runs"""

    kind: Literal["remove_sim"]

    def apply(self, modem: LabModem) -> None:
        modem.device.remove_sim()


class InsertSim(LabRequest):
    """its SIM is put in again, or the one with that number, out of the modem it sat in"""

    kind: Literal["insert_sim"]
    number: str | None = None

    def apply(self, modem: LabModem) -> None:
        network = modem.device.network
        sim = modem.sim if self.number is None else network.sims.get(network.canonical(self.number))
        if sim is None:
            raise Refused(LabCode.NO_SIM, f"{self.number} is the number of no SIM; there are {', '.join(network.sims)}")
        modem.device.insert_sim(sim)


class AskPin(LabRequest):
    """the SIM asks for its PIN again, as after a brown-out of its own; one that asked for none gets this one"""

    kind: Literal["ask_pin"]
    pin: Annotated[str, Field(pattern=r"^[0-9]{4,8}$")] = "1234"
    tries: Annotated[int, Field(ge=1, le=Sim.PIN_TRIES)] = Sim.PIN_TRIES

    def apply(self, modem: LabModem) -> None:
        _with_sim(modem).ask_pin(pin=self.pin, tries=self.tries)


class AskPuk(LabRequest):
    """the SIM asks for its PUK: somebody gave a wrong PIN three times"""

    kind: Literal["ask_puk"]

    def apply(self, modem: LabModem) -> None:
        _with_sim(modem).ask_pin(tries=0)


class LoseSmsc(LabRequest):
    """the SIM knows no service centre any more: what names none itself ends in +CMS ERROR: 330"""

    kind: Literal["lose_smsc"]

    def apply(self, modem: LabModem) -> None:
        _with_sim(modem).lose_smsc()


class Clock(LabRequest):
    """+CCLK is that much ahead (below 0: behind), until a host sets it or the modem restarts"""

    kind: Literal["clock"]
    seconds: Annotated[float, Field(ge=-1e9, le=1e9)]

    def apply(self, modem: LabModem) -> None:
        modem.device.set_clock_offset(self.seconds)


class Report(LabRequest):
    """the next status report for this SIM comes late, twice, beside a foreign one, or never"""

    kind: Literal["report"]
    comes: Oddity
    seconds: Seconds = LATE_S

    def apply(self, modem: LabModem) -> None:
        modem.device.network.next_report(self.comes, sim=_with_sim(modem).sim, seconds=self.seconds)


def _with_sim(modem: LabModem) -> Device:
    if modem.device.sim is None:
        raise Refused(LabCode.NO_SIM, f"{modem.device.name} has no SIM")
    return modem.device
