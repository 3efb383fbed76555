"""Reading of mails: no octets make it fail or take long."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modemd.rules.consent.mail import mime, quoting, reading
from tests.rules.consent.mail.mails import WORDS, html, judge, mail, multipart, part

# Beginnings that lead random octets into every branch.
_PIECES = [
    *(
        b"\n",
        b"\r\n",
        b"\n\n",
        b"--",
        b"--b",
        b"--b--",
        b" ",
        b"\t",
        b":",
        b";",
        b'"',
        b"=",
        b"<",
        b">",
        b"?",
        b"=?",
        b"?=",
    ),
    *(
        b"Content-Type: ",
        b"multipart/mixed; boundary=b",
        b"message/rfc822",
        b"text/html",
        b"; charset=",
        b"boundary*0*=x''%41",
    ),
    *(
        b"Content-Transfer-Encoding: ",
        b"base64",
        b"quoted-printable",
        b"From: ",
        b"Subject: ",
        b"=?utf-8?b?",
        b"=?x?q?",
        b"@",
    ),
    *(
        b"<!--",
        b"-->",
        b"<style>",
        b"<blockquote>",
        b"STOP",
        b"+33612345678",
        b"utf-16",
        b"iso-2022-jp",
        b"punycode",
        b"zlib",
    ),
    *(
        b"Fwd: ",
        b"From: a@b.c\nSent: x\nTo: y\n",
        b"X wrote:",
        b"> ",
        b"\0",
        b"\xff",
        b"\xe2\x80\xae",
        b"=41",
        b"(",
        b")",
        b",",
    ),
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(_PIECES), st.binary(max_size=12)), max_size=60))
def test_any_octets_can_be_read(pieces: list[bytes]) -> None:
    """Whatever comes in, there is a mail, and a decision about it."""
    judge(b"".join(pieces))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_random_octets_can_be_read(octets: bytes) -> None:
    """Also those that look like no mail."""
    judge(octets)


_MIB = reading.LARGEST
_BOMBS = [
    pytest.param(b"a: b\n" * (_MIB // 5), id="headers"),
    pytest.param(b"Subject: " + b"=?a?q?" * (_MIB // 6), id="encoded words that do not end"),
    pytest.param(b"Content-Type: text/plain; " + b'";' * (_MIB // 2), id="parameters"),
    pytest.param(b"From: " + b"(" * _MIB, id="comments in an address"),
    pytest.param(b"From: a\n" + b" x;\n" * (_MIB // 4), id="folded lines"),
    pytest.param(mail(b"--b\n" * (_MIB // 4), content_type="multipart/mixed; boundary=b"), id="parts"),
    pytest.param(html("<!--" * (_MIB // 4)), id="comments in HTML"),
    pytest.param(html("<style" * (_MIB // 6)), id="tags that do not end"),
    pytest.param(html("<style>" * (_MIB // 7)), id="styles that do not end"),
    pytest.param(html("&" * _MIB), id="entities"),
    pytest.param(mail("1 " * (_MIB // 2)), id="digits"),
    pytest.param(mail("+33 6 " * (_MIB // 6)), id="beginnings of numbers"),
    pytest.param(mail("\n--" * (_MIB // 3)), id="signatures"),
    pytest.param(mail("From: a\n" * (_MIB // 8)), id="quoted headers"),
    pytest.param(mail("wrote:\n" * (_MIB // 7)), id="attributions"),
    pytest.param(mail("> " * (_MIB // 2), subject="Fwd: x"), id="marks of quotations"),
    pytest.param(mail(" " * _MIB + "x"), id="blanks"),
    pytest.param(mail("stop " * (_MIB // 5)), id="words"),
    pytest.param(mail(random.Random(1).randbytes(_MIB)), id="noise"),
]


@pytest.mark.parametrize("octets", _BOMBS)
def test_a_mail_that_is_made_to_be_slow_is_not(octets: bytes) -> None:
    """The time grows with the octets alone, not with what they are."""
    before = time.process_time()
    judge(octets)
    assert time.process_time() - before < 2


def nested(depth: int) -> bytes:
    inner = part("STOP +33612345678")
    for level in range(depth):
        boundary = f"b{level}".encode()
        inner = (
            b"Content-Type: multipart/mixed; boundary=" + boundary + b"\n\n--" + boundary + b"\n" + inner + b"\n--" + boundary
            + b"--\n"
        )  # fmt: skip
    return b"From: a@example.com\n" + inner


def test_parts_are_followed_to_a_depth() -> None:
    """A mail within a mail is read; one that is nested on and on says so."""
    assert reading.read(nested(mime.DEEPEST)).text.own == "STOP +33612345678"
    assert reading.read(nested(mime.DEEPEST + 1)).problem == "its parts are nested too deeply"
    assert reading.read(nested(2000)).problem == "its parts are nested too deeply"


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("Ana <Ana@Example.COM>", "ana@example.com"),
        ("ana@example.com (Ana)", "ana@example.com"),
        ('"a, b" <ana@example.com>', "ana@example.com"),
        ("=?utf-8?q?Ren=C3=A9?= <ana@example.com>", "ana@example.com"),
    ],
)
def test_an_address_is_found_whatever_is_beside_it(header: str, address: str) -> None:
    """Names and comments do not count, nor do capitals."""
    assert reading.read(mail(sender=header)).senders == (address,)


def test_the_same_mail_has_the_same_digest_whatever_way_it_came() -> None:
    """Lines that servers add do not make another mail of it; another word does."""
    one = mail("Stop", message_id="<1@x>", received="by a")
    assert reading.read(one).digest == reading.read(mail("Stop\n", message_id="<1@x>", received="by b")).digest
    assert reading.read(one).digest != reading.read(mail("Stop!", message_id="<1@x>", received="by a")).digest


def test_text_and_signature_are_told_apart() -> None:
    """A name and a number below two dashes are no part of what was said."""
    text = quoting.split("Stop\n-- \nJean\n0612345678")
    assert (text.own, text.signature) == ("Stop", "-- \nJean\n0612345678")


def test_inline_parts_are_one_text() -> None:
    """A footer that a server adds as a part of its own does not hide the text."""
    both = multipart("mixed", part("Stop"), part("Scanned for viruses"))
    assert reading.read(both).text.own == "Stop\n\nScanned for viruses"
    assert WORDS.find_stop_word("Stop") is not None
