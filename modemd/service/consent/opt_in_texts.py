"""Texts of a double opt-in: the request, its reminder, and the welcome. The one place where they are composed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from modemd.config import Settings
from modemd.errors import ErrorCode, Refused
from modemd.rules.consent import replies

_REQUEST = (
    "{brand}: Reply YES to get {title} by SMS ({frequency}). Message and data rates may apply. Reply STOP to refuse."
)
_REMINDER = (
    "{brand}: Would you like to get {title} by SMS? Reply YES. If you do not answer, we send nothing. STOP to refuse."
)


@dataclass(frozen=True, slots=True)
class OptInText:
    """Text as it is sent. `version`: tells it from every other text; `language`: the one that it is in."""

    text: str
    version: str
    language: str


def compose_request(settings: Settings, list_name: str | None, language: str | None) -> OptInText:
    """Returns the request to confirm. Raises Refused (`needs_setting`) if the configuration does not say who asks, for what, and
    how often messages come: a request names all of these."""
    return _compose(_REQUEST, settings, list_name, language)


def compose_reminder(settings: Settings, list_name: str | None, language: str | None) -> OptInText:
    """Returns the reminder of a request. Raises Refused, as `compose_request` does."""
    return _compose(_REMINDER, settings, list_name, language)


def compose_welcome(settings: Settings, language: str | None) -> OptInText:
    """Returns the answer to somebody who is subscribed now."""
    chosen = language or replies.DEFAULT_LANGUAGE
    return _make(replies.compose_opt_in_reply(chosen, settings.brand), chosen)


def _compose(template: str, settings: Settings, list_name: str | None, language: str | None) -> OptInText:
    named = settings.consent.lists[list_name] if list_name is not None else settings.consent.double_opt_in
    place = f"consent.lists.{list_name}" if list_name is not None else "consent.double_opt_in"
    values = {"brand": settings.brand, "title": named.title, "frequency": named.frequency}
    for key, value in values.items():
        if value is None:
            setting = key if key == "brand" else f"{place}.{key}"
            raise Refused(ErrorCode.NEEDS_SETTING, f"a request to confirm names the {key}; set {setting}")
    return _make(template.format(**values), language or replies.DEFAULT_LANGUAGE)


def _make(text: str, language: str) -> OptInText:
    return OptInText(text, hashlib.sha256(text.encode()).hexdigest()[:12], language)
