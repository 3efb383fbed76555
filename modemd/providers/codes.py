"""Codes of a provider, as its `codes.toml` has them: which class each one is. Providers split and add codes without notice, so a
file of the user's can say other than the shipped one, code by code.

    [answers]
    21610 = { class = "optout", means = "the recipient has opted out" }

Besides the classes of `RefusalClass` there are `unknown` (the message may have been taken) and `expired` (its time was over).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from modemd import logs
from modemd.errors import ConfigError
from modemd.light_dataclass import dataclass
from modemd.providers.documents import tidy
from modemd.providers.outcomes import NotTaken, RefusalClass, Unknown

log = logs.get(__name__)

UNKNOWN, EXPIRED = "unknown", "expired"
WORDS = (*RefusalClass, UNKNOWN, EXPIRED)
_KEYS = ("class", "means", "unverified", "even_in_5xx")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """Entry of a code. `word`: its class; `means`: for a person; `is_verified`: False if no document was read that says so;
    `holds_in_5xx`: with this code, even an answer with an HTTP status from 500 says that the message was not taken."""

    word: str
    means: str = ""
    is_verified: bool = True
    holds_in_5xx: bool = False

    @property
    def refusal(self) -> RefusalClass | None:
        """Class of the refusal; None if it is `unknown` or `expired`."""
        return None if self.word in (UNKNOWN, EXPIRED) else RefusalClass(self.word)


Sections = Mapping[str, Mapping[str, CodeEntry]]


@dataclass(frozen=True, slots=True)
class CodeTable:
    """Table of the codes of a provider, by section."""

    provider: str
    sections: Sections

    def find(self, section: str, code: str | None) -> CodeEntry | None:
        """Returns the entry of a code; None if it is not listed."""
        return self.sections[section].get(code) if code is not None else None

    def judge(self, section: str, status: int | None, code: str | None, text: str | None) -> NotTaken | Unknown:
        """Returns the outcome of a send whose answer is not that the message was taken. `section`: where the code of the answer
        is looked up; `status`: of HTTP, looked up in `statuses`; None if the code alone tells. A code that is not listed is
        logged."""
        entry = self.find(section, code)
        said = f"HTTP status {status or 200}{f', code {tidy(code)}' if code else ''}"
        if entry is not None and entry.word == UNKNOWN:
            return Unknown(f"{said}: {entry.means or tidy(text)}")
        if status is not None and not 400 <= status < 500:
            if entry is not None and entry.refusal is not None and entry.holds_in_5xx:
                return NotTaken(entry.refusal, str(code), tidy(text) or entry.means)
            return Unknown(f"{said} does not say whether the message was taken")
        if entry is None and status is not None:
            entry = self.find("statuses", str(status))
        given = tidy(code) or str(status or 200)
        if entry is not None and entry.refusal is not None:
            return NotTaken(entry.refusal, given, tidy(text) or entry.means)
        log.warning(
            "a provider has refused a message with a code that its table does not have",
            provider=self.provider,
            status=status,
            code=given,
        )
        return NotTaken(RefusalClass.MESSAGE, given, tidy(text), is_listed=False)


def load_codes(package: str, user_file: Path | None = None) -> CodeTable:
    """Returns the codes of `codes.toml` in a package of this room, with those of the user's file over them. ConfigError, with a
    line for each mistake, if a file cannot be used."""
    shipped = resources.files(package).joinpath("codes.toml")
    provider = package.rpartition(".")[2]
    table = CodeTable(provider, _parse(shipped.read_text(encoding="utf-8"), f"{provider}/codes.toml", None))
    if user_file is None:
        return table
    try:
        text = user_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{user_file}: {error}"]) from error
    over = _parse(text, str(user_file), table.sections)
    merged = {name: {**entries, **over.get(name, {})} for name, entries in table.sections.items()}
    return CodeTable(provider, merged)


def _parse(text: str, where: str, known: Sections | None) -> Sections:
    """Returns the sections of a file; with `known`, no others are allowed. Raises ConfigError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{where}: {error}"]) from error
    problems: list[str] = []
    sections: dict[str, dict[str, CodeEntry]] = {}
    for name, codes in document.items():
        if known is not None and name not in known:
            problems.append(f"{where}: [{name}]: unknown section; there are {', '.join(known)}")
        elif not isinstance(codes, dict):
            problems.append(f"{where}: {name}: needs a section [{name}]")
        else:
            sections[name] = {
                code: _read_entry(f"{where}: [{name}] {code}", code, entry, problems) for code, entry in codes.items()
            }
    if problems:
        raise ConfigError(problems)
    return sections


def _read_entry(where: str, code: str, entry: Any, problems: list[str]) -> CodeEntry:
    if not isinstance(entry, dict) or entry.get("class") not in WORDS:
        problems.append(f'{where}: needs {{ class = "…" }} with one of {", ".join(WORDS)}')
        return CodeEntry(UNKNOWN)
    if _CODE.fullmatch(code) is None:
        problems.append(f"{where}: a code has letters, digits, and _ . -")
    problems += [f"{where}: unknown key {key}; there are {', '.join(_KEYS)}" for key in entry if key not in _KEYS]
    if not isinstance(entry.get("means", ""), str):
        problems.append(f"{where}: means: needs a text")
    problems += [
        f"{where}: {key}: needs true or false"
        for key in ("unverified", "even_in_5xx")
        if not isinstance(entry.get(key, False), bool)
    ]
    return CodeEntry(
        str(entry["class"]), str(entry.get("means", "")), not entry.get("unverified"), bool(entry.get("even_in_5xx"))
    )
