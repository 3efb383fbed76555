"""Settings of a message centre: how it answers, and what it gives as identifiers and receipts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from modemd.smpp.texts import DefaultAlphabet

IdForm = Literal["decimal", "hex", "mixed"]
"""How the identifier of a message is written: `mixed` has it in hexadecimal digits in the answer and in decimal digits in the
receipt, as some centres do."""

LONGEST_MESSAGE = 254
"""The most octets of short_message that an answer of the specification allows (SMPP 3.4, 5.2.22)."""


@dataclass(slots=True)
class CentreSettings:
    """Settings that can change at any time. `answer_latency_s`: seconds before the answer to a message. `window`: deliveries to a
    client that may be without an answer. `has_receipt_tlvs`: receipts have the identifier and the state as TLVs, too.
    `refuses_binds_with`: status with which every bind is refused, None: none is. `enquire_after_s`: seconds of silence after
    which the centre asks whether the client is there."""

    alphabet: DefaultAlphabet = DefaultAlphabet.GSM7
    id_form: IdForm = "decimal"
    answer_latency_s: float = 0.0
    window: int = 10
    has_receipt_tlvs: bool = True
    refuses_binds_with: int | None = None
    enquire_after_s: float = 30.0


def write_id(number: int, form: IdForm, *, in_receipt: bool) -> str:
    """Returns the identifier of a message as an answer or a receipt has it."""
    is_hex = form == "hex" or (form == "mixed" and not in_receipt)
    return f"{number:X}" if is_hex else str(number)
