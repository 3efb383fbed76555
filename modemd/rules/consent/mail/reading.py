"""Reading of a mail: its sender, subject and text, and whether a machine wrote it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from email.utils import getaddresses

from modemd.light_dataclass import dataclass
from modemd.rules.consent.mail import html, mime, quoting
from modemd.rules.consent.mail.addresses import normalise_address
from modemd.rules.consent.mail.mime import MimePart
from modemd.rules.consent.mail.quoting import MailText

LARGEST = 1024 * 1024
"""Octets of a mail that are read; the rest of a larger one is not looked at."""
_MOST_SENDERS = 5

_PREFIX = re.compile(r"^\s*(?:\[[^\]]{1,40}\]\s*)?([^\W\d_]{1,10})(?:\s?\[\d+\]|\s?\(\d+\))?\s?[:\uff1a]\s*")
_REPLIES = frozenset(
    ["re", "r", "aw", "antw", "sv", "vs", "ref", "rif", "odp", "ynt", "res", "ответ", "отв", "回复", "回覆", "답장"]
)
_FORWARDS = frozenset(
    [
        "fw",
        "fwd",
        "wg",
        "tr",
        "rv",
        "enc",
        "doorst",
        "vb",
        "vl",
        "i",
        "pd",
        "tov",
        "továbbítás",
        "ilt",
        "переслано",
        "пересл",
        "转发",
        "轉寄",
    ]
)
# What programs write at the beginning of the subject of an automatic answer, in small letters.
_AUTOMATIC_SUBJECTS = (
    *("automatic reply", "auto reply", "autoreply", "auto-reply", "auto:", "autoresponse", "out of office", "out of the office"),
    *("réponse automatique", "reponse automatique", "absence du bureau", "absence :", "absent du bureau", "message d'absence"),
    *("automatische antwort", "abwesenheitsnotiz", "abwesenheit", "automatische abwesenheit", "nicht im büro"),
    *("respuesta automática", "respuesta automatica", "fuera de la oficina", "ausente", "risposta automatica", "fuori sede"),
    *("fuori ufficio", "resposta automática", "ausência", "automatisch antwoord", "afwezig", "niet aanwezig", "autosvar"),
    *("automatiskt svar", "automatisk svar", "frånvaro", "automaattinen vastaus", "odpowiedź automatyczna", "autoodpowiedź"),
    *("automatická odpověď", "automatikus válasz", "автоответ", "автоматический ответ", "otomatik yanıt"),
    *("자동 회신", "自动回复"),
    *("undeliverable", "undelivered mail", "mail delivery failed", "mail delivery failure", "delivery status notification"),
    *("returned mail", "failure notice", "non remis", "unzustellbar", "no se puede entregar", "delivery failure"),
)  # fmt: skip
_MACHINES = frozenset(
    {"mailer-daemon", "postmaster", "noreply", "no-reply", "donotreply", "do-not-reply", "bounce", "bounces"}
)


@dataclass(frozen=True, slots=True)
class Mail:
    """Mail that was read. `message_id` and `date`: as the headers say; `senders`: the addresses of From (else Sender), in small
    letters; `sender`: that header as it is; `subject`: without Re and Fwd; `automatic`: why it counts as a machine's, None if a
    person wrote it; `problem`: why not all of it could be read; `digest`: the same for the same mail, whatever way it came."""

    message_id: str | None
    date: str | None
    senders: tuple[str, ...]
    sender: str
    subject: str
    text: MailText
    is_forward: bool
    automatic: str | None
    problem: str | None
    digest: bytes


def read(octets: bytes, *, is_cut: bool = False) -> Mail:
    """Returns what a mail says. Any octets can be read. `is_cut`: these are the first octets of a mail that is larger."""
    whole = mime.parse(octets[:LARGEST])
    sender = whole.find("from") or whole.find("sender") or ""
    subject, is_forward = _strip_prefixes(whole.find("subject") or "")
    body = _find_text(whole)
    attached = [part for part in whole.leaves if part.content_type == "message/rfc822" and part.parts]
    is_forward = is_forward or bool(attached)
    text = quoting.split(body, is_forward=is_forward)
    if attached and not text.forwarded:
        text = _add_attached(text, attached[0].parts[0])
    problems = [part.problem for part in whole.leaves if part.problem is not None]
    if is_cut or len(octets) > LARGEST:
        problems.append(f"only its first {LARGEST // 1024} KiB were read")
    if not whole.headers:
        problems.append("it has no headers")
    return Mail(
        message_id=whole.find("message-id"),
        date=whole.find("date"),
        senders=tuple(list_addresses(sender)),
        sender=sender,
        subject=subject,
        text=text,
        is_forward=is_forward,
        automatic=_find_machine(whole, subject),
        problem="; ".join(dict.fromkeys(problems)) or None,
        digest=_make_digest(whole, octets),
    )


def make_unreadable(identity: bytes, problem: str) -> Mail:
    """Returns a mail of which nothing could be read. `identity`: octets that no other mail has."""
    digest = hashlib.sha256(identity).digest()
    return Mail(None, None, (), "", "", MailText(""), is_forward=False, automatic=None, problem=problem, digest=digest)


def list_addresses(header: str) -> Iterator[str]:
    """Yields the addresses in a header such as From, as `normalise_address` gives them."""
    try:
        found = getaddresses([header])
    except (ValueError, IndexError, TypeError, RecursionError):  # headers that the library does not expect
        return
    addresses = (normalise_address(address) for _, address in found[:_MOST_SENDERS])
    yield from dict.fromkeys(address for address in addresses if address is not None)


def _strip_prefixes(subject: str) -> tuple[str, bool]:
    """Returns a subject without Re, AW, Fwd, WG and their like, and whether it said that the mail is forwarded. The prefix
    that is written last stands first: the answer to a forwarded mail is an answer."""
    first: str | None = None
    while (found := _PREFIX.match(subject)) and (word := found[1].lower()) in _REPLIES | _FORWARDS:
        first = first or word
        subject = subject[found.end() :]
    return subject.strip(), first in _FORWARDS


def _find_text(part: MimePart) -> str:
    """Returns the text that a mail program would show: of alternatives the plain one, unless it is empty."""
    if part.is_attachment or part.content_type == "message/rfc822":
        return ""
    if part.content_type == "multipart/alternative":
        texts = [(each.content_type, _find_text(each)) for each in part.parts]
        plain = next((text for content_type, text in texts if content_type == "text/plain" and text.strip()), None)
        return plain if plain is not None else next((text for _, text in reversed(texts) if text.strip()), "")
    if part.content_type in ("multipart/related", "multipart/signed"):
        return _find_text(part.parts[0]) if part.parts else ""
    if part.parts:
        return "\n".join(text for each in part.parts if (text := _find_text(each)).strip())
    if part.content_type == "text/plain":
        return part.text
    return html.to_text(part.text) if part.content_type == "text/html" else ""


def _add_attached(text: MailText, attached: MimePart) -> MailText:
    """Returns a text with that of a mail which was forwarded as an attachment; its subject is the first line."""
    subject, _ = _strip_prefixes(attached.find("subject") or "")
    own = quoting.split(_find_text(attached)).own
    sender = next(list_addresses(attached.find("from") or ""), None)
    return MailText(text.own, text.signature, f"{subject}\n{own}".strip(), sender)


def _find_machine(mail: MimePart, subject: str) -> str | None:
    """Returns why a mail counts as written by a machine (RFC 3834 5, RFC 2369, RFC 2919, RFC 3464); None if it does not."""
    submitted = (mail.find("auto-submitted") or "no").split(";")[0].strip().lower()
    if submitted != "no":
        return f"it was sent by a program (Auto-Submitted: {submitted[:40]})"
    for name in ("x-autoreply", "x-autorespond", "x-auto-reply"):
        if (mail.find(name) or "no").lower() not in ("no", "0", ""):
            return f"it is an automatic answer ({name})"
    for name in ("list-unsubscribe", "list-id", "list-post"):
        if mail.find(name) is not None:
            return f"it came through a mailing list ({name})"
    precedence = (mail.find("precedence") or "").strip().lower()
    if precedence in ("bulk", "junk", "list", "auto_reply"):
        return f"it was sent in bulk (Precedence: {precedence})"
    if mail.content_type == "multipart/report" or (mail.find("return-path") or "").strip() == "<>":
        return "it reports on the delivery of another mail"
    if mail.find("x-failed-recipients") is not None:
        return "it reports on the delivery of another mail"
    name = next(iter(list_addresses(mail.find("from") or "")), "").partition("@")[0]
    if name in _MACHINES:
        return f"its sender is a program ({name})"
    if subject.lower().startswith(_AUTOMATIC_SUBJECTS):
        return "its subject is that of an automatic answer"
    return None


def _make_digest(mail: MimePart, octets: bytes) -> bytes:
    """Returns what tells a mail from every other. The lines that servers add at its way do not count."""
    digest = hashlib.sha256()
    for name in ("message-id", "date", "from", "subject"):
        digest.update((mail.find(name) or "").encode("utf-8", "replace") + b"\0")
    body = re.search(rb"\r?\n\r?\n", octets)
    digest.update(re.sub(rb"\s+", b"", octets[body.end() :] if body is not None else octets))
    return digest.digest()
