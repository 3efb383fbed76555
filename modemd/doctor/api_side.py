"""Findings about the API on TCP, its certificate, and the receivers of webhooks. None of them stops a message."""

from __future__ import annotations

import os
import ssl
import stat
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modemd.doctor.advice import Finding
from modemd.doctor.codes import Code
from modemd.service.operations.alarm_checks import API, WEBHOOK

if TYPE_CHECKING:
    from modemd.config import Settings
    from modemd.doctor.daemon_side import CallApi, Row

# A certificate that ends so soon should be made anew.
SOON = timedelta(days=14)
_OK = 200


async def check_api(settings: Settings, ask: CallApi, status: Row | None, now: datetime) -> list[Finding]:
    """Returns the findings: with a daemon (`status`) its own word counts, without one what the files say."""
    alarms: Sequence[Row] = status.get("alarms", ()) if status is not None else ()
    found = [Finding.of(Code.API_CLOSED, reason=each["text"]) for each in alarms if each["code"] == API]
    listen, tls = settings.http.listen, settings.http.tls
    if listen is not None:
        if tls is not None:
            found += check_certificate(tls.certificate, tls.key, now)
        if status is not None and not listen.is_loopback and await _read_list(ask, "/v1/keys?limit=1") == []:
            found.append(Finding.of(Code.API_NO_KEY, listen=listen))
        if not found and status is not None:
            found.append(Finding.of(Code.API_FINE, listen=listen))
    if status is not None:
        found += _check_webhooks(await _read_list(ask, "/v1/webhooks") or [], alarms)
    return found


def check_certificate(certificate: Path, key: Path, now: datetime) -> list[Finding]:
    """Returns what is wrong with the certificate and its key. Files that only the daemon's user may read are left to the daemon,
    which raises an alarm."""
    try:
        text = certificate.read_bytes()
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_refuse_passphrase)
        ends = _read_end(text)
    except PermissionError:
        return []
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return [Finding.of(Code.API_CERTIFICATE_WRONG, certificate=certificate, key=key, reason=reason)]
    found = []
    if ends <= now:
        found.append(Finding.of(Code.API_CERTIFICATE_EXPIRED, certificate=certificate, end=_show(ends)))
    elif ends <= now + SOON:
        found.append(Finding.of(Code.API_CERTIFICATE_ENDS, certificate=certificate, end=_show(ends)))
    if os.stat(key).st_mode & stat.S_IRWXO:
        found.append(Finding.of(Code.API_KEY_READABLE, key=key))
    return found


def _check_webhooks(webhooks: Sequence[Row], alarms: Sequence[Row]) -> list[Finding]:
    failing: Mapping[str, str] = {each["subject"]: each["text"] for each in alarms if each["code"] == WEBHOOK}
    found = []
    for webhook in webhooks:
        id = str(webhook["id"])
        command = f"`modemd webhooks deliveries --webhook {id}"
        if id in failing:
            found.append(Finding.of(Code.WEBHOOK_FAILING, command=f"{command}`", reason=failing[id]))
        if webhook["dead"]:
            found.append(Finding.of(Code.WEBHOOK_GIVEN_UP, id=id, dead=webhook["dead"], command=f"{command} --dead`"))
    return found


async def _read_list(ask: CallApi, target: str) -> list[Any] | None:
    """Returns a list of the daemon; None if there is no usable answer, which says nothing about what is asked for."""
    try:
        status, rows = await ask("GET", target, None)
    except (OSError, TimeoutError, ValueError):
        return None
    return rows if status == _OK and isinstance(rows, list) else None


def _read_end(text: bytes) -> datetime:
    from cryptography import x509

    return x509.load_pem_x509_certificate(text).not_valid_after_utc


def _show(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _refuse_passphrase() -> str:
    raise ValueError("the key has a passphrase; nobody could type it when the daemon starts")
