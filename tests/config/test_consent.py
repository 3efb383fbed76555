"""Frequency caps and notices in the configuration."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from modemd.config import ConsentSettings, Settings, load
from modemd.config.consent import CapSettings
from modemd.errors import ConfigError


def load_text(folder: Path, text: str) -> Settings:
    path = folder / "modemd.yaml"
    path.write_text(f"database: a.db\n{text}\n", encoding="utf-8")
    return load(path)


def test_two_a_week_and_one_in_twenty_hours_is_the_default() -> None:
    """As people bear it."""
    assert ConsentSettings().caps == (
        CapSettings(count=2, per=timedelta(days=7)),
        CapSettings(count=1, per=timedelta(hours=20)),
    )


@pytest.mark.parametrize(
    ("text", "caps"),
    [
        ("[]", ()),
        ("[{count: 4, per: 30d}]", (CapSettings(count=4, per=timedelta(days=30)),)),
    ],
)
def test_a_list_replaces_the_default(tmp_path: Path, text: str, caps: tuple[CapSettings, ...]) -> None:
    """An empty list switches the caps off."""
    assert load_text(tmp_path, f"consent: {{caps: {text}}}").consent.caps == caps


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2 per 7d", "consent.caps: '2 per 7d' is not valid; allowed: a list of at most 10 caps"),
        ("[{count: 0, per: 7d}]", "consent.caps[0].count: 0 is not valid; allowed: a number of messages from 1"),
        ("[{count: 1}]", "consent.caps[0].per: is missing; allowed: a number and a unit"),
        ("[{count: 1, per: 0s}]", "consent.caps[0].per: 0:00:00 is out of range; allowed: "),
        ("[{count: 1, per: 7}]", "consent.caps[0].per: 7 is not valid; allowed: "),
        (f"[{', '.join(['{count: 1, per: 7d}'] * 11)}]", "consent.caps: 11 caps are too many; allowed: "),
    ],
)
def test_a_mistake_is_named_with_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    """One line with the key."""
    with pytest.raises(ConfigError) as caught:
        load_text(tmp_path, f"consent: {{caps: {text}}}")
    (problem,) = caught.value.problems
    assert said in problem


def test_a_cap_looks_no_further_back_than_rows_are_kept(tmp_path: Path) -> None:
    """What retention has deleted cannot be counted."""
    text = "retention: {outbox: {texts: 8d, rows: 20d}}\nconsent: {caps: [{count: 4, per: 20d}, {count: 5, per: 21d}]}"
    with pytest.raises(ConfigError) as caught:
        load_text(tmp_path, text)
    (problem,) = caught.value.problems
    assert problem.endswith(
        "consent.caps[1].per: is longer than 20 days, for which retention.outbox.rows keeps what was sent"
    )


def test_notices_are_switched_off_by_a_word(tmp_path: Path) -> None:
    """`off` is text here, not false; anything else is told what is allowed."""
    assert ConsentSettings().notice == "auto"
    assert load_text(tmp_path, "consent: {notice: off}").consent.notice == "off"
    with pytest.raises(ConfigError, match=r"consent\.notice: 'never' is not valid; allowed: auto or off"):
        load_text(tmp_path, "consent: {notice: never}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{stop: {title: A}}", "a list cannot be named 'stop', which is a word of consent already (opt_out, "),
        ("{help: {title: A}}", "a list cannot be named 'help', which is a word of consent already (help, "),
        ("{sms: {title: A}}", "a list cannot be named 'sms', which means everything behind STOP"),
        ("{a: {title: A, join: [Arrêt]}}", "the join word 'Arrêt' of a is a word of consent already (opt_out, fr"),
        ("{a: {title: A, join: [OUI]}}", "the join word 'OUI' of a is a word of consent already (confirm, fr"),
        ("{a: {title: A, join: [🎉]}}", "of a has no letter and no digit"),
        ("{a: {title: A, join: [Été]}, b: {title: B, join: [ETE]}}", "the word 'ETE' joins two lists, a and b"),
    ],
)
def test_a_list_has_no_name_and_no_word_of_consent(tmp_path: Path, text: str, said: str) -> None:
    """Nobody could leave a list of that name, and STOP would subscribe; it is told in one line."""
    with pytest.raises(ConfigError) as caught:
        load_text(tmp_path, f"consent: {{lists: {text}}}")
    (problem,) = caught.value.problems
    assert said in problem


def test_a_word_that_opts_in_may_join_a_list(tmp_path: Path) -> None:
    """JOIN says the same."""
    lists = load_text(tmp_path, "consent: {lists: {promo: {title: A, join: [JOIN, PROMO]}}}").consent.lists
    assert lists["promo"].join == ("JOIN", "PROMO")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("reminder_after: 400d", "'400d' is out of range; allowed: none, or when the one reminder goes out: "),
        ("reminder_after: soon", "allowed: none, or when the one reminder goes out: "),
        ("reminder_after: 7", "7 is not valid; allowed: none, or when the one reminder goes out: "),
        ("reminder_after: 30d", "must be shorter than expires_after"),
        ("{reminder_after: 3d, expires_after: 2d}", "must be shorter than expires_after"),
    ],
)
def test_a_reminder_that_cannot_be_is_one_mistake(tmp_path: Path, text: str, said: str) -> None:
    """One line with the key, also for a reminder of a request that has expired by then."""
    with pytest.raises(ConfigError) as caught:
        load_text(tmp_path, f"consent: {{double_opt_in: {text if text.startswith('{') else '{' + text + '}'}}}")
    (problem,) = caught.value.problems
    assert f"consent.double_opt_in.reminder_after: {said}" in problem or (said in problem and "soon" in text)
