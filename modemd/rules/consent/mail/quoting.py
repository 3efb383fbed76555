"""Parts of a mail's text: what its writer wrote, the signature, and what is quoted or forwarded.

What is quoted is mostly a mail of ours, which may well say how to opt out: it counts for nothing. What is forwarded counts,
because somebody was asked by mail and handed the mail on.
"""

from __future__ import annotations

import re

from modemd.light_dataclass import dataclass

LONGEST_TEXT = 20_000
"""Characters; what comes behind them is not looked at."""

# "On 3 Feb 2026, Shop <shop@example.com> wrote:", in one line or two.
_ATTRIBUTION = re.compile(
    r"""(?:wrote|writes|a\ écrit|a\ ecrit|schrieb.*|escribió|escribio|ha\ scritto|schreef.*|skrev.*|escreveu|kirjoitti|írta
        |napsal(?:\(a\)|a)?|napísal(?:\(a\)|a)?|napisał(?:\(a\)|a)?|написал(?:\(а\)|а)?|пише|написав|a\ scris|yazdı|şunu\ yazdı
        |je\ napisao.*|έγραψε.*|写道|寫道|のメール|님이\ 작성|כתב|كتب)\s*[:\uff1a]\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
# The first of the two has a time or an address; else it is the last line that the writer wrote.
_BEGIN_OF_ATTRIBUTION = re.compile(r"\b\d{1,2}[:h.]\d{2}\b|\w@\w")
_LONGEST_ATTRIBUTION = 300  # characters
_ORIGINAL = re.compile(
    r"""^[\s\-_*>=]*(?:original\ message|message\ d['\u2019]origine|message\ original|ursprüngliche\ nachricht|mensaje\ original
        |messaggio\ originale|mensagem\ original|oorspronkelijk\ bericht|ursprungligt\ meddelande|oprindelig\ meddelelse
        |opprinnelig\ melding|alkuperäinen\ viesti|wiadomość\ oryginalna|původní\ zpráva|исходное\ сообщение|özgün\ ileti
        |oprindelig\ besked|eredeti\ üzenet)[\s\-_*=]*:?\s*$""",
    re.IGNORECASE | re.VERBOSE,
)
_FORWARDED = re.compile(
    r"""^[\s\-_*>=]*(?:forwarded\ message|begin\ forwarded\ message|message\ transféré|message\ réexpédié
        |début\ du\ message\ (?:réexpédié|transféré)|weitergeleitete\ nachricht|anfang\ der\ weitergeleiteten\ nachricht
        |mensaje\ reenviado|inicio\ del\ mensaje\ reenviado|(?:inizio\ )?messaggio\ inoltrato|mensagem\ encaminhada
        |doorgestuurd\ bericht|begin\ doorgestuurd\ bericht|vidarebefordrat\ meddelande|videresendt\ (?:melding|besked)
        |välitetty\ viesti|wiadomość\ przekazana|przekazana\ wiadomość|přeposlaná\ zpráva|пересылаемое\ сообщение
        |переслано(?:е\ сообщение)?|iletilen\ (?:ileti|mesaj))\b[\s\-_*=:]*$""",
    re.IGNORECASE | re.VERBOSE,
)
# The headers that Outlook and others write above a mail that is answered or forwarded.
_FROM = re.compile(
    r"^[\s*>]*(?:from|de|von|da|van|från|fra|lähettäjä|od|от|від|kimden|feladó|từ|发件人|差出人)\*?\s?[:\uff1a]\*?",
    re.I,
)
_HEADER = re.compile(
    r"""^[\s*>]*(?:from|sent|date|to|cc|subject|reply-to|de|envoyé|à|objet|von|gesendet|datum|an|betreff|para|enviado|enviada|fecha
        |asunto|assunto|da|data|inviato|a|oggetto|van|verzonden|aan|onderwerp|från|skickat|till|ämne|fra|sendt|til|emne|lähettäjä
        |lähetetty|vastaanottaja|aihe|od|wysłano|wysłane|do|temat|odesláno|komu|předmět|от|отправлено|дата|кому|тема|від|kimden
        |gönderildi|kime|konu|feladó|发件人|发送时间|收件人|主题|差出人|送信日時|宛先|件名)\*?\s?[:\uff1a]\*?(?:\s|$)""",
    re.IGNORECASE | re.VERBOSE,
)  # fmt: skip
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")


# Two dashes in a line of their own (RFC 3676 4.3), or the line that a mail program adds.
_SIGNATURE = re.compile(
    r"""^\s*(?:(?:--+|__+|[\u2013\u2014]+)\s*$
        |(?:sent\ (?:from|via|with)|get\ outlook\ for|envoy[ée]\ (?:de|depuis|à\ partir)|t[ée]l[ée]charge[rz]\ outlook
          |gesendet\ (?:von|mit|über)|von\ meinem\ .{1,30}\ gesendet|holen\ sie\ sich\ outlook|outlook\ für
          |enviado\ (?:desde|de|do)
          |obtener\ outlook|inviato\ (?:da|dal)|ottieni\ outlook|verstuurd\ vanaf|verzonden\ (?:vanaf|met)|skickat\ från
          |sendt\ fra|wysłan[eoy]\ z|odesláno\ z|отправлено\ (?:с|из)|надіслано\ з|gönderildi|أرسلت\ من
        )\b)""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class MailText:
    """Text of a mail in its parts. `own`: what the writer wrote; `signature`: below it; `forwarded`: the text of a mail that was
    forwarded, and `forwarded_from`: the address of its sender, if both are known."""

    own: str
    signature: str = ""
    forwarded: str = ""
    forwarded_from: str | None = None


def split(text: str, *, is_forward: bool = False) -> MailText:
    """Returns the parts of a text. `is_forward`: the subject says that it is a forwarded mail."""
    text = text[:LONGEST_TEXT]
    lines = text.split("\n")
    own: list[str] = []
    rest: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if _ORIGINAL.match(line) or _FORWARDED.match(line) or _is_header_block(lines, at):
            is_forward = is_forward or _is_marked_forwarded(lines, at)
            rest = lines[at:]
            break
        if (length := _measure_attribution(lines, at)) > 0:
            at += length
            if not _is_quoted(lines, at):  # the program marks no line as quoted, so all of the rest is
                rest = lines[at:]
                break
        elif line.lstrip().startswith(">"):
            at += 1
        else:
            own.append(line)
            at += 1
    kept, signature = _split_signature(own)
    if not is_forward or not rest:
        return MailText(kept, signature)
    forwarded, sender = _read_forwarded(rest)
    return MailText(kept, signature, forwarded, sender)


def _split_signature(lines: list[str]) -> tuple[str, str]:
    """Returns what was written, and the signature below it. Lines that are nothing but a signature are what was written."""
    found = next(
        (at for at, line in enumerate(lines) if _SIGNATURE.match(line) and any(map(str.strip, lines[:at]))), None
    )
    if found is None:
        return "\n".join(lines).strip(), ""
    return "\n".join(lines[:found]).strip(), "\n".join(lines[found:]).strip()


def _is_marked_forwarded(lines: list[str], at: int) -> bool:
    """Returns True if a mail that begins here is said to be forwarded, in one of its first lines: HTML has a mark of its own
    before that."""
    return any(_FORWARDED.match(line) for line in lines[at : at + 3])


def _is_header_block(lines: list[str], at: int) -> bool:
    """Returns True if headers of another mail begin here: a sender, and two more within the next lines."""
    if _FROM.match(lines[at]) is None:
        return False
    following = [line for line in lines[at + 1 : at + 8] if line.strip()]
    return sum(_HEADER.match(line) is not None for line in following[:4]) >= 2


def _measure_attribution(lines: list[str], at: int) -> int:
    """Returns how many lines say who wrote what follows; 0 if these here do not."""
    for length in (1, 2) if _BEGIN_OF_ATTRIBUTION.search(lines[at][:_LONGEST_ATTRIBUTION]) else (1,):
        said = " ".join(lines[at : at + length]).strip()
        if lines[at].strip() and len(said) <= _LONGEST_ATTRIBUTION and _ATTRIBUTION.search(said):
            return length
    return 0


def _is_quoted(lines: list[str], at: int) -> bool:
    return next((line.lstrip().startswith(">") for line in lines[at:] if line.strip()), False)


def _read_forwarded(lines: list[str]) -> tuple[str, str | None]:
    """Returns the writer's own text in a mail that was forwarded, and the address of its sender."""
    plain = [re.sub(r"^\s*(?:>\s?)+", "", line) for line in lines]
    sender = None
    at = 0
    while at < len(plain) and (
        not plain[at].strip() or _ORIGINAL.match(plain[at]) or _FORWARDED.match(plain[at]) or _HEADER.match(plain[at])
    ):
        if sender is None and _FROM.match(plain[at]) and (found := _ADDRESS.search(plain[at])):
            sender = found[0].lower()
        at += 1
    return split("\n".join(plain[at:])).own, sender
