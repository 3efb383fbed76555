"""Secrets that nothing shows."""

from __future__ import annotations

import pickle
import traceback

import pytest

from modemd.providers.exchange import ProviderRequest
from modemd.providers.secret import Secret, make_basic_authorization
from modemd.rules.webhooks.targets import parse_target

HUSH = Secret("hush")


def test_no_text_shows_a_secret() -> None:
    """Neither alone, nor in what has it."""
    request = ProviderRequest("POST", parse_target("https://x.example/?To=%2B33612345678"), HUSH, (), b"Body=hello")
    shown = f"{HUSH} {HUSH!r} {[HUSH]} {request} {request!r}"
    assert not {"hush", "hello", "33612345678"} & {word for word in ("hush", "hello", "33612345678") if word in shown}
    assert HUSH.reveal() == "hush"
    with pytest.raises(TypeError):
        pickle.dumps(HUSH)


@pytest.mark.parametrize("text", ["", "hush\n", "hush\r\nX: y", "hüsh", "hush\x00"])
def test_what_no_header_can_have_is_no_secret(text: str) -> None:
    """The error does not show it."""
    with pytest.raises(ValueError, match="secret") as failed:
        Secret(text)
    assert "hush" not in str(failed.value)


def test_secrets_are_compared_by_what_they_are() -> None:
    """Two of one text are one."""
    assert Secret("hush") == HUSH
    assert {Secret("hush"): 1}[HUSH] == 1
    assert Secret("other") != HUSH
    assert HUSH != "hush"


def test_basic_authorization() -> None:
    """As RFC 7617, section 2, has it. A user with a colon could not be told from the password."""
    assert make_basic_authorization("Aladdin", Secret("open sesame")).reveal() == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    with pytest.raises(ValueError, match="colon") as failed:
        make_basic_authorization("a:b", HUSH)
    assert "hush" not in "".join(traceback.format_exception(failed.value))
