"""Checked file: what was found in a CSV so far, row by row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from modemd.errors import Refused
from modemd.light_dataclass import dataclass
from modemd.service.messages.csv_encoding import FileContent
from modemd.service.messages.csv_rows import MOST_PROBLEMS, FileOptions, Row
from modemd.service.messages.submission import CheckedMessage, MessageRequest
from modemd.store.outbox.batches import FileRow
from modemd.store.outbox.outbound_message import OutboundMessage
from modemd.store.rows import BatchRow

# How many warnings about lines the answer lists; of the others it tells the number.
MOST_WARNINGS = 100
# How many rows one warning names.
MOST_NAMED = 5

CheckRequest = Callable[[MessageRequest], CheckedMessage]


@dataclass(slots=True)
class CheckedFile:
    """Rows, problems and warnings that were found in a file so far. `rows`: those that were not taken yet; `left_out`: how many
    have a number that an earlier row has, if each number gets one message only."""

    content: FileContent
    options: FileOptions
    rows: list[FileRow] = field(default_factory=list)
    left_out: int = 0
    _problems: list[str] = field(default_factory=list)
    _general: list[str] = field(default_factory=list)
    _warnings: list[str] = field(default_factory=list)
    _unlisted: int = 0
    _numbers: set[int] = field(default_factory=set)
    _repeated: list[str] = field(default_factory=list)
    _repeats: int = 0
    _keys: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def problems(self) -> list[str]:
        """The problems by line; the last may say that there are more."""
        more = ["and there is more; nothing behind was looked at"] if self.is_hopeless else []
        return self._problems[:MOST_PROBLEMS] + more

    @property
    def is_hopeless(self) -> bool:
        """True if so much is wrong that nothing more is looked at."""
        return len(self._problems) > MOST_PROBLEMS

    def take_rows(self) -> tuple[FileRow, ...]:
        """Returns the rows that were checked since the last call."""
        rows, self.rows = tuple(self.rows), []
        return rows

    def note_same_file(self, earlier: BatchRow | None) -> None:
        """Adds a warning if the same file became a batch before."""
        if earlier is not None:
            self._general.append(
                f"the same file was accepted before, as batch {earlier.id}; with a key of its own (--key) a file is accepted "
                "only once"
            )

    def warn_of_file(self, warnings: tuple[str, ...]) -> None:
        """Adds warnings about the whole file, each once."""
        self._general += [each for each in warnings if each not in self._general]

    def warn(self, line: int, warnings: tuple[str, ...]) -> None:
        """Adds warnings about a line."""
        listed = warnings[: MOST_WARNINGS - len(self._warnings)]
        self._warnings += [f"line {line}: {each}" for each in listed]
        self._unlisted += len(warnings) - len(listed)

    def add(self, row: Row, check: CheckRequest) -> None:
        """Adds a row that has values, if `check` accepts its request; else what is wrong with it."""
        if isinstance(row.found, str):
            self._problems.append(f"line {row.line}: {row.found}")
            return
        if row.found is None:
            return
        try:
            new, warnings = check(row.found)
        except Refused as refused:
            self._problems.append(f"line {row.line}: {refused.reason}")
            return
        if not self._check_key(row.line, new):
            return
        self.warn(row.line, warnings)
        if self._is_repeated(row.line, new.number) and self.options.once_per_number:
            self.left_out += 1
        else:
            self.rows.append(FileRow(row.line, new))

    def _check_key(self, line: int, new: OutboundMessage) -> bool:
        """Returns False, after adding a problem, if an earlier row has the key of this one with other content."""
        if new.key is None:
            return True
        content = hash((new.number, new.text, new.message_class, new.at))
        first, known = self._keys.setdefault(new.key, (line, content))
        if known == content:
            return True
        self._problems.append(f"line {line}: key {new.key!r} is on line {first} too, with other content")
        return False

    def _is_repeated(self, line: int, number: str) -> bool:
        """Returns True, and remembers the line, if an earlier row has this number."""
        digits = int(number) if number.startswith("+") else -int(number)  # an integer takes less memory than a text
        if digits not in self._numbers:
            self._numbers.add(digits)
            return False
        self._repeats += 1
        if len(self._repeated) < MOST_NAMED:
            self._repeated.append(f"line {line}: {number}")
        return True

    def list_warnings(self) -> list[str]:
        """Returns the warnings: about the whole file, then by line; the last may say how many more there are."""
        general = [*self.content.warnings, *self._general]
        if self._repeats:
            some = ", ".join(self._repeated) + (", ..." if self._repeats > len(self._repeated) else "")
            rows = f"{self._repeats} row{'s have' if self._repeats > 1 else ' has'} a number of an earlier row ({some})"
            general.append(
                f"{rows}; left out, each number gets one message"
                if self.options.once_per_number
                else f"{rows}; to send each number once, say so (--dedupe)"
            )
        plural = "s" if self._unlisted > 1 else ""
        more = [f"and {self._unlisted} more warning{plural} about lines"] if self._unlisted else []
        return [*general, *self._warnings, *more]
