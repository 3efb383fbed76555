"""What a running lab can be told: faults of modems, letters of phones, knobs of the network.

The control door, scenarios and the command line take the same orders, checked in the same way: an unknown key is a
mistake, and so is a value out of range.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from modemd.emulator.lab import Modem
from modemd.emulator.network import Network
from modemd.emulator.results import FinalResult
from modemd.errors import ConfigError, Refused

Seconds = Annotated[float, Field(ge=0, le=86400)]
Share = Annotated[float, Field(ge=0, le=1)]
MemoryName = Literal["SM", "ME", "SR"]
Cause = Annotated[int, Field(ge=0, le=999)]


class Body(BaseModel):
    """An order: an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid")


class Letter(Body):
    """What a phone writes, and to which number."""

    to: str = Field(min_length=1)
    text: str


class Unkind(Body):
    """What else a network does to reports and to order: shares, and by how much its clock is ahead."""

    reports_twice: Share | None = None
    reports_foreign: Share | None = None
    reports_national: Share | None = None
    temporary_reports: Share | None = None
    reordered: Share | None = None
    clock_off_s: Annotated[float, Field(ge=-86400, le=86400)] | None = None


class Knobs(Unkind):
    """What can be turned on a running network; what is left out stays."""

    delivery_latency_s: Seconds | None = None
    report_latency_s: Seconds | None = None
    report_loss: Share | None = None

    def apply(self, network: Network) -> None:
        given = self.model_dump(include=set(Knobs.model_fields), exclude_none=True)
        if (ahead_s := given.pop("clock_off_s", None)) is not None:
            network.unkind.clock_off = timedelta(seconds=ahead_s)
        for name, value in given.items():
            setattr(network.unkind if name in Unkind.model_fields else network, name, value)


class Refusal(Body):
    """SUBMITs to `recipient` (none: to all) are refused with `cause`; without a cause they no longer are."""

    recipient: str | None = None
    cause: Cause | None = None

    def apply(self, network: Network) -> None:
        if self.cause is None:
            network.accept(self.recipient)
        else:
            network.reject(self.recipient, self.cause)


# -- faults: a docstring is what `modemd fault --list` says of them


class LoseAnswer(Body):
    """the next accepted message gets neither +CMGS nor a result; the modem works on"""

    kind: Literal["lose_answer"]

    def apply(self, modem: Modem) -> None:
        modem.device.lose_next_answer()


class LateAnswer(Body):
    """the next accepted message is answered that much later"""

    kind: Literal["late_answer"]
    seconds: Seconds

    def apply(self, modem: Modem) -> None:
        modem.device.delay_next_answer(self.seconds)


class LosePrompt(Body):
    """the next +CMGS waits for its PDU without its prompt"""

    kind: Literal["lose_prompt"]

    def apply(self, modem: Modem) -> None:
        modem.device.lose_next_prompt()


class Refuse(Body):
    """the next message is refused with that +CMS ERROR; nothing is accepted"""

    kind: Literal["refuse"]
    cause: Cause

    def apply(self, modem: Modem) -> None:
        modem.device.refuse_next(self.cause)


class Deaf(Body):
    """what the host writes is lost for that long; notices go on"""

    kind: Literal["deaf"]
    seconds: Seconds

    def apply(self, modem: Modem) -> None:
        modem.device.deaf_for(self.seconds)


class Restart(Body):
    """the modem reboots at once: what was being sent and not yet accepted never is"""

    kind: Literal["restart"]

    def apply(self, modem: Modem) -> None:
        modem.device.restart()


class Unplug(Body):
    """the port is gone, the modem has no power"""

    kind: Literal["unplug"]

    def apply(self, modem: Modem) -> None:
        modem.link.unplug()


class Replug(Body):
    """it is back on a new pty, under the same name or at another path; the modem boots"""

    kind: Literal["replug"]
    path: Path | None = None

    def apply(self, modem: Modem) -> None:
        modem.link.replug(self.path)


class Coverage(Body):
    """the network it sees, as +CREG numbers it: 1 home, 2 searching, 3 denied, 5 roaming"""

    kind: Literal["coverage"]
    state: Annotated[int, Field(ge=0, le=5)]

    def apply(self, modem: Modem) -> None:
        modem.device.set_coverage(self.state)


class RemoveSim(Body):
    """the SIM is pulled out while the modem runs"""

    kind: Literal["remove_sim"]

    def apply(self, modem: Modem) -> None:
        modem.device.remove_sim()


