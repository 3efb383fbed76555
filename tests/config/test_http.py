"""Settings of the second door."""

from __future__ import annotations

from pathlib import Path

import pytest

from modemd import config
from modemd.errors import ConfigError

BASE = "database: modemd.db\nmodems: auto\n"


def load(folder: Path, http: str) -> config.Settings:
    path = folder / "modemd.yaml"
    path.write_text(f"{BASE}http: {http}\n", encoding="utf-8")
    return config.load(path)


@pytest.mark.parametrize("listen", ["127.0.0.1:8080", '"[::1]:8080"', "127.0.0.1:0"])
def test_loopback_needs_no_certificate(tmp_path: Path, listen: str) -> None:
    """Only programs of the machine reach it."""
    found = load(tmp_path, f"{{listen: {listen}}}").http.listen
    assert found is not None
    assert str(found) == listen.strip('"')


@pytest.mark.parametrize("more", ["tls: {certificate: a.crt, key: a.key}", "trusted_proxies: [10.0.0.0/24, 10.1.0.1]"])
def test_another_address_needs_tls_or_a_proxy(tmp_path: Path, more: str) -> None:
    """Otherwise keys would cross the network in clear."""
    with pytest.raises(ConfigError, match="keys would cross the network in clear"):
        load(tmp_path, "{listen: 0.0.0.0:8080}")
    assert load(tmp_path, f"{{listen: 0.0.0.0:8080, {more}}}").http.listen is not None


@pytest.mark.parametrize(
    "listen",
    [
        "8080",
        "localhost:8080",
        "127.0.0.1",
        '"127.0.0.1:"',
        "127.0.0.1:99999",
        "127.0.0.1:-1",
        '"::1:8080"',
        "[a]",
        "{}",
    ],
)
def test_what_is_no_address_is_a_mistake(tmp_path: Path, listen: str) -> None:
    """The error has its place."""
    with pytest.raises(ConfigError, match=r"modemd\.yaml:3:\d+: http\.listen"):
        load(tmp_path, f"{{listen: {listen}}}")


@pytest.mark.parametrize("proxies", ["10.0.0.1", "[10.0.0.1/24]", "[proxy]", "[1]"])
def test_what_is_no_network_is_a_mistake(tmp_path: Path, proxies: str) -> None:
    """A network whose host bits are set is one, too."""
    with pytest.raises(ConfigError, match="trusted_proxies"):
        load(tmp_path, f"{{listen: 127.0.0.1:1, trusted_proxies: {proxies}}}")
