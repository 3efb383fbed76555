"""Answers of Vonage's Messages API and account: what became of a send, and the money that is left."""

from __future__ import annotations

import re
from pathlib import Path

from modemd.providers.codes import CodeTable, load_codes
from modemd.providers.documents import Document, find_text, parse_decimal, read_document
from modemd.providers.exchange import AnswerNotUsable, ProviderAnswer
from modemd.providers.outcomes import NotTaken, Price, SendOutcome, Taken, Unknown

CURRENCY = "EUR"
"""Currency of balances, and of the prices of the SMS API, which name none."""
_UUID = re.compile(r"[0-9a-fA-F-]{16,40}", re.ASCII)


def load_vonage_codes(user_file: Path | None = None) -> CodeTable:
    """Returns the table of codes. ConfigError if the user's file cannot be used."""
    return load_codes(__package__, user_file)


def read_send(answer: ProviderAnswer, codes: CodeTable) -> SendOutcome:
    """Returns the outcome of a send by the Messages API whose answer came whole. It names neither segments nor a price."""
    document = read_document(answer.body)
    if 200 <= answer.status < 300:
        uuid = find_text(document or {}, "message_uuid")
        if uuid is None or _UUID.fullmatch(uuid) is None:
            return Unknown(f"HTTP status {answer.status}, and no message_uuid that can be read")
        return Taken(uuid)
    return judge_problem(answer.status, document, codes)


def read_balance(answer: ProviderAnswer, codes: CodeTable) -> Price:
    """Returns the money that is left; it can be below zero. Raises AnswerNotUsable."""
    amount = parse_decimal(read_lookup(answer, codes).get("value"))
    if amount is None:
        raise AnswerNotUsable("the balance cannot be read")
    return Price(amount, CURRENCY)


def read_lookup(answer: ProviderAnswer, codes: CodeTable) -> Document:
    """Returns the document of a look-up. Raises AnswerNotUsable."""
    document = read_document(answer.body)
    if answer.status == 200 and document is not None:
        return document
    if answer.status == 200:
        raise AnswerNotUsable("the answer is no document in JSON")
    judged = judge_problem(answer.status, document, codes)
    if isinstance(judged, NotTaken):
        raise AnswerNotUsable(f"refused: {judged.code} {judged.text}".rstrip(), judged.refusal)
    raise AnswerNotUsable(judged.why)


def judge_problem(status: int, document: Document | None, codes: CodeTable) -> NotTaken | Unknown:
    """Returns the outcome that a problem (RFC 9457) tells: its code stands behind the # of its type."""
    said = document or {}
    code = (find_text(said, "type") or "").partition("#")[2] or None
    text = find_text(said, "detail") or find_text(said, "title")
    return codes.judge("messages", status, code, text)
