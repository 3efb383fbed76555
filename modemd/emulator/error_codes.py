"""Codes of errors that the emulator's control API answers."""

from __future__ import annotations

from enum import StrEnum


class LabCode(StrEnum):
    """Codes of what the emulator refuses, stable and for programs."""

    IS_A_SIM = "is_a_sim"
    NO_DEVICE = "no_device"
    NO_MEMORY = "no_memory"
    NO_OPERATOR = "no_operator"
    NO_SIM = "no_sim"
    NUMBER_TAKEN = "number_taken"
    TAKEN = "taken"
