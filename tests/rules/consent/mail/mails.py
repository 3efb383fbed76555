"""Mails as people and programs write them, and the opt-out words that the tests use."""

from __future__ import annotations

import base64
import quopri
from collections.abc import Mapping, Sequence

from modemd.rules.consent.mail import reading
from modemd.rules.consent.mail.decision import MailDecision, decide, find_content
from modemd.rules.consent.words.keywords import KeywordAction
from modemd.rules.consent.words.matching import MatchTier, Words

KNOWN = "+33612345678"
OTHER = "+33698765432"
ADDRESS = "jean@example.fr"


class ShippedWords:
    """The shipped words; what is ambiguous is doubtful."""

    def __init__(self) -> None:
        self._words = Words.load()

    def find_stop_word(self, text: str) -> str | None:
        match = self._words.match(text)
        if match is None or match.action is not KeywordAction.OPT_OUT or match.tier is MatchTier.AMBIGUOUS:
            return None
        return match.word

    def find_doubtful_word(self, text: str) -> str | None:
        match = self._words.match(text)
        return match.word if match is not None and match.tier is MatchTier.AMBIGUOUS else None


WORDS = ShippedWords()


def mail(
    body: str | bytes = "", *, charset: str = "utf-8", sender: str = "Ana <ana@example.com>", **headers: str
) -> bytes:
    """A mail; a keyword such as `subject` or `content_type` is a header."""
    named = {"From": sender} | {name.replace("_", "-").title(): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\n" for name, value in named.items())
    return head.encode("utf-8") + b"\n" + (body if isinstance(body, bytes) else body.encode(charset))


def html(body: str, **headers: str) -> bytes:
    return mail(body, content_type="text/html; charset=utf-8", **headers)


def in_base64(text: str, charset: str = "utf-8", **headers: str) -> bytes:
    return mail(
        base64.encodebytes(text.encode(charset)),
        content_type=f"text/plain; charset={charset}",
        content_transfer_encoding="base64",
        **headers,
    )


def in_quoted_printable(text: str, charset: str, **headers: str) -> bytes:
    return mail(
        quopri.encodestring(text.encode(charset)),
        content_type=f'text/plain; charset="{charset}"',
        content_transfer_encoding="quoted-printable",
        **headers,
    )


def multipart(kind: str, *parts: bytes, **headers: str) -> bytes:
    body = b"".join(b"--=_b1\n" + part + b"\n" for part in parts) + b"--=_b1--\n"
    return mail(b"preamble\n" + body, content_type=f'multipart/{kind}; boundary="=_b1"', **headers)


def part(body: str, content_type: str = "text/plain; charset=utf-8", *more: str) -> bytes:
    return "\n".join((f"Content-Type: {content_type}", *more, "", body)).encode()


def judge(
    octets: bytes,
    known: Sequence[str] = (KNOWN, OTHER),
    addresses: Mapping[str, Sequence[str]] | None = None,
    countries: Sequence[str] = ("FR",),
) -> MailDecision:
    """What follows from a mail, if these numbers and addresses are known."""
    read = reading.read(octets)
    content = find_content(read, WORDS, countries)
    return decide(read, content, known, addresses if addresses is not None else {ADDRESS: (KNOWN,)})
