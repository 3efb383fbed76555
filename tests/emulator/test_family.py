"""Families: that their files are sound, and what sets each apart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modemd.emulator import Family, families
from modemd.emulator.commands import COMMANDS
from modemd.errors import ConfigError
from tests.emulator.bench import HELLO_WORLD, START, Bench

LEAST = """
[identity]
manufacturer = "Acme"
model = "One"
revision = "1"
type_allocation = "35000000"
[notify]
offered = "(0-2)"
[source]
identity = "a capture"
notify = "a manual"
"""


def _load(tmp_path: Path, text: str) -> Family:
    path = tmp_path / "acme.toml"
    path.write_text(text)
    return Family.load(path)


def test_a_file_may_say_only_who_it_is(tmp_path: Path) -> None:
    """Everything but identity, notices and sources has a default; the name is the file's."""
    family = _load(tmp_path, LEAST)
    assert (family.name, family.identity.model, family.dialogue.unknown) == ("acme", "One", "ERROR")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(LEAST + "[wrong]\n", "acme.toml: wrong: unknown", id="unknown section"),
        pytest.param(LEAST.replace("model", "modle"), "identity.modle: unknown", id="unknown key"),
        pytest.param(LEAST.replace('model = "One"', ""), "identity.model: missing", id="missing key"),
        pytest.param(LEAST.replace('"One"', "1"), "identity.model: must be str", id="wrong type"),
        pytest.param(LEAST + "[storage]\nindex_base = true\n", "storage.index_base: must be int", id="bool is no int"),
        pytest.param(LEAST + "[boot]\nlines = [{ sya = 'x' }]\n", "boot.lines[0].sya: unknown", id="inside a list"),
        pytest.param(LEAST + "[boot]\nlines = 'x'\n", "boot.lines: must be a list", id="not a list"),
        pytest.param(LEAST + "[boot]\n", "source.boot: missing", id="no source"),
        pytest.param("[[", "acme.toml: ", id="no TOML"),
        pytest.param("", "notify: missing", id="empty"),
    ],
)
def test_a_wrong_file_is_told_of(tmp_path: Path, text: str, told: str) -> None:
    """ConfigError names file and key."""
    with pytest.raises(ConfigError, match=re.escape(told)):
        _load(tmp_path, text)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """One reading finds every mistake."""
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, LEAST.replace("model", "modle") + "[wrong]\n")
    assert len(caught.value.problems) == 4  # two unknown keys, one missing, one section without a source


def test_a_family_that_is_not_there() -> None:
    """KeyError names the families there are."""
    with pytest.raises(KeyError, match="generic, huawei_e3372, sim800"):
        families["nokia_3310"]


@pytest.mark.parametrize("name", list(families))
def test_every_familys_facts_fit_together(name: str) -> None:
    """Its index, notices, replies and refusals are used: none is shadowed by a command the family lacks."""
    family = families[name]
    assert set(family.storage.memories) <= {"SM", "ME", "MT", "SR"}
    assert family.notify.report_memory in family.storage.memories
    lacking = {*family.commands.unsupported, *family.commands.unanswered}
    said = {re.split(r"[=?]", typed)[0] for typed in [*family.replies, *family.refusals]}
    assert not lacking & said
    assert {command for command in family.refusals if command.split("=")[0] not in COMMANDS} == set()


@pytest.mark.parametrize("name", list(families))
def test_what_a_family_says_by_itself_can_be_said(name: str) -> None:
    """Each idle line has a rhythm and is filled in; each boot line comes before the device is registered or with it."""
    family = families[name]
    for line in family.chatter.lines:
        assert line.every_s > 0
        assert "{" not in line.at(START)
    last = max(family.boot.sim_ready_s, family.boot.registered_s)
    assert all(0 < line.after_s <= last for line in family.boot.lines)


@pytest.mark.parametrize("name", list(families))
def test_every_family_sends_and_reports(name: str) -> None:
    """Each family, asked as it wants to be asked, sends a message and hands over its report."""
    bench = Bench(name)
    reports = max(families[name].notify.ds)
    bench.host.set_up(f"2,1,0,{reports},0")
    heard = bench.host.send(HELLO_WORLD)
    assert heard.startswith(f"+CMGS: {bench.references[0]}\r\nOK\r\n+CDS")
    assert bench.inbox() == ["Hello world"]


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("AT+CGMI", "huawei\r\nOK"),
        ("AT+CNMI=?", "+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)\r\nOK"),
        ("AT+CNMI=2,1,0,1,0", "+CMS ERROR: 303"),
        ("AT+CNMI=2,1,0,2,0", "OK"),
        ("AT^ICCID?", "^ICCID: 8933010000000000010\r\nOK"),
        ("AT^CPIN?", "^CPIN: READY,,10,3,10,3\r\nOK"),
        ("AT+CCID", ""),
        ("AT+CMMS=2", "+CMS ERROR: 500"),
        ("AT+CMMS=1", "OK"),
        ("AT+WIND?", "COMMAND NOT SUPPORT"),
        ("AT+FOO=1", "COMMAND NOT SUPPORT"),
        ("AT^CURC=0", "OK"),
    ],
)
def test_huawei_e3372(command: str, answer: str) -> None:
    """What a Huawei stick says where others say something else."""
    bench = Bench("huawei_e3372")
    bench.host.set_up()
    assert bench.host.ask(command, 60.0) == answer
    assert bench.host.ask("AT") == "OK"


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("AT+CGMM", "SIMCOM_SIM800L\r\nOK"),
        ("ATI", "SIM800 R14.18\r\nOK"),
        ("AT+CNMI=?", "+CNMI: (0-3),(0-3),(0,2),(0,1),(0,1)\r\nOK"),
        ("AT+CNMI=2,1,0,2,0", "+CMS ERROR: 303"),
        ("AT+CNMI=3,1,0,1,0", "OK"),
        ("AT+CCID", "8933010000000000010\r\nOK"),
        ("AT+CMMS=1", "ERROR"),
        ("AT^ICCID?", "ERROR"),
        ("AT+CEREG?", "ERROR"),
    ],
)
def test_sim800(command: str, answer: str) -> None:
    """What a SIM800 says where others say something else."""
    bench = Bench("sim800")
    bench.host.set_up()
    assert bench.host.ask(command) == answer


def test_sim800_begins_in_text_mode() -> None:
    """A SIM800 nobody set up is in text mode."""
    bench = Bench("sim800")
    bench.host.ask("ATE0")
    assert bench.host.ask("AT+CMGF?") == "+CMGF: 1\r\nOK"
