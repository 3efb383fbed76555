"""`modemd policies`, and the warnings of `modemd config check`."""

from __future__ import annotations

import json
from pathlib import Path

from modemd.rules.country_policies.policies import NO_ADVICE
from tests.cli.shell import Modemd


def test_the_policies_of_a_country_have_their_sources(modemd: Modemd) -> None:
    """As sentences and as JSON, and it is said that they are no advice."""
    shown = modemd("policies", "FR", "--config", "FILE")
    assert shown.status == 0
    assert "FR (warning): numbers that begin with 06 and 07 are reserved" in shown.out
    assert "source: ARCEP decision 2022-1583" in shown.out
    assert shown.out.endswith(f"{NO_ADVICE}\n")
    rows = json.loads(modemd("policies", "FR", "--config", "FILE", "--json").out)
    assert [(row["country"], row["code"]) for row in rows] == [("*", "contract"), ("FR", "personal_numbers")]
    assert rows[1].keys() == {"country", "code", "severity", "least_sims", "text", "source", "checked"}
    assert len(json.loads(modemd("policies", "--config", "FILE", "--json").out)) > 15


def test_a_country_of_which_nothing_is_known_is_told_as_such(modemd: Modemd) -> None:
    """Silence would read like permission; what is no country is refused."""
    assert modemd("policies", "LI", "--config", "FILE").out.startswith("nothing is listed for LI; that does not mean")
    wrong = modemd("policies", "France", "--config", "FILE")
    assert (wrong.status, wrong.out) == (1, "")
    assert wrong.err == "modemd: 'France' is no country; write its two letters, such as FR\n"


def test_the_check_of_a_configuration_warns_and_ends_with_0(modemd: Modemd, config: Path) -> None:
    """Of the country, and of contracts unless each SIM has one."""
    said = config.read_text(encoding="utf-8")
    config.write_text(said + "sims: {'8955010000000000014': {name: Rio}}\n", encoding="utf-8")
    checked = modemd("config", "check", "--config", "FILE")
    assert (checked.status, checked.out.count("no mistakes")) == (0, 1)
    first, french, brazilian, last = checked.err.splitlines()
    assert first.startswith("warning: contracts for SIMs of consumers usually forbid")
    assert french.startswith("warning: FR: numbers that begin with 06 and 07"), "the configured country"
    assert brazilian.startswith("warning: BR: ordinary numbers (long codes) are not allowed"), "that of the SIM"
    assert last == f"warning: {NO_ADVICE}; `modemd policies` has the sources"
    config.write_text(said + "sims: {'8955010000000000014': {contract: M2M 4711}}\n", encoding="utf-8")
    assert "contracts for SIMs" not in modemd("config", "check", "--config", "FILE").err
