"""Verification of the consent ledger: finds rows that were changed, taken away, put in or blanked, and never changes anything.

The ledger is read in pages, so that other readers have their turn; it only grows meanwhile. Then what was found is compared with
the anchors: heads of the ledger that were written to a file outside the database, each on its day.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from modemd.light_dataclass import dataclass
from modemd.store.consent import ledger
from modemd.store.consent.damage import explain_damage, is_text_damage
from modemd.store.consent.ledger import ConsentAction
from modemd.store.keyed_hashes import keys
from modemd.store.timestamps import to_text

ROWS_PER_PAGE = 2000


class Fault(StrEnum):
    """Fault of a ledger."""

    CHANGED = "changed"  # content, time, action or chain value are not as they were stored
    MISSING = "missing"  # rows are not there, with others behind them
    CUT_OFF = "cut_off"  # the last rows are not there
    BLANKED = "blanked"  # a row has no content, and no erasure names it
    NO_KEY = "no_key"  # rows were chained by a key that is not here, or by none
    EVIDENCE = "evidence"  # a file of evidence is not there, or was changed
    ANCHOR_ABSENT = "anchor_absent"
    ANCHOR_DAMAGED = "anchor_damaged"
    ANCHOR_DIFFERS = "anchor_differs"  # the ledger is not the one of which the anchor was written


@dataclass(frozen=True, slots=True)
class Anchor:
    """Head of the ledger on a day: the id of its last row, the chain value of that, and the id of the key."""

    at: datetime
    rows: int
    head: str
    key_id: str


@dataclass(frozen=True, slots=True)
class AnchorFile:
    """Content of the file of anchors, in its order. `damage`: what is wrong with it, None if nothing is; `is_there`: False if
    there is no file."""

    anchors: tuple[Anchor, ...] = ()
    damage: str | None = None
    is_there: bool = True


@dataclass(frozen=True, slots=True)
class LedgerProblem:
    """Problem of the ledger: its kind, the rows from `first` to `last` (0 if it is about no row), and what it is in words."""

    fault: Fault
    first: int
    last: int
    because: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Result of a verification: how many rows were checked, how many of these have no content since an erasure, the id and chain
    value of the last row, the anchors that agree, the time of the last anchor, and the problems."""

    rows: int
    erased: int
    last: int
    head: str
    anchors: int
    anchored_at: datetime | None
    problems: tuple[LedgerProblem, ...]


