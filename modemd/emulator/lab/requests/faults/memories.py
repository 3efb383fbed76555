"""Faults of the message memories."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from modemd.emulator.device.results import FinalResult
from modemd.emulator.error_codes import LabCode
from modemd.emulator.lab.lab import LabModem
from modemd.emulator.lab.requests.base import LabRequest, MemoryName
from modemd.errors import Refused


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
