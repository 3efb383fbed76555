"""Import of opt-ins from a CSV, with a declared basis: in small transactions, and the same rows twice add nothing.

Somebody who has opted out stays so, whatever the file says. A file with a malformed row is refused whole, before anything is
stored; a file that was cut off by a crash is given once more.
"""

from __future__ import annotations

import asyncio
import csv
import io
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from modemd.clock import Clock
from modemd.config import CurrentSettings, Settings
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules import phone_numbers
from modemd.rules.consent.policy import Marketing
from modemd.service.consent.entries import OPT_IN_CHANNELS, check_list, check_proof
from modemd.service.texts import check_controls, check_language
from modemd.store import Store
from modemd.store.consent import lists, statements
from modemd.store.consent.proof import Proof
from modemd.store.consent.statements import ConsentStatement
from modemd.store.timestamps import to_text

REQUIRED = "number"
OPTIONAL = ("list", "at", "evidence", "wording", "wording_version", "language", "url", "ip", "user_agent", "contact_id")
# Rows that are read or stored before other work has its turn.
ROWS_PER_STEP = 100
# Problems of a file that are told.
MOST_PROBLEMS = 1000
# Numbers that stayed opted out and are named.
MOST_NAMED = 10
# How many problems the message names.
_IN_MESSAGE = 3


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """Options of a whole file: the channel by which the opt-ins came, their legal basis, who imports them, and the name of the
    file, which is the evidence of rows that have none."""

    channel: str
    basis: str
    by: str
    file: str


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Result of an import: how many rows the file has, how many of them opted somebody in, were known already, and were left out
    because their number has opted out. `kept_out`: the first of these numbers."""

    rows: int
    opted_in: int
    known: int
    opted_out: int
    kept_out: tuple[str, ...] = ()


class ConsentImports:
    """Imports of opt-ins."""

    def __init__(self, store: Store, settings: CurrentSettings, clock: Clock) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock

    async def import_rows(self, content: bytes, options: ImportOptions) -> ImportResult:
        """Stores the opt-ins of a CSV. Raises Refused: `bad_rows`, with each malformed row by its line; `bad_encoding`;
        `bad_kind` for the channel; `no_reason` without basis or author; `bad_text`."""
        if options.channel not in OPT_IN_CHANNELS:
            known = ", ".join(OPT_IN_CHANNELS)
            raise Refused(ErrorCode.BAD_KIND, f"{options.channel!r} is no channel; use one of {known}")
        if not options.basis.strip():
            raise Refused(ErrorCode.NO_REASON, "say the basis on which these people may get marketing, such as consent")
        check_controls(options.basis, options.by, options.file, what="an option of the import")
        found = await self._read(content, options)
        total, kept_out = [0, 0, 0], dict[str, None]()
        for begin in range(0, len(found), ROWS_PER_STEP):
            step = partial(_store_rows, found[begin : begin + ROWS_PER_STEP], self._clock.now())
            opted_in, repeated, left_out = await self._store.write(step)
            total = [sum(pair) for pair in zip(total, (opted_in, repeated, len(left_out)), strict=True)]
            kept_out |= dict.fromkeys(left_out)
        return ImportResult(len(found), total[0], total[1], total[2], tuple(kept_out)[:MOST_NAMED])

    async def _read(self, content: bytes, options: ImportOptions) -> list[ConsentStatement]:
        """Returns the statements of a file. Raises Refused if a row is malformed."""
        found: list[ConsentStatement] = []
        problems: list[str] = []
        settings, now = self._settings.current(), self._clock.now()
        for count, (line, row) in enumerate(_parse(_decode(content)), start=1):
            try:
                found.append(_make_statement(row, options, settings, now))
            except Refused as refused:
                problems.append(f"line {line}: {refused.reason}")
            if len(problems) >= MOST_PROBLEMS:
                break
            if count % ROWS_PER_STEP == 0:
                await asyncio.sleep(0)
        if problems:
            more = len(problems) - _IN_MESSAGE
            text = "; ".join(problems[:_IN_MESSAGE]) + (f"; and {more} more" if more > 0 else "")
            raise Refused(ErrorCode.BAD_ROWS, f"nothing was imported: {text}", tuple(problems))
        return found


def _decode(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise Refused(ErrorCode.BAD_ENCODING, "this is no CSV in UTF-8 or UTF-16; save it as CSV UTF-8") from None


def _parse(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yields each row with its line. Raises Refused (`bad_rows`) for wrong columns or wrong quoting."""
    head = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    names: list[str] | None = None
    line = 1
    try:
        for fields in reader:
            if any(map(str.strip, fields)):
                if names is None:
                    names = _read_head(fields)
                elif len(fields) > len(names):
                    raise Refused(ErrorCode.BAD_ROWS, f"line {line}: {len(fields)} values for {len(names)} columns")
                else:
                    yield line, dict(zip(names, map(str.strip, fields), strict=False))
            line = reader.line_num + 1
    except csv.Error as error:
        if "field limit" in str(error):
            said = (
                f"line {line}: a value has more than {csv.field_size_limit()} characters; is a quotation mark missing?"
            )
            raise Refused(ErrorCode.BAD_ROWS, said) from None
        raise Refused(ErrorCode.BAD_ROWS, f"line {line}: {error}") from error
    if names is None:
        raise Refused(ErrorCode.BAD_ROWS, f"there are no rows; {_EXPECTED}")


