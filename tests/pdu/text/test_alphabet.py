"""The default alphabet and the national tables."""

from __future__ import annotations

import pytest

from modemd.errors import EncodeError
from modemd.pdu import Language, table
from modemd.pdu.text.alphabet import DEFAULT


def test_default_alphabet_has_its_characters() -> None:
    """127 characters of one septet and ten of two, and no other, come back from their septets."""
    assert len(DEFAULT.letters) == 127
    assert DEFAULT.extension == set("\f^{}\\[~]|€")
    everything = "".join(sorted(DEFAULT.letters | DEFAULT.extension))
    septets = DEFAULT.encode(everything)
    assert len(septets) == 127 + 2 * 10
    assert DEFAULT.decode(septets) == everything


@pytest.mark.parametrize("character", ["`", "\t", "ç", "\0", "\x1b", "\ufffe", "Ж", "😀", "\ud800", "á"])
def test_characters_outside_are_refused(character: str) -> None:
    """A character outside the alphabet is an error that says which and where."""
    assert DEFAULT.try_encode(character) is None
    with pytest.raises(EncodeError, match=f"U\\+{ord(character):04X} at character 2"):
        DEFAULT.encode("ok" + character)


@pytest.mark.parametrize(
    ("septets", "text"),
    [
        pytest.param("1b65", "€", id="an escape pair"),
        pytest.param("1b41", "A", id="no such pair: the base character"),
        pytest.param("1b1b65", " e", id="two escapes: a space, and what follows stands for itself"),
        pytest.param("411b", "A ", id="an escape at the end: a space"),
        pytest.param("00", "@", id="septet 00"),
    ],
)
def test_reading_escapes(septets: str, text: str) -> None:
    """Escapes are read as the clause tells receivers."""
    assert DEFAULT.decode(bytes.fromhex(septets)) == text


@pytest.mark.parametrize("language", Language)
def test_national_tables_read_what_they_write(language: Language) -> None:
    """Each pair of tables of a language writes its characters and reads them again."""
    for tables in (table(language, 0), table(0, language), table(language, language)):
        everything = "".join(sorted(tables.letters | tables.extension))
        assert tables.decode(tables.encode(everything)) == everything


@pytest.mark.parametrize(
    ("locking", "single", "text", "septets"),
    [
        pytest.param(Language.TURKISH, 0, "ğışİŞĞ€", "0c071d401c0b04", id="turkish locking"),
        pytest.param(0, Language.SPANISH, "áéÁç", "1b61051b411b09", id="spanish single"),
        pytest.param(Language.KANNADA, 0, "\u0ca1", "24", id="kannada, the misprint mended"),
        pytest.param(Language.HINDI, Language.HINDI, "\u0901", "00", id="septet 00 of another base"),
        pytest.param(Language.HINDI, Language.HINDI, "@", "1b00", id="code 00 of an extension"),
    ],
)
def test_national_characters(locking: int, single: int, text: str, septets: str) -> None:
    """Characters stand where the annex prints them."""
    assert table(locking, single).encode(text).hex() == septets


@pytest.mark.parametrize("language", [0, 2, 14, 255])
def test_locking_tables_not_given_out_are_the_default(language: int) -> None:
    """An identifier without a locking table leaves the default alphabet in place."""
    assert table(language, 0).letters == DEFAULT.letters
