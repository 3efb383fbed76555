"""Encoding of a CSV: UTF-8, UTF-16 with a byte order mark, or the Windows code page that spreadsheet programs of the country
use."""

from __future__ import annotations

import asyncio
import codecs
import hashlib
import re

from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass

_BEYOND_ASCII = bytes(range(0x80, 0x100))
_UTF_8_CHARACTER = re.compile(rb"[\xC2-\xDF][\x80-\xBF]|[\xE0-\xEF][\x80-\xBF]{2}|[\xF0-\xF4][\x80-\xBF]{3}")
# First octets of a workbook of Excel or LibreOffice, which is a ZIP file.
_ZIP = b"PK\x03\x04"
_CHUNK_SIZE = 1024 * 1024
# Characters of the line that a person is shown, to see whether its letters are right.
_SAMPLE_LENGTH = 60
# Windows code pages by country, as Windows takes them for programs without Unicode; any other country has 1252.
_CODE_PAGES = {
    **dict.fromkeys(("AL", "BA", "CZ", "HR", "HU", "ME", "PL", "RO", "SI", "SK"), "cp1250"),
    **dict.fromkeys(("BG", "BY", "KG", "KZ", "MK", "MN", "RS", "RU", "TJ", "UA"), "cp1251"),
    **dict.fromkeys(("CY", "GR"), "cp1253"),
    **dict.fromkeys(("AZ", "TR", "UZ"), "cp1254"),
    "IL": "cp1255",
    **dict.fromkeys(("AE", "BH", "DZ", "EG", "IQ", "JO", "KW", "LB", "LY", "MA", "OM", "QA", "SA", "SY", "TN", "YE"), "cp1256"),
    **dict.fromkeys(("EE", "LT", "LV"), "cp1257"),
    "VN": "cp1258",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileContent:
    """Octets of a file, the name of their encoding as Python knows it, and their SHA-256. `warnings`: if the encoding is a
    guess."""

    octets: bytes
    encoding: str
    digest: bytes
    warnings: tuple[str, ...] = ()


async def read_content(octets: bytes, country: str | None) -> FileContent:
    """Returns a file with its encoding. `country` (ISO 3166 alpha-2) decides how a file is read that is no Unicode. The loop
    may do other work between its chunks. Raises Refused (`bad_encoding`)."""
    if octets.startswith(_ZIP):
        raise Refused(ErrorCode.BAD_ENCODING, "this is a workbook (xlsx, ods), not a CSV; save it as CSV UTF-8")
    digest = await _hash(octets)
    encoding = "utf-16" if octets.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    wrong = await _find_undecodable(octets, encoding)
    if wrong is None:
        return FileContent(octets, encoding, digest)
    if encoding != "utf-16" and _is_mostly_utf_8(octets):
        raise Refused(
            ErrorCode.BAD_ENCODING, f"the CSV is UTF-8 but for byte {wrong}, which is none; save it as CSV UTF-8 again"
        )
    page = _CODE_PAGES.get(country or "", "cp1252")
    if encoding == "utf-16" or await _find_undecodable(octets, page) is not None:
        name = "UTF-16" if encoding == "utf-16" else f"UTF-8, nor {_name_page(page)},"
        raise Refused(ErrorCode.BAD_ENCODING, f"the CSV is not {name} at byte {wrong}; save it as CSV UTF-8")
    sample = _cut_line(octets, wrong).decode(page, "replace").strip()[:_SAMPLE_LENGTH]
    warning = f"the CSV is not UTF-8 and is read as {_name_page(page)}; check the letters: {sample}"
    return FileContent(octets, page, digest, (warning,))


def _is_mostly_utf_8(octets: bytes) -> bool:
    """Returns True if most octets beyond ASCII are characters of UTF-8: then the others are damage, and a code page would garble
    all of the file. In a file that is in a code page such sequences are rare."""
    beyond = len(octets) - len(octets.translate(None, _BEYOND_ASCII))
    return 2 * sum(map(len, _UTF_8_CHARACTER.findall(octets))) > beyond


async def _hash(octets: bytes) -> bytes:
    found = hashlib.sha256()
    for begin in range(0, len(octets), _CHUNK_SIZE):
        found.update(octets[begin : begin + _CHUNK_SIZE])
        await asyncio.sleep(0)
    return found.digest()


async def _find_undecodable(octets: bytes, encoding: str) -> int | None:
    """Returns the offset of the first octet that is not of the encoding; None if all are."""
    decoder = codecs.getincrementaldecoder(encoding)()
    for begin in range(0, max(len(octets), 1), _CHUNK_SIZE):
        left = len(decoder.getstate()[0])  # octets of a character that began in the chunk before
        try:
            decoder.decode(octets[begin : begin + _CHUNK_SIZE], final=begin + _CHUNK_SIZE >= len(octets))
        except UnicodeDecodeError as error:
            return begin - left + error.start
        await asyncio.sleep(0)
    return None


def _cut_line(octets: bytes, at: int) -> bytes:
    """Returns what stands round an octet on its line."""
    begin = max(octets.rfind(b"\n", 0, at) + 1, at - _SAMPLE_LENGTH // 2)
    end = octets.find(b"\n", at)
    return octets[begin : end if end >= 0 else len(octets)]


def _name_page(page: str) -> str:
    return page.replace("cp", "Windows-")
