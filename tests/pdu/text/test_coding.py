"""Data coding schemes."""

from __future__ import annotations

import pytest

from modemd.errors import EncodeError
from modemd.pdu import Alphabet, Coding, Waiting, dcs_of

GSM7, DATA8, UCS2 = Alphabet.GSM7, Alphabet.DATA8, Alphabet.UCS2


@pytest.mark.parametrize(
    ("dcs", "alphabet", "message_class"),
    [
        (0x00, GSM7, None),
        (0x03, GSM7, None),
        (0x04, DATA8, None),
        (0x08, UCS2, None),
        (0x0C, GSM7, None),
        (0x10, GSM7, 0),
        (0x14, DATA8, 0),
        (0x18, UCS2, 0),
        (0x1B, UCS2, 3),
        (0x48, UCS2, None),
        (0x80, GSM7, None),
        (0xBF, GSM7, None),
        (0xC8, GSM7, None),
        (0xE0, UCS2, None),
        (0xF0, GSM7, 0),
        (0xF5, DATA8, 1),
        (0xF6, DATA8, 2),
        (0xF9, GSM7, 1),
    ],
)
def test_groups(dcs: int, alphabet: Alphabet, message_class: int | None) -> None:
    """Each group of octets says its alphabet and class; reserved ones read as GSM 7 bit."""
    coding = Coding.of(dcs)
    assert (coding.alphabet, coding.message_class) == (alphabet, message_class)
    assert coding.packed == (alphabet is GSM7)


def test_every_octet_has_a_meaning() -> None:
    """No octet is left out, and each can be put in words."""
    assert [Coding.of(dcs).dcs for dcs in range(256)] == list(range(256))
    assert all(str(Coding.of(dcs)) for dcs in range(256))


def test_compressed_text_is_octets() -> None:
    """A compressed text is told as such, and its length counts octets."""
    coding = Coding.of(0x20)
    assert (coding.compressed, coding.packed) == (True, False)


@pytest.mark.parametrize(
    ("dcs", "waiting", "active", "store"),
    [
        (0xC0, Waiting.VOICEMAIL, False, False),
        (0xC8, Waiting.VOICEMAIL, True, False),
        (0xD9, Waiting.FAX, True, True),
        (0xEA, Waiting.EMAIL, True, True),
    ],
)
def test_message_waiting(dcs: int, waiting: Waiting, active: bool, store: bool) -> None:
    """The waiting groups say which lamp, on or off, and what becomes of the text."""
    coding = Coding.of(dcs)
    assert (coding.waiting, coding.waiting_active, coding.store) == (waiting, active, store)


@pytest.mark.parametrize("alphabet", Alphabet)
@pytest.mark.parametrize("message_class", [None, 0, 1, 2, 3])
def test_the_plainest_octet_says_what_was_meant(alphabet: Alphabet, message_class: int | None) -> None:
    """The octet made for an alphabet and a class is read as these."""
    coding = Coding.of(dcs_of(alphabet, message_class))
    assert (coding.alphabet, coding.message_class) == (alphabet, message_class)


def test_there_are_four_classes() -> None:
    """A class that does not exist is refused."""
    with pytest.raises(EncodeError, match="class 4"):
        dcs_of(GSM7, 4)
