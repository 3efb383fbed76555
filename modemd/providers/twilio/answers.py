"""Answers of Twilio's API: what became of a send, and what a look-up says."""

from __future__ import annotations

from pathlib import Path

from modemd.providers.codes import CodeTable, load_codes
from modemd.providers.documents import Document, find_text, make_price, parse_decimal, read_document, tidy
from modemd.providers.exchange import AnswerNotUsable, ProviderAnswer
from modemd.providers.outcomes import NotTaken, Price, RefusalClass, SendOutcome, Taken, Unknown
from modemd.providers.twilio.messages import ListedMessage, MessagePage, read_message, read_page


def load_twilio_codes(user_file: Path | None = None) -> CodeTable:
    """Returns the table of codes. ConfigError if the user's file cannot be used."""
    return load_codes(__package__, user_file)


def read_send(answer: ProviderAnswer, codes: CodeTable) -> SendOutcome:
    """Returns the outcome of a send whose answer came whole."""
    document = read_document(answer.body)
    if 200 <= answer.status < 300:
        message = read_message(document) if document is not None else None
        if message is None:
            return Unknown(f"HTTP status {answer.status}, and no message that can be read")
        return Taken(message.sid, message.segments, message.price, message.sender)
    return _judge(answer.status, document, codes)


def read_list(answer: ProviderAnswer, codes: CodeTable) -> MessagePage:
    """Returns a page of messages. Raises AnswerNotUsable."""
    page = read_page(_read(answer, codes))
    if page is None:
        raise AnswerNotUsable("the list of messages cannot be read")
    return page


def read_one(answer: ProviderAnswer, codes: CodeTable) -> ListedMessage:
    """Returns a message. Raises AnswerNotUsable."""
    message = read_message(_read(answer, codes))
    if message is None:
        raise AnswerNotUsable("the message cannot be read")
    return message


def read_balance(answer: ProviderAnswer, codes: CodeTable) -> Price:
    """Returns the money that is left; it can be below zero. Raises AnswerNotUsable."""
    document = _read(answer, codes)
    amount = parse_decimal(document.get("balance"))
    price = make_price(amount, document.get("currency"))
    if amount is None or price is None:
        raise AnswerNotUsable("the balance cannot be read")
    return Price(amount, price.currency)


def check_account(answer: ProviderAnswer, account_sid: str, codes: CodeTable) -> None:
    """Checks that the credentials are good, and that the account is the one that is meant, and active. Raises AnswerNotUsable."""
    document = _read(answer, codes)
    if find_text(document, "sid") != account_sid:
        raise AnswerNotUsable("the answer is about another account")
    status = find_text(document, "status")
    if status != "active":
        raise AnswerNotUsable(
            f"the account is not active, it is {tidy(status) or 'without a status'}", RefusalClass.ACCOUNT
        )


def _read(answer: ProviderAnswer, codes: CodeTable) -> Document:
    """Returns the document of a look-up. Raises AnswerNotUsable."""
    document = read_document(answer.body)
    if answer.status == 200 and document is not None:
        return document
    if answer.status == 200:
        raise AnswerNotUsable("the answer is no document in JSON")
    judged = _judge(answer.status, document, codes)
    if isinstance(judged, NotTaken):
        raise AnswerNotUsable(f"refused: {judged.code} {judged.text}".rstrip(), judged.refusal)
    raise AnswerNotUsable(judged.why)


def _judge(status: int, document: Document | None, codes: CodeTable) -> NotTaken | Unknown:
    said = document or {}
    return codes.judge("answers", status, find_text(said, "code"), find_text(said, "message"))
