"""Lines of logs: their form, what they hide, and that they never raise."""

from __future__ import annotations

import io
import logging
import re
import sys
import warnings
from collections.abc import Iterator

import pytest

from modemd import logs

NUMBER = "+33612345678"


class Unprintable:
    def __str__(self) -> str:
        raise ValueError("no")


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """What a test configures does not outlive it."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)
    root.handlers[:] = [handler for handler in root.handlers if type(handler).__module__ != logs.__name__]
    logging.captureWarnings(False)


def configured(level: str = "info") -> io.StringIO:
    """Where the lines go, in a process as it starts: without pytest's own handlers, which would raise."""
    logging.getLogger().handlers.clear()
    stream = io.StringIO()
    logs.configure(level, stream)
    return stream


def lines(level: str = "info") -> tuple[logs.Log, io.StringIO]:
    return logs.get("modemd.test"), configured(level)


def last(stream: io.StringIO) -> str:
    """The only line, without its time."""
    (line,) = stream.getvalue().splitlines()
    stamp, _, rest = line.partition(" ")
    assert re.fullmatch(r"ts=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", stamp)
    return rest


def test_a_line_is_time_level_modem_message_and_fields() -> None:
    """The modem comes first, where the eye looks for it; the other fields keep the caller's order."""
    log, stream = lines()
    log.info("part sent", message=17, mr=3, modem="west")
    assert last(stream) == 'level=info modem=west msg="part sent" message=17 mr=3'


@pytest.mark.parametrize(
    ("value", "written"),
    [
        pytest.param("west", "west", id="a word is bare"),
        pytest.param("", '""', id="nothing is quoted"),
        pytest.param("a b", '"a b"', id="a space needs quotes"),
        pytest.param("a=b", '"a=b"', id="an equals sign needs quotes"),
        pytest.param('say "x"', '"say \\"x\\""', id="quotes are escaped"),
        pytest.param("C:\\x", '"C:\\\\x"', id="a backslash is escaped"),
        pytest.param("a\r\nlevel=error", '"a\\r\\nlevel=error"', id="a line cannot be forged"),
        pytest.param("a\u2028b\x85", '"a\\u2028b\\x85"', id="nor by other line ends"),
        pytest.param("\x1b[2J", '"\\x1b[2J"', id="a terminal is not steered"),
        pytest.param("a\u202eb", '"a\\u202eb"', id="a line is not turned round"),
        pytest.param("a\u2066b\u200f", '"a\\u2066b\\u200f"', id="nor isolated"),
        pytest.param("\x9b2J", '"\\x9b2J"', id="nor by a control of eight bits"),
        pytest.param("a\ud800", '"a\\ud800"', id="half a surrogate pair can be written"),
        pytest.param("Zoë", "Zoë", id="letters of any alphabet are letters"),
        pytest.param(1.5, "1.5", id="a number"),
    ],
)
def test_values_are_quoted_when_needed(value: object, written: str) -> None:
    """A line is one line, and can be taken apart again."""
    log, stream = lines()
    log.info("x", field=value)
    assert last(stream) == f"level=info msg=x field={written}"


def test_what_is_not_known_is_left_out() -> None:
    """A field whose value is None says nothing."""
    log, stream = lines()
    log.info("x", error=None, reference=0)
    assert last(stream) == "level=info msg=x reference=0"


@pytest.mark.parametrize(
    ("field", "value", "masked"),
    [
        *[pytest.param(name, NUMBER, "+336…78", id=name) for name in ("number", "to", "sender", "recipient")],
        pytest.param("to", "36111", "3…1", id="short code"),
        pytest.param("sender", "MyBank", "M…k", id="alphanumeric sender"),
        pytest.param("text", "Your code is 123456", '"len=19"', id="text"),
        pytest.param("iccid", "89330000000000000017", "…0017", id="iccid"),
        pytest.param("imsi", "208010000000042", "…0042", id="imsi"),
        pytest.param("imsi", "123", "…", id="too short to show four"),
        pytest.param("error", f"no route to {NUMBER}", '"no route to +336…78"', id="a number inside another field"),
    ],
)
def test_persons_and_sims_are_masked_unless_debugging(field: str, value: str, masked: str) -> None:
    """Numbers, texts and identities can be told apart in a log, and not read from it; debug shows them."""
    log, stream = lines("info")
    log.info("x", **{field: value})
    assert last(stream) == f"level=info msg=x {field}={masked}"
    log, stream = lines("debug")
    log.info("x", **{field: value})
    assert value in last(stream)


