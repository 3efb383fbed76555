"""What can be said about webhooks."""

from __future__ import annotations

from pathlib import Path

import pytest

from modemd.config import load
from modemd.errors import ConfigError
from tests.config.test_loader import SMALLEST, written


@pytest.mark.parametrize(
    ("said", "allowed"),
    [
        ("", (False, False)),
        ("webhooks: {private_targets: deny}\n", (False, False)),
        ("webhooks: {private_targets: allow}\n", (True, True)),
        ('webhooks: {private_targets: [192.168.7.0/24, "fd00::/8"]}\n', (True, False)),
    ],
)
def test_private_targets_are_denied_unless_they_are_allowed(
    tmp_path: Path, said: str, allowed: tuple[bool, bool]
) -> None:
    """All of them, or those of some networks."""
    policy = load(written(tmp_path, SMALLEST + said)).webhooks.policy
    assert (policy.allows("192.168.7.9"), policy.allows("10.0.0.1")) == allowed
    assert policy.allows("93.184.216.34")


@pytest.mark.parametrize("said", ["maybe", "[]", "[192.168.7.9/24]", "[7]", "192.168.7.0/24", "true"])
def test_what_is_no_network_is_a_mistake(tmp_path: Path, said: str) -> None:
    """With the key, and what is allowed."""
    with pytest.raises(ConfigError) as error:
        load(written(tmp_path, SMALLEST + f"webhooks: {{private_targets: {said}}}\n"))
    (problem,) = error.value.problems
    assert "webhooks.private_targets" in problem
    assert "networks" in problem
