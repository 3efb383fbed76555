"""Accept messages: check what was asked, and answer when it is durable."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from modemd import pdu
from modemd.clock import Clock
from modemd.config import Settings
from modemd.errors import EncodeError, Refused
from modemd.rules import numbers
from modemd.rules.claiming import ConsentPolicy
from modemd.rules.classes import SUBMITTABLE, MessageClass
from modemd.service.moments import FARTHEST, judge, moment_of
from modemd.store import Store, listings, outbox
from modemd.store.outbox import NewMessage, Submitted

# An idempotency key longer than this is somebody's document.
LONGEST_KEY = 200
# 255 parts of 153 characters (3GPP TS 23.040 9.2.3.24.1).
LONGEST_TEXT = 255 * 153
COLUMNS = ("to", "text", "class", "at", "key")


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody wants sent, in their own words. `report` None: as configured."""

    to: str
    text: str
    message_class: str = MessageClass.TRANSACTIONAL
    at: str | None = None
    key: str | None = None
    report: bool | None = None
    short_code: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request: the message as `messages` shows it, and what a person should know about its number."""

    message: dict[str, Any]
    warnings: tuple[str, ...]
    again: bool


class BadRows(Refused):
    """A CSV of which nothing is accepted. `problems` names each row by line, with the reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("bad_rows", f"nothing was accepted: {'; '.join(problems)}")
        self.problems = problems


class Submitting:
    """The door for messages."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        policy: ConsentPolicy,
        clock: Clock,
        queued: Callable[[Submitted, int], None],
    ) -> None:
        self._store = store
        self._settings = settings
        self._policy = policy
        self._clock = clock
        self._queued = queued

    async def submit(self, request: Request) -> Answer:
        """Accept one message. Refused, with a code, where it cannot be; one refused by consent is kept as such."""
        return (await self.submit_all([request]))[0]

    async def submit_all(self, requests: Sequence[Request]) -> list[Answer]:
        """Accept several in one commit: all of them, or by Refused none."""
        checked = [self._check(request) for request in requests]
        return await self._keep(checked)

    async def submit_csv(self, text: str) -> list[Answer]:
        """Accept the rows of a CSV with the columns to,text,class[,at,key]. BadRows names every malformed one."""
        rows, problems = _rows(text)
        checked = []
        for line, row in rows:
            try:
                request = Request(row["to"], row["text"], row["class"], row.get("at") or None, row.get("key") or None)
                checked.append(self._check(request))
            except Refused as refused:
                problems.append(f"line {line}: {refused.reason}")
        if problems:
            raise BadRows(problems)
        return await self._keep(checked)

    def _check(self, request: Request) -> tuple[NewMessage, tuple[str, ...]]:
        now = self._clock.now()
        recipient = numbers.recipient(request.to, country=self._settings.country, short_code=request.short_code)
        if request.message_class not in SUBMITTABLE:
            raise Refused("bad_class", f"{request.message_class!r} is no class; there are {', '.join(SUBMITTABLE)}")
        message_class = MessageClass(request.message_class)
        if not request.text:
            raise Refused("empty_text", "the text is empty; an SMS says something")
        if len(request.text) > LONGEST_TEXT:  # before it is looked at: that takes time which everybody shares
            raise Refused("bad_text", f"the text has {len(request.text)} characters; {LONGEST_TEXT} are the most")
        try:
            parts = pdu.plan(request.text).parts
        except EncodeError as error:
            raise Refused("bad_text", f"the text cannot be sent: {error.reason}") from error
        if request.key is not None and not 0 < len(request.key) <= LONGEST_KEY:
            raise Refused("bad_key", f"a key has 1 to {LONGEST_KEY} characters")
        at = moment_of(request.at, self._settings.timezone) if request.at else None
        if at is not None and request.key is None:
            judge(
                at, now
            )  # with a key it may be a repetition, which is answered again: `_submit_all` judges the others
        new = NewMessage(
            number=recipient.number,
            text=request.text,
            message_class=message_class,
            parts=parts,
            expires_at=min(max(at or now, now), now + FARTHEST) + self._settings.validity.of(message_class),
            report=self._settings.report if request.report is None else request.report,
            at=at,
            key=request.key,
        )
        return new, recipient.warnings

    async def _keep(self, checked: Sequence[tuple[NewMessage, tuple[str, ...]]]) -> list[Answer]:
        now = self._clock.now()
        kept = await self._store.write(partial(_submit_all, [new for new, _ in checked], self._policy, now))
        for (new, _), (submitted, _) in zip(checked, kept, strict=True):
            if not submitted.again:
                self._queued(submitted, new.message_class.rank)
        return [
            Answer(message, warnings, submitted.again)
            for (_, warnings), (submitted, message) in zip(checked, kept, strict=True)
        ]


def _submit_all(
    new: Sequence[NewMessage], policy: ConsentPolicy, now: Any, db: sqlite3.Connection
) -> list[tuple[Submitted, dict[str, Any]]]:
    for each in new:
        if each.at is not None and each.key is not None and not outbox.known(db, each.key):
            judge(each.at, now)
    submitted = [outbox.submit(db, each, policy, now) for each in new]
    return [(each, listings.messages(db, id=each.id)[0]) for each in submitted]


def _rows(text: str) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    """The rows of a CSV by the line that each begins on, and what is wrong with its shape."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    problems: list[str] = []
    line = 1
    try:
        numbered = _numbered(reader)
        _, names = next(numbered, (1, []))
        if said := _wrong_columns(names):
            return [], [f"line 1: {', '.join(said)}; the columns are to,text,class[,at,key]"]
        for line, fields in numbered:
            if len(fields) != len(names):
                problems.append(f"line {line}: has {len(fields)} fields, the first line {len(names)}")
            else:
                rows.append((line, dict(zip(names, fields, strict=True))))
    except csv.Error as error:
        problems.append(f"line {reader.line_num}: {error}, in a row that begins after line {line}")
    if not rows and not problems:
        problems.append("line 1: there are no rows")
    return rows, problems


def _numbered(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, with the line on which each begins (a quoted text may run over several)."""
    begins = 1
    for fields in reader:
        if fields:
            yield begins, fields
        begins = reader.line_num + 1  # type: ignore[attr-defined]  # csv.reader has it; its type is private


def _wrong_columns(names: list[str]) -> list[str]:
    missing = [f"no column {name}" for name in COLUMNS[:3] if name not in names]
    unknown = [f"unknown column {name!r}" for name in names if name not in COLUMNS]
    twice = [f"column {name} twice" for name in COLUMNS if names.count(name) > 1]
    return missing + unknown + twice