def test_a_number_in_a_message_or_a_traceback_is_masked() -> None:
    """Where a number should not have been written, it is still not readable."""
    log, stream = lines()
    try:
        raise LookupError(f"nobody at {NUMBER}")
    except LookupError:
        log.exception(f"lost {NUMBER}")
    line = last(stream)
    assert "345" not in line
    assert 'msg="lost +336…78"' in line
    assert re.search(r'trace="Traceback .*\\nLookupError: nobody at \+336…78"$', line)


def test_levels_below_the_configured_one_say_nothing() -> None:
    """A quiet log is quiet, and does not even look at the values."""
    log, stream = lines("warning")
    log.debug("x", value=Unprintable())
    log.info("x", value=Unprintable())
    assert stream.getvalue() == ""
    log.warning("x")
    log.error("y")
    assert [line.split(" ", 1)[1] for line in stream.getvalue().splitlines()] == [
        "level=warning msg=x",
        "level=error msg=y",
    ]


def test_a_value_that_cannot_be_written_does_not_raise() -> None:
    """In production the line is written, and says which value failed and how."""
    log, stream = lines()
    log.info("x", value=Unprintable(), mr=3)
    assert last(stream) == 'level=info msg=x value="unprintable Unprintable: ValueError" mr=3'


def test_a_value_that_cannot_be_written_fails_a_test(caplog: pytest.LogCaptureFixture) -> None:
    """Under pytest the same call fails, configured or not, so that such a value never gets to production."""
    log, _ = lines()
    logging.getLogger().addHandler(caplog.handler)
    with pytest.raises(ValueError, match="no"):
        log.info("x", value=Unprintable())


def test_other_handlers_get_a_masked_text(caplog: pytest.LogCaptureFixture) -> None:
    """A handler that knows nothing of fields still gets them, and no number."""
    log, _ = lines()
    logging.getLogger().addHandler(caplog.handler)
    log.info("part sent", to=NUMBER, mr=3)
    assert caplog.messages == ["part sent to=+336…78 mr=3"]


def test_configuring_again_replaces(caplog: pytest.LogCaptureFixture) -> None:
    """The last call counts: no line is written twice, and others' handlers are left alone."""
    log, first = lines()
    logging.getLogger().addHandler(caplog.handler)
    second = io.StringIO()
    logs.configure("info", second)
    log.info("x")
    assert first.getvalue() == ""
    assert last(second) == "level=info msg=x"
    assert caplog.messages == ["x"]


def test_a_closed_stream_does_not_raise(capsys: pytest.CaptureFixture[str]) -> None:
    """A log that has nowhere to go stops nobody."""
    log, stream = lines()
    stream.close()
    log.info("x")
    assert capsys.readouterr() == ("", "")


def test_foreign_records_have_the_same_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries' lines read as ours, are masked as ours, and say whose they are."""
    monkeypatch.setattr(logging.getLogger("uvicorn.access"), "disabled", False)  # a server of another test
    for name in ("uvicorn", "uvicorn.access"):
        logging.getLogger(name).addHandler(logging.StreamHandler(sys.stderr))
        logging.getLogger(name).propagate = False
    stream = configured()
    logging.getLogger("uvicorn.access").info('%s - "GET /messages?to=%%2B33612345678"', "unix")
    assert last(stream) == 'level=info msg="unix - \\"GET /messages?to=+336…78\\"" logger=uvicorn.access'


def test_a_foreign_record_with_wrong_arguments_is_still_a_line() -> None:
    """A library's mistake in its own log call costs its arguments, not the line."""
    stream = configured()
    logging.getLogger("asyncio").warning("took %d s", "long")
    assert last(stream) == 'level=warning msg="took %d s (unprintable arguments: TypeError)" logger=asyncio'


def test_warnings_are_lines_too() -> None:
    """Python's own warnings do not break the form."""
    stream = configured()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn("old", UserWarning, stacklevel=1)
    assert last(stream).endswith("logger=py.warnings")


def test_the_default_is_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a stream, lines go to stderr and stdout stays free for answers."""
    logs.configure("info")
    logs.get("modemd.test").info("x")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith("level=info msg=x\n")


def test_another_level_is_an_error() -> None:
    """A level that does not exist is not taken for one that does."""
    with pytest.raises(KeyError):
        logs.configure("loud", io.StringIO())
