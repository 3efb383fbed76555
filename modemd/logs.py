"""Log output as key=value lines on stderr: `ts=... level=info modem=west msg="part sent" message=17 mr=3`.

    log = logs.get(__name__)
    log.info("part sent", modem="west", message=17, mr=3)

A field whose value is None is left out.

Unless the level is debug, data about a person or a SIM is masked: by the name of the field (`number`, `to`, `sender`,
`recipient`, `text`, `iccid`, `imsi`), and, as a second line of defence, any international number in a line. This includes
lines of libraries and tracebacks.

A log call never raises: a value that cannot be formatted is replaced by a note. Under pytest, whose own handler formats
each record, the same value fails the test.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

from modemd.controls import CONTROLS

_NUMBERS = frozenset({"number", "to", "sender", "recipient"})
_IDENTITIES = frozenset({"iccid", "imsi"})
_INTERNATIONAL = re.compile(r"(?:\+|%2[Bb])[0-9]{8,15}")
_TO_ESCAPE = re.compile(rf'[\\"\n{CONTROLS}]')
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_NOT_BARE = re.compile(r'[\s"=\\]')
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}
_OWN_HANDLERS = ("uvicorn", "uvicorn.error", "uvicorn.access")


def configure(level: str, stream: TextIO | None = None) -> None:
    """Sends all records of this process from `level` (`debug`, `info`, `warning`) up to `stream` (default: stderr).

    May be called again; the last call counts. Servers with their own logging (uvicorn) must be started without it
    (`log_config=None`). KeyError for another level.
    """
    handler = _Handler(sys.stderr if stream is None else stream)
    handler.setFormatter(KeyValueFormatter(mask=level != "debug"))
    root = logging.getLogger()
    # Other handlers stay: under pytest, they make a test fail if a value cannot be formatted.
    root.handlers[:] = [*(other for other in root.handlers if not isinstance(other, _Handler)), handler]
    root.setLevel(_LEVELS[level])
    for name in _OWN_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    logging.captureWarnings(True)


def get(name: str) -> Log:
    """Returns the log of a module; `name` is its `__name__`."""
    return Log(logging.getLogger(name))


class Log:
    """Log of a module. An event is a short fixed message; its variable data are fields."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def debug(self, message: str, /, **fields: object) -> None:
        self._write(logging.DEBUG, message, fields)

    def info(self, message: str, /, **fields: object) -> None:
        self._write(logging.INFO, message, fields)

    def warning(self, message: str, /, **fields: object) -> None:
        self._write(logging.WARNING, message, fields)

    def error(self, message: str, /, **fields: object) -> None:
        self._write(logging.ERROR, message, fields)

    def exception(self, message: str, /, **fields: object) -> None:
        """Logs an error, with the traceback of the exception that is being handled."""
        self._write(logging.ERROR, message, fields, traceback=True)

    def _write(self, level: int, message: str, fields: Mapping[str, object], traceback: bool = False) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, LogEvent(message, fields), exc_info=traceback)


class LogEvent:
    """Message and fields of one log call. `str` is for other handlers: masked, and it raises if a value cannot be formatted."""

    def __init__(self, message: str, fields: Mapping[str, object]) -> None:
        self.message = message
        self.fields = fields

    def __str__(self) -> str:
        given = ((name, value) for name, value in self.fields.items() if value is not None)
        pairs = (f"{name}={_quoted(_masked(name, str(value)))}" for name, value in given)
        return " ".join((_without_numbers(self.message), *pairs))


class KeyValueFormatter(logging.Formatter):
    """Formatter that writes one line for each record. `mask` hides numbers, texts and identities."""

    def __init__(self, *, mask: bool) -> None:
        super().__init__()
        self._is_masking = mask

    def format(self, record: logging.LogRecord) -> str:
        event = record.msg if isinstance(record.msg, LogEvent) else None
        given = event.fields.items() if event else ()
        fields = {name: self._value(name, value) for name, value in given if value is not None}
        pairs = [("ts", _timestamp(record.created)), ("level", record.levelname.lower())]
        if "modem" in fields:
            pairs.append(("modem", fields.pop("modem")))
        pairs.append(("msg", event.message if event else _foreign_message(record)))
        pairs += fields.items()
        if event is None:
            pairs.append(("logger", record.name))
        if record.exc_info:
            pairs.append(("trace", self.formatException(record.exc_info)))
        line = " ".join(f"{name}={_quoted(value)}" for name, value in pairs)
        return _without_numbers(line) if self._is_masking else line

    def _value(self, name: str, value: object) -> str:
        try:
            text = str(value)
        except Exception as error:  # an error in the __str__ of any class must not reach the caller
            return f"unprintable {type(value).__name__}: {type(error).__name__}"
        return _masked(name, text) if self._is_masking else text


class _Handler(logging.StreamHandler[TextIO]):
    def handleError(self, record: logging.LogRecord) -> None:
        """Ignores that the log cannot be written (closed stderr, full disk): there is no place to report it."""


def _timestamp(created: float) -> str:
    return datetime.fromtimestamp(created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _foreign_message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # a library's wrong format string: its line is still worth having
        return f"{record.msg!s} (unprintable arguments: {type(error).__name__})"


def _masked(name: str, text: str) -> str:
    if name in _NUMBERS:
        return mask_number(text)
    if name == "text":
        return f"len={len(text)}"
    if name in _IDENTITIES:
        return f"…{text[-4:]}" if len(text) > 8 else "…"
    return _without_numbers(text)


def mask_number(number: str) -> str:
    """Masks a number so that two numbers of a log can be told apart, but not called: `+336…78`. Short ones keep their ends."""
    return f"{number[:4]}…{number[-2:]}" if len(number) > 8 else f"{number[:1]}…{number[-1:]}"


def _without_numbers(text: str) -> str:
    return _INTERNATIONAL.sub(lambda found: mask_number(found[0].replace("%2B", "+").replace("%2b", "+")), text)


def _quoted(text: str) -> str:
    """Returns the text as it is if it is unambiguous, else in quotes, on one line, with its control characters escaped."""
    escaped = _TO_ESCAPE.sub(_escape, text)
    return text if text and escaped == text and _NOT_BARE.search(text) is None else f'"{escaped}"'


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return _ESCAPES.get(found[0]) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
