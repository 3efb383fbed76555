"""Faults of the line and of the dialogue: what a modem hears and says."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from modemd.emulator.device.faults import Counted
from modemd.emulator.lab.lab import LabModem
from modemd.emulator.lab.requests.base import Command, LabRequest, Seconds, Share, Times


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


class ErrorInWords(LabRequest):
    """from now on a command that it does not know ends in `ERROR:` and these words; empty words end it"""

    kind: Literal["error_in_words"]
    words: str = "Command not supported"

    def apply(self, modem: LabModem) -> None:
        modem.device.say_error_in_words(self.words)


class WrongLength(LabRequest):
    """from now on the lengths in +CMGL, +CMGR, +CMT and +CDS count all octets, or nothing (they are 0); `tpdu` ends it"""

    kind: Literal["wrong_length"]
    counts: Counted = "all"

    def apply(self, modem: LabModem) -> None:
        modem.device.count_in_lengths(self.counts)


class ShortSmsc(LabRequest):
    """messages and reports have 01 00 in place of the service centre's number from now on; `on` false ends it"""

    kind: Literal["short_smsc"]
    on: bool = True

    def apply(self, modem: LabModem) -> None:
        modem.device.shorten_smsc(self.on)


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
