"""TwiML."""

from __future__ import annotations

import time

import pytest

from modemd.rules.twilio.twiml import (
    LARGEST_ANSWER,
    MOST_MESSAGES,
    TwimlAnswer,
    TwimlError,
    TwimlMessage,
    TwimlRedirect,
    parse_answer,
)

XML = "text/xml; charset=utf-8"


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        ("<Response/>", ()),
        ("", ()),
        ("  \n", ()),
        ("<Response><Message>Hi</Message></Response>", (TwimlMessage("Hi"),)),
        ("<Response><Message><Body>a &lt; b &amp; &#233;</Body></Message></Response>", (TwimlMessage("a < b & é"),)),
        (
            '<?xml version="1.0" encoding="UTF-8"?>\n<Response>\n <Message to="+33612345678" from="+33700000001" action="/s" '
            'method="get">\n  <Body>Arrêt ✋</Body>\n  <Media>https://e.example/a.png</Media>\n </Message>\n</Response>',
            (TwimlMessage("Arrêt ✋", "+33612345678", "+33700000001", "/s", "GET", has_media=True),),
        ),
        ("<Response><Message>one</Message><Sms>two</Sms></Response>", (TwimlMessage("one"), TwimlMessage("two"))),
        ("<Response><Message><![CDATA[<b>]]></Message></Response>", (TwimlMessage("<b>"),)),
    ],
)
def test_an_answer_has_messages(body: str, messages: tuple[TwimlMessage, ...]) -> None:
    """In order, each with where it goes; none is no answer."""
    assert parse_answer(body.encode(), XML) == TwimlAnswer(messages)


def test_a_plain_text_is_a_message() -> None:
    """As Twilio takes it."""
    assert parse_answer("Merci ✋\n".encode(), "text/plain") == TwimlAnswer((TwimlMessage("Merci ✋"),))


@pytest.mark.parametrize(
    ("body", "texts", "redirect"),
    [
        ("<Redirect>/b?c=d&amp;e</Redirect>", (), TwimlRedirect("/b?c=d&e")),
        ("<Message>one</Message><Redirect method='get'> https://b.example/ </Redirect>", ("one",),
         TwimlRedirect("https://b.example/", "GET")),
        ("<Redirect>/b</Redirect><Message>never</Message><Redirect>/c</Redirect>", (), TwimlRedirect("/b")),
        ("<Redirect/>", (), TwimlRedirect("")),
    ],
)  # fmt: skip
def test_an_answer_goes_on_elsewhere(body: str, texts: tuple[str, ...], redirect: TwimlRedirect) -> None:
    """After its messages; what stands behind that is never reached."""
    answer = parse_answer(f"<Response>{body}</Response>".encode(), XML)
    assert answer == TwimlAnswer(tuple(TwimlMessage(text) for text in texts), redirect)


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><Response><Message>&b;</Message></Response>'
FILE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><Response><Message>&a;</Message></Response>'


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (BOMB, XML, "document type"),
        (FILE, XML, "document type"),
        ("<!DOCTYPE Response><Response/>", XML, "document type"),
        ("<Response><Message>&a;</Message></Response>", XML, "no XML"),
        ("<Response><Message>a</Response>", XML, "no XML"),
        ("<html/>", XML, "begins with <html>"),
        ("<Response><Redirect><a/></Redirect></Response>", XML, "<a> is not offered"),
        ("<Response><Dial>1</Dial></Response>", XML, "<Dial> is not offered"),
        ("<Response><Message><Body><b>x</b></Body></Message></Response>", XML, "<b> is not offered"),
        ("<Response>" + "<Message>x</Message>" * (MOST_MESSAGES + 1) + "</Response>", XML, "more than 10"),
        ("x" * (LARGEST_ANSWER + 1), "text/plain", "octets"),
        ('{"a": 1}', "application/json", "application/json"),
        ("<Response/>", "", "of no type"),
        ("\udcff", "text/plain", "no text in UTF-8"),
    ],
)
def test_other_answers_are_refused(body: str, kind: str, said: str) -> None:
    """With what is wrong; no entity is ever expanded, and no file read."""
    with pytest.raises(TwimlError, match=said):
        parse_answer(body.encode(errors="surrogateescape"), kind)


@pytest.mark.parametrize(
    "encoding", ["nonsense", "utf-7", "shift_jis", "idna", "punycode", "undefined", "hex", "rot13", "utf-16", "x" * 500]
)
def test_an_encoding_that_cannot_be_read_is_refused(encoding: str) -> None:
    """And is no mistake of modemd: the webhook would be called again and again."""
    body = f'<?xml version="1.0" encoding="{encoding}"?><Response><Message>\xe9</Message></Response>'.encode("latin-1")
    with pytest.raises(TwimlError, match="no XML"):
        parse_answer(body, "text/xml")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<!DOCTYPE x [" + b"".join(b'<!ENTITY e%d "&e%d;&e%d;">' % (n, n + 1, n + 1) for n in range(50))
                     + b"]><Response><Message>&e0;</Message></Response>", id="entities of entities"),
        pytest.param(b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><Response/>', id="a document type elsewhere"),
        pytest.param(b"<Response><Message>&undefined;</Message></Response>", id="an entity that is none"),
        pytest.param(b"<Response>" + b"<a>" * 20_000, id="deep"),
        pytest.param(b"<Response><Message>" + b"<Body>" * 10_000, id="deep in a message"),
        pytest.param(b"<Response>" + b"<Message>x</Message>" * 1000 + b"</Response>", id="a thousand messages"),
        pytest.param(b"<Response><Message>" + b"a" * 1024 * 1024 + b"</Message></Response>", id="a megabyte"),
        pytest.param(b"<Response><Message>a\0b</Message></Response>", id="a NUL"),
        pytest.param(b"<Response><Message>&#0;</Message></Response>", id="a NUL by its number"),
        pytest.param(b"<Response><Message>\xff\xfe</Message></Response>", id="no UTF-8"),
        pytest.param(b"<Response><Message>&#xD800;</Message></Response>", id="half a surrogate pair"),
        pytest.param(b"<Response/><Response><Message>x</Message></Response>", id="two answers"),
        pytest.param(b"<response><Message>x</Message></response>", id="small letters"),
        pytest.param(b'<x:Response xmlns:x="a"/>', id="a name space"),
        pytest.param(b"\0" * 1000, id="no text"),
    ],
)  # fmt: skip
def test_a_hostile_answer_is_refused_at_once(body: bytes) -> None:
    """Before it costs anything."""
    began = time.perf_counter()
    with pytest.raises(TwimlError):
        parse_answer(body, "text/xml")
    assert time.perf_counter() - began < 0.5


def test_the_sdk_writes_what_is_read() -> None:
    """An answer that the official SDK makes."""
    response = pytest.importorskip("twilio.twiml.messaging_response").MessagingResponse()
    response.message("Bonjour & merci", to="+33612345678", action="/status")
    (found,) = parse_answer(str(response).encode(), XML).messages
    assert found == TwimlMessage("Bonjour & merci", "+33612345678", None, "/status", "POST")
