"""Texts of a double opt-in: the request, its reminder, and the welcome. The one place where they are composed."""

from __future__ import annotations

import hashlib

from modemd.config import Settings
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.consent.texts.kinds import TextKind
from modemd.rules.consent.texts.texts import DEFAULT_LANGUAGE, Texts


@dataclass(frozen=True, slots=True)
class OptInText:
    """Text as it is sent. `version`: tells it from every other text; `language`: the one that it is in."""

    text: str
    version: str
    language: str


def compose_request(settings: Settings, texts: Texts, list_name: str | None, language: str | None) -> OptInText:
    """Returns the request to confirm. Raises Refused (`needs_setting`) if the configuration does not say who asks, for what, and
    how often messages come: a request names all of these."""
    return _compose(TextKind.OPT_IN_REQUEST, settings, texts, list_name, language)


def compose_reminder(settings: Settings, texts: Texts, list_name: str | None, language: str | None) -> OptInText:
    """Returns the reminder of a request. Raises Refused, as `compose_request` does."""
    return _compose(TextKind.OPT_IN_REMINDER, settings, texts, list_name, language)


def compose_welcome(settings: Settings, texts: Texts, list_name: str | None, language: str | None) -> OptInText:
    """Returns the answer to somebody who is subscribed now: to a list, or to all marketing (`list_name` None)."""
    title = _find_title(settings, list_name)
    kind = TextKind.WELCOME if title is not None else TextKind.WELCOME_GENERAL
    return _make(texts.compose(kind, language, brand=settings.brand, list_name=title), texts, language)


def _find_title(settings: Settings, list_name: str | None) -> str | None:
    """Returns what people get, as they are told; of a list that is gone from the configuration, its name."""
    if list_name is None:
        return settings.consent.double_opt_in.title
    configured = settings.consent.lists.get(list_name)
    return configured.title if configured is not None else list_name


def _compose(
    kind: TextKind, settings: Settings, texts: Texts, list_name: str | None, language: str | None
) -> OptInText:
    named = settings.consent.lists[list_name] if list_name is not None else settings.consent.double_opt_in
    place = f"consent.lists.{list_name}" if list_name is not None else "consent.double_opt_in"
    values = {"brand": settings.brand, "title": named.title, "frequency": named.frequency}
    for key, value in values.items():
        if value is None:
            setting = key if key == "brand" else f"{place}.{key}"
            raise Refused(ErrorCode.NEEDS_SETTING, f"a request to confirm names the {key}; set {setting}")
    text = texts.compose(kind, language, brand=settings.brand, list_name=named.title, frequency=named.frequency)
    return _make(text, texts, language)


def _make(text: str, texts: Texts, language: str | None) -> OptInText:
    version = hashlib.sha256(text.encode()).hexdigest()[:12]
    return OptInText(text, version, texts.find_language(language) or DEFAULT_LANGUAGE)