class InsertSim(Body):
    """its SIM is put in again, or the one with that number, out of the modem it sat in"""

    kind: Literal["insert_sim"]
    number: str | None = None

    def apply(self, modem: Modem) -> None:
        network = modem.device.network
        sim = modem.sim if self.number is None else network.sims.get(network.canonical(self.number))
        if sim is None:
            raise Refused("no_sim", f"{self.number} is the number of no SIM; there are {', '.join(network.sims)}")
        modem.device.insert_sim(sim)


class Noise(Body):
    """from now on so many of the octets it says (0 to 1) are preceded by junk, or lost; without either it ends"""

    kind: Literal["noise"]
    inserted: Share = 0.0
    lost: Share = 0.0

    def apply(self, modem: Modem) -> None:
        modem.device.noise(inserted=self.inserted, lost=self.lost)


class Interrupt(Body):
    """the next reply has this line inside, just before its result"""

    kind: Literal["interrupt"]
    line: str

    def apply(self, modem: Modem) -> None:
        modem.device.interrupt_next_answer(self.line)


class ForgetSettings(Body):
    """what the host set is as after power-on (echo, format, notices), with no word of it and no restart"""

    kind: Literal["forget_settings"]

    def apply(self, modem: Modem) -> None:
        modem.device.forget_settings()


class FillMemory(Body):
    """what is free of a memory (SM, or ME, SR) is filled with old messages"""

    kind: Literal["fill_memory"]
    memory: MemoryName = "SM"

    def apply(self, modem: Modem) -> None:
        try:
            modem.device.fill_memory(self.memory)
        except FinalResult as result:
            raise Refused("no_memory", f"{modem.device.name}: {self.memory} cannot be filled: {result}") from None


class StickSlot(Body):
    """the slot, numbered as the family does, cannot be deleted from now on"""

    kind: Literal["stick_slot"]
    memory: MemoryName = "SM"
    index: Annotated[int, Field(ge=0, le=255)]

    def apply(self, modem: Modem) -> None:
        modem.device.stick_slot(self.memory, self.index)


class FreeSlot(Body):
    """the slot can be deleted again"""

    kind: Literal["free_slot"]
    memory: MemoryName = "SM"
    index: Annotated[int, Field(ge=0, le=255)]

    def apply(self, modem: Modem) -> None:
        modem.device.free_slot(self.memory, self.index)


class Notice(Body):
    """the modem says this line at this very moment, wherever that falls"""

    kind: Literal["notice"]
    line: str

    def apply(self, modem: Modem) -> None:
        modem.device.notice(self.line)


Fault = Annotated[
    LoseAnswer
    | LateAnswer
    | LosePrompt
    | Refuse
    | Deaf
    | Restart
    | Unplug
    | Replug
    | Coverage
    | RemoveSim
    | InsertSim
    | Noise
    | Interrupt
    | Notice
    | ForgetSettings
    | FillMemory
    | StickSlot
    | FreeSlot,
    Field(discriminator="kind"),
]

_FAULT: TypeAdapter[Fault] = TypeAdapter(Fault)


def kinds() -> dict[str, type[Body]]:
    """Every kind of fault, with its model."""
    union, _ = get_args(Fault)
    return {get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(union)}


def fault(kind: str, values: dict[str, Any]) -> Fault:
    """A fault from its kind and values, which may be text. ConfigError tells every mistake."""
    try:
        return _FAULT.validate_python({**values, "kind": kind})
    except ValidationError as error:
        raise ConfigError(mistakes(error)) from None


def mistakes(error: ValidationError) -> list[str]:
    """A line for each mistake: its key, and what is allowed."""
    return [
        f"{place}: {told}" if (place := _place(each["loc"])) else told
        for each in error.errors()
        for told in (_told(each),)
    ]


def _place(location: tuple[int | str, ...]) -> str:
    """`event[2].fault.seconds`. A union puts the kind it chose into the location, which is no key of the file."""
    place = ""
    chosen = kinds()
    for step in location:
        if isinstance(step, int):
            place += f"[{step}]"
        elif step not in chosen:
            place += f".{step}" if place else step
    return place


def _told(each: Any) -> str:
    given = each["input"]
    match each["type"]:
        case "missing":
            return "is needed"
        case "extra_forbidden":
            return "no such key"
        case "union_tag_invalid":
            return f"kind {given.get('kind')!r} is not one of {', '.join(kinds())}"
        case "union_tag_not_found":
            return f"kind is needed: one of {', '.join(kinds())}"
        case "string_pattern_mismatch":
            return f"{given!r} does not match {each['ctx']['pattern']}"
        case "value_error":
            return str(each["ctx"]["error"])
        case _:
            said = each["msg"].removeprefix("Input ").removeprefix("String ")
            return f"{given!r} {said}" if isinstance(given, str | int | float | bool) else said
