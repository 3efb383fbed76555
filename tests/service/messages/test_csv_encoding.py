"""Encodings of files as office programs save them."""

from __future__ import annotations

import codecs

import pytest

from modemd.errors import Refused
from modemd.service.messages import csv_encoding
from modemd.service.messages.csv_encoding import read_content

FRENCH = "to;text\r\n0612345678;Maïté, à bientôt – 5 €\r\n"


@pytest.mark.parametrize(
    ("text", "octets", "country"),
    [
        pytest.param(FRENCH, FRENCH.encode(), "FR", id="UTF-8"),
        pytest.param(FRENCH, FRENCH.encode("utf-8-sig"), "FR", id="UTF-8 with a mark"),
        pytest.param(FRENCH, codecs.BOM_UTF16_LE + FRENCH.encode("utf-16-le"), "FR", id="Unicode text of Excel"),
        pytest.param(FRENCH, codecs.BOM_UTF16_BE + FRENCH.encode("utf-16-be"), "FR", id="the other order"),
    ],
)
async def test_unicode_is_read_without_a_warning(text: str, octets: bytes, country: str) -> None:
    """A file that says its encoding, or is UTF-8, is no guess."""
    found = await read_content(octets, country)
    assert (octets.decode(found.encoding), found.warnings) == (text, ())


@pytest.mark.parametrize(
    ("text", "page", "country"),
    [
        pytest.param(FRENCH, "cp1252", "FR", id="France"),
        pytest.param(FRENCH, "cp1252", None, id="no country"),
        pytest.param("to;text\n1;Zażółć\n", "cp1250", "PL", id="Poland"),
        pytest.param("to;text\n1;Привет\n", "cp1251", "UA", id="Ukraine"),
        pytest.param("to;text\n1;Καλημέρα\n", "cp1253", "GR", id="Greece"),
        pytest.param("to;text\n1;İstanbul ğ\n", "cp1254", "TR", id="Turkey"),
    ],
)
async def test_a_code_page_is_guessed_by_the_country(text: str, page: str, country: str | None) -> None:
    """What is no Unicode is in the code page of the country's Windows; a person sees a line, to check its letters."""
    found = await read_content(text.encode(page), country)
    assert text.encode(page).decode(found.encoding) == text
    (warning,) = found.warnings
    assert f"is read as Windows-{page[2:]}; check the letters: " in warning
    assert warning.endswith(text.splitlines()[1][-10:])


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        pytest.param(b"to,text\n1,\x81\n", "is not UTF-8, nor Windows-1252, at byte 10", id="no letter of the page"),
        pytest.param(codecs.BOM_UTF16_LE + b"\x00\xd8a\x00", "is not UTF-16 at byte 2", id="half a pair"),
    ],
)
async def test_what_cannot_be_read_is_refused(octets: bytes, reason: str) -> None:
    """Nothing is guessed beyond that; the first wrong octet is named."""
    with pytest.raises(Refused, match=reason) as refused:
        await read_content(octets, "FR")
    assert refused.value.code == "bad_encoding"


async def test_one_damaged_octet_garbles_no_file() -> None:
    """A UTF-8 file with one octet of a code page is refused, and the octet is named: read as the code page, every other accent
    would be wrong."""
    octets = "to,text\n+33612345601,réponse à noël\n+33612345602,caf".encode() + b"\xe9\n"
    with pytest.raises(Refused, match=f"UTF-8 but for byte {octets.index(0xE9)}"):
        await read_content(octets, "FR")
    assert (await read_content("to,text\n1,Ёлки и Київ\n".encode("cp1251"), "UA")).encoding == "cp1251"


async def test_a_character_may_lie_across_two_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large file is looked at in pieces, and the place of a wrong octet is that in the file."""
    monkeypatch.setattr(csv_encoding, "_CHUNK_SIZE", 4)
    assert (await read_content("abcé".encode(), None)).warnings == ()
    with pytest.raises(Refused, match="byte 9"):
        await read_content("abcéfghi".encode() + b"\x81", None)
