"""Tables of codes: reading, checking, and the user's file over the shipped one."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from modemd.errors import ConfigError
from modemd.providers.codes import WORDS, CodeTable, load_codes
from modemd.providers.outcomes import NotTaken, RefusalClass, Unknown

TWILIO, VONAGE = "modemd.providers.twilio", "modemd.providers.vonage"


@pytest.mark.parametrize("package", [TWILIO, VONAGE])
def test_the_shipped_tables_say_what_each_code_means(package: str) -> None:
    """Each class is a known one, and each entry has words for a person."""
    table = load_codes(package)
    entries = [entry for section in table.sections.values() for entry in section.values()]
    assert entries
    assert all(entry.means and entry.word in WORDS for entry in entries)
    assert table.provider == package.rpartition(".")[2]


@pytest.mark.parametrize(
    ("package", "section", "codes"),
    [
        (TWILIO, "answers", "21265 21266 21608 21659 21660 21661"),
        (TWILIO, "statuses", ""),
        (TWILIO, "reports", "30001 30003 30008 30017 30022 30032 30034"),
        (VONAGE, "messages", ""),
        (VONAGE, "sms", ""),
        (VONAGE, "statuses", ""),
        (VONAGE, "receipts", "2 3 4 6 7 10 12"),
    ],
)
def test_what_nobody_has_read_is_marked(package: str, section: str, codes: str) -> None:
    """Whoever sees such a code at work can take the mark away."""
    entries = load_codes(package).sections[section]
    assert sorted(code for code, entry in entries.items() if not entry.is_verified) == sorted(codes.split())


def test_a_file_of_the_user_changes_single_codes(tmp_path: Path) -> None:
    """The others stay as they are shipped."""
    file = tmp_path / "codes.toml"
    file.write_text('[answers]\n21606 = { class = "route" }\n29999 = { class = "number", means = "new" }\n')
    table, shipped = load_codes(TWILIO, file), load_codes(TWILIO)
    changed = {
        (section, code)
        for section, codes in table.sections.items()
        for code, entry in codes.items()
        if entry != shipped.find(section, code)
    }
    assert changed == {("answers", "21606"), ("answers", "29999")}
    assert table.judge("answers", 400, "21606", "no") == NotTaken(RefusalClass.ROUTE, "21606", "no")
    assert table.judge("answers", 400, "29999", None) == NotTaken(RefusalClass.NUMBER, "29999", "new")


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("[answers", "codes.toml: "),
        ('[answer]\n1 = { class = "route" }', r"\[answer\]: unknown section; there are answers, statuses, reports"),
        ("answers = 1", "answers: needs a section"),
        ('[answers]\n1 = "route"', r"\[answers\] 1: needs \{ class"),
        ('[answers]\n1 = { class = "rout" }', "with one of number, optout, message"),
        ('[answers]\n1 = { class = ["route"] }', "with one of"),
        ("[answers]\n1 = { }", "with one of"),
        ('[answers]\n1 = { class = "route", mean = "x" }', "unknown key mean; there are class, means"),
        ('[answers]\n1 = { class = "route", means = 1 }', "means: needs a text"),
        ('[answers]\n1 = { class = "route", unverified = "no" }', "unverified: needs true or false"),
        ('[answers]\n"a b" = { class = "route" }', "a code has letters"),
    ],
)
def test_a_mistake_is_named_by_file_and_key(tmp_path: Path, text: str, mistake: str) -> None:
    """A table that is not understood is no table."""
    file = tmp_path / "codes.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=mistake):
        load_codes(TWILIO, file)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    """A person corrects them in one go. A file that is not there is one, too."""
    file = tmp_path / "codes.toml"
    file.write_text('[answers]\n1 = { class = "x" }\n2 = { class = "y" }\n')
    with pytest.raises(ConfigError) as failed:
        load_codes(VONAGE, file)
    assert len(failed.value.problems) == 1  # Vonage has no such section
    with pytest.raises(ConfigError) as failed:
        load_codes(TWILIO, file)
    assert len(failed.value.problems) == 2
    with pytest.raises(ConfigError, match="No such file"):
        load_codes(TWILIO, tmp_path / "none.toml")
    file.write_bytes(b"\xff")
    with pytest.raises(ConfigError):
        load_codes(TWILIO, file)


@pytest.fixture
def table() -> CodeTable:
    return load_codes(TWILIO)


def test_an_unknown_code_is_refused_without_another_route_and_logged(
    table: CodeTable, caplog: pytest.LogCaptureFixture
) -> None:
    """Twilio splits codes without notice. What a provider says does not reach the log."""
    with caplog.at_level(logging.WARNING):
        outcome = table.judge("answers", 400, "29999", "to +33612345678")
    assert outcome == NotTaken(RefusalClass.MESSAGE, "29999", "to +33612345678", is_listed=False)
    assert not outcome.refusal.may_fail_over
    (record,) = caplog.records
    assert "code=29999" in record.getMessage()
    assert "336" not in record.getMessage()


@pytest.mark.parametrize("status", [100, 200, 301, 307, 500, 502, 503, 599])
@pytest.mark.parametrize("code", [None, "21211", "20429", "29999"])
def test_only_a_refusal_is_a_refusal(table: CodeTable, status: int, code: str | None) -> None:
    """Other statuses do not say that the message was not taken, whatever code they have."""
    assert isinstance(table.judge("answers", status, code, "x"), Unknown)


@pytest.mark.parametrize("status", range(400, 500))
def test_every_refusal_has_a_class(table: CodeTable, status: int) -> None:
    """Known codes count for more than the status."""
    outcome = table.judge("answers", status, None, None)
    assert isinstance(outcome, NotTaken)
    assert outcome.is_listed == (status in (401, 403, 429))
    assert outcome.code == str(status)
    known = table.judge("answers", status, "21408", None)
    assert isinstance(known, NotTaken)
    assert known.refusal is RefusalClass.ROUTE
