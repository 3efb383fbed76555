"""Requests of clients of SMSEagle: what each of the three forms asks for. What modemd decides by itself (alphabet, modem, flash)
is read over."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from modemd.light_dataclass import dataclass

# Recipients of one request.
MOST_RECIPIENTS = 100
LONGEST_ID = 36


class BadParameters(ValueError):
    """Parameters that no message can be made of; the message says which."""


class AnswerForm(StrEnum):
    """Form of an answer: one line a recipient, XML, or JSON as the JSON-RPC (its words, or objects) and as version 2 have it."""

    TEXT = "text"
    XML = "xml"
    RPC_SIMPLE = "simple"
    RPC_EXTENDED = "extended"
    V2 = "v2"


@dataclass(frozen=True, slots=True)
class EagleMessage:
    """Message to some recipients. `at`: in ISO 8601, local time; `valid`: as 2h; `own_id`: the client's id of it; `is_test`: it
    is checked and not sent."""

    recipients: tuple[str, ...]
    text: str
    at: str | None = None
    valid: str | None = None
    own_id: str | None = None
    is_test: bool = False


def read_message(given: Mapping[str, Any]) -> EagleMessage:
    """Returns the message that the parameters of version 1 or of a JSON-RPC ask for. Raises BadParameters."""
    if str(given.get("message_type", "sms")) != "sms" or given.get("attachments"):
        raise BadParameters("only SMS can be sent")
    return _make(given, "message", given.get("date"))


def read_message_v2(given: Mapping[str, Any]) -> EagleMessage:
    """Returns the message that a body of version 2 asks for. Raises BadParameters."""
    if given.get("contacts") or given.get("groups"):
        raise BadParameters("contacts and groups: modemd has none; write numbers into to")
    return _make(given, "text", given.get("date"))


def _make(given: Mapping[str, Any], text_key: str, date: Any) -> EagleMessage:
    for key in ("to", "oid"):
        _check_encodable(key, given.get(key))
    text = given.get(text_key)
    if not isinstance(text, str | int | float) or isinstance(text, bool):
        raise BadParameters(f"{text_key} is missing, or no text")
    own_id = str(given.get("oid") or "") or None
    if own_id is not None and len(own_id) > LONGEST_ID:
        raise BadParameters(f"oid has at most {LONGEST_ID} characters")
    return EagleMessage(
        _read_recipients(given.get("to")),
        str(text),
        _read_date(date),
        _read_validity(given.get("validity")),
        own_id,
        str(given.get("test", "0")).lower() in ("1", "true"),
    )


def _check_encodable(key: str, value: Any) -> None:
    """Raises BadParameters if a text has half a surrogate pair, which JSON can escape and nothing can store."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise BadParameters(f"{key} holds half a surrogate pair") from None


def _read_recipients(given: Any) -> tuple[str, ...]:
    """Returns the numbers, each once. A + that was not escaped in a URL has become a blank."""
    listed = given if isinstance(given, list) else str(given or "").split(",")
    numbers = [re.sub(r"^\s+(?=[1-9])", "+", str(each)).strip() for each in listed]
    found = tuple(dict.fromkeys(number for number in numbers if number))
    if not 0 < len(found) <= MOST_RECIPIENTS:
        raise BadParameters(f"to has {len(found)} numbers; 1 to {MOST_RECIPIENTS} are possible")
    return found


def _read_date(given: Any) -> str | None:
    if given in (None, ""):
        return None
    found = re.fullmatch(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})", str(given), re.ASCII)
    if found is None:
        raise BadParameters("date is written as YYYYmmDDHHMM")
    year, month, day, hour, minute = found.groups()
    return f"{year}-{month}-{day}T{hour}:{minute}"


def _read_validity(given: Any) -> str | None:
    if given in (None, ""):
        return None
    if given == "max":
        return "441d"
    found = re.fullmatch(r"([1-9]\d?)([mhdw])", str(given), re.ASCII)
    if found is None:
        raise BadParameters("validity is 5m, 10m, 30m, 1h, 2h, 4h, 12h, 1d, 2d, 5d, 1w, 2w, 4w or max")
    count, unit = int(found[1]), found[2]
    return {"m": f"{count}min", "h": f"{count}h", "d": f"{count}d", "w": f"{7 * count}d"}[unit]
