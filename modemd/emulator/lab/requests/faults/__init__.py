"""Requests that put a fault on a running modem: a model for each kind of fault.

`modemd fault --list` shows the docstring of each model.
"""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import Field

from modemd.emulator.lab.requests.base import LabRequest
from modemd.emulator.lab.requests.faults.line import (
    Answer,
    Deaf,
    ErrorInWords,
    Flood,
    ForgetSettings,
    Hang,
    Interrupt,
    LoseNotice,
    NoBlanks,
    Noise,
    Notice,
    ShortSmsc,
    Trickle,
    Wedge,
    WrongLength,
)
from modemd.emulator.lab.requests.faults.memories import (
    FillMemory,
    FreeSlot,
    StickSlot,
)
from modemd.emulator.lab.requests.faults.sending import (
    LateAnswer,
    LoseAnswer,
    LosePrompt,
    Refuse,
    StickSend,
)
from modemd.emulator.lab.requests.faults.sim import (
    AskPin,
    AskPuk,
    Clock,
    Coverage,
    InsertSim,
    LoseSmsc,
    RemoveSim,
    Replug,
    Report,
    Restart,
    Unplug,
)

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
    | ErrorInWords
    | WrongLength
    | ShortSmsc
    | FillMemory
    | StickSlot
    | FreeSlot,
    Field(discriminator="kind"),
]


def fault_kinds() -> dict[str, type[LabRequest]]:
    """Returns every kind of fault, with its model."""
    union, _ = get_args(Fault)
    return {get_args(model.model_fields["kind"].annotation)[0]: model for model in get_args(union)}
