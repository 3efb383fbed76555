"""`modemd keys` and `modemd audit`, without a daemon."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from tests.cli.shell import Ended, Modemd


def test_a_key_is_made_listed_rotated_and_revoked(modemd: Modemd) -> None:
    """Its secret is printed when it is made, and never again."""
    assert modemd("keys", "list", "--config", "FILE").out.startswith("no API keys yet")
    made = json.loads(modemd("keys", "create", "shop", "--scope", "messages:write", "--config", "FILE", "--json").out)
    assert {"id", "key", "account_sid", "auth_token"} <= set(made)
    assert made["key"].startswith("mk_")
    listed = modemd("keys", "list", "--config", "FILE")
    assert "shop" in listed.out
    assert made["key"] not in listed.out
    rotated = modemd("keys", "rotate", str(made["id"]), "--overlap-s", "0", "--config", "FILE")
    assert made["key"] not in rotated.out
    assert made["account_sid"] in rotated.out
    assert "cannot show it again" in rotated.err
    assert (
        modemd("keys", "revoke", str(made["id"]), "--config", "FILE").out == f"API key {made['id']} (shop) is revoked\n"
    )
    refused = modemd("keys", "revoke", str(made["id"]), "--config", "FILE")
    assert (refused.status, refused.err.count("\n")) == (1, 1)
    assert "there is no API key" in refused.err


def test_a_key_is_named_by_its_name(modemd: Modemd) -> None:
    """A name means the key that can be used; a number is an id. A name that means no such key is told in one line."""
    for id in (1, 2):
        assert modemd("keys", "create", "shop", "--scope", "messages:write", "--config", "FILE").status == 0
        assert modemd("keys", "rotate", "shop", "--config", "FILE").out.startswith(f"id           {id}\n")
        assert modemd("keys", "revoke", "shop", "--config", "FILE").out == f"API key {id} (shop) is revoked\n"
    for name, why in (("shop", "is revoked (id 1, 2)"), ("shed", "modemd keys list"), ("3", "there is no API key 3")):
        refused = modemd("keys", "revoke", name, "--config", "FILE")
        assert (refused.status, refused.err.count("\n")) == (1, 1)
        assert why in refused.err


def test_a_wrong_scope_names_the_right_ones(modemd: Modemd) -> None:
    """In one line."""
    refused = modemd("keys", "create", "shop", "--scope", "everything", "--config", "FILE")
    assert refused.status == 1
    assert "messages:write" in refused.err


def test_the_audit_log_is_listed(modemd: Modemd) -> None:
    """Without a daemon, a command is none of its changes."""
    assert modemd("audit", "--config", "FILE").out == "no changes yet\n"


def test_a_key_ends_when_a_person_says(modemd: Modemd) -> None:
    """After a while, or at a time; anything else is told with the forms that are read."""

    def create(name: str, *more: str) -> Ended:
        return modemd("keys", "create", name, "--scope", "all", *more, "--config", "FILE", "--json")

    made = json.loads(create("a", "--expires", "30d").out)
    ends_in = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=29, hours=23) < ends_in <= timedelta(days=30)
    made = json.loads(create("b", "--expires", "2127-01-31").out)
    assert made["expires_at"].startswith(("2127-01-30", "2127-01-31"))
    for wrong in ("soon", "30 days", "99999999d"):
        refused = create("c", "--expires", wrong)
        assert (refused.status, refused.err.count("\n")) == (1, 1)
        assert wrong in refused.err


def test_a_key_for_a_sim_that_was_never_met_is_warned_of(modemd: Modemd) -> None:
    """On stderr, and in the JSON. What is no SIM makes no key."""
    arguments = ("--scope", "all", "--config", "FILE")
    made = modemd("keys", "create", "shop", "--line", "8933010000000000010", *arguments, "--json")
    assert "was never met" in made.err
    assert len(json.loads(made.out)["warnings"]) == 1
    refused = modemd("keys", "create", "shed", "--line", "+33612345678", *arguments)
    assert (refused.status, "modemd sims list" in refused.err) == (1, True)
