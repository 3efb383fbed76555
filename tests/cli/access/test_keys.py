"""`modemd keys` and `modemd audit`, without a daemon."""

from __future__ import annotations

import json

from tests.cli.shell import Modemd


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
