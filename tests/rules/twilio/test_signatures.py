"""Signatures of webhooks, against vectors that Twilio's own validator accepts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from modemd.rules.twilio.signatures import sign

CALL = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
MESSAGE = {
    "MessageSid": "SM00000000000000000000000000000001",
    "From": "+33612345678",
    "To": "+33700000001",
    "Body": "Arrêt ✋",
    "NumMedia": "0",
}


@pytest.mark.parametrize(
    ("url", "params", "signature"),
    [
        ("https://mycompany.com/myapp.php?foo=1&bar=2", CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("https://crm.example/hook", MESSAGE, "l2YDuUUT3hy4H8Rpoc07yN6fSXc="),
    ],
)
def test_vectors(url: str, params: Mapping[str, str], signature: str) -> None:
    """The query is part of the URL; letters beyond ASCII are UTF-8; the order of the parameters is that of their names."""
    assert sign(url, params, "12345") == signature
    assert sign(url, dict(sorted(params.items(), reverse=True)), "12345") == signature


class Parameters(dict[str, "str | Sequence[str]"]):
    """Parameters as web frameworks hand them on: some have several values."""

    def getlist(self, name: str) -> list[str]:
        values = self[name]
        return [values] if isinstance(values, str) else list(values)


@pytest.mark.parametrize(
    "params", [CALL, MESSAGE, {}, {"Body": ""}, {"MediaUrl": ["b", "a", "b"], "Body": "x"}, {"a": "1", "A": "2"}]
)
def test_the_validator_of_the_sdk_agrees(params: Mapping[str, str | Sequence[str]]) -> None:
    """Values that are there twice count once, and empty ones count."""
    validator = pytest.importorskip("twilio.request_validator").RequestValidator("12345")
    signature = sign("https://crm.example:8443/hook?a=b", params, "12345")
    assert validator.validate("https://crm.example:8443/hook?a=b", Parameters(params), signature)
    assert not validator.validate("https://crm.example:8443/hook?a=c", Parameters(params), signature)
