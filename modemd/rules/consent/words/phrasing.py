"""Phrasing round an opt-out word: what people write beside it, and what their telephones add.

All of it only makes an opt-out easier to see. Nothing here is ever used for a word that opts in.
"""

from __future__ import annotations

import html
import re

# Two dashes on a line of their own (RFC 3676 4.3), or the sentence that a mail program adds, to the end of the text.
_SIGNATURE = re.compile(
    r"""\n[ \t\r]*(?:--+|__+|[\u2013\u2014]+)[ \t\r]*\n.*
      | \s(?:
            sent\ (?:from|via|with|by)\ (?:my|the|yahoo|outlook|samsung|mail)\b | get\ outlook\ for\b
          | envoy[ée]\ (?:de|depuis|à\ partir\ de)\ (?:mon|ma|l.|outlook|yahoo) | t[ée]l[ée]charge[rz]\ outlook\b
          | gesendet\ (?:von|mit|über)\b | von\ meinem\ .{1,30}\ gesendet | outlook\ für\b
          | enviado\ (?:desde|de|do)\b | inviato\ (?:da|dal)\b | verstuurd\ vanaf\b | verzonden\ (?:vanaf|met)\b
          | skickat\ från\b | sendt\ fra\b | wysłan[eoy]\ z\b | отправлено\ (?:с|из)\b | надіслано\ з\b | أرسلت\ من
        ).*""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
# The same in a line of its own before the text.
_SIGNATURE_BEFORE = re.compile(
    r"""\A\s*(?:
            sent\ (?:from|via|with|by)\ (?:my|the|yahoo|outlook|samsung|mail)\b | get\ outlook\ for\b
          | envoy[ée]\ (?:de|depuis|à\ partir\ de)\ (?:mon|ma|l.|outlook|yahoo) | gesendet\ (?:von|mit|über)\b
          | von\ meinem\ .{1,30}\ gesendet | enviado\ (?:desde|de|do)\b | inviato\ (?:da|dal)\b | verstuurd\ vanaf\b
          | verzonden\ (?:vanaf|met)\b | skickat\ från\b | sendt\ fra\b | wysłan[eoy]\ z\b | отправлено\ (?:с|из)\b
          | надіслано\ з\b
        )[^\n]{0,60}\n(?=.*\S)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
# Lines that are quoted, and the message that follows "On Monday X wrote:" or a line of its own such as -----Original Message-----.
_QUOTED = re.compile(
    r"""\n[ \t]*>[^\n]*(?=\n[ \t]*[^>\s])  # before the answer
      | \n[ \t]*>.*  # behind it
      | \n[ \t]*(?:on|le|am|el|il|op|den|em)\ [^\n]{4,80}\ (?:wrote|a\ écrit|schrieb|escribió|ha\ scritto|schreef|skrev|escreveu)[^\n:]{0,40}:.*
      | \n[ \t]*-{3,}[ \t]*\w[^\n]{3,40}-{3,}.*""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_HTML = re.compile(r"</?(?:p|br|div|span|html|body|b|i|strong|em|font|a)\b[^<>]{0,200}>", re.IGNORECASE)
# Politeness, as `normalise` leaves it.
_COURTESIES = frozenset(
    {
        "please", "pls", "plz", "please sir", "kindly", "thanks", "thank you", "thank u", "thx", "ty", "many thanks",
        "thanks a lot", "thank you very much", "hi", "hello", "hey", "good morning", "dear sir", "sir", "sorry", "ok", "regards",
        "svp", "s il vous plait", "sil vous plait", "stp", "s il te plait", "sil te plait", "merci", "merci beaucoup",
        "merci d avance", "merci bien", "bonjour", "salut", "cordialement", "monsieur", "madame",
        "bitte", "bitte schon", "danke", "danke schon", "vielen dank", "besten dank", "hallo", "guten tag", "mfg",
        "por favor", "porfavor", "porfa", "gracias", "muchas gracias", "hola", "buenos dias", "buenas",
        "per favore", "per piacere", "grazie", "ciao", "buongiorno",
        "obrigado", "obrigada", "ola", "bom dia", "aub", "alstublieft", "bedankt", "dank u", "graag",
        "tack", "snalla", "takk", "tak", "kiitos", "prosze", "dziekuje", "prosim", "dekuji", "kerem", "koszonom",
        "lutfen", "tesekkurler", "пожалуиста", "спасибо", "здравствуите", "будь ласка", "дякую",
        "من فضلك", "لو سمحت", "لو سمحتم", "شكرا", "رجاء", "الرجاء", "תודה רבה", "תודה", "בבקשה", "נא",
        "bonsoir", "slt", "bjr", "bsr", "mrc", "s v p", "hallo zusammen", "liebe grusse", "lg", "vg", "saludos", "un saludo",
        "buenas tardes", "x favor", "xfa", "cordiali saluti", "cortesemente", "boa tarde", "boa noite", "oi", "pf", "por gentileza",
        "alsjeblieft", "dank je", "dag", "goedendag", "vennligst", "venligst", "vaer sa snill", "hei", "hej", "moi", "kiitos paljon",
        "vinsamlegast", "dzien dobry", "dzieki", "dobry den", "diky", "dakujem", "kerlek", "kosz", "koszi", "udvozlom", "va rog",
        "te rog", "multumesc", "mersi", "molia", "моля", "благодаря", "мерси", "molim", "molim vas", "hvala", "prosim vas", "молим",
        "молим вас", "хвала", "palun", "aitah", "tanan", "ludzu", "paldies", "prasau", "aciu", "παρακαλω", "ευχαριστω",
        "σας παρακαλω", "tesekkur ederim", "sagol", "merhaba", "пж", "пжл", "плиз", "прошу", "добрыи день", "будь ласка дякую",
        "добрии день", "لطفا", "ممنون", "मेहरबानी", "कृपया", "धन्यवाद", "प्लीज", "दया करके", "দয়া করে", "ধন্যবাদ", "নমস্কার", "নমস্তে",
        "தயவு செய்து", "தயவுசெய்து", "நன்றி", "براہ كرم", "شكريه", "مهرباني", "请", "謝謝", "谢谢", "請", "お願いします", "お願い",
        "すみません", "よろしくお願いします", "ください", "してください", "부탁합니다", "부탁드립니다", "감사합니다", "제발",
        "xin", "xin vui long", "vui long", "cam on", "tolong", "terima kasih", "makasih", "mohon", "sila", "harap", "po", "pakiusap",
        "salamat", "asseblief", "asb", "dankie", "tafadhali", "asante", "si us plau", "sisplau", "gracies", "mesedez",
        "eskerrik asko", "grazas", "os gwelwch yn dda", "plis", "diolch", "ขอบคุณ", "ครับ", "ค่ะ", "คะ", "โปรด", "กรุณา",
        "mr", "mrs", "miss", "sirs", "kind regards", "best regards", "cheers", "tq", "tks", "tnx", "good afternoon",
        "good evening", "bye", "now", "immediately", "asap",
    }
)  # fmt: skip
_MOST_COURTESY_WORDS = 4
# Between the word and a number: STOP au 36180, STOP to 36180.
_TOWARDS = frozenset({"au", "a", "to", "at", "an", "al", "aan", "na", "sur", "auf", "the", "till", "til", "на", "ao", "para"})
_NUMBER = re.compile(r"[0-9]{3,15}")
_SHORTEST_GROUPED = 8  # digits
_STRETCHED = re.compile(r"(.)\1{2,}")


def cut_surroundings(text: str) -> str:
    """Returns `text` without what a telephone or a mail program adds: a signature behind it or before it, quoted lines, the
    message that is answered, and the marks of HTML. All of it if nothing would be left."""
    kept = html.unescape(_HTML.sub(" ", text)) if "<" in text or "&" in text else text
    if "\n" in kept or "sent" in kept.lower() or len(kept) > len("sent from my"):
        kept = _QUOTED.sub("", f"\n{kept}")
        kept = _SIGNATURE_BEFORE.sub("", kept)
        kept = _SIGNATURE.sub("", kept)
    return kept if kept.strip() else text


def strip_courtesies(words: list[str]) -> list[str]:
    """Returns the words without the courtesies at the beginning and the end."""
    while words:
        for length in range(min(_MOST_COURTESY_WORDS, len(words)), 0, -1):
            if " ".join(words[:length]) in _COURTESIES:
                words = words[length:]
                break
            if " ".join(words[-length:]) in _COURTESIES:
                words = words[:-length]
                break
        else:
            break
    return words


def split_number(words: list[str]) -> tuple[list[str], str | None]:
    """Returns the words without the number at their end, and the number: the short code or the sender that the word was meant
    for, also in groups of digits (06 12 34 56 78). None if there is none."""
    first = len(words)
    while first > 1 and words[first - 1].isdecimal():
        first -= 1
    digits = words[first:]
    number = "".join(digits)
    is_number = len(digits) == 1 or (len(digits) > 2 and len(number) >= _SHORTEST_GROUPED)
    if not is_number or _NUMBER.fullmatch(number) is None:
        return words, None
    rest = words[:first]
    return rest[:-1] if len(rest) > 1 and rest[-1] in _TOWARDS else rest, number


def join_spelt(words: list[str]) -> list[str]:
    """Returns words that are spelt in single letters (S T O P) as one, and letters that are stretched (STOOOP) as one letter."""
    spelt = ["".join(words)] if len(words) > 2 and all(len(word) == 1 and word.isalpha() for word in words) else words
    return [_STRETCHED.sub(r"\1", word) for word in spelt]
