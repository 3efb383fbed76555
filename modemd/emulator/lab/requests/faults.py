"""Requests that put a fault on a running modem: a model for each kind of fault.

`modemd fault --list` shows the docstring of each model.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field

from modemd.emulator.device.device import Device
from modemd.emulator.device.results import FinalResult
from modemd.emulator.error_codes import LabCode
from modemd.emulator.lab.lab import LabModem
from modemd.emulator.lab.requests.base import Cause, LabRequest, MemoryName, Seconds, Share
from modemd.emulator.network.status_reports import LATE_S, Oddity
from modemd.emulator.network.subscribers import Sim
from modemd.errors import Refused


def _without_at(command: str) -> str:
    return command[2:] if re.match(r"AT[^A-Z]", command, re.IGNORECASE) else command


Command = Annotated[str, Field(pattern=r"^[+^$*%#!&_A-Za-z]\S*$"), AfterValidator(_without_at)]
"""Name of a command, or the whole command; AT may precede it."""
Times = Annotated[int, Field(ge=1, le=100_000)]


class LoseAnswer(LabRequest):
    """the next accepted message gets neither +CMGS nor a result; the modem works on"""

    kind: Literal["lose_answer"]

    def apply(self, modem: LabModem) -> None:
        modem.device.lose_next_answer()


class LateAnswer(LabRequest):
    """the next accepted message is answered that much later"""

    kind: Literal["late_answer"]
    seconds: Seconds

    def apply(self, modem: LabModem) -> None:
        modem.device.delay_next_answer(self.seconds)


class LosePrompt(LabRequest):
    """the next +CMGS waits for its PDU without its prompt"""

    kind: Literal["lose_prompt"]

    def apply(self, modem: LabModem) -> None:
        modem.device.lose_next_prompt()


class Refuse(LabRequest):
    """the next message is refused with that +CMS ERROR; nothing is accepted"""

    kind: Literal["refuse"]
    cause: Cause

    def apply(self, modem: LabModem) -> None:
        modem.device.refuse_next(self.cause)


class StickSend(LabRequest):
    """the next message is never accepted, refused or answered; the modem hears nothing more until it restarts"""

    kind: Literal["stick_send"]

    def apply(self, modem: LabModem) -> None:
        modem.device.stick_next_send()


class Answer(LabRequest):
    """the next commands of this name (+CPIN), or typed so (+CPIN?), end with that result and do nothing"""

    kind: Literal["answer"]
    command: Command
    result: Annotated[str, Field(min_length=1)]
    times: Times = 1

    def apply(self, modem: LabModem) -> None:
        for _ in range(self.times):
            modem.device.script_next(self.command, self.result)


class Hang(LabRequest):
    """the next command of this name (+CMGL) does nothing for that long, and then works; the host waits"""

    kind: Literal["hang"]
    command: Command
    seconds: Seconds

    def apply(self, modem: LabModem) -> None:
        modem.device.hang_next(self.command, self.seconds)


class Deaf(LabRequest):
    """bytes of the host are lost for that long; notices go on"""

    kind: Literal["deaf"]
    seconds: Seconds

    def apply(self, modem: LabModem) -> None:
        modem.device.deaf_for(self.seconds)


class Wedge(LabRequest):
    """it hears and says nothing more, though its port is there, until its power goes: unplug and replug it, or restart it"""

    kind: Literal["wedge"]

    def apply(self, modem: LabModem) -> None:
        modem.device.wedge()


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


class Trickle(LabRequest):
    """from now on it says one octet at a time, one every so many seconds; 0 ends it"""

    kind: Literal["trickle"]
    every_s: Annotated[float, Field(ge=0, le=10)] = 0.01

    def apply(self, modem: LabModem) -> None:
        modem.device.set_trickle(self.every_s)


class Noise(LabRequest):
    """from now on so many of the octets it says (0 to 1) are preceded by junk, or lost; without either it ends"""

    kind: Literal["noise"]
    inserted: Share = 0.0
    lost: Share = 0.0

    def apply(self, modem: LabModem) -> None:
        modem.device.set_noise(inserted=self.inserted, lost=self.lost)


class Interrupt(LabRequest):
    """the next reply has this line inside, just before its result"""

    kind: Literal["interrupt"]
    line: str

    def apply(self, modem: LabModem) -> None:
        modem.device.interrupt_next_answer(self.line)


class ForgetSettings(LabRequest):
    """settings of the host (echo, format, notices) are as after power-on, without a notice; or even text mode, or that +CSCS"""

    kind: Literal["forget_settings"]
    text_mode: bool = False
    charset: Literal["IRA", "GSM", "UCS2", "HEX"] | None = None

    def apply(self, modem: LabModem) -> None:
        modem.device.forget_settings(text_mode=self.text_mode, charset=self.charset)


class NoBlanks(LabRequest):
    """from now on no blank follows the colon of a line (+CME ERROR:14); `on` false ends it"""

    kind: Literal["no_blanks"]
    on: bool = True

    def apply(self, modem: LabModem) -> None:
        modem.device.leave_blanks_out(self.on)


class FillMemory(LabRequest):
    """free places of a memory (SM, or ME, SR) are filled with old messages"""

    kind: Literal["fill_memory"]
    memory: MemoryName = "SM"

    def apply(self, modem: LabModem) -> None:
        try:
            modem.device.fill_memory(self.memory)
        except FinalResult as result:
            raise Refused(LabCode.NO_MEMORY, f"{modem.device.name}: {self.memory} cannot be filled: {result}") from None


class StickSlot(LabRequest):
    """the slot, numbered as the family does, cannot be deleted from now on"""

    kind: Literal["stick_slot"]
    memory: MemoryName = "SM"
    index: Annotated[int, Field(ge=0, le=255)]

    def apply(self, modem: LabModem) -> None:
        modem.device.stick_slot(self.memory, self.index)


class FreeSlot(LabRequest):
    """the slot can be deleted again"""

    kind: Literal["free_slot"]
    memory: MemoryName = "SM"
    index: Annotated[int, Field(ge=0, le=255)]

    def apply(self, modem: LabModem) -> None:
        modem.device.free_slot(self.memory, self.index)


class Notice(LabRequest):
    """the modem says this line at this very moment, wherever that falls"""

    kind: Literal["notice"]
    line: str

    def apply(self, modem: LabModem) -> None:
        modem.device.notice(self.line)


class LoseNotice(LabRequest):
    """the next unsolicited line (+CMTI, +CDS with its PDU, RING) is never said"""

    kind: Literal["lose_notice"]

    def apply(self, modem: LabModem) -> None:
        modem.device.lose_next_notice()


class Flood(LabRequest):
    """it says this line so many times, one every so many seconds"""

    kind: Literal["flood"]
    line: str
    times: Times = 1000
    every_s: Annotated[float, Field(ge=0, le=10)] = 0.01

    def apply(self, modem: LabModem) -> None:
        modem.device.flood(self.line, self.times, self.every_s)


def _with_sim(modem: LabModem) -> Device:
    if modem.device.sim is None:
        raise Refused(LabCode.NO_SIM, f"{modem.device.name} has no SIM")
    return modem.device


Fault = Annotated[
    LoseAnswer
    | LateAnswer
    | LosePrompt
    | Refuse
    | StickSend
    | Answer
    | Hang
    | Deaf
    | Wedge
    | Restart
    | Unplug
    | Replug
    | Coverage
    | RemoveSim
    | InsertSim
    | AskPin
    | AskPuk
    | LoseSmsc
    | Clock
    | Report
    | Trickle
    | Noise
    | Interrupt
    | Notice
    | LoseNotice
    | Flood
    | ForgetSettings
    | NoBlanks
    | FillMemory
    | StickSlot
    | FreeSlot,
    Field(discriminator="kind"),
]


def fault_kinds() -> dict[str, type[LabRequest]]:
    """Returns every kind of fault, with its model."""
    union, _ = get_args(Fault)
    return {get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(union)}
