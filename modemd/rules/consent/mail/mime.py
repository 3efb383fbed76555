"""MIME: octets of a mail into headers and parts (RFC 5322, RFC 2045 to 2047).

It is read here and not by `email.parser`: that one is quadratic in the length of a header and the depth of the parts, so a mail
of 1 MiB could stop the service for minutes. Here every count and length has a bound, the time grows with the octets alone, and
no octets make it fail.
"""

from __future__ import annotations

import binascii
import codecs
import re
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message

from modemd.light_dataclass import dataclass

MOST_HEADERS = 500
LONGEST_HEADER = 2000  # octets; the rest of a longer one is dropped
MOST_PARTS = 100
DEEPEST = 8

_END_OF_HEADERS = re.compile(rb"\r?\n(?=\r?\n)|\A(?=\r?\n)")
_FOLDED = re.compile(r"\r?\n[ \t]+")
_ENCODED_GAP = re.compile(r"(?<=\?=)\s+(?==\?)")
# Codecs of Python that no mail is written in; some of them are slow on purpose.
_NO_CHARSETS = frozenset(
    {"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem", "utf-7"}
)
_LONGEST_CHARSET = 40


@dataclass(frozen=True, slots=True)
class MimePart:
    """Part of a mail, or the mail itself: its headers as (name in small letters, value), its type, and either its text (`text`
    only if the type is text/...) or its parts. `problem`: why not all of it was read."""

    headers: tuple[tuple[str, str], ...]
    content_type: str
    is_attachment: bool = False
    text: str = ""
    parts: tuple[MimePart, ...] = ()
    problem: str | None = None

    def find(self, name: str) -> str | None:
        """Returns the value of the first header with this name (small letters), decoded; None if there is none."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def leaves(self) -> Iterator[MimePart]:
        """Yields this part, and all parts in it, in their order."""
        yield self
        for part in self.parts:
            yield from part.leaves


class _Budget:
    """Parts that may still be read."""

    def __init__(self) -> None:
        self.parts = MOST_PARTS


def parse(octets: bytes) -> MimePart:
    """Returns the mail in these octets. Octets that are no mail give a part with few headers or none."""
    return _parse(octets, 0, _Budget())


def _parse(octets: bytes, depth: int, budget: _Budget) -> MimePart:
    budget.parts -= 1
    end = _END_OF_HEADERS.search(octets)
    head, body = (octets[: end.start()], octets[end.end() :]) if end is not None else (octets, b"")
    headers = tuple(_parse_headers(head))
    typed = Message()
    for name in ("content-type", "content-disposition", "content-transfer-encoding"):
        value = next((value for key, value in headers if key == name), None)
        if value is not None:
            typed[name] = value
    content_type = typed.get_content_type()
    is_attachment = str(typed.get("content-disposition", "")).strip().lower().startswith("attachment")
    if content_type.startswith("multipart/") or content_type == "message/rfc822":
        if depth >= DEEPEST:
            return MimePart(headers, content_type, is_attachment, problem="its parts are nested too deeply")
        if content_type == "message/rfc822":
            pieces = [_decode_transfer(body.lstrip(b"\r\n"), typed)]
        else:
            pieces = _split(body, _find_boundary(typed))
        parts = tuple(_parse(piece, depth + 1, budget) for piece in pieces if budget.parts > 0)
        problem = "it has too many parts" if len(parts) < len(pieces) else None
        return MimePart(headers, content_type, is_attachment, parts=parts, problem=problem)
    if not content_type.startswith("text/"):
        return MimePart(headers, content_type, is_attachment)
    charset = typed.get_content_charset()
    text = decode(_decode_transfer(body, typed), charset)
    return MimePart(headers, content_type, is_attachment, text=text.replace("\r\n", "\n").replace("\r", "\n"))


def _parse_headers(head: bytes) -> Iterator[tuple[str, str]]:
    lines: list[bytes] = []
    length = 0
    for line in head.split(b"\n"):
        if line[:1] in (b" ", b"\t") and lines:
            if length < LONGEST_HEADER:
                lines[-1] += b"\n" + line
                length += len(line)
            continue
        if len(lines) >= MOST_HEADERS:
            break
        lines.append(line)
        length = len(line)
    for line in lines:
        name, colon, value = line.partition(b":")
        if colon:
            yield name.strip().decode("ascii", "replace").lower(), decode_words(value[:LONGEST_HEADER])


def decode_words(value: bytes) -> str:
    """Returns the value of a header, unfolded, with its encoded words (RFC 2047) decoded. Controls become blanks."""
    text = _ENCODED_GAP.sub("", _FOLDED.sub(" ", decode(value, None)))
    if "=?" in text:
        try:
            pieces = decode_header(text)
        except (HeaderParseError, ValueError):  # base64 that is none
            pieces = [(text, None)]
        text = "".join(
            decode(piece, charset) if isinstance(piece, bytes) else piece for piece, charset in _join_pieces(pieces)
        )
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()


def _join_pieces(pieces: list[tuple[bytes | str, str | None]]) -> Iterator[tuple[bytes | str, str | None]]:
    """Yields the pieces of a header; those without a charset, which `decode_header` gives as raw-unicode-escape, as text."""
    for piece, charset in pieces:
        if isinstance(piece, bytes) and charset is None:
            yield piece.decode("raw-unicode-escape", "replace"), None
        else:
            yield piece, charset


def decode(octets: bytes, charset: str | None) -> str:
    """Returns the text of octets. A charset that is unknown, or not true, is read as UTF-8, and if it is not that, as
    Windows-1252. Octets that mean nothing become U+FFFD."""
    if charset is not None and (found := _find_charset(charset)) is not None:
        try:
            return octets.decode(found)
        except ValueError:  # UnicodeError is one
            if found.startswith("iso2022"):  # plain ASCII to every other charset, so the others would see no mistake
                return octets.decode(found, "replace")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


def _find_charset(name: str) -> str | None:
    """Returns the codec for a charset; None if it is unknown, or no charset of text."""
    try:
        found = codecs.lookup(name[:_LONGEST_CHARSET]).name.lower()
    except (LookupError, ValueError, OSError):
        return None
    # What Python calls ISO 8859-1 and ASCII is Windows-1252 in most mails.
    if found in ("iso8859-1", "ascii"):
        return None
    return None if found.replace("_", "-") in _NO_CHARSETS or not _is_text(found) else found


def _is_text(codec: str) -> bool:
    try:
        b"".decode(codec)
    except (LookupError, ValueError):  # zlib, hex and their like
        return False
    return True


def _decode_transfer(body: bytes, typed: Message) -> bytes:
    """Returns the octets behind a transfer encoding. Base64 that is broken is read as far as it goes."""
    match str(typed.get("content-transfer-encoding", "")).strip().lower():
        case "base64":
            signs = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
            return binascii.a2b_base64(signs[: len(signs) // 4 * 4] + _pad(signs[len(signs) // 4 * 4 :]))
        case "quoted-printable":
            return binascii.a2b_qp(body)
    return body


def _pad(rest: bytes) -> bytes:
    """Returns the last signs of base64 as a whole group; nothing if they are not one."""
    return rest + b"=" * (4 - len(rest)) if len(rest) >= 2 else b""


def _find_boundary(typed: Message) -> bytes | None:
    try:
        found = typed.get_boundary()
    except ValueError:  # RFC 2231 with a charset that is none
        return None
    return found.encode("utf-8", "replace") if found else None


def _split(body: bytes, boundary: bytes | None) -> list[bytes]:
    """Returns the parts of a multipart body (RFC 2046 5.1.1). Without a boundary, or without a line of it, the whole is one."""
    if boundary is None:
        return [b"\n" + body]
    lines = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    pieces: list[bytes] = []
    begin: int | None = None
    for found in lines.finditer(body):
        if begin is not None:
            pieces.append(body[begin : found.start()])
        begin = None if found[1] else found.end()
        if found[1] or len(pieces) > MOST_PARTS:
            break
    if begin is not None:
        pieces.append(body[begin:])  # the mail was cut, or its end forgotten
    # A part begins behind the line end of its boundary; a part without headers begins with an empty line.
    return [re.sub(rb"\A\r?\n", b"", piece) for piece in pieces] or [b"\n" + body]
