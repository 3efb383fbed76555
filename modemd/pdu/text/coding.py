"""TP-DCS, the data coding scheme: alphabet, message class and message-waiting indication (3GPP TS 23.038 clause 4)."""

from __future__ import annotations

from enum import Enum, IntEnum

from modemd.errors import EncodeError
from modemd.light_dataclass import dataclass


class Alphabet(Enum):
    """Alphabet of the user data. A reserved alphabet is read as GSM7, as the clause requires of receivers."""

    GSM7 = "gsm7"
    DATA8 = "data8"
    UCS2 = "ucs2"


class Waiting(IntEnum):
    """Kind of message that waits elsewhere."""

    VOICEMAIL = 0
    FAX = 1
    EMAIL = 2
    OTHER = 3


@dataclass(frozen=True, slots=True)
class Coding:
    """Meaning of one TP-DCS octet.

    `message_class`: 0 to 3 (0 is the flash message), None if the octet names none. `packed`: the user data is packed
    septets, so that TP-UDL counts septets. `waiting`: the indicator that this message switches on (`waiting_active`) or off.
    `store` False: the phone is asked to discard the text.
    """

    dcs: int
    alphabet: Alphabet
    message_class: int | None = None
    compressed: bool = False
    automatic_deletion: bool = False
    waiting: Waiting | None = None
    waiting_active: bool = False
    store: bool = True
    reserved: bool = False
    packed: bool = True

    @classmethod
    def of(cls, dcs: int) -> Coding:
        """Returns the meaning of one octet, 0 to 255."""
        return CODINGS[dcs]

    def __str__(self) -> str:
        words = [{"gsm7": "GSM 7 bit", "data8": "8-bit data", "ucs2": "UCS2"}[self.alphabet.value]]
        if self.message_class is not None:
            words.append(f"class {self.message_class}")
        if self.compressed:
            words.append("compressed")
        if self.automatic_deletion:
            words.append("marked for automatic deletion")
        if self.waiting is not None:
            state = "waiting" if self.waiting_active else "no longer waiting"
            words.append(f"{self.waiting.name.lower()} {state}, {'store' if self.store else 'discard'} the text")
        if self.reserved:
            words.append("reserved group")
        return ", ".join(words)


_GSM7, _UCS2 = Alphabet.GSM7, Alphabet.UCS2
_ALPHABET_BITS = (Alphabet.GSM7, Alphabet.DATA8, Alphabet.UCS2, Alphabet.GSM7)


def _general(dcs: int) -> Coding:
    alphabet = _ALPHABET_BITS[dcs >> 2 & 3]
    compressed = bool(dcs & 0x20)
    return Coding(
        dcs,
        alphabet,
        message_class=dcs & 3 if dcs & 0x10 else None,
        compressed=compressed,
        automatic_deletion=bool(dcs & 0x40),
        reserved=dcs & 0x0C == 0x0C,
        packed=alphabet is Alphabet.GSM7 and not compressed,
    )


def _waiting(dcs: int) -> Coding:
    ucs2 = dcs >= 0xE0
    return Coding(
        dcs,
        Alphabet.UCS2 if ucs2 else Alphabet.GSM7,
        waiting=Waiting(dcs & 3),
        waiting_active=bool(dcs & 8),
        store=dcs >= 0xD0,
        packed=not ucs2,
    )


def _read(dcs: int) -> Coding:
    if dcs < 0x80:
        return _general(dcs)
    if dcs < 0xC0:
        return Coding(dcs, Alphabet.GSM7, reserved=True)
    if dcs < 0xF0:
        return _waiting(dcs)
    data = bool(dcs & 4)
    return Coding(dcs, Alphabet.DATA8 if data else Alphabet.GSM7, message_class=dcs & 3, packed=not data)


CODINGS = tuple(_read(dcs) for dcs in range(256))


def coding_of(dcs: int) -> Coding:
    """Returns the coding of `dcs`. EncodeError if it is not an octet."""
    if not 0 <= dcs <= 255:
        raise EncodeError("TP-DCS", f"{dcs} is not an octet")
    return CODINGS[dcs]


def dcs_of(alphabet: Alphabet, message_class: int | None = None) -> int:
    """Returns the simplest octet for an alphabet and a class (None, or 0 to 3), in the general group."""
    dcs = 0 if alphabet is _GSM7 else 8 if alphabet is _UCS2 else 4
    if message_class is None:
        return dcs
    if not 0 <= message_class <= 3:
        raise EncodeError("TP-DCS", f"message class {message_class} is not 0 to 3")
    return dcs | 0x10 | message_class
