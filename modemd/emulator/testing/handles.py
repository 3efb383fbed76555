"""Handles of a phone and a modem for tests: plain objects whose calls are executed on the thread of the emulator."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from modemd.emulator.device.device import Device
from modemd.emulator.lab.lab import LabModem
from modemd.emulator.lab.requests.network import fault
from modemd.emulator.links.pty import PtyLink
from modemd.emulator.network.journal import Accepted, Journal
from modemd.emulator.network.messages import MessageContent
from modemd.emulator.network.status_reports import LATE_S, Oddity
from modemd.emulator.network.subscribers import Phone as Handset
from modemd.emulator.network.subscribers import Received, Sim
from modemd.emulator.testing.background import Background
from modemd.emulator.testing.transcript import Transcript


class NotReceived(AssertionError):
    """The expected message did not come in time; the text says which messages came."""


class Phone:
    """A phone on the network."""

    def __init__(self, background: Background, journal: Journal, handset: Handset) -> None:
        self.number = handset.number
        self._background = background
        self._journal = journal
        self._handset = handset
        self._handed_out = 0
        self._pending: list[Received] = []
        background.call(handset.on_received.append, lambda received: background.notify())

    @property
    def inbox(self) -> list[Received]:
        """Every message so far, oldest first; long ones joined."""
        return list(self._handset.inbox)

    def wait_for(self, text: str | re.Pattern[str] | None = None, *, timeout: float = 5.0) -> Received:
        """Waits for a message that contains `text` (or that the pattern matches; None: any), and returns the oldest one.

        Each message is returned only once: wait twice for the same text if it must come twice. Raises NotReceived after
        `timeout` seconds, with the messages that came.
        """
        __tracebackhide__ = True
        received = self._background.wait_for(lambda: self._take(text), timeout)
        if received is None:
            raise NotReceived(self._describe_not_received(text, timeout))
        return received

    def send(self, to: str | Modem, content: str | MessageContent) -> None:
        """Sends a message to a modem, its number, or another phone: a text, or a content of `network.messages`.

        Raises EncodeError if it cannot be encoded.
        """
        self._background.call(self._handset.send, _number_of(to), content)

    def on_received(self, react: Callable[[Received], None]) -> None:
        """Calls `react` with each message from now on. The call is on the thread of the emulator, so it must not wait."""
        self._background.call(self._handset.on_received.append, react)

    def answer(self, text: str) -> None:
        """Answers each message from now on with `text`."""
        self.on_received(lambda received: self._handset.send(received.sender, text))

    @property
    def on(self) -> bool:
        return self._handset.on

    def switch_off(self) -> None:
        """Leaves the network; messages wait at the service centre."""
        self._background.call(self._handset.switch_off)

    def switch_on(self) -> None:
        """Comes back to the network; waiting messages follow."""
        self._background.call(self._handset.switch_on)

    def call(self, to: str | Modem, *, seconds: float | None = None) -> None:
        """Calls a modem, its number, or another phone, for so many seconds; None: until a party ends it, or nobody answers."""
        self._background.call(self._handset.call, _number_of(to), for_s=seconds)

    def hang_up(self) -> None:
        """Ends the phone's calls."""
        self._background.call(self._handset.hang_up)

    @property
    def calls(self) -> list[str]:
        """The state of each of its calls, oldest first: `ringing`, `answered`, `hung_up`, `refused`, ..."""
        return [call.state.value for call in self._handset.calls]

    def __repr__(self) -> str:
        return f"<phone {self.number}>"

    def _take(self, text: str | re.Pattern[str] | None) -> Received | None:
        inbox = self._handset.inbox
        self._pending += inbox[self._handed_out :]
        self._handed_out = len(inbox)
        for index, received in enumerate(self._pending):
            if _matches(received.text, text):
                return self._pending.pop(index)
        return None

    def _describe_not_received(self, text: str | re.Pattern[str] | None, timeout: float) -> str:
        wanted = "a message" if text is None else repr(text)
        inbox = self.inbox
        waiting = [id(received) for received in self._pending]
        lines = "".join(
            f"\n  from {received.sender}: {_quoted(received.text)}"
            + ("" if id(received) in waiting else "  (already handed out)")
            for received in inbox[-10:]
        )
        got = f"it has received {len(inbox)}:{lines}" if inbox else "it has received nothing"
        power = "" if self.on else " The phone is switched off."
        accepted = describe_accepted(self._journal)
        return f"{self.number}: waited {timeout:g} s for {wanted}; {got}\n{accepted[0].upper()}{accepted[1:]}{power}"


