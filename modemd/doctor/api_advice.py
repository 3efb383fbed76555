"""Advice about the API on TCP and webhooks; `advice.py` has the other findings."""

from __future__ import annotations

from collections.abc import Mapping

from modemd.doctor.codes import Advice, Code, Severity, Symptom

_S = Symptom.PROGRAMS

API_ADVICE: Mapping[Code, Advice] = {
    Code.API_FINE: Advice(Severity.FINE, _S, "the API listens at {listen}"),
    Code.API_CLOSED: Advice(
        Severity.WARNING,
        _S,
        "{reason}",
        "end the program that has the address (`ss -ltnp`), or correct `http` in the configuration; the daemon tries again every "
        "10 s",
    ),
    Code.API_NO_KEY: Advice(
        Severity.WARNING,
        _S,
        "the API does not listen at {listen} yet: there is no API key",
        "make one: `modemd keys create NAME --scope all`; then it opens without a restart",
    ),
    Code.API_CERTIFICATE_WRONG: Advice(
        Severity.WARNING,
        _S,
        "the certificate {certificate} cannot be used with the private key {key}: {reason}",
        "correct `http.tls`, or make both anew: `modemd tls self-signed`",
    ),
    Code.API_CERTIFICATE_EXPIRED: Advice(
        Severity.WARNING,
        _S,
        "the certificate {certificate} has ended on {end}: clients refuse it",
        "renew it, or make another: `modemd tls self-signed`; then `sudo systemctl reload modemd`",
    ),
    Code.API_CERTIFICATE_ENDS: Advice(
        Severity.WARNING,
        _S,
        "the certificate {certificate} ends on {end}",
        "renew it before that, then `sudo systemctl reload modemd`",
    ),
    Code.API_KEY_READABLE: Advice(
        Severity.WARNING,
        _S,
        "every user of this machine may use the private key {key}",
        "take this right away: `sudo chmod o= {key}`; if others had it, make another private key and certificate",
    ),
    Code.WEBHOOK_FAILING: Advice(
        Severity.WARNING,
        _S,
        "{reason}",
        "repair the receiver; modemd sends what it missed, for 3 days; {command} shows what waits",
    ),
    Code.WEBHOOK_GIVEN_UP: Advice(
        Severity.WARNING,
        _S,
        "modemd has given up deliveries to webhook {id}: {dead}",
        "{command} shows why; `modemd webhooks replay` sends them again",
    ),
}
