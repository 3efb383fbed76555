"""TwiML: the messages that an application answers a webhook with.

The XML may come from anybody's server: a document type, an entity, or more than 64 kB are refused before they cost anything.
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal
from xml.parsers import expat

from modemd.errors import ModemdError
from modemd.light_dataclass import dataclass

LARGEST_ANSWER = 64 * 1024
MOST_MESSAGES = 10
_XML = ("text/xml", "application/xml")


class TwimlError(ModemdError):
    """Answer that is no TwiML that modemd takes; the message says why."""


@dataclass(frozen=True, slots=True)
class TwimlMessage:
    """Message that an answer asks for. `to` None: to the sender of the inbound message; `callback`: the URL for its status, if
    any; `has_media`: it has a picture or the like."""

    text: str
    to: str | None = None
    sender: str | None = None
    callback: str | None = None
    method: str = "POST"
    has_media: bool = False


@dataclass(frozen=True, slots=True)
class TwimlRedirect:
    """Wish to be asked elsewhere: the address, which may be relative to that of the answer, and the method."""

    url: str
    method: Literal["GET", "POST"] = "POST"


@dataclass(frozen=True, slots=True)
class TwimlAnswer:
    """Answer: its messages, in order, and where it goes on then, if it does."""

    messages: tuple[TwimlMessage, ...] = ()
    redirect: TwimlRedirect | None = None


@dataclass(slots=True)
class _Open:
    """Element `<Message>` that is not closed yet. `is_explicit`: it has a `<Body>`, so that its own text does not count."""

    attributes: dict[str, str]
    own: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)
    is_explicit: bool = False
    has_media: bool = False


def parse_answer(body: bytes, content_type: str) -> TwimlAnswer:
    """Returns an answer. A plain text is one message; an empty answer has none. What comes after a `<Redirect>` is never reached.
    Raises TwimlError."""
    if len(body) > LARGEST_ANSWER:
        raise TwimlError(f"the answer has {len(body)} octets; {LARGEST_ANSWER} are the most")
    if not body.strip():
        return TwimlAnswer()
    kind = content_type.partition(";")[0].strip().casefold()
    if kind == "text/plain":
        try:
            return TwimlAnswer((TwimlMessage(body.decode().strip()),))
        except UnicodeDecodeError:
            raise TwimlError("the answer is no text in UTF-8") from None
    if kind not in _XML:
        raise TwimlError(f"the answer is {kind[:100] or 'of no type'}; TwiML is {' or '.join(_XML)}")
    return _Parser().parse(body)


class _Parser:
    def __init__(self) -> None:
        self._path: list[str] = []
        self._open: _Open | None = None
        self._found: list[TwimlMessage] = []
        self._redirect: TwimlRedirect | None = None
        self._method: Literal["GET", "POST"] = "POST"
        self._url: list[str] = []

    def parse(self, body: bytes) -> TwimlAnswer:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._add_text
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        try:
            parser.Parse(body, True)
        except expat.ExpatError as error:
            raise TwimlError(f"the answer is no XML: {error}") from None
        except (ValueError, LookupError):  # of Python's codecs, by which expat reads encodings that it does not know
            raise TwimlError("the answer is no XML: it names an encoding that cannot be read; take UTF-8") from None
        return TwimlAnswer(tuple(self._found), self._redirect)

    @staticmethod
    def _refuse(*_: object) -> None:
        raise TwimlError("the answer has a document type or an entity; TwiML needs neither")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        match self._path:
            case ["Response"] | ["Response", "Message", "Body"] | ["Response", "Message", "Media"]:
                pass
            case ["Response", "Message" | "Sms"]:
                self._open = _Open(attributes)
            case ["Response", "Redirect"]:
                self._method = "GET" if attributes.get("method", "").upper() == "GET" else "POST"
                self._url.clear()
            case [first] if first != "Response":
                raise TwimlError(f"the answer begins with <{first[:40]}>; TwiML begins with <Response>")
            case _:
                raise TwimlError(
                    f"<{name[:40]}> is not offered here; an answer has <Message>, <Body>, <Media> and <Redirect>"
                )
        if self._open is not None and name == "Body":
            self._open.is_explicit = True
        if self._open is not None and name == "Media":
            self._open.has_media = True

    def _add_text(self, text: str) -> None:
        if self._path == ["Response", "Redirect"]:
            self._url.append(text)
        if self._open is None:
            return
        if self._path[-1] == "Body":
            self._open.body.append(text)
        elif self._path[-1] in ("Message", "Sms"):
            self._open.own.append(text)

    def _end(self, name: str) -> None:
        self._path.pop()
        if name == "Redirect" and self._redirect is None:
            self._redirect = TwimlRedirect("".join(self._url).strip(), self._method)
        if self._redirect is not None:
            self._open = None
            return
        if name not in ("Message", "Sms") or self._open is None:
            return
        if len(self._found) == MOST_MESSAGES:
            raise TwimlError(f"the answer has more than {MOST_MESSAGES} messages")
        message, given = self._open, self._open.attributes
        self._open = None
        self._found.append(
            TwimlMessage(
                "".join(message.body if message.is_explicit else message.own).strip(),
                given.get("to") or None,
                given.get("from") or None,
                given.get("action") or given.get("statusCallback") or None,
                (given.get("method") or "POST").upper(),
                message.has_media,
            )
        )