_EXPECTED = f"the columns are {REQUIRED}[,{','.join(OPTIONAL)}]"


def _read_head(fields: Sequence[str]) -> list[str]:
    names = [name.strip().casefold() for name in fields]
    unknown = [name for name in names if name not in (REQUIRED, *OPTIONAL)]
    if REQUIRED not in names or unknown or len(set(names)) < len(names):
        said = f"unknown column {unknown[0]!r}" if unknown else "a column is missing, or there twice"
        raise Refused(ErrorCode.BAD_ROWS, f"line 1: {said}; {_EXPECTED}")
    return names


def _make_statement(row: dict[str, str], options: ImportOptions, settings: Settings, now: datetime) -> ConsentStatement:
    """Returns the statement of a row. Raises Refused."""
    given = {name: value or None for name, value in row.items()}
    recipient = phone_numbers.parse_recipient(row[REQUIRED], country=settings.country)
    proof = Proof(
        occurred_at=_parse_time(given.get("at"), settings),
        actor=options.by,
        basis=options.basis,
        evidence=given.get("evidence") or f"a row of {options.file}",
        wording=given.get("wording"),
        wording_version=given.get("wording_version"),
        url=given.get("url"),
        ip=given.get("ip"),
        user_agent=given.get("user_agent"),
        contact_id=given.get("contact_id"),
    )
    check_proof(proof, now)
    check_list(given.get("list"), settings)
    language = given.get("language")
    check_language(language)
    proof = replace(proof, wording_language=language if proof.wording else None)
    return ConsentStatement(
        recipient.number, True, None, language, options.channel, list_name=given.get("list"), proof=proof
    )


def _parse_time(text: str | None, settings: Settings) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(ErrorCode.BAD_TIME, f"{text!r} is no time; write it as 2026-11-22T12:00") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=settings.timezone)


def _store_rows(rows: Sequence[ConsentStatement], now: datetime, db: sqlite3.Connection) -> tuple[int, int, list[str]]:
    """Stores some rows. Returns how many opted somebody in and were known, and the numbers of those that were left out."""
    opted_in, known, left_out = 0, 0, list[str]()
    for row in rows:
        if _has_opted_out(db, row):
            left_out.append(row.number)
        elif _is_known(db, row):
            known += 1
        else:
            statements.apply_statement(db, row, now)
            opted_in += 1
    return opted_in, known, left_out


def _has_opted_out(db: sqlite3.Connection, row: ConsentStatement) -> bool:
    if statements.read_marketing(db, row.number) is Marketing.OPTED_OUT:
        return True
    return row.list_name is not None and lists.read_state(db, row.number, row.list_name) is Marketing.OPTED_OUT


def _is_known(db: sqlite3.Connection, row: ConsentStatement) -> bool:
    proof = row.proof
    values = (row.channel, proof.basis, proof.evidence, proof.wording)
    at = to_text(proof.occurred_at) if proof.occurred_at is not None else None
    found = db.execute(
        """SELECT 1 FROM consent_event WHERE number = ? AND action = 'opt_in' AND occurred_at IS ? AND channel IS ? AND basis IS ?
           AND evidence IS ? AND wording IS ? AND list IS ? LIMIT 1""",
        (row.number, at, *values, row.list_name),
    ).fetchone()
    return found is not None
