"""Documents in JSON from a provider: readers that take a wrong or missing value for none, and never fail in another way."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, TypeAlias

from modemd.controls import mark_controls
from modemd.providers.outcomes import Price

Document: TypeAlias = dict[str, Any]

# Characters of a provider's sentence that are kept.
LONGEST_TEXT = 300


def read_document(body: bytes) -> Document | None:
    """Returns the object that a body is; None if it is none in JSON and UTF-8."""
    try:
        found = json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse)
    except (ValueError, RecursionError):  # ValueError also for what is not UTF-8, and for numbers of too many digits
        return None
    return found if isinstance(found, dict) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def find_object(document: Document, key: str) -> Document:
    """Returns an object in a document; an empty one if there is none."""
    found = document.get(key)
    return found if isinstance(found, dict) else {}


def list_objects(document: Document, key: str) -> list[Document] | None:
    """Returns the objects of a list; None if there is no list, or if it has anything else."""
    found = document.get(key)
    return found if isinstance(found, list) and all(isinstance(each, dict) for each in found) else None


def find_text(document: Document, key: str) -> str | None:
    """Returns a text, or a whole number as text; None if it is missing or empty. Halves of surrogate pairs, which JSON can have
    and UTF-8 cannot, are replaced."""
    found = document.get(key)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return (
        found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if found and isinstance(found, str)
        else None
    )


def find_count(document: Document, key: str) -> int | None:
    """Returns a whole number above zero, which may be written as text; None if it is none."""
    text = find_text(document, key)
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > len("99999"):
        return None
    return int(text) or None


def parse_decimal(value: object) -> Decimal | None:
    """Returns a finite number of at most 30 digits; None if a value is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    try:
        found = Decimal(value)
    except (InvalidOperation, ValueError):
        return None
    is_sane = found.is_finite() and abs(found.adjusted()) < 30 and len(found.as_tuple().digits) <= 30
    return found if is_sane else None


def make_price(amount: object, currency: object) -> Price | None:
    """Returns what is paid: providers write it with a minus or without. None if it is no price."""
    found = parse_decimal(amount)
    is_currency = isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isalpha()
    return Price(abs(found), str(currency).upper()) if found is not None and is_currency else None


def parse_moment(text: str | None) -> datetime | None:
    """Returns the moment that an ISO 8601 text names, in UTC; without an offset it is UTC. None if it names none."""
    try:
        found = datetime.fromisoformat(text or "")
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def tidy(text: str | None) -> str:
    """Returns a sentence of a provider for a person: one line, not too long."""
    return mark_controls((text or "").strip())[:LONGEST_TEXT]