class Modem:
    """A modem at a port. A program opens `port` instead of /dev/ttyUSB0."""

    def __init__(self, background: Background, device: Device, sim: Sim, link: PtyLink) -> None:
        self.name = device.name
        self.family = device.family.name
        self.number = sim.number
        self.imei = device.imei
        self.iccid = sim.iccid
        self.imsi = sim.imsi
        self.transcript = Transcript()
        self._background = background
        self._device = device
        self._sim = sim
        self._link = link
        link.tap = self.transcript.add

    @property
    def port(self) -> str:
        """The path of the port, a link that exists while the modem is plugged in."""
        return str(self._link.path)

    @property
    def plugged(self) -> bool:
        return self._link.plugged

    @property
    def stored(self) -> int:
        """Number of messages that the SIM has stored."""
        return self._sim.memory.used

    # -- faults: all of them raise ConfigError for a wrong value, as the control API refuses it

    def fault(self, kind: str, **values: Any) -> None:
        """Puts any fault of the control API on the modem, by its kind: `fault("deaf", seconds=3)`.

        Raises ConfigError for a wrong one.
        """
        self._background.call(fault(kind, values).apply, LabModem(self._device, self._sim, self._link))

    def unplug(self) -> None:
        """Unplugs the modem: the port is gone, a program that has it open reads an error, the modem has no power."""
        self.fault("unplug")

    def replug(self, port: Path | str | None = None) -> None:
        """Plugs the modem in again, at `port` if given: there is a new pty, and the modem boots."""
        self.fault("replug", path=port)

    def restart(self) -> None:
        """Reboots the modem at once: a message that is being sent and not yet accepted never will be."""
        self.fault("restart")

    def lose_next_answer(self) -> None:
        """Loses `+CMGS` and result of the next accepted message."""
        self.fault("lose_answer")

    def delay_next_answer(self, seconds: float) -> None:
        """Delays the answer to the next accepted message by so many seconds."""
        self.fault("late_answer", seconds=seconds)

    def lose_next_prompt(self) -> None:
        """Loses the prompt of the next `+CMGS`, which waits for its message all the same."""
        self.fault("lose_prompt")

    def refuse_next(self, cause: int) -> None:
        """Ends the next message with `+CMS ERROR: cause`; nothing is accepted."""
        self.fault("refuse", cause=cause)

    def deaf_for(self, seconds: float) -> None:
        """Loses what the program writes for so many seconds."""
        self.fault("deaf", seconds=seconds)

    def next_report(self, oddity: Oddity, *, seconds: float = LATE_S) -> None:
        """Sets how its next delivery report comes: "late" (by `seconds`), "twice", with a "foreign" one, or "never"."""
        self.fault("report", comes=oddity, seconds=seconds)

    def set_coverage(self, state: int) -> None:
        """Sets what the network grants, as `+CREG` numbers it: 1 home, 2 searching, 3 denied, 5 roaming."""
        self.fault("coverage", state=state)

    def notice(self, line: str) -> None:
        """Sends this line at once, even in the middle of another output."""
        self.fault("notice", line=line)

    def __repr__(self) -> str:
        return f"<{self.name}: {self.family} {self.number} at {self.port}>"


def _number_of(to: str | Modem) -> str:
    return to if isinstance(to, str) else to.number


def _matches(text: str | None, wanted: str | re.Pattern[str] | None) -> bool:
    if wanted is None:
        return True
    if text is None:
        return False
    return wanted in text if isinstance(wanted, str) else wanted.search(text) is not None


def _quoted(text: str | None) -> str:
    """A text as a message shows it."""
    return "not text" if text is None else repr(text)


def describe_accepted(journal: Iterable[Accepted]) -> str:
    """Describes the messages in the journal; it lists the last 10."""
    entries = list(journal)
    if not entries:
        return "the network has accepted nothing"
    lines = "".join(f"\n  {entry.sender} to {entry.recipient}: {_quoted(entry.text)}" for entry in entries[-10:])
    return f"the network has accepted {len(entries)}:{lines}"
