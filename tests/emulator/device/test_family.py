"""The files of the families: that they are read, and that what they say fits together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modemd.emulator import Family, families
from modemd.emulator.device import charset
from modemd.emulator.device.commands import COMMANDS
from modemd.emulator.device.family import switch_of
from modemd.errors import ConfigError
from tests.emulator.bench import START

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
    with pytest.raises(KeyError, match="cinterion_bgs5, generic, huawei_e1752"):
        families["nokia_3310"]


@pytest.mark.parametrize("name", list(families))
def test_what_a_family_lacks_it_does_not_answer(name: str) -> None:
    """No reply or refusal is shadowed by a command it lacks; a command that is refused is one there is."""
    family = families[name]
    lacking = {*family.commands.unsupported, *family.commands.unanswered}
    answered = {re.split(r"[=?]", typed)[0] for typed in [*family.replies, *family.refusals, *family.switches]}
    assert not lacking & answered
    assert lacking <= {*COMMANDS, "+CCID"}
    assert {re.split(r"[=?]", typed)[0] for typed in family.refusals} <= set(COMMANDS)
    acts = [*family.commands.restarts, *family.commands.powers_off]
    assert not {*acts} & {*family.replies, *family.refusals}


@pytest.mark.parametrize("name", list(families))
def test_a_familys_words_are_words_there_are(name: str) -> None:
    """What a file says by a word, it says by one of those its section knows."""
    family = families[name]
    dialogue, storage, notify = family.dialogue, family.storage, family.notify
    assert dialogue.references in {"counts", "restarts", "repeats", "zero"}
    assert set(dialogue.creg_levels) <= {0, 1, 2}
    assert dialogue.cms_texts in {"never", "asked", "always"}
    assert set(dialogue.charsets) <= set(charset.NAMES)
    assert family.ussd.coding in {"plain", "packed_hex", "charset"}
    known = {"SM", "ME", "MT", "SR"}
    assert {*storage.memories, *storage.written, *storage.received} <= known
    assert "SM" in storage.memories or not storage.memories
    assert notify.report_memory in storage.memories or 2 not in notify.ds
    assert len(notify.at_start) in ({0, 5} if notify.bfr else {0, 4})
    assert notify.message_header.startswith("+CMT: ")
    assert set(storage.joined) <= {"SM", "ME"}
    assert 1 in family.commands.functions
    assert {line.sim for line in family.boot.lines} <= {"", "ready", "locked", "absent"}


WITH_STORAGE = {"+CMGL", "+CMGR", "+CMGD", "+CMGW", "+CMSS"}
"""The commands that read, write or delete stored messages."""


@pytest.mark.parametrize("name", [name for name in families if not families[name].storage.memories])
def test_a_family_without_storage_has_no_commands_for_it(name: str) -> None:
    """What reads, writes or deletes stored messages is not known where none are stored, and no report is stored either."""
    family = families[name]
    assert set(family.commands.unsupported) >= WITH_STORAGE
    assert 2 not in family.notify.ds


@pytest.mark.parametrize("name", list(families))
def test_what_a_family_needs_can_be_switched(name: str) -> None:
    """What needs a switch names one of the family's, and a value that it takes."""
    family = families[name]
    needs = [family.storage.full_notice_needs, family.dialogue.sends_blind, *(line.needs for line in family.boot.lines)]
    for switch, value in map(switch_of, filter(None, needs)):
        assert value in family.switches[switch]


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
def test_a_doubt_is_said(name: str) -> None:
    """Beside each fact that nobody has seen or read of, the file says `unverified`; no other word stands for it."""
    text = (families.folder / f"{name}.toml").read_text(encoding="utf-8")
    assert not re.search(r"\b(probably|presumably|assumed|guess(ed)?|maybe|TODO)\b", text)
