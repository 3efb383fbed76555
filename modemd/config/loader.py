"""Loader of the configuration file: returns its settings, or raises all of its mistakes at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from modemd.accounts import explain_denial
from modemd.config import reader
from modemd.config.http import find_mistakes
from modemd.config.reader import Document, Problem, SourcePosition
from modemd.config.settings import LOCATORS, Settings
from modemd.config.values import rejection_message
from modemd.errors import ConfigError

SMALLEST = "it needs at least a `database:` path"
LONGEST_SOCKET = 107  # sun_path has 108 octets, with the closing zero (unix(7))


def load(path: Path) -> Settings:
    """Reads the settings in the file at `path`.

    ConfigError with one line for each mistake, in the order of the file:
    `modemd.yaml:6:11: modems[0].rate: 'fast' is not a rate; allowed: ...`.
    """
    try:
        octets = path.read_bytes()
    except PermissionError:
        raise ConfigError([f"{path}: {explain_denial(path)}"]) from None
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error.strerror or error}"]) from None
    document = reader.read(octets)
    settings, problems = (None, document.problems) if document.data is None else _check(document, path)
    if document.data is None and not problems:
        problems = [Problem(SourcePosition(1, 1), (), f"the file is empty; {SMALLEST}")]
    if settings is None or problems:
        ordered = sorted(problems, key=lambda problem: (problem.position, str(problem.path)))
        raise ConfigError([_line(path, problem) for problem in ordered])
    return settings


def _check(document: Document, path: Path) -> tuple[Settings | None, list[Problem]]:
    if not isinstance(document.data, dict):
        message = f"the file must consist of keys with values, such as `key: value`; {SMALLEST}"
        return None, [*document.problems, Problem(document.position(()), (), message)]
    folder = Path(os.path.abspath(path)).parent
    problems = [*document.problems, *_repeated(document, folder)]
    try:
        settings = Settings.model_validate(document.data, context={"folder": folder})
    except ValidationError as errors:
        already = {problem.path for problem in problems}
        # A default that needs the value of another key is no separate mistake if that other key is wrong.
        own = [error for error in errors.errors(include_url=False) if error["type"] != "default_factory_not_called"]
        found = [_problem(error, document) for error in own]
        return None, problems + [problem for problem in found if problem.path not in already]
    return settings, problems + list(_conflicts(settings, document))


def _problem(error: ErrorDetails, document: Document) -> Problem:
    """Returns the problem for one of pydantic's errors, with the file's value and with what is allowed instead."""
    location = tuple(part for part in error["loc"] if part != "[key]")
    model, allowed = _describe_key(location)
    match error["type"]:
        case "missing":
            return Problem(document.position(location), location, f"is missing; allowed: {allowed}")
        case "extra_forbidden":
            where = document.keys.get(location, document.position(location))
            return Problem(where, location, f"unknown key; {_suggestion(str(location[-1]), model)}")
        case "value_error":
            mistake = str(error["ctx"]["error"])
        case _:
            mistake = rejection_message(error["input"])
    place = document.keys.get(location) if "[key]" in error["loc"] else None
    return Problem(place or document.position(location), location, f"{mistake}; allowed: {allowed}")


def _describe_key(location: reader.KeyPath) -> tuple[type[BaseModel], str]:
    """Returns the model that has the key at the end of `location`, and what is allowed there."""
    model: type[BaseModel] = Settings
    inner: type[BaseModel] | None = Settings
    allowed = ""
    for part in location:
        if inner is None:
            break
        model = inner
        field = model.model_fields.get(str(part)) if isinstance(part, str) else None
        if field is not None:
            allowed = field.description or ""
            inner = _nested(field.annotation)
    return model, allowed


def _nested(annotation: Any) -> type[BaseModel] | None:
    """Returns the model inside an annotation such as tuple[ModemSettings, ...], if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _nested(part))), None)


def _suggestion(key: str, model: type[BaseModel]) -> str:
    known = list(model.model_fields)
    import difflib  # only a mistake in the file needs it

    near = difflib.get_close_matches(key.lower(), known, n=1)
    return f"did you mean {near[0]}?" if near else f"allowed: {', '.join(known)}"


def _repeated(document: Document, folder: Path) -> Iterator[Problem]:
    """Yields the names and places that two modems share. Run before the other checks, so that they are reported with them."""
    modems = document.data.get("modems")
    for key in ("name", *LOCATORS):
        seen: dict[str, int] = {}
        for index, modem in enumerate(modems if isinstance(modems, list) else []):
            value = modem.get(key) if isinstance(modem, dict) else None
            if not isinstance(value, str | int):
                continue
            same = str(value)
            if key == "port" and "://" not in same:
                same = os.path.normpath(folder / same)
            if same in seen:
                path = ("modems", index, key)
                yield Problem(document.position(path), path, f"{value!r} is already modems[{seen[same]}].{key}")
            else:
                seen[same] = index


def _conflicts(settings: Settings, document: Document) -> Iterator[Problem]:
    """Yields the mistakes that show only when each value by itself is right."""
    place = document.position(("socket",)) if ("socket",) in document.values else document.position(("database",))
    length = len(os.fsencode(settings.socket))
    if length > LONGEST_SOCKET:
        message = f"{str(settings.socket)!r} is {length} bytes long; a Unix socket's path has at most {LONGEST_SOCKET}"
        yield Problem(place, ("socket",), message)
    if settings.socket == settings.database:
        yield Problem(place, ("socket",), "must not be the path of the database")
    for mistake in find_mistakes(settings.http):
        yield Problem(document.position(("http", "listen")), ("http", "listen"), mistake)
    rows = settings.retention.outbox.rows
    for index, cap in enumerate(settings.consent.caps):
        if cap.per > rows:
            path = ("consent", "caps", index, "per")
            message = f"is longer than {rows.days} days, for which retention.outbox.rows keeps what was sent"
            yield Problem(document.position(path), path, message)
    opt_in = settings.consent.double_opt_in
    if opt_in.reminder_after != "none" and opt_in.reminder_after >= opt_in.expires_after:
        key = ("consent", "double_opt_in", "reminder_after")
        yield Problem(
            document.position(key), key, "must be shorter than expires_after: the request has expired by then"
        )


def _line(path: Path, problem: Problem) -> str:
    where = f"{path}:{problem.position.line}:{problem.position.column}: "
    steps = (
        f"[{part}]" if isinstance(part, int) else f".{part if part.isprintable() else repr(part)}"
        for part in problem.path
    )
    key = "".join(steps).removeprefix(".")
    return f"{where}{key}: {problem.message}" if key else f"{where}{problem.message}"
