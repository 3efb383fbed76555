"""Choice of a sender: reads the text by which a person or a program says from where a message goes. Pure.

The form of the text tells what it names: a telephone number begins with +, a pool with `pool:`; an ICCID is longer than any other
number. Everything else is the name of a line. Whether there is such a line, SIM or pool is not known here.
"""

from __future__ import annotations

import re
from enum import StrEnum

from modemd.errors import Refused
from modemd.light_dataclass import dataclass
from modemd.rules.phone_numbers import parse_recipient, quote
from modemd.rules.senders.codes import SenderCode


class ChoiceForm(StrEnum):
    """Form of the text that names a sender."""

    LINE = "line"
    NUMBER = "number"
    SIM = "sim"
    POOL = "pool"


@dataclass(frozen=True, slots=True)
class SenderChoice:
    """Choice of a sender. `value`: the name of the line or pool, the number in E.164, or the ICCID."""

    form: ChoiceForm
    value: str


_POOL = "pool:"
_NAME = re.compile(r"[a-z0-9_-]{1,40}")
_NAME_FORM = "1 to 40 small letters, digits, _ and -"
# ETSI TS 102 221 13.2: BCD; some issuers use A to E as digits.
_ICCID = re.compile(r"[0-9]{6}[0-9A-E]{12,16}")
# A number as it is dialled in its country or from it. A line may be called 1 or 007, but not 0612345678.
_DIALLED = re.compile(r"0[0-9]{5,14}")


def parse_choice(text: str) -> SenderChoice:
    """Returns what a text names: `office` a line, `+33612345678` a number, `8933150319120000001` a SIM, `pool:shops` a pool.
    Raises Refused (`bad_sender`) if it has none of these forms."""
    plain = text.strip()
    if plain.startswith("+"):
        try:
            return SenderChoice(ChoiceForm.NUMBER, parse_recipient(plain, country=None).number)
        except Refused as refused:
            raise Refused(SenderCode.BAD_SENDER, refused.reason) from None
    if plain.startswith(_POOL):
        name = plain.removeprefix(_POOL)
        if _NAME.fullmatch(name) is None:
            raise Refused(SenderCode.BAD_SENDER, f"{quote(name[:40])} is no name of a pool: it has {_NAME_FORM}")
        return SenderChoice(ChoiceForm.POOL, name)
    if _ICCID.fullmatch(plain.upper()) is not None:
        return SenderChoice(ChoiceForm.SIM, plain.upper())
    if _DIALLED.fullmatch(plain) is not None:
        raise Refused(
            SenderCode.BAD_SENDER, f"{quote(plain)} is a number without + and country code; write it as +33612345678"
        )
    if _NAME.fullmatch(plain) is None:
        raise Refused(
            SenderCode.BAD_SENDER,
            f"{quote(plain[:40])} names no sender: give the name of a line ({_NAME_FORM}), a number such as +33612345678, the "
            "ICCID of a SIM, or pool: and the name of a pool",
        )
    return SenderChoice(ChoiceForm.LINE, plain)
