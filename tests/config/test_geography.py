"""Countries and kinds of numbers in the configuration, and what is known about a SIM abroad."""

from __future__ import annotations

from pathlib import Path

import pytest

from modemd.config import load
from modemd.config.geography import GeographySettings, ReachSettings
from modemd.errors import ConfigError

ICCID = "89330000000000000017"


def load_text(folder: Path, text: str) -> object:
    path = folder / "modemd.yaml"
    path.write_text(f"database: a.db\n{text}\n", encoding="utf-8")
    return load(path).geography


@pytest.mark.parametrize(
    ("text", "countries"),
    [("own", "own"), ("all", "all"), ("[FR, BE, FR]", ("FR", "BE")), ("[NO]", ("NO",))],
)
def test_countries_are_a_word_or_a_list(tmp_path: Path, text: str, countries: object) -> None:
    """Norway is a country, and not a truth value."""
    assert load_text(tmp_path, f"geography: {{countries: {text}}}") == GeographySettings(countries=countries)  # type: ignore[arg-type]


def test_what_costs_is_refused_by_default() -> None:
    """Own countries, no premium rate, no satellites; landlines are only warned of."""
    default = GeographySettings()
    assert (default.countries, default.premium, default.satellite, default.landlines) == (
        "own", "refuse", "refuse", "warn",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("geography: {countries: FR}", "geography.countries: 'FR' is not valid; allowed: own, all, or a list"),
        ("geography: {countries: []}", "geography.countries: the list is empty; allowed: own, all"),
        ("geography: {countries: [fr]}", "geography.countries: 'fr' is not a known country; allowed: own"),
        ("geography: {countries: [33]}", "geography.countries: 33 is not valid; allowed: own"),
        ("geography: {premium: warn}", "geography.premium: 'warn' is not valid; allowed: refuse or allow"),
        ("geography: {landlines: allow}", "geography.landlines: 'allow' is not valid; allowed: warn or refuse"),
        (f"sims: {{{ICCID}: {{countries: {{XX: {{}}}}}}}}", "'XX' is not a known country; allowed: countries by two"),
        (f"sims: {{{ICCID}: {{countries: {{BE: {{two_way: no}}}}}}}}", "countries.BE.two_way: 'no' is not valid"),
    ],
)
def test_a_mistake_is_named_with_what_is_allowed(tmp_path: Path, text: str, said: str) -> None:
    """One line with the key."""
    with pytest.raises(ConfigError) as caught:
        load_text(tmp_path, text)
    (problem,) = caught.value.problems
    assert said in problem


def test_a_sim_has_countries(tmp_path: Path) -> None:
    """What is not said is not known."""
    path = tmp_path / "modemd.yaml"
    path.write_text(f"database: a.db\nsims: {{{ICCID}: {{countries: {{BE: {{two_way: false}}}}}}}}\n", encoding="utf-8")
    assert load(path).sims[ICCID].countries == {"BE": ReachSettings(two_way=False, sender_kept=None)}