@dataclass(slots=True)
class Verifier:
    """Verifier of one ledger: feed it all rows in their order, then ask for the result. `anchors`: those that it must pass."""

    file: AnchorFile
    _problems: list[LedgerProblem] = field(default_factory=list)
    _rows: int = 0
    _last: int = 0
    _chain: bytes = ledger.START
    _is_first: bool = True
    _first_at: str | None = None
    _blank: dict[str, int] = field(default_factory=dict)  # digests of blanked rows -> id
    _named: set[str] = field(default_factory=set)  # digests that an erasure names
    # When, the rows of the backup, and those of the replaced ledger.
    _restores: list[tuple[str, int, int | None]] = field(default_factory=list)
    _keyless: dict[str, list[int]] = field(default_factory=dict)  # key id -> rows that cannot be checked
    _heads: dict[int, str] = field(default_factory=dict)  # of the rows at which there are anchors

    def read_page(self, db: sqlite3.Connection) -> bool:
        """Checks the next rows of the ledger that `db` reads. Returns False if there is none. StoreDamaged: no table."""
        with explain_damage():
            rows = _read_rows(db, self._last)
        wanted = {anchor.rows for anchor in self.file.anchors}
        for row in rows:
            self._check_row(db, row)
            if row["id"] in wanted:
                self._heads[row["id"]] = self._chain.hex()
        return bool(rows)

    def _check_row(self, db: sqlite3.Connection, row: sqlite3.Row) -> None:
        id: int = row["id"]
        has_gap = id != self._last + 1
        if has_gap:
            first, last = self._last + 1, id - 1
            self._report(Fault.MISSING, first, last, f"{_name_rows(first, last)} missing")
        self._rows += 1
        self._first_at = self._first_at or row["at"]
        try:
            said = self._find_change(db, row, has_gap=has_gap)
        except UnicodeEncodeError:
            said = "it has a text that is not UTF-8"
        if said is not None:
            self._report(Fault.CHANGED, id, id, f"row {id} was changed: {said}")
        else:
            self._note_content(db, row)
        self._last, self._chain = id, row["chain"]

    def _find_change(self, db: sqlite3.Connection, row: sqlite3.Row, *, has_gap: bool) -> str | None:
        """Returns what shows that a row was changed; None if nothing does."""
        if row["salt"] is None:
            if any(row[name] not in (None, "") for name in ledger.CONTENT):
                return "it has content, but no salt"
            self._blank[row["digest"].hex()] = row["id"]
        elif ledger.compute_digest(row["salt"], row) != row["digest"]:
            return "its content does not fit its digest"
        if has_gap:  # the chain value before it is missing, too
            return None
        link = ledger.make_link(self._chain, row["id"], row["at"], row["action"], row["digest"])
        chain = keys.mac(db, row["key_id"], link)
        if chain is None or row["key_id"] == keys.NO_KEY:
            self._keyless.setdefault(row["key_id"], []).append(row["id"])
        return None if chain is None or chain == row["chain"] else "it does not fit the row before it"

    def _note_content(self, db: sqlite3.Connection, row: sqlite3.Row) -> None:
        """Notes what a row that was not changed says about others."""
        if row["salt"] is None:
            return
        if row["action"] == ConsentAction.ERASE:
            self._named.update(json.loads(row["erased"]))
        elif row["action"] == ConsentAction.RESTORE:
            said = json.loads(row["evidence"])
            self._restores.append((row["at"], said["rows"], said.get("replaced_rows")))
        elif row["evidence_file"] is not None:
            self._check_evidence(db, row)

    def _check_evidence(self, db: sqlite3.Connection, row: sqlite3.Row) -> None:
        found = db.execute("SELECT content FROM consent_evidence WHERE digest = ?", (row["evidence_file"],)).fetchone()
        if found is None:
            said = "is missing"
        elif hashlib.sha256(found["content"]).hexdigest() != row["evidence_file"]:
            said = "was changed"
        else:
            return
        self._report(Fault.EVIDENCE, row["id"], row["id"], f"the file of evidence of row {row['id']} {said}")

    def finish(self, db: sqlite3.Connection, absent_since: str = "") -> Verification:
        """Returns the result, after the last page. `absent_since`: if the first row was recorded before this stored time, there
        must be an anchor."""
        for digest, id in self._blank.items():
            if digest not in self._named:
                self._report(Fault.BLANKED, id, id, f"row {id} has no content, and no erasure names it")
        for key_id, ids in self._keyless.items():
            for first, last in _list_ranges(ids):
                why = (
                    f"key {key_id} is not here"
                    if key_id
                    else "they were stored without a key, so that nothing protects them"
                )
                self._report(Fault.NO_KEY, first, last, f"{_name_rows(first, last, 'can')} not be checked: {why}")
        self._check_end(db)
        agreeing = self._check_anchors(absent_since)
        anchors = self.file.anchors
        return Verification(
            self._rows,
            len(self._blank),
            self._last,
            self._chain.hex(),
            agreeing,
            anchors[-1].at if anchors else None,
            tuple(sorted(self._problems, key=lambda problem: problem.first)),
        )

    def _check_end(self, db: sqlite3.Connection) -> None:
        """Reports rows that SQLite has counted, and that are not there."""
        given = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'consent_event'").fetchone()
        if given is not None and given["seq"] > self._last:
            self._report_cut_off(given["seq"], "the database counted them")

    def _report_cut_off(self, last: int, why: str) -> None:
        first = self._last + 1
        if not any(each.fault is Fault.CUT_OFF and each.last >= last for each in self._problems):
            self._report(Fault.CUT_OFF, first, last, f"{_name_rows(first, last)} missing at the end: {why}")

    def _check_anchors(self, absent_since: str) -> int:
        """Compares the anchors, and returns how many agree. One of a ledger that a restore has replaced cannot be compared; the
        row of the restore says so."""
        if not self.file.anchors and self._first_at is not None and self._first_at < absent_since:
            self._report(
                Fault.ANCHOR_ABSENT, 0, 0, "there is no anchor: nothing shows whether the last rows were cut off"
            )
        if self.file.damage is not None:
            self._report(Fault.ANCHOR_DAMAGED, 0, 0, f"the file of anchors is damaged: {self.file.damage}")
        agreeing = 0
        for anchor in self.file.anchors:
            if self._heads.get(anchor.rows, "") == anchor.head or (anchor.rows == 0 and not anchor.head):
                agreeing += 1
            elif self._is_of_replaced_ledger(anchor):
                continue
            elif anchor.rows > self._last:
                self._report_cut_off(anchor.rows, f"the anchor of {anchor.at:%Y-%m-%d} has {anchor.rows} rows")
            else:
                self._report(
                    Fault.ANCHOR_DIFFERS,
                    anchor.rows,
                    anchor.rows,
                    f"the anchor of {anchor.at:%Y-%m-%d} does not fit row {anchor.rows}: this or an earlier row was changed",
                )
        return agreeing

    def _is_of_replaced_ledger(self, anchor: Anchor) -> bool:
        return any(
            to_text(anchor.at) <= at and rows < anchor.rows and (replaced is None or anchor.rows <= replaced)
            for at, rows, replaced in self._restores
        )

    def _report(self, fault: Fault, first: int, last: int, because: str) -> None:
        self._problems.append(LedgerProblem(fault, first, last, because))


def verify(db: sqlite3.Connection, file: AnchorFile, absent_since: str = "") -> Verification:
    """Checks the whole ledger at once, as `Verifier` does page by page."""
    verifier = Verifier(file)
    while verifier.read_page(db):
        pass
    return verifier.finish(db, absent_since)


def _read_rows(db: sqlite3.Connection, last: int) -> list[sqlite3.Row]:
    """Returns the rows of a page. Octets that are not UTF-8 come as half surrogate pairs: no digest fits them."""
    query = "SELECT * FROM consent_event WHERE id > ? ORDER BY id LIMIT ?"
    try:
        return db.execute(query, (last, ROWS_PER_PAGE)).fetchall()
    except sqlite3.OperationalError as error:
        if not is_text_damage(error):
            raise
    factory, db.text_factory = db.text_factory, lambda octets: octets.decode("utf-8", "surrogateescape")
    try:
        return db.execute(query, (last, ROWS_PER_PAGE)).fetchall()
    finally:
        db.text_factory = factory


def _list_ranges(ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yields the first and last of each run of consecutive ids."""
    first = last = ids[0]
    for id in ids[1:]:
        if id != last + 1:
            yield first, last
            first = id
        last = id
    yield first, last


def _name_rows(first: int, last: int, verb: str = "") -> str:
    verbs = {"": ("is", "are")}.get(verb, (verb, verb))
    return f"row {first} {verbs[0]}" if first == last else f"rows {first} to {last} {verbs[1]}"
